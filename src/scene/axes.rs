//! The axes of a map of three dimensions, as the viewer sees them.

use crate::data::{Plane, Projection};

/// Names of the axes of a map: by the method that made it, or else x, y and z.
#[must_use]
pub fn axis_names(projection: &Projection) -> [String; 3] {
    let method = projection.provenance().get("method");
    [0, 1, 2].map(|i| match method {
        Some(method) => format!("{method} {}", i + 1),
        None => ["x", "y", "z"][i].to_owned(),
    })
}

/// Where the ends of axes of length 1 are seen: to the right and up.
#[must_use]
pub fn axis_tips(plane: Plane) -> [[f32; 2]; 3] {
    let [right, up] = plane.rows();
    [0, 1, 2].map(|i| [right[i] as f32, up[i] as f32])
}
