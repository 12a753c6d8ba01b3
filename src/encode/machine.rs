//! What a measured choice of device depends on, as one key.

use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::thread::available_parallelism;

use super::engine::Provider;
use crate::hash::Hash;

/// A hash of the model, the tensors that are taken from it, the library, what the library offers, the version of
/// the program, whose engine is one of those to choose from, and the processors and graphics devices of this machine: homes are shared by the nodes of a cluster.
pub(super) fn key<'a>(
    model_sha256: &str,
    tensors: impl Iterator<Item = &'a str>,
    library: &str,
    offered: &[Provider],
) -> String {
    let mut hash = Hash::default();
    hash.add(model_sha256.as_bytes());
    tensors.for_each(|tensor| hash.add(tensor.as_bytes()));
    hash.add(library.as_bytes());
    hash.add(concat!("compiled in ", env!("CARGO_PKG_VERSION")).as_bytes());
    for provider in offered {
        hash.add(provider.name().as_bytes());
    }
    let threads = available_parallelism().map_or(1, NonZero::get);
    hash.add(&threads.to_le_bytes());
    for device in graphics_devices(Path::new("/sys/class/drm"))
        .into_iter()
        .chain(models_of_nvidia(Path::new("/proc/driver/nvidia/gpus")))
    {
        hash.add(device.as_bytes());
    }
    hash.finish()
}

/// Vendor and device numbers of the graphics devices, where Linux lists them.
fn graphics_devices(folder: &Path) -> Vec<String> {
    let number = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    sorted_names(folder)
        .into_iter()
        .map(|name| folder.join(name).join("device"))
        .map(|device| number(&device.join("vendor")) + &number(&device.join("device")))
        .filter(|text| !text.is_empty())
        .collect()
}

/// What the driver of NVIDIA says about each of its devices.
fn models_of_nvidia(folder: &Path) -> Vec<String> {
    let text = |name| fs::read_to_string(folder.join(name).join("information"));
    sorted_names(folder)
        .into_iter()
        .filter_map(|name| text(name).ok())
        .collect()
}

fn sorted_names(folder: &Path) -> Vec<std::ffi::OsString> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_model_library_or_device_is_another_key() {
        let of = |model, tensor, library, offered: &[Provider]| {
            key(model, std::iter::once(tensor), library, offered)
        };
        let known = of("a", "features", "lib 1", &[Provider::Cuda]);
        assert_eq!(known, of("a", "features", "lib 1", &[Provider::Cuda]));
        for other in [
            of("b", "features", "lib 1", &[Provider::Cuda]),
            of("a", "relu", "lib 1", &[Provider::Cuda]),
            of("a", "features", "lib 2", &[Provider::Cuda]),
            of("a", "features", "lib 1", &[]),
        ] {
            assert_ne!(known, other);
        }
    }

    #[test]
    fn devices_are_those_that_linux_lists() {
        let folder = tempfile::tempdir().unwrap();
        for (card, vendor) in [("card1", "0x10de"), ("card0", "0x8086")] {
            let device = folder.path().join(card).join("device");
            fs::create_dir_all(&device).unwrap();
            fs::write(device.join("vendor"), vendor).unwrap();
        }
        fs::create_dir(folder.path().join("version")).unwrap();
        assert_eq!(graphics_devices(folder.path()), ["0x8086", "0x10de"]);
        assert!(graphics_devices(Path::new("/nowhere")).is_empty());
    }
}
