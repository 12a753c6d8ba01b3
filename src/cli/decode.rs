//! `latentarium decode`: what a model says objects look like.

use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};
use clap::{ArgGroup, Args};
use serde_json::{Value, json};

use super::bar::Bar;
use super::{Answer, Output};
use crate::analysis::reduce::MapModel;
use crate::data::{Catalog, CutoutRead as _, Embedding};
use crate::encode::{Makes, PictureModel};
use crate::io::{self, Dataset};
use crate::job::{named_picture_model, read_model};
use crate::scene::{Rgb, paint_comparison, paint_made, vector_of, walk};
use crate::session::EncoderChoice;

/// Ground between pictures.
const GROUND: [u8; 4] = [0x0d, 0x10, 0x16, 255];
/// Between pictures, px.
const GAP: usize = 8;
/// Small pictures are enlarged to this side, px.
const SIDE: usize = 256;

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["id", "walk", "at", "components"])))]
pub(super) struct DecodeArgs {
    /// A file of vectors, as `embed` writes it, that finds its pictures
    vectors: PathBuf,
    /// The card of the encoder that made them: one with a decoder, or with a prediction
    #[arg(long, value_name = "CARD")]
    encoder: String,
    /// Observed, made by the model, and the difference, of this object
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Pictures along the line between the vectors of two objects
    #[arg(long, num_args = 2, value_names = ["ID", "ID"])]
    walk: Option<Vec<String>>,
    /// What the components of a PCA map stand for: a row of pictures for each, from three standard deviations
    /// below the mean to three above
    #[arg(long, requires = "model")]
    components: bool,
    /// How many pictures of a line, the ends included
    #[arg(long, value_name = "N", default_value_t = 9, conflicts_with_all = ["id", "at"], value_parser = clap::value_parser!(u32).range(2..=64))]
    steps: u32,
    /// The picture under this place of a map; its model says what vector lies there
    #[arg(long, num_args = 2..=3, value_names = ["X", "Y"], allow_negative_numbers = true, requires = "model")]
    at: Option<Vec<f32>>,
    /// The model of the map (safetensors), as `reduce --model-out` writes it
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// auto, cpu, tract (the compiled-in engine), cuda, ...
    #[arg(long, default_value = "auto")]
    device: String,
    /// Folder that the catalogue's picture names are relative to, if not its own
    #[arg(long, value_name = "DIR")]
    cutouts: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
}

pub(super) fn run(args: &DecodeArgs) -> Result<Answer> {
    let overwrite = args.output.overwrite();
    args.output.check(&[&args.vectors])?;
    let choice = EncoderChoice {
        device: args.device.clone(),
        ..EncoderChoice::parse(&args.encoder)
    };
    // What is wrong with the encoder is said before a large file is read.
    choice.card()?;
    let bar = Bar::start();
    let opening = bar.progress().stage("Opening", 0.0..0.9);
    let dataset = io::open(&args.vectors, args.cutouts.as_deref(), &opening)?;
    let embedding = dataset.vectors()?;
    let mut model = named_picture_model(&choice, embedding.provenance())?;
    let (pictures, mut facts) = match (&args.id, &args.walk, &args.at) {
        (Some(id), ..) => compared(&dataset, embedding, id, &mut model)?,
        (_, Some(ids), _) => {
            let ends: Vec<&[f32]> = ids
                .iter()
                .map(|id| vector(&dataset.catalog, embedding, id))
                .collect::<Result<_>>()?;
            let path = walk(ends[0], ends[1], args.steps as usize);
            (
                decoded(&mut model, &path)?,
                json!({ "walk": ids, "steps": args.steps }),
            )
        }
        (.., at) => {
            let path = args.model.clone().unwrap_or_default();
            let map = read_model(&path, &opening)?;
            if args.components {
                let path = path.display();
                let deviations = map.deviations().ok_or_else(|| {
                    anyhow!(
                        "only a PCA map has components, and this is {} ({path})",
                        map.params().method.name()
                    )
                })?;
                let vectors = along_components(&map, &deviations, args.steps as usize);
                (
                    decoded(&mut model, &vectors)?,
                    json!({ "standard_deviations": deviations, "steps": args.steps }),
                )
            } else {
                let at = at.clone().unwrap_or_default();
                let vector = map.vector_at(&at).ok_or_else(|| {
                    anyhow!(
                        "the map has {} dimensions: give --at as many numbers ({})",
                        map.params().dims,
                        path.display()
                    )
                })?;
                (decoded(&mut model, &vector)?, json!({ "at": at }))
            }
        }
    };
    let columns = if args.components {
        args.steps as usize
    } else {
        pictures.len()
    };
    let strip = strip(&pictures, columns);
    io::write_png(
        &args.output.out,
        strip.width as u32,
        strip.height as u32,
        strip.pixels.as_flattened(),
        overwrite,
    )?;
    drop(bar);
    let what = match model.makes() {
        Makes::Reconstruction => "decoded".to_owned(),
        Makes::Band(band) => format!("predicted in {band}"),
    };
    let out = args.output.out.display().to_string();
    facts["out"] = out.as_str().into();
    facts["made"] = what.clone().into();
    let rms = facts["rms"].as_f64();
    let rms = rms.map_or(String::new(), |rms| {
        format!("; the residual has a root mean square of {rms:.4}, in the units of the encoder's normalisation")
    });
    Ok(Answer {
        text: format!(
            "{what}, {} pictures{rms}: {}",
            pictures.len(),
            args.output.out.display()
        ),
        json: facts,
    })
}

/// Observed, made and residual.
fn compared(
    dataset: &Dataset,
    embedding: &Embedding,
    id: &str,
    model: &mut PictureModel,
) -> Result<(Vec<Rgb>, Value)> {
    let row = row(&dataset.catalog, id)?;
    let Some(cutouts) = &dataset.cutouts else {
        bail!(
            "the pictures of {} are not there; pass --cutouts DIR",
            dataset.path.display()
        );
    };
    let cutout = cutouts.read(row).map_err(|e| anyhow!(e.0))?;
    let found = model.compare(&cutout, vector_of(embedding, row).unwrap_or_default())?;
    let facts = json!({ "id": id, "rms": found.rms(), "bands": found.made.bands() });
    let painted = paint_comparison(&found);
    let pictures = [painted.observed, Some(painted.made), painted.residual];
    Ok((pictures.into_iter().flatten().collect(), facts))
}

fn decoded(model: &mut PictureModel, vectors: &[f32]) -> Result<Vec<Rgb>> {
    Ok(model.decode(vectors)?.iter().map(paint_made).collect())
}

fn row(catalog: &Catalog, id: &str) -> Result<usize> {
    let found = (0..catalog.len()).find(|&row| catalog.id(row) == id);
    found.ok_or_else(|| {
        anyhow!("there is no object with the id {id}; `latentarium info` shows the columns")
    })
}

fn vector<'a>(catalog: &Catalog, embedding: &'a Embedding, id: &str) -> Result<&'a [f32]> {
    let vector = vector_of(embedding, row(catalog, id)?);
    vector.ok_or_else(|| anyhow!("the object {id} has no vector; the column `warning` says why"))
}

/// The vectors from three standard deviations below the mean to three above, component after component.
fn along_components(map: &MapModel, deviations: &[f64], steps: usize) -> Vec<f32> {
    const FARTHEST: f64 = 3.0;
    let mut vectors = Vec::new();
    for (axis, deviation) in deviations.iter().enumerate() {
        for step in 0..steps {
            let share = step as f64 / (steps - 1) as f64 * 2.0 - 1.0;
            let mut at = vec![0.0; deviations.len()];
            at[axis] = (share * FARTHEST * deviation) as f32;
            vectors.extend(map.vector_at(&at).unwrap_or_default());
        }
    }
    vectors
}

/// Pictures of one size in rows of so many, enlarged by whole numbers.
fn strip(pictures: &[Rgb], columns: usize) -> Rgb {
    let (width, height) = pictures.first().map_or((1, 1), |p| (p.width, p.height));
    let zoom = (SIDE / width.max(height)).max(1);
    let along = |count: usize, side: usize| count.max(1) * (side * zoom + GAP) - GAP;
    let rows = pictures.len().div_ceil(columns.max(1));
    let (total, tall) = (along(columns, width), along(rows, height));
    let mut pixels = vec![GROUND; total * tall];
    for (i, picture) in pictures.iter().enumerate() {
        let left = i % columns * (width * zoom + GAP);
        let top = i / columns * (height * zoom + GAP);
        for y in 0..height * zoom {
            for x in 0..width * zoom {
                pixels[(top + y) * total + left + x] = picture.pixels[y / zoom * width + x / zoom];
            }
        }
    }
    Rgb {
        width: total,
        height: tall,
        pixels,
    }
}
