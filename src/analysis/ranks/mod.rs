//! Who is near whom among points, by looking at all of them: what `quality` and `retrieval` count.

mod scan;
mod space;

pub(super) use scan::{Asked, Seen, scan};
pub(super) use space::Space;
