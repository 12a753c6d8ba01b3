//! The tree of a map, kept beside its projection so that opening need not make it anew.
//!
//! `map.parquet` has `map.parquet.tiles`, an Arrow IPC file of one row with three lists: `order`, the
//! index of the point at each place; `children`, how many children each node has, level after level;
//! `leaves`, how many points each leaf has. Bounds and everything else follow from these and from the
//! points. The file is not trusted: it is read with checks of our own, since Arrow's reader is not
//! made for files that lie, and it is copied before it is checked.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, LargeListArray, PrimitiveArray, RecordBatch};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{ArrowPrimitiveType, Field, UInt8Type, UInt32Type};
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use arrow::ipc::{Buffer, MetadataVersion, root_as_footer, root_as_message};
use memmap2::Mmap;
use rayon::prelude::*;

use super::IoError;
use super::atomic::{AtomicFile, Overwrite};
use crate::data::Projection;
use crate::spatial::{PartsError, TileTree};

const LISTS: [&str; 3] = ["order", "children", "leaves"];
const VERSION: (&str, &str) = ("latentarium.tiles", "1");
const FINGERPRINT: &str = "latentarium.points";
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
    #[error("it belongs to other points")]
    Stale,
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

/// Keeps the tree of `projection`, which was written to the file `path`.
///
/// # Errors
/// When the file of tiles exists and may not be replaced, or the disk is full.
pub fn write_tiles(
    path: &Path,
    projection: &Projection,
    tree: &TileTree,
    overwrite: Overwrite,
) -> Result<(), IoError> {
    let path = &tiles_path(path);
    let failed = |e: ArrowError| {
        IoError::content(
            path,
            format!("the tiles cannot be written ({e}); check the disk"),
        )
    };
    let lists = [
        list::<UInt32Type>(tree.order().to_vec()),
        list::<UInt8Type>(tree.child_counts()),
        list::<UInt32Type>(tree.leaf_counts()),
    ];
    let batch = lists
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .and_then(|lists| RecordBatch::try_from_iter(LISTS.into_iter().zip(lists)))
        .map_err(failed)?;
    let file = AtomicFile::create(path, overwrite)?;
    let mut writer = FileWriter::try_new(file, &batch.schema()).map_err(failed)?;
    writer.write_metadata(VERSION.0, VERSION.1);
    writer.write_metadata(FINGERPRINT, fingerprint(&projection.points()));
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

/// The tree kept beside the projection file `path`, if there is one; instead of one that does not
/// fit, a sentence that says so.
pub(super) fn read(path: &Path, projection: &Projection) -> (Option<TileTree>, Option<String>) {
    let path = tiles_path(path);
    if path.symlink_metadata().is_err() {
        return (None, None);
    }
    match mapped(&path).and_then(|bytes| parse(&bytes, projection)) {
        Ok(tree) => (Some(tree), None),
        Err(e) => {
            let told = format!(
                "{} was left aside and the tree of the map is made anew: {e}; write the map again or delete that file",
                path.display()
            );
            (None, Some(told))
        }
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

fn parse(file: &[u8], projection: &Projection) -> Result<TileTree, TilesError> {
    let points = projection.points();
    let body = body(file, &points)?;
    let [order, children, leaves] = body.lists;
    // A tree of n points has at most n leaves and fewer than 2 n nodes.
    let fits = order.len() / 4 == points.len()
        && children.len() <= 2 * points.len()
        && leaves.len() / 4 <= points.len();
    if !fits {
        return Err(TilesError::Damaged);
    }
    let (order, leaves, children) = (numbers(order), numbers(leaves), children.to_vec());
    Ok(TileTree::from_parts(&points, order, &children, &leaves)?)
}

/// The bytes of the three lists.
struct Body<'a> {
    lists: [&'a [u8]; 3],
}

/// Finds the lists in an Arrow IPC file and checks that they are lists over these points.
fn body<'a>(file: &'a [u8], points: &[[f32; 2]]) -> Result<Body<'a>, TilesError> {
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
    if said(FINGERPRINT) != Some(fingerprint(points).as_str()) {
        return Err(TilesError::Stale);
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
    let mut lists = [&[][..]; 3];
    for (i, (list, width)) in lists.iter_mut().zip([4, 1, 4]).enumerate() {
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
    Ok(Body { lists })
}

fn size(value: impl TryInto<usize>) -> Result<usize, TilesError> {
    value.try_into().map_err(|_| TilesError::Damaged)
}

fn number(bytes: &[u8], at: usize) -> Result<i32, TilesError> {
    let word = bytes.get(at..).and_then(<[u8]>::first_chunk);
    word.map(|word| i32::from_le_bytes(*word))
        .ok_or(TilesError::Damaged)
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    let mut numbers: Vec<u32> = bytemuck::pod_collect_to_vec(bytes);
    numbers.iter_mut().for_each(|n| *n = u32::from_le(*n));
    numbers
}

/// Tells points apart from other points, for files that are stale: not for those that are forged.
fn fingerprint(points: &[[f32; 2]]) -> String {
    let mix = |hash: u64, word: u64| {
        (hash ^ word)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29)
    };
    let parts: Vec<u64> = points
        .par_chunks(1 << 16)
        .map(|points| {
            points.iter().fold(0, |hash, [x, y]| {
                mix(hash, u64::from(x.to_bits()) << 32 | u64::from(y.to_bits()))
            })
        })
        .collect();
    let all = parts.into_iter().fold(points.len() as u64, mix);
    format!("{:016x}", mix(all, all >> 32))
}
