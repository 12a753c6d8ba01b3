//! The session file: paths, parameters and fingerprints, never bulk data.
//!
//! TOML, version 4. Opening one repeats the way from the data to the map.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::{EncoderChoice, MapRecipe, Session, ViewSpec};
use crate::hash::Hash;
use crate::io::{AtomicFile, IoError, Overwrite};
use crate::progress::{Cancelled, Progress};
use crate::subset::SubsetExpr;

const VERSION: u32 = 4;
/// Bytes of the largest file: a selection may have many vertices.
const LARGEST: usize = 1 << 26;

/// What a session file says.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionFile {
    version: u32,
    /// The file or folder with the data.
    pub data: PathBuf,
    /// Its [`fingerprint`] when the session was saved.
    pub data_sha256: String,
    /// The folder of the pictures, where it is not the data's.
    #[serde(default)]
    pub cutouts: Option<PathBuf>,
    /// What made the vectors, unless the data came with them.
    #[serde(default)]
    pub encoder: Option<EncoderChoice>,
    /// SHA-256 of the model.
    #[serde(default)]
    pub model_sha256: Option<String>,
    /// What made the map, unless the data came with it.
    #[serde(default)]
    pub map: Option<MapRecipe>,
    /// How the map is shown.
    pub view: ViewSpec,
    /// What is selected.
    #[serde(default)]
    pub selection: Option<SubsetExpr>,
}

/// Why a session could not be saved or opened.
#[derive(Debug, thiserror::Error)]
pub enum SessionFileError {
    /// Nothing is open.
    #[error("there is nothing to save yet; open data first")]
    Empty,
    /// The file does not say what a session says.
    #[error("not a session of this program ({reason}): {}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A session that could not be read again.
    #[error("the session cannot be saved ({reason}): {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file or the data could not be read or written.
    #[error(transparent)]
    Io(#[from] IoError),
    /// The system refused.
    #[error("cannot read {}: {source}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The owner asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl SessionFile {
    /// What a session file would say of `session`; reads the data once for its fingerprint.
    ///
    /// # Errors
    /// When nothing is open or the data are gone.
    pub fn describe(session: &Session, progress: &Progress) -> Result<Self, SessionFileError> {
        let data = session.data().ok_or(SessionFileError::Empty)?;
        let path = &data.dataset.path;
        let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let root = data.dataset.files_root().map(absolute);
        let beside = if path.is_dir() {
            absolute(path)
        } else {
            absolute(path)
                .parent()
                .map(Path::to_owned)
                .unwrap_or_default()
        };
        let encoded = session.embedding();
        Ok(Self {
            version: VERSION,
            data: absolute(path),
            data_sha256: fingerprint(path, progress)?,
            cutouts: root.filter(|root| *root != beside),
            encoder: encoded.and_then(|e| e.encoder.clone()),
            model_sha256: encoded.filter(|e| e.encoder.is_some()).and_then(|e| {
                e.embedding
                    .provenance()
                    .get("model_sha256")
                    .map(str::to_owned)
            }),
            map: session.map().and_then(|m| m.recipe.clone()),
            view: session.view().clone(),
            selection: session.selection().map(|s| s.expr.clone()),
        })
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When it exists and may not be replaced, could not be read again, or the disk is full.
    pub fn write(&self, path: &Path, overwrite: Overwrite) -> Result<(), SessionFileError> {
        let refuse = |reason| SessionFileError::Unreadable {
            path: path.to_owned(),
            reason,
        };
        let text = toml::to_string(self).map_err(|e| refuse(e.to_string()))?;
        Self::parse(&text).map_err(refuse)?;
        let mut file = AtomicFile::create(path, overwrite)?;
        file.write_all(text.as_bytes())
            .map_err(|source| SessionFileError::System {
                path: path.to_owned(),
                source,
            })?;
        Ok(file.commit()?)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it is missing or says something else.
    pub fn read(path: &Path) -> Result<Self, SessionFileError> {
        let system = |source| SessionFileError::System {
            path: path.to_owned(),
            source,
        };
        let mut text = String::new();
        File::open(path)
            .map_err(system)?
            .take(LARGEST as u64 + 1)
            .read_to_string(&mut text)
            .map_err(system)?;
        Self::parse(&text).map_err(|reason| SessionFileError::Content {
            path: path.to_owned(),
            reason,
        })
    }

    /// What a file says, or why it cannot be a session.
    fn parse(text: &str) -> Result<Self, String> {
        /// Of a file of any version.
        #[derive(serde::Deserialize)]
        struct Versioned {
            version: u32,
        }
        let read = |e: toml::de::Error| e.message().to_owned();
        if text.len() > LARGEST {
            return Err("it is too long".to_owned());
        }
        let Versioned { version } = toml::from_str(text).map_err(read)?;
        if version != VERSION {
            return Err(format!("version {version}, this program reads {VERSION}"));
        }
        toml::from_str(text).map_err(read)
    }
}

/// SHA-256 of a file; of a folder, of the names and sizes of the files below it.
///
/// # Errors
/// When something cannot be read, or on cancellation.
pub fn fingerprint(path: &Path, progress: &Progress) -> Result<String, SessionFileError> {
    let mut hash = Hash::default();
    if path.is_dir() {
        list(path, path, &mut hash, progress)?;
    } else {
        let system = |source| SessionFileError::System {
            path: path.to_owned(),
            source,
        };
        let mut file = File::open(path).map_err(system)?;
        let total = file.metadata().map_err(system)?.len() as usize;
        let (mut buffer, mut done) = (vec![0; 1 << 20], 0);
        loop {
            let n = file.read(&mut buffer).map_err(system)?;
            if n == 0 {
                break;
            }
            hash.append(&buffer[..n]);
            done += n;
            progress.set(done, total)?;
        }
    }
    Ok(hash.finish())
}

fn list(
    folder: &Path,
    root: &Path,
    hash: &mut Hash,
    progress: &Progress,
) -> Result<(), SessionFileError> {
    progress.check()?;
    let system = |source| SessionFileError::System {
        path: folder.to_owned(),
        source,
    };
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .map_err(system)?
        .filter_map(Result::ok)
        .collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        let path = entry.path();
        if metadata.is_dir() {
            list(&path, root, hash, progress)?;
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path);
            hash.append(name.as_os_str().as_encoded_bytes());
            hash.append(&metadata.len().to_le_bytes());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Plane;
    use crate::subset::{CombineMode, Region, Roi};

    #[test]
    fn says_back_what_was_written_and_refuses_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.latentarium");
        let file = SessionFile {
            version: VERSION,
            data: "/data/survey.parquet".into(),
            data_sha256: "00".repeat(32),
            cutouts: None,
            encoder: Some(EncoderChoice::default()),
            model_sha256: None,
            map: Some(MapRecipe::default()),
            view: ViewSpec::default(),
            selection: Some(CombineMode::Subtract.join(
                Some(SubsetExpr::Where("z > 1".to_owned())),
                SubsetExpr::Region(Region {
                    roi: Roi::Ellipse {
                        center: [1.0, 2.0],
                        radii: [3.0, 4.5],
                    },
                    plane: Plane::turned(20.0, 40.0),
                }),
            )),
        };
        file.write(&path, Overwrite::Refuse).unwrap();
        assert_eq!(SessionFile::read(&path).unwrap(), file);
        assert!(file.write(&path, Overwrite::Refuse).is_err());
        let mut many = file;
        for stroke in 0..500 {
            let vertex = |i: u32| [f64::from(i).sqrt(), f64::from(stroke * i)];
            let roi = Roi::Polygon {
                vertices: (0..60).map(vertex).collect(),
            };
            let new = SubsetExpr::Region(roi.into());
            many.selection = Some(CombineMode::Add.join(many.selection, new));
        }
        many.write(&path, Overwrite::Replace).unwrap();
        assert_eq!(SessionFile::read(&path).unwrap(), many);
        for _ in 0..600 {
            many.selection = many.selection.map(|old| SubsetExpr::Not(Box::new(old)));
        }
        let kept = std::fs::read(&path).unwrap();
        let said = many
            .write(&path, Overwrite::Replace)
            .unwrap_err()
            .to_string();
        assert!(said.contains("1000 steps"), "{said}");
        assert_eq!(std::fs::read(&path).unwrap(), kept);
        for wrong in ["", "version = 1", "\u{0}\u{1}", "version = 2\nrun = \"rm\""] {
            std::fs::write(&path, wrong).unwrap();
            assert!(SessionFile::read(&path).is_err(), "{wrong:?}");
        }
    }
}
