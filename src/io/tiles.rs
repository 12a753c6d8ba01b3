//! The tree of a map, kept beside its projection so that opening need not make it anew.
//!
//! `map.parquet` has `map.parquet.tiles`, an Arrow IPC file of one row with four lists: `points`, x and
//! y of the point at each place, as an offset from the map's origin; `order`, its index; `children`,
//! how many children each node has, level after level; `leaves`, how many points each leaf has.
//! Everything else follows from these, so that the tree is made while the projection is still being
//! read, and then compared with it. The file is not trusted: it is read with checks of our own, since
//! Arrow's reader is not made for files that lie, and it is copied before it is checked.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, LargeListArray, PrimitiveArray, RecordBatch};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{ArrowPrimitiveType, Field, Float32Type, UInt8Type, UInt32Type};
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use arrow::ipc::{Buffer, MetadataVersion, root_as_footer, root_as_message};
use memmap2::Mmap;
use rayon::prelude::*;

use super::IoError;
use super::atomic::{AtomicFile, Overwrite};
use crate::data::Projection;
use crate::spatial::{KeptTree, PartsError, TileTree};

/// The lists, and how many bytes an item has.
const LISTS: [(&str, usize); 4] = [("points", 4), ("order", 4), ("children", 1), ("leaves", 4)];
const VERSION: (&str, &str) = ("latentarium.tiles", "2");
const MAGIC: &[u8; 6] = b"ARROW1";
/// Longest description of the content, in bytes.
const MOST_METADATA: usize = 1 << 16;

/// Why a file of tiles is of no use.
#[derive(Debug, thiserror::Error)]
enum TilesError {
    #[error("it cannot be read ({0})")]
    System(#[from] std::io::Error),
    #[error("it is damaged or incomplete")]
    Damaged,
    #[error("it is of another version of the program")]
    Version,
    #[error(transparent)]
    Parts(#[from] PartsError),
}

/// Where the tree of a projection file is kept.
#[must_use]
pub fn tiles_path(projection: &Path) -> PathBuf {
    let mut name = OsString::from(projection);
    name.push(".tiles");
    name.into()
}

/// Keeps the tree of the projection that was written to the file `path`.
///
/// # Errors
/// When the file of tiles exists and may not be replaced, or the disk is full.
pub fn write_tiles(path: &Path, tree: &TileTree, overwrite: Overwrite) -> Result<(), IoError> {
    let path = &tiles_path(path);
    let failed = |e: ArrowError| {
        IoError::content(
            path,
            format!("the tiles cannot be written ({e}); check the disk"),
        )
    };
    let lists = [
        list::<Float32Type>(tree.points().as_flattened().to_vec()),
        list::<UInt32Type>(tree.order().to_vec()),
        list::<UInt8Type>(tree.child_counts()),
        list::<UInt32Type>(tree.leaf_counts()),
    ];
    let batch = lists
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .and_then(|lists| {
            RecordBatch::try_from_iter(LISTS.map(|(name, _)| name).into_iter().zip(lists))
        })
        .map_err(failed)?;
    let file = AtomicFile::create(path, overwrite)?;
    let mut writer = FileWriter::try_new(file, &batch.schema()).map_err(failed)?;
    writer.write_metadata(VERSION.0, VERSION.1);
    writer.write(&batch).map_err(failed)?;
    writer.into_inner().map_err(failed)?.commit()
}

fn list<T: ArrowPrimitiveType>(values: Vec<T::Native>) -> Result<ArrayRef, ArrowError> {
    let field = Arc::new(Field::new("item", T::DATA_TYPE, false));
    let offsets = OffsetBuffer::from_lengths([values.len()]);
    let values = Arc::new(PrimitiveArray::<T>::new(values.into(), None));
    Ok(Arc::new(LargeListArray::try_new(
        field, offsets, values, None,
    )?))
}

/// Removes the tiles of an earlier projection of that name; a file that is none of ours stays.
pub fn remove_tiles(path: &Path) {
    let path = tiles_path(path);
    let ours = path.symlink_metadata().is_ok_and(|m| m.is_file())
        && mapped(&path).is_ok_and(|bytes| bytes.starts_with(MAGIC));
    if ours {
        // What stays is found to be stale when the projection is opened.
        let _ = std::fs::remove_file(path);
    }
}

/// What is kept beside a projection file.
pub(super) struct Tiles {
    path: PathBuf,
    tree: Result<KeptTree, TilesError>,
}

/// Reads what is kept beside the file `path`, of at most `most` points; `None` when there is nothing.
pub(super) fn read(path: &Path, most: impl FnOnce() -> usize) -> Option<Tiles> {
    let path = tiles_path(path);
    path.symlink_metadata().ok()?;
    let tree = mapped(&path).and_then(|bytes| parse(&bytes, most()));
    Some(Tiles { path, tree })
}

impl Tiles {
    /// The tree of `projection`; instead of one that does not fit, a sentence that says so.
    pub fn of(self, projection: &Projection) -> Result<TileTree, String> {
        let Self { path, tree } = self;
        let tree = tree.and_then(|tree| Ok(tree.over(&projection.points())?));
        tree.map_err(|e| {
            format!(
                "{} was left aside and the tree of the map is made anew: {e}; write the map again or delete that file",
                path.display()
            )
        })
    }
}

fn mapped(path: &Path) -> Result<Mmap, TilesError> {
    // A pipe would keep the reader waiting; nothing can be mapped of an empty file.
    let about = std::fs::metadata(path)?;
    if !about.is_file() || about.len() == 0 {
        return Err(TilesError::Damaged);
    }
    let file = File::open(path)?;
    #[expect(
        unsafe_code,
        reason = "a mapped file: it is replaced as a whole and never written in place, and what is \
                  read of it is copied before it is checked"
    )]
    let bytes = unsafe { Mmap::map(&file)? };
    Ok(bytes)
}

fn parse(file: &[u8], most: usize) -> Result<KeptTree, TilesError> {
    let [points, order, children, leaves] = lists(file)?;
    // A tree of n points has at most n leaves and fewer than 2 n nodes.
    let n = order.len() / 4;
    let fits =
        n <= most && points.len() / 8 == n && children.len() <= 2 * n && leaves.len() / 4 <= n;
    if !fits {
        return Err(TilesError::Damaged);
    }
    let pair = |[x, y]: &[[u8; 4]; 2]| [f32::from_le_bytes(*x), f32::from_le_bytes(*y)];
    let pairs = points.as_chunks().0.as_chunks().0;
    let number = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes);
    let numbers = |bytes: &[u8]| bytes.as_chunks().0.par_iter().map(number).collect();
    let (order, leaves): (_, Vec<u32>) = (numbers(order), numbers(leaves));
    let points = pairs.par_iter().map(pair).collect();
    Ok(KeptTree::new(points, order, children, &leaves)?)
}

/// Finds the bytes of the lists in an Arrow IPC file.
fn lists(file: &[u8]) -> Result<[&[u8]; LISTS.len()], TilesError> {
    let damaged = || TilesError::Damaged;
    let end = file.len().checked_sub(10).ok_or_else(damaged)?;
    if !file.starts_with(MAGIC) || &file[end + 4..] != MAGIC {
        return Err(TilesError::Damaged);
    }
    let length = size(number(file, end)?)?;
    let start = end.checked_sub(length).ok_or_else(damaged)?;
    if length > MOST_METADATA {
        return Err(TilesError::Damaged);
    }
    let footer = root_as_footer(&file[start..end]).map_err(|_| TilesError::Damaged)?;
    let said = |key: &str| {
        let mut all = footer.custom_metadata().into_iter().flatten();
        all.find(|kv| kv.key() == Some(key))
            .and_then(|kv| kv.value())
    };
    if said(VERSION.0) != Some(VERSION.1) {
        return Err(TilesError::Version);
    }
    let block = footer
        .recordBatches()
        .filter(|blocks| blocks.len() == 1)
        .map(|blocks| *blocks.get(0))
        .ok_or_else(damaged)?;
    let (about, length) = (size(block.metaDataLength())?, size(block.bodyLength())?);
    let rest = file.get(size(block.offset())?..).ok_or_else(damaged)?;
    let (about, rest) = rest.split_at_checked(about).ok_or_else(damaged)?;
    let content = rest.get(..length).ok_or_else(damaged)?;
    // Four bytes that announce a message, four with its length.
    let message = size(number(about, 4)?)?;
    let message = about.get(8..).and_then(|m| m.get(..message));
    let message = message
        .filter(|m| m.len() <= MOST_METADATA)
        .ok_or_else(damaged)?;
    let message = root_as_message(message).map_err(|_| TilesError::Damaged)?;
    let batch = message.header_as_record_batch().ok_or_else(damaged)?;
    let (nodes, buffers) = batch.nodes().zip(batch.buffers()).ok_or_else(damaged)?;
    let sound = message.version() == MetadataVersion::V5
        && batch.length() == 1
        && batch.compression().is_none()
        && (nodes.len(), buffers.len()) == (2 * LISTS.len(), 4 * LISTS.len());
    if !sound {
        return Err(TilesError::Damaged);
    }
    let bytes = |buffer: &Buffer| {
        let rest = content.get(size(buffer.offset())?..).ok_or_else(damaged)?;
        rest.get(..size(buffer.length())?).ok_or_else(damaged)
    };
    let mut lists = [&[][..]; LISTS.len()];
    for (i, (list, (_, width))) in lists.iter_mut().zip(LISTS).enumerate() {
        // Of the list: which rows there are, where they begin; of the items the same and the items.
        let (outer, inner) = (nodes.get(2 * i), nodes.get(2 * i + 1));
        let bounds = bytes(buffers.get(4 * i + 1))?;
        let items = bytes(buffers.get(4 * i + 3))?;
        let there = size(inner.length())?
            .checked_mul(width)
            .ok_or_else(damaged)?;
        let whole = (outer.length(), outer.null_count(), inner.null_count()) == (1, 0, 0)
            && bounds.len() >= 16
            && bounds[..8] == [0; 8]
            && bounds[8..16] == inner.length().to_le_bytes();
        *list = items.get(..there).filter(|_| whole).ok_or_else(damaged)?;
    }
    Ok(lists)
}

fn size(value: impl TryInto<usize>) -> Result<usize, TilesError> {
    value.try_into().map_err(|_| TilesError::Damaged)
}

fn number(bytes: &[u8], at: usize) -> Result<i32, TilesError> {
    let word = bytes.get(at..).and_then(<[u8]>::first_chunk);
    word.map(|word| i32::from_le_bytes(*word))
        .ok_or(TilesError::Damaged)
}
