//! Long work that yields edits: the window runs jobs on threads, the command line inline, tests
//! directly.

mod check;
mod decode;
mod demo;
mod devices;
mod encode;
mod figure;
mod guide;
mod handle;
mod map;
mod open;
mod quality;
mod reduce;
mod reduce_file;
mod retrieve;
mod select;
mod session;

use std::path::PathBuf;
use std::sync::Arc;

use directories::ProjectDirs;

pub use check::{check_encoder, missing_card, tensors_of, write_card};
pub use decode::{named_picture_model, picture_model};
pub use demo::{demo_folder, synthesise};
pub use devices::{DeviceFile, KnownDevice};
pub use encode::{
    EncodedDataset, EncodedFile, encode_dataset, encode_file, unfinished_of_user, write_encoded,
};
pub use figure::{FIGURE_FORMATS, FigureReport, FigureRequest, write_figure};
pub use handle::{JobHandle, Message};
pub use map::{provenance_at, write_map};
pub use open::open_edit;
pub use quality::{Judged, QualityRequest, judge_map};
pub use reduce::{make_map, reduce_in_view};
pub use reduce_file::{
    MappedFile, VectorFile, other_encoder, place_embedding, place_file, read_model, reduce_file,
    take_columns, write_model,
};
pub use retrieve::{RetrievedFile, Those, retrieve_file};
pub use select::{SELECTION_FORMATS, evaluate_subset, rows_of, write_selection};

use crate::analysis::quality::QualityError;
use crate::analysis::reduce::{MapModel, ReduceError};
use crate::analysis::retrieval::RetrievalError;
use crate::data::DataError;
use crate::encode::{CardDraft, EncodeError};
use crate::io::{IoError, Overwrite};
use crate::progress::{Cancelled, Progress};
use crate::render::RenderError;
use crate::session::{
    Edit, Encoded, EncoderChoice, MapPoints, MapRecipe, Mapped, OpenData, Session, SessionFileError,
};
use crate::subset::FilterError;
use crate::synth::SurveyParams;

/// The user's cache folder: what lies there can be made again.
fn cache_folder() -> PathBuf {
    ProjectDirs::from("", "", "latentarium").map_or_else(
        || std::env::temp_dir().join("latentarium"),
        |d| d.cache_dir().to_owned(),
    )
}

/// Why a job failed: one sentence, from whichever room it comes.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// A file.
    #[error(transparent)]
    Io(#[from] IoError),
    /// An encoder.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A reduction.
    #[error(transparent)]
    Reduce(#[from] ReduceError),
    /// A comparison of a map with its vectors.
    #[error(transparent)]
    Quality(#[from] QualityError),
    /// A search among other vectors.
    #[error(transparent)]
    Retrieval(#[from] RetrievalError),
    /// A session file.
    #[error(transparent)]
    Session(#[from] SessionFileError),
    /// The adapter.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// A condition.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// Parts that do not fit together.
    #[error(transparent)]
    Data(#[from] DataError),
    /// What was asked for is not there.
    #[error("{0}")]
    Missing(String),
    /// A fault of this program.
    #[error("an internal fault stopped the work ({0}); please report it")]
    Fault(String),
    /// The owner asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl JobError {
    /// Whether the owner asked for it: nothing to show.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(
            self,
            Self::Cancelled(_)
                | Self::Io(IoError::Cancelled(_))
                | Self::Encode(EncodeError::Cancelled)
                | Self::Reduce(ReduceError::Cancelled(_))
                | Self::Quality(QualityError::Cancelled(_))
                | Self::Retrieval(RetrievalError::Cancelled(_))
                | Self::Session(SessionFileError::Cancelled(_))
        )
    }
}

/// What a job says while it runs.
#[expect(clippy::large_enum_variant, reason = "a few in a session")]
pub enum Report {
    /// A change to the document.
    Edit(Edit),
    /// A map on its way, in place of the one shown; the last of them comes as an edit.
    Forming(Mapped),
    /// The encoder to use next.
    Encoder(EncoderChoice),
    /// How faithful the map is.
    Judged(Arc<Judged>),
    /// Something to tell the user, one sentence.
    Notice(String),
}

/// Work to be done.
pub enum Job {
    /// Synthesise, encode and map the demo survey, or take it up where it was made before.
    Demo {
        /// Where its files lie.
        folder: PathBuf,
        /// The survey.
        params: SurveyParams,
    },
    /// Open a file or folder.
    Open {
        /// What to open.
        path: PathBuf,
        /// Where its pictures lie, if not beside it.
        cutouts: Option<PathBuf>,
    },
    /// Encode the objects of the open data.
    Encode {
        /// The data.
        data: Arc<OpenData>,
        /// With what.
        choice: EncoderChoice,
        /// The map to make of the vectors, where one of earlier vectors is shown.
        then: Option<MapRecipe>,
    },
    /// Look at an encoder before it is used.
    Check {
        /// Which.
        choice: EncoderChoice,
    },
    /// Check a model with the card that was filled in for it, and write the card beside it.
    WriteCard {
        /// The card.
        draft: CardDraft,
        /// The device to check it on.
        device: String,
    },
    /// Make a map.
    Map {
        /// The data.
        data: Arc<OpenData>,
        /// Their vectors.
        encoded: Option<Arc<Encoded>>,
        /// How.
        recipe: MapRecipe,
    },
    /// Measure how faithful a map is to its vectors.
    Judge {
        /// The data.
        data: Arc<OpenData>,
        /// Their vectors.
        encoded: Arc<Encoded>,
        /// Their map.
        points: Arc<MapPoints>,
        /// What to measure.
        request: QualityRequest,
    },
    /// Put what is known of each object's place on the map beside it, and colour the map by it.
    ColorByTrust {
        /// The data.
        data: Arc<OpenData>,
        /// How faithful their map is.
        judged: Arc<Judged>,
    },
    /// Keep what places further vectors on a map.
    SaveModel {
        /// The model.
        model: Arc<MapModel>,
        /// Where to (safetensors).
        path: PathBuf,
    },
    /// Write the selected objects.
    ExportSelection {
        /// With a selection.
        session: Session,
        /// Where to: Parquet or CSV.
        path: PathBuf,
    },
    /// Write the map as a figure.
    ExportFigure {
        /// With a map.
        session: Session,
        /// What to draw.
        request: FigureRequest,
        /// Where to: PNG, SVG or PDF.
        path: PathBuf,
    },
    /// Write a session file.
    SaveSession {
        /// What to describe.
        session: Session,
        /// Where to.
        path: PathBuf,
    },
    /// Repeat what a session file says.
    OpenSession {
        /// The file.
        path: PathBuf,
    },
}

impl Job {
    /// What the window calls it.
    #[must_use]
    pub fn name(&self) -> String {
        let file = |path: &PathBuf| {
            path.file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned()
        };
        match self {
            Self::Demo { .. } => "Preparing the demo survey".to_owned(),
            Self::Open { path, .. } | Self::OpenSession { path } => {
                format!("Opening {}", file(path))
            }
            Self::Encode { choice, .. } => format!("Encoding with {}", choice.name()),
            Self::Check { choice } => format!("Checking {}", choice.name()),
            Self::WriteCard { draft, .. } => format!("Checking {}", draft.name),
            Self::Map { recipe, .. } => match recipe {
                MapRecipe::Reduce(recipe) => {
                    format!("Making a {} map", recipe.params.method.name())
                }
                MapRecipe::Place(path) => format!("Placing objects by {}", file(path)),
                MapRecipe::Columns(_) => "Making a map of columns".to_owned(),
            },
            Self::Judge { .. } => "Measuring the quality of the map".to_owned(),
            Self::ColorByTrust { .. } => "Colouring by trust".to_owned(),
            Self::ExportSelection { path, .. } | Self::ExportFigure { path, .. } => {
                format!("Writing {}", file(path))
            }
            Self::SaveSession { path, .. } | Self::SaveModel { path, .. } => {
                format!("Saving {}", file(path))
            }
        }
    }

    /// Does the work, handing over each change as it is ready.
    ///
    /// # Errors
    /// One sentence for the user; or cancellation, see [`JobError::is_cancelled`].
    pub fn run(self, progress: &Progress, report: &mut dyn FnMut(Report)) -> Result<(), JobError> {
        match self {
            Self::Demo { folder, params } => demo::run(&folder, &params, progress, report),
            Self::Open { path, cutouts } => {
                let progress = progress.stage("Opening", 0.0..1.0);
                let (edit, notices) = open_edit(&path, cutouts.as_deref(), &progress)?;
                notices.into_iter().for_each(|n| report(Report::Notice(n)));
                report(Report::Edit(edit));
                Ok(())
            }
            Self::Encode { data, choice, then } => {
                encode::run(&data, &choice, then, progress, report)
            }
            Self::Check { choice } => {
                let progress = progress.stage("Checking", 0.0..1.0);
                check::tell(&choice, &progress, report)
            }
            Self::WriteCard { draft, device } => {
                let progress = progress.stage("Checking", 0.0..1.0);
                check::tell_and_write(&draft, &device, &progress, report)
            }
            Self::Map {
                data,
                encoded,
                recipe,
            } => {
                let progress = progress.stage("Making the map", 0.0..1.0);
                let vectors = encoded.as_ref().map(|encoded| &encoded.embedding);
                let mapped = match (&recipe, vectors) {
                    (MapRecipe::Reduce(recipe), Some(vectors)) => {
                        let forming = &mut |mapped| report(Report::Forming(mapped));
                        let catalog = &data.dataset.catalog;
                        reduce_in_view(catalog, vectors, recipe, &progress, forming)?
                    }
                    _ => make_map(&data.dataset, vectors, &recipe, &progress)?,
                };
                let other = mapped.model.as_ref().zip(vectors);
                let other = other.and_then(|(m, v)| other_encoder(m, v.provenance()));
                other.into_iter().for_each(|n| report(Report::Notice(n)));
                report(Report::Edit(Edit::SetMap(mapped)));
                Ok(())
            }
            Self::Judge {
                data,
                encoded,
                points,
                request,
            } => {
                let progress = progress.stage("Measuring", 0.0..1.0);
                let judged = quality::judge_open(&data, &encoded, &points, &request, &progress)?;
                report(Report::Judged(Arc::new(judged)));
                Ok(())
            }
            Self::ColorByTrust { data, judged } => {
                report(Report::Edit(quality::with_trust(&data, &judged)?));
                Ok(())
            }
            Self::SaveModel { model, path } => {
                let progress = progress.stage("Saving", 0.0..1.0);
                write_model(&path, &model, Overwrite::Replace, &progress)?;
                report(Report::Notice(format!("Saved {}", path.display())));
                Ok(())
            }
            Self::ExportSelection { session, path } => {
                let progress = progress.stage("Writing", 0.0..1.0);
                // The dialog has asked before it returned the name of a file that exists.
                let n = write_selection(&session, &path, Overwrite::Replace, &progress)?;
                report(Report::Notice(format!(
                    "Wrote {n} objects to {}",
                    path.display()
                )));
                Ok(())
            }
            Self::ExportFigure {
                session,
                request,
                path,
            } => {
                let progress = progress.stage("Drawing", 0.0..1.0);
                write_figure(&session, &request, &path, Overwrite::Replace, &progress)?;
                report(Report::Notice(format!("Wrote {}", path.display())));
                Ok(())
            }
            Self::SaveSession { session, path } => session::save(&session, &path, progress, report),
            Self::OpenSession { path } => session::open(&path, progress, report),
        }
    }
}
