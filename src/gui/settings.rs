//! What the program remembers between runs: recent files, the theme, whether things move.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::io::{self, Overwrite};

const MOST_RECENT: usize = 8;

/// Preferences; read before the window opens, written on a thread.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Opened last, newest first.
    pub recent: Vec<PathBuf>,
    /// Light on dark.
    pub dark: bool,
    /// Objects move from an old map to a new one, and maps turn to an axis, in view.
    pub animate: bool,
    /// Where they are kept; settings that were not loaded are not kept.
    #[serde(skip)]
    file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            recent: Vec::new(),
            dark: true,
            animate: true,
            file: None,
        }
    }
}

fn file() -> Option<PathBuf> {
    ProjectDirs::from("", "", "latentarium").map(|d| d.config_dir().join("settings.toml"))
}

impl Settings {
    /// As they were saved; the defaults when there are none or they cannot be read.
    #[must_use]
    pub fn load() -> Self {
        let file = file();
        let text = file
            .as_ref()
            .and_then(|path| std::fs::read_to_string(path).ok());
        let saved: Option<Self> = text.and_then(|text| toml::from_str(&text).ok());
        Self {
            file,
            ..saved.unwrap_or_default()
        }
    }

    /// Puts `path` first among the recent files.
    pub fn opened(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.recent.retain(|p| *p != path);
        self.recent.insert(0, path);
        self.recent.truncate(MOST_RECENT);
    }

    /// Saves on a thread. A program that cannot remember works all the same, so a failure is silent.
    pub fn save(&self) {
        let settings = self.clone();
        std::thread::spawn(move || {
            let Some(path) = settings.file.clone() else {
                return;
            };
            let Ok(text) = toml::to_string(&settings) else {
                return;
            };
            if let Some(folder) = path.parent()
                && io::create_folder(folder).is_ok()
            {
                let _ = io::write_whole(&path, text.as_bytes(), Overwrite::Replace);
            }
        });
    }
}
