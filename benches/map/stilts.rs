//! The same picture by STILTS (Taylor 2006), where it is installed: CPU seconds of `plot2plane`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::cpu;

/// CPU seconds that STILTS takes for a picture of `points`, start-up included; `None` where it is not
/// installed.
pub fn picture(points: &[[f32; 2]], (width, height): (u32, u32)) -> Option<f64> {
    let folder = std::env::temp_dir().join(format!("map-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).ok()?;
    let (table, out) = (folder.join("points.fits"), folder.join("out.png"));
    write_fits(&table, points).ok()?;
    let before = cpu::children_seconds();
    let done = Command::new("stilts")
        .arg("plot2plane")
        .args([format!("xpix={width}"), format!("ypix={height}")])
        .args(["layer1=mark", "shading1=auto", "x1=x", "y1=y", "ifmt1=fits"])
        .arg(format!("in1={}", table.display()))
        .arg(format!("out={}", out.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let cpu = cpu::children_seconds() - before;
    let drawn = out.exists();
    let _ = std::fs::remove_dir_all(&folder);
    done.ok()
        .filter(|status| status.success() && drawn)
        .map(|_| cpu)
}

/// A FITS table of two columns of 32-bit floats, which STILTS maps into memory.
fn write_fits(path: &Path, points: &[[f32; 2]]) -> std::io::Result<()> {
    const BLOCK: usize = 2880;
    let block = |cards: &[String]| {
        let mut bytes = Vec::new();
        for card in cards {
            bytes.extend(format!("{card:<80}").into_bytes());
        }
        bytes.resize(bytes.len().next_multiple_of(BLOCK), b' ');
        bytes
    };
    let card = |name: &str, value: String| format!("{name:<8}= {value:>20}");
    let text = |name: &str, value: &str| format!("{name:<8}= '{value:<8}'");
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    file.write_all(&block(&[
        card("SIMPLE", "T".into()),
        card("BITPIX", "8".into()),
        card("NAXIS", "0".into()),
        card("EXTEND", "T".into()),
        "END".into(),
    ]))?;
    file.write_all(&block(&[
        text("XTENSION", "BINTABLE"),
        card("BITPIX", "8".into()),
        card("NAXIS", "2".into()),
        card("NAXIS1", "8".into()),
        card("NAXIS2", points.len().to_string()),
        card("PCOUNT", "0".into()),
        card("GCOUNT", "1".into()),
        card("TFIELDS", "2".into()),
        text("TTYPE1", "x"),
        text("TFORM1", "E"),
        text("TTYPE2", "y"),
        text("TFORM2", "E"),
        "END".into(),
    ]))?;
    for value in points.iter().flatten() {
        file.write_all(&value.to_be_bytes())?;
    }
    let rest = (points.len() * 8).next_multiple_of(BLOCK) - points.len() * 8;
    file.write_all(&vec![0; rest])?;
    file.flush()
}
