//! Saving a session, and repeating one.

use std::path::Path;

use super::{
    EncodedDataset, JobError, Report, encode_dataset, evaluate_subset, make_map, open_edit,
    unfinished_of_user,
};
use crate::encode::EncodeOptions;
use crate::io::Overwrite;
use crate::progress::Progress;
use crate::session::{Edit, Selection, Session, SessionFile, fingerprint};

pub(super) fn save(
    session: &Session,
    path: &Path,
    progress: &Progress,
    report: &mut dyn FnMut(Report),
) -> Result<(), JobError> {
    let progress = progress.stage("Reading the data for its fingerprint", 0.0..1.0);
    let file = SessionFile::describe(session, &progress)?;
    // The dialog has asked before it returned the name of a file that exists.
    file.write(path, Overwrite::Replace)?;
    report(Report::Notice(format!("Saved {}", path.display())));
    Ok(())
}

/// Opens the data, then encodes and reduces as the file says.
pub(super) fn open(
    path: &Path,
    progress: &Progress,
    report: &mut dyn FnMut(Report),
) -> Result<(), JobError> {
    let file = SessionFile::read(path)?;
    let now = fingerprint(&file.data, &progress.stage("Checking the data", 0.0..0.1))?;
    if now != file.data_sha256 {
        report(Report::Notice(format!(
            "The data have changed since the session was saved: {}",
            file.data.display()
        )));
    }
    let opening = progress.stage("Opening", 0.1..0.2);
    let (edit, notices) = open_edit(&file.data, file.cutouts.as_deref(), &opening)?;
    let Edit::Open {
        mut data,
        mut embedding,
        mut map,
    } = edit
    else {
        return Ok(());
    };
    notices.into_iter().for_each(|n| report(Report::Notice(n)));
    if let Some(choice) = &file.encoder {
        let encoding = progress.stage("Encoding", 0.2..0.95);
        let options = EncodeOptions::default();
        let kept = unfinished_of_user();
        let EncodedDataset {
            encoded, catalog, ..
        } = encode_dataset(&data.dataset, choice, &options, &kept, &encoding)?;
        if let Some(catalog) = catalog {
            data = data.with_catalog(catalog);
        }
        if encoded.embedding.provenance().get("model_sha256") != file.model_sha256.as_deref() {
            report(Report::Notice(format!(
                "The encoder {} has changed since the session was saved",
                choice.name()
            )));
        }
        embedding = Some(encoded);
    }
    if let Some(recipe) = &file.map {
        let mapping = progress.stage("Making the map", 0.95..1.0);
        let vectors = embedding.as_ref().map(|encoded| &encoded.embedding);
        map = Some(make_map(&data.dataset, vectors, recipe, &mapping)?);
    }
    let points = map.as_ref().map(|map| &*map.points);
    let catalog = &data.dataset.catalog;
    let rows = file
        .selection
        .as_ref()
        .map(|expr| evaluate_subset(expr, catalog, points));
    report(Report::Edit(Edit::Open {
        data,
        embedding,
        map,
    }));
    report(Report::Edit(Edit::SetView(file.view)));
    if let Some((expr, rows)) = file.selection.zip(rows) {
        let selection = rows.map(|rows| Selection { expr, rows });
        report(Report::Edit(Edit::SetSelection(Some(selection?))));
    }
    Ok(())
}
