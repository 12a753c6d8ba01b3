//! `latentarium card`: the card of a model that came without one.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::encoder::PoolArg;
use super::{Answer, apart, overwrite};
use crate::encode::{CardDraft, Normalisation};
use crate::io;
use crate::job::write_card;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of the command line")]
pub(super) struct CardArgs {
    /// The model (.onnx)
    model: PathBuf,
    /// How pixels, fluxes or columns are normalised, such as "mean-std mean=127 std=128"
    #[arg(long, value_name = "HOW")]
    normalise: String,
    /// Short name; that of the file when not given
    #[arg(long)]
    name: Option<String>,
    /// Names of the bands in the order of the model, such as g,r,z
    #[arg(long, value_name = "NAMES")]
    bands: Option<String>,
    /// Number of bands, where the graph leaves it open and the bands have no names
    #[arg(long, value_name = "N", conflicts_with = "bands")]
    channels: Option<u32>,
    /// For a model of columns, their names in its order
    #[arg(long, value_name = "NAMES", conflicts_with_all = ["bands", "channels", "size", "pixel_scale", "eight_bit"])]
    columns: Option<String>,
    /// For a model of spectra, the first and the last wavelength of its fluxes in angstrom, and `log` where they are spaced by
    /// equal ratios, such as 3600,9824
    #[arg(long, value_name = "FIRST,LAST[,log]", conflicts_with_all = ["bands", "channels", "columns", "pixel_scale", "eight_bit"])]
    wavelengths: Option<String>,
    /// Side of a picture in pixels, or number of fluxes, where the graph leaves it open
    #[arg(long, value_name = "N")]
    size: Option<u32>,
    /// Size of a pixel on the sky in arcsec
    #[arg(long, value_name = "ARCSEC")]
    pixel_scale: Option<f32>,
    /// Pictures were resampled in 8 bits, as Pillow does
    #[arg(long)]
    eight_bit: bool,
    /// Tensor that becomes the embedding, an output or one inside; the first output when not given
    #[arg(long, value_name = "TENSOR")]
    output: Option<String>,
    /// How its tokens or positions become one vector
    #[arg(long, value_enum, default_value = "none")]
    pool: PoolArg,
    /// Vectors are scaled to unit length
    #[arg(long)]
    unit_length: bool,
    /// The card, in the folder of the model; beside it under its name when not given
    #[arg(long, value_name = "FILE.toml")]
    out: Option<PathBuf>,
    /// Replace the card if it exists
    #[arg(long)]
    force: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

pub(super) fn run(args: &CardArgs) -> Result<Answer> {
    let beside = || args.model.with_extension("toml");
    let out = args.out.clone().unwrap_or_else(beside);
    io::check_output(&out, overwrite(args.force))?;
    apart(&out, &[&args.model])?;
    let normalisation: Normalisation = args.normalise.parse()?;
    let mut draft = CardDraft::read(&args.model)?;
    draft.normalisation = (&normalisation).into();
    let text = |value: &Option<u32>| value.map(|n| n.to_string());
    for (field, given) in [
        (&mut draft.name, args.name.clone()),
        (&mut draft.bands, args.bands.clone()),
        (&mut draft.columns, args.columns.clone()),
        (&mut draft.wavelengths, args.wavelengths.clone()),
        (&mut draft.channels, text(&args.channels)),
        (&mut draft.size, text(&args.size)),
        (&mut draft.tensor, args.output.clone()),
    ] {
        if let Some(given) = given {
            *field = given;
        }
    }
    let scale = args.pixel_scale.map(|scale| scale.to_string());
    draft.pixel_scale_arcsec = scale.unwrap_or_default();
    draft.eight_bit = args.eight_bit;
    draft.pooling = args.pool.into();
    draft.l2_normalised = args.unit_length;
    let card = draft.card()?;
    write_card(&card, &out, overwrite(args.force))?;
    let text = card.to_toml(&out);
    Ok(Answer {
        text: format!("{}\n\n{text}", out.display()),
        json: json!({ "out": out.display().to_string(), "card": text }),
    })
}
