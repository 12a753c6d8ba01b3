//! The demo survey: synthesised once, written as ordinary files, read back like any other data.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};
use rayon::prelude::*;

use super::{
    EncodedDataset, JobError, Report, cache_folder, encode_dataset, make_map, open_edit,
    write_encoded,
};
use crate::data::{Catalog, DataError, Provenance};
use crate::encode::EncodeOptions;
use crate::io::{self, CutoutChunkWriter, Overwrite, SkyPosition};
use crate::progress::Progress;
use crate::session::{Edit, Encoded, EncoderChoice, MapRecipe, OpenData};
use crate::synth::{self, SurveyParams, Truth};

/// Objects in each FITS file.
const CHUNK: usize = 250;
const CATALOG: &str = "catalog.parquet";
const EMBEDDING: &str = "embedding.parquet";
const CUTOUTS: &str = "cutouts";
/// Changes whenever the synthetic sky does, so that an older demo is made again.
const SKY_VERSION: &str = "1";

/// Where the demo lies unless the user says otherwise: the user's cache folder.
#[must_use]
pub fn demo_folder(params: &SurveyParams) -> PathBuf {
    let name = format!("demo-{}-{}", params.galaxies, params.seed);
    cache_folder().join(name)
}

fn facts(params: &SurveyParams) -> Provenance {
    Provenance::default()
        .with("synthetic", "true")
        .with(
            "survey",
            "demo survey of TNG50-like mocks and a JWST-like sky, both synthetic",
        )
        .with("sky_version", SKY_VERSION)
        .with("galaxies", params.galaxies.to_string())
        .with("seed", params.seed.to_string())
}

/// Writes the demo survey into `folder`: `catalog.parquet` and `cutouts/*.fits`. Returns the path of
/// the catalogue.
///
/// # Errors
/// When a file exists and may not be replaced, the disk is full, or on cancellation.
pub fn synthesise(
    folder: &Path,
    params: &SurveyParams,
    overwrite: Overwrite,
    progress: &Progress,
) -> Result<PathBuf, JobError> {
    let catalog_path = folder.join(CATALOG);
    let cutouts = folder.join(CUTOUTS);
    if overwrite == Overwrite::Refuse && catalog_path.exists() {
        return Err(io::IoError::Exists { path: catalog_path }.into());
    }
    io::create_folder(&cutouts)?;
    let truth = synth::truth(params);
    let done = AtomicUsize::new(0);
    truth
        .par_chunks(CHUNK)
        .enumerate()
        .try_for_each(|(index, chunk)| -> Result<(), JobError> {
            let mut writer =
                CutoutChunkWriter::create(&cutouts.join(chunk_name(index)), overwrite)?;
            for galaxy in chunk {
                let sky = SkyPosition {
                    ra_deg: galaxy.ra_deg,
                    dec_deg: galaxy.dec_deg,
                };
                writer.push(
                    &galaxy.id.to_string(),
                    &synth::cutout(params, galaxy),
                    Some(sky),
                )?;
                progress.set(done.fetch_add(1, Ordering::Relaxed) + 1, truth.len())?;
            }
            Ok(writer.commit()?)
        })?;
    // A larger survey that was here before had more files.
    for surplus in (truth.len().div_ceil(CHUNK)..).map(|index| cutouts.join(chunk_name(index))) {
        if std::fs::remove_file(surplus).is_err() {
            break;
        }
    }
    let catalog = with_places(&synth::catalog(&truth), &truth)?;
    io::write_catalog(&catalog_path, &catalog, &facts(params), overwrite)?;
    Ok(catalog_path)
}

fn chunk_name(index: usize) -> String {
    format!("chunk-{index:03}.fits")
}

/// The truth table with the columns that say where each picture lies.
fn with_places(catalog: &Catalog, truth: &[Truth]) -> Result<Catalog, DataError> {
    let files: ArrayRef = Arc::new(
        (0..truth.len())
            .map(|i| Some(format!("{CUTOUTS}/{}", chunk_name(i / CHUNK))))
            .collect::<StringArray>(),
    );
    let hdus: ArrayRef = Arc::new(
        (0..truth.len())
            .map(|i| Some((i % CHUNK) as i64 + 1))
            .collect::<Int64Array>(),
    );
    let table = catalog.batch();
    let mut fields: Vec<_> = table.schema_ref().fields().iter().cloned().collect();
    let mut columns = table.columns().to_vec();
    for (name, values) in [("cutout_file", files), ("cutout_hdu", hdus)] {
        fields.push(Arc::new(Field::new(
            name,
            values.data_type().clone(),
            false,
        )));
        columns.push(values);
    }
    let table = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
        .map_err(|e| DataError::Table(e.to_string()))?;
    Catalog::new(&table)
}

/// Whether `provenance` is that of this demo, made by this program.
fn is_current(provenance: &Provenance, params: &SurveyParams) -> bool {
    facts(params)
        .iter()
        .all(|(key, value)| provenance.get(key) == Some(value))
}

/// Synthesise, encode, project; each step is taken from the folder when it is there already.
pub(super) fn run(
    folder: &Path,
    params: &SurveyParams,
    progress: &Progress,
    report: &mut dyn FnMut(Report),
) -> Result<(), JobError> {
    let (data, encoded) = match stored(folder, params, progress) {
        Some(found) => found,
        None => make(folder, params, progress, report)?,
    };
    let reducing = progress.stage("Making the map", 0.97..1.0);
    let vectors = Some(&encoded.embedding);
    let map = make_map(&data.dataset, vectors, &MapRecipe::default(), &reducing)?;
    report(Report::Edit(Edit::Open {
        data,
        embedding: Some(encoded),
        map: Some(map),
    }));
    Ok(())
}

/// The demo as an earlier run left it, if it is whole and was made by the encoder of today.
fn stored(
    folder: &Path,
    params: &SurveyParams,
    progress: &Progress,
) -> Option<(OpenData, Encoded)> {
    let choice = EncoderChoice::default();
    let opening = progress.stage("Opening", 0.0..0.1);
    let (
        Edit::Open {
            data, embedding, ..
        },
        _,
    ) = open_edit(&folder.join(EMBEDDING), None, &opening).ok()?
    else {
        return None;
    };
    let mut encoded = embedding?;
    let sha256 = choice.card().ok()?.sha256().map(str::to_owned);
    let same_model =
        sha256.is_some() && encoded.embedding.provenance().get("model_sha256") == sha256.as_deref();
    let whole = data.dataset.cutouts.is_some() && data.dataset.catalog.len() == params.galaxies;
    encoded.encoder = Some(choice);
    (same_model && whole && is_current(&data.dataset.provenance, params)).then_some((data, encoded))
}

fn make(
    folder: &Path,
    params: &SurveyParams,
    progress: &Progress,
    report: &mut dyn FnMut(Report),
) -> Result<(OpenData, Encoded), JobError> {
    let catalog = synthesise(
        folder,
        params,
        Overwrite::Replace,
        &progress.stage("Synthesising galaxies", 0.0..0.66),
    )?;
    let (edit, notices) = open_edit(
        &catalog,
        None,
        &progress.stage("Reading them back", 0.66..0.68),
    )?;
    notices.into_iter().for_each(|n| report(Report::Notice(n)));
    let Edit::Open { data, .. } = edit else {
        return Err(JobError::Missing(
            "the demo survey could not be read back".to_owned(),
        ));
    };
    let choice = EncoderChoice::default();
    let encoding = progress.stage("Encoding", 0.68..0.95);
    let options = EncodeOptions::default();
    let EncodedDataset {
        encoded, catalog, ..
    } = encode_dataset(&data.dataset, &choice, &options, folder, &encoding)?;
    let data = match catalog {
        Some(catalog) => data.with_catalog(catalog),
        None => data,
    };
    let writing = progress.stage("Keeping the vectors", 0.95..0.97);
    write_encoded(
        &folder.join(EMBEDDING),
        &data.dataset,
        &data.dataset.catalog,
        &encoded,
        Overwrite::Replace,
        &writing,
    )?;
    Ok((data, encoded))
}
