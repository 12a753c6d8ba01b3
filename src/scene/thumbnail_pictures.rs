//! Pictures of objects, small and square.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::{CutoutStyle, Rgb, Thumbnail, paint_cutout};
use crate::color::Rgba;
use crate::data::{Cutout, CutoutRead};
use crate::progress::{Cancelled, Progress};

/// Paints `cutout` as a square of `slot_px`: its middle, each pixel the mean of what it covers.
#[must_use]
pub fn thumbnail_picture(cutout: &Cutout, slot_px: usize) -> Rgb {
    shrink(&paint_cutout(cutout, &CutoutStyle::default()), slot_px)
}

/// The pictures of `layout` that can be read, in its order, on all threads.
///
/// # Errors
/// [`Cancelled`] on request.
pub fn thumbnail_pictures(
    source: &dyn CutoutRead,
    layout: &[Thumbnail],
    slot_px: usize,
    progress: &Progress,
) -> Result<Vec<(Thumbnail, Rgb)>, Cancelled> {
    let done = AtomicUsize::new(0);
    let read: Vec<Option<(Thumbnail, Rgb)>> = layout
        .par_iter()
        .map(|thumbnail| {
            progress.set(done.fetch_add(1, Ordering::Relaxed), layout.len())?;
            let cutout = source.read(thumbnail.row).ok();
            Ok(cutout.map(|cutout| (*thumbnail, thumbnail_picture(&cutout, slot_px))))
        })
        .collect::<Result<_, Cancelled>>()?;
    Ok(read.into_iter().flatten().collect())
}

/// The largest square in the middle of `picture`, with `side` pixels a side.
fn shrink(picture: &Rgb, side: usize) -> Rgb {
    let square = picture.width.min(picture.height);
    let corner = [picture.width, picture.height].map(|length| (length - square) / 2);
    let shares = shares(square, side);
    // Along the rows, then down the columns.
    let mut rows = vec![[0.0_f32; 3]; square * side];
    for (y, row) in rows.chunks_exact_mut(side).enumerate() {
        let pixels = &picture.pixels[(corner[1] + y) * picture.width + corner[0]..][..square];
        for (out, parts) in row.iter_mut().zip(&shares) {
            for &(x, share) in parts {
                for (out, value) in out.iter_mut().zip(pixels[x]) {
                    *out += share * f32::from(value);
                }
            }
        }
    }
    let pixel = |x: usize, parts: &[(usize, f32)]| -> Rgba {
        let mut sum = [0.5_f32; 3];
        for &(y, share) in parts {
            for (sum, value) in sum.iter_mut().zip(rows[y * side + x]) {
                *sum += share * value;
            }
        }
        let [r, g, b] = sum.map(|v| v as u8);
        [r, g, b, 255]
    };
    Rgb {
        width: side,
        height: side,
        pixels: shares
            .iter()
            .flat_map(|parts| (0..side).map(move |x| (x, parts)))
            .map(|(x, parts)| pixel(x, parts))
            .collect(),
    }
}

/// For each of `to` pixels the pixels among `from` that it covers, and how much of it each makes
/// up.
fn shares(from: usize, to: usize) -> Vec<Vec<(usize, f32)>> {
    let step = from as f32 / to as f32;
    (0..to)
        .map(|i| {
            let (start, end) = (i as f32 * step, (i + 1) as f32 * step);
            let last = (end.ceil() as usize).min(from);
            ((start as usize).min(from - 1)..last)
                .map(|j| {
                    let covered = end.min((j + 1) as f32) - start.max(j as f32);
                    (j, (covered / step).max(0.0))
                })
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{CutoutError, RowOrder};

    fn picture(width: usize, height: usize, level: impl Fn(usize, usize) -> u8) -> Rgb {
        let pixels = (0..width * height)
            .map(|i| {
                let v = level(i % width, i / width);
                [v, v, v, 255]
            })
            .collect();
        Rgb {
            width,
            height,
            pixels,
        }
    }

    #[test]
    fn shrinking_keeps_the_mean_and_the_middle() {
        let board = picture(6, 6, |x, y| if (x + y) % 2 == 0 { 200 } else { 100 });
        assert!(
            shrink(&board, 3)
                .pixels
                .iter()
                .all(|p| *p == [150, 150, 150, 255])
        );
        let flat = picture(101, 101, |_, _| 77);
        for side in [1, 7, 64, 128] {
            let small = shrink(&flat, side);
            assert_eq!(small.pixels.len(), side * side);
            assert!(small.pixels.iter().all(|p| p[0].abs_diff(77) <= 1));
        }
        // The ends of a wide picture are cut off.
        let wide = picture(10, 2, |x, _| if (4..6).contains(&x) { 9 } else { 250 });
        assert!(shrink(&wide, 2).pixels.iter().all(|p| p[0] == 9));
        assert_eq!(
            shrink(&picture(1, 1, |_, _| 5), 4).pixels,
            [[5, 5, 5, 255]; 16]
        );
    }

    struct Odd;
    impl CutoutRead for Odd {
        fn len(&self) -> usize {
            10
        }
        fn read(&self, row: usize) -> Result<Cutout, CutoutError> {
            if row.is_multiple_of(2) {
                return Err(CutoutError("none".into()));
            }
            let pixels = vec![row as f32; 16];
            Cutout::new(pixels, vec!["grey".into()], 4, 4, RowOrder::TopDown)
                .map_err(|e| CutoutError(e.to_string()))
        }
    }

    #[test]
    fn objects_without_a_picture_are_left_out_and_cancelling_stops() {
        let layout: Vec<Thumbnail> = (0..10)
            .map(|row| Thumbnail {
                place: 9 - row,
                row,
                center_px: [0.0; 2],
            })
            .collect();
        let progress = Progress::new();
        let read = thumbnail_pictures(&Odd, &layout, 2, &progress).unwrap();
        let rows: Vec<usize> = read.iter().map(|(t, _)| t.row).collect();
        assert_eq!(rows, [1, 3, 5, 7, 9]);
        assert!(read.iter().all(|(t, p)| p.pixels[0][0] == t.row as u8));
        progress.cancel();
        assert_eq!(
            thumbnail_pictures(&Odd, &layout, 2, &progress),
            Err(Cancelled)
        );
    }
}
