//! The user's file of what the device `auto` was found to stand for, model by model.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::cache_folder;
use crate::encode::{Device, DeviceMemory, EncodeError, Encoder, Measured, ModelCard};
use crate::io::{self, IoError, Overwrite};

/// The oldest beyond this number are forgotten.
const MOST: usize = 200;

/// One measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnownDevice {
    /// Of everything that it depends on.
    key: String,
    /// The model's name.
    pub model: String,
    /// What was measured.
    #[serde(flatten)]
    pub measured: Measured,
}

/// A file of [`KnownDevice`]s, oldest first. One that is missing or damaged holds none, and is written
/// anew at the next measurement.
#[derive(Debug, Clone)]
pub struct DeviceFile {
    path: PathBuf,
}

impl DeviceFile {
    /// That of the user: in the cache folder, so that deleting it costs a measurement.
    #[must_use]
    pub fn of_user() -> Self {
        Self::at(cache_folder().join("devices.json"))
    }

    /// A file of that name.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// All measurements in it.
    #[must_use]
    pub fn known(&self) -> Vec<KnownDevice> {
        let bytes = std::fs::read(&self.path).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    fn write(&self, known: &[KnownDevice]) -> Result<(), IoError> {
        if let Some(folder) = self.path.parent() {
            io::create_folder(folder)?;
        }
        let text = serde_json::to_vec_pretty(known).unwrap_or_default();
        io::write_whole(&self.path, &text, Overwrite::Replace)
    }
}

impl DeviceMemory for DeviceFile {
    fn recall(&self, key: &str) -> Option<Measured> {
        let known = self.known().into_iter().find(|known| known.key == key);
        known.map(|known| known.measured)
    }

    fn remember(&self, key: &str, model: &str, measured: &Measured) {
        let mut known = self.known();
        known.retain(|known| known.key != key);
        known.push(KnownDevice {
            key: key.to_owned(),
            model: model.to_owned(),
            measured: measured.clone(),
        });
        let surplus = known.len().saturating_sub(MOST);
        // A program that cannot remember works all the same.
        let _ = self.write(&known[surplus..]);
    }
}

/// Opens an encoder; what was measured for the device `auto` is remembered for this user.
pub(super) fn open_encoder(card: &ModelCard, device: Device) -> Result<Encoder, EncodeError> {
    Encoder::open_remembering(card, device, &DeviceFile::of_user())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::Provider;

    fn measured(kept: Provider) -> Measured {
        Measured {
            kept: Some(kept),
            rates: vec![
                (Some(Provider::Cuda), 812.5),
                (Some(Provider::Cpu), 95.25),
                (None, 101.5),
            ],
        }
    }

    #[test]
    fn remembers_by_key_and_survives_damage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache/devices.json");
        let file = DeviceFile::at(path.clone());
        assert_eq!(file.recall("a"), None);
        file.remember("a", "simclr", &measured(Provider::Cuda));
        file.remember("b", "pixels", &measured(Provider::Cpu));
        assert_eq!(file.recall("a"), Some(measured(Provider::Cuda)));
        assert_eq!(file.recall("b"), Some(measured(Provider::Cpu)));
        // As another library would be.
        assert_eq!(file.recall("c"), None);
        file.remember("a", "simclr", &measured(Provider::Cpu));
        assert_eq!(file.recall("a"), Some(measured(Provider::Cpu)));
        assert_eq!(file.known().len(), 2);

        for damage in [
            &b"[{\"key\": 3"[..],
            b"",
            b"{}",
            b"[{\"key\":\"a\",\"kept\":\"npu\"}]",
            &[0xff; 40],
        ] {
            std::fs::write(&path, damage).unwrap();
            assert_eq!(file.recall("a"), None);
            file.remember("a", "simclr", &measured(Provider::Cuda));
            assert_eq!(file.recall("a"), Some(measured(Provider::Cuda)));
        }
        assert_eq!(
            std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1
        );
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let file = DeviceFile::at(folder.path().join("devices.json"));
        let known: Vec<KnownDevice> = (0..MOST)
            .map(|i| KnownDevice {
                key: i.to_string(),
                model: String::new(),
                measured: measured(Provider::Cpu),
            })
            .collect();
        file.write(&known).unwrap();
        file.remember("new", "", &measured(Provider::Cpu));
        assert_eq!(file.known().len(), MOST);
        assert!(file.recall("0").is_none() && file.recall("new").is_some());
    }
}
