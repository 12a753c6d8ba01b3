//! Points in the order of their Morton keys.
//!
//! A key is the point's cell above its index.

use rayon::prelude::*;

/// The key of what has no place: after every key that a point can have.
pub(super) const NOWHERE: u64 = u64::MAX;

/// Sorts by Morton key, drops [`NOWHERE`] and returns the points in that order; points of one cell
/// stay in the order of their indices. Divided by some of the keys, so that as many lie between two of those
/// wherever they crowd (Frazer & `McKellar` 1970), then sorted within what fits a cache.
pub(super) fn sort(keys: &mut Vec<u64>, points: &[[f32; 2]]) -> Vec<[f32; 2]> {
    if keys.len() < SMALL {
        keys.retain(|&key| key != NOWHERE);
        keys.sort_unstable();
        return keys
            .iter()
            .map(|&key| points[index(key) as usize])
            .collect();
    }
    let dividers = dividers(keys);
    let divided: Vec<Divided> = keys
        .par_chunks(CHUNK)
        .map(|keys| Divided::new(keys, &dividers))
        .collect();
    let length = |bucket: usize| {
        divided
            .iter()
            .map(|chunk| chunk.counts[bucket])
            .sum::<usize>()
    };
    let lengths: Vec<usize> = (0..=dividers.len()).map(length).collect();
    let finite = lengths.iter().sum();
    let mut source = vec![0; finite];
    let mut near = vec![[0.0; 2]; finite];
    let mut places: Vec<Vec<_>> = divided
        .iter()
        .map(|_| Vec::with_capacity(lengths.len()))
        .collect();
    let mut rest = (&mut source[..], &mut near[..]);
    for bucket in 0..lengths.len() {
        for (chunk, places) in divided.iter().zip(&mut places) {
            let (keys, keys_after) = rest.0.split_at_mut(chunk.counts[bucket]);
            let (near, near_after) = rest.1.split_at_mut(chunk.counts[bucket]);
            places.push((keys.iter_mut(), near.iter_mut()));
            rest = (keys_after, near_after);
        }
    }
    let chunks = keys.par_chunks(CHUNK).zip(points.par_chunks(CHUNK));
    chunks
        .zip(&divided)
        .zip(places)
        .for_each(|(((keys, points), divided), mut places)| {
            for ((key, point), bucket) in keys.iter().zip(points).zip(&divided.buckets) {
                let Some((keys, near)) = places.get_mut(usize::from(*bucket)) else {
                    continue;
                };
                if let Some((to, near)) = keys.next().zip(near.next()) {
                    (*to, *near) = (*key, *point);
                }
            }
        });
    keys.truncate(finite);
    let mut rest = (&mut source[..], &mut keys[..], &mut near[..]);
    let mut buckets = Vec::with_capacity(lengths.len());
    for length in lengths {
        let (source, source_after) = rest.0.split_at_mut(length);
        let (target, target_after) = rest.1.split_at_mut(length);
        let (near, near_after) = rest.2.split_at_mut(length);
        buckets.push((source, target, near));
        rest = (source_after, target_after, near_after);
    }
    buckets
        .into_par_iter()
        .for_each(|(source, target, near)| order_bucket(source, target, near));
    near
}

/// Keys that are divided on one thread.
const CHUNK: usize = 1 << 17;
/// Keys between two dividers, of up to [`BUCKETS`] times as many.
const BUCKET: usize = 1 << 12;
/// Most buckets, which are written to at the same time.
const BUCKETS: usize = 256;

/// Keys of which about as many lie between each two.
fn dividers(keys: &[u64]) -> Vec<u64> {
    /// Keys that are looked at for each bucket.
    const SAMPLED: usize = 64;
    let buckets = (keys.len() / BUCKET).clamp(1, BUCKETS);
    let step = (keys.len() / (buckets * SAMPLED)).max(1);
    let mut sample: Vec<u64> = keys.iter().step_by(step).copied().collect();
    sample.retain(|&key| key != NOWHERE);
    sample.sort_unstable();
    (1..buckets)
        .filter_map(|bucket| sample.get(bucket * sample.len() / buckets).copied())
        .collect()
}

/// A chunk of keys by buckets.
struct Divided {
    /// The bucket of each key; beyond the last that of [`NOWHERE`].
    buckets: Vec<u16>,
    /// How many keys there are of each bucket.
    counts: Vec<usize>,
}

impl Divided {
    fn new(keys: &[u64], dividers: &[u64]) -> Self {
        let mut counts = vec![0; dividers.len() + 2];
        let bucket = |&key: &u64| {
            let bucket = if key == NOWHERE {
                dividers.len() + 1
            } else {
                dividers.partition_point(|divider| *divider <= key)
            };
            counts[bucket] += 1;
            bucket as u16
        };
        Self {
            buckets: keys.iter().map(bucket).collect(),
            counts,
        }
    }
}

/// Sorts the keys of one bucket from `source` into `target`, and the points with them.
fn order_bucket(source: &mut [u64], target: &mut [u64], points: &mut [[f32; 2]]) {
    let cell = |key: u64| key & !u64::from(u32::MAX);
    // What is sorted is the place in the bucket, so that points are fetched from nearby.
    for (place, (key, target)) in source.iter().zip(target.iter_mut()).enumerate() {
        *target = cell(*key) | place as u64;
    }
    let indices: Vec<u32> = source.iter().map(|&key| index(key)).collect();
    if target.len() < SMALL {
        target.sort_unstable();
    } else {
        let differing = target.iter().fold(0, |all, key| all | (key ^ target[0]));
        let (mut from, mut to) = (&mut *target, &mut *source);
        let mut passes = 0;
        for shift in (32..u64::BITS).step_by(8) {
            if differing >> shift & 255 != 0 {
                scatter(from, to, shift);
                std::mem::swap(&mut from, &mut to);
                passes += 1;
            }
        }
        if passes % 2 == 1 {
            target.copy_from_slice(source);
        }
    }
    let unordered = points.to_vec();
    for (key, point) in target.iter_mut().zip(points) {
        let place = index(*key) as usize;
        *point = unordered[place];
        *key = cell(*key) | u64::from(indices[place]);
    }
}

/// Runs shorter than this are sorted by comparison.
const SMALL: usize = 512;

/// Orders keys by the byte at `shift`; equal bytes keep their order.
fn scatter(source: &[u64], target: &mut [u64], shift: u32) {
    let mut places = [0_usize; 256];
    for key in source {
        places[(key >> shift & 255) as usize] += 1;
    }
    let mut before = 0;
    for place in &mut places {
        before += std::mem::replace(place, before);
    }
    for key in source {
        let place = &mut places[(key >> shift & 255) as usize];
        target[*place] = *key;
        *place += 1;
    }
}

pub(super) fn index(key: u64) -> u32 {
    key as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys and their points: everywhere, nearly all in one place, all in one cell, and some of them nowhere.
    #[test]
    fn the_order_is_that_of_the_keys_wherever_they_crowd() {
        let cells: [fn(u64) -> u64; 3] = [
            |i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32,
            |i| {
                if i % 1000 == 7 {
                    i * 421
                } else {
                    0x8000_0000 + i * i % 5000
                }
            },
            |_| 77,
        ];
        for cell in cells {
            for count in [0, 1, 600, 9_000, 300_000] {
                let key = |i: u64| {
                    if i % 97 == 13 {
                        NOWHERE
                    } else {
                        cell(i) << 32 | i
                    }
                };
                let mut keys: Vec<u64> = (0..count).map(key).collect();
                let points: Vec<[f32; 2]> = (0..count).map(|i| [i as f32, -(i as f32)]).collect();
                let mut expected = keys.clone();
                expected.retain(|key| *key != NOWHERE);
                expected.sort_unstable();
                let sorted = sort(&mut keys, &points);
                assert_eq!(keys, expected);
                let of_key = |key: &u64| points[index(*key) as usize];
                assert_eq!(sorted, keys.iter().map(of_key).collect::<Vec<_>>());
            }
        }
    }
}
