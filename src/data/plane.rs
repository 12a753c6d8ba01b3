//! The plane that a map of three dimensions is looked at in.

use super::DataError;

/// Lengths and angles may be off by this much: files hold rounded numbers.
const TOLERANCE: f64 = 1e-6;

/// Two perpendicular unit vectors in the axes of a map: to the right and up. The viewer looks
/// against their cross product, in parallel rays (an orthographic projection).
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "[[f64; 3]; 2]", into = "[[f64; 3]; 2]")]
pub struct Plane([[f64; 3]; 2]);

impl Default for Plane {
    fn default() -> Self {
        Self::FRONT
    }
}

impl Plane {
    /// The first two axes, the third towards the viewer; the only plane of a map of two dimensions.
    pub const FRONT: Self = Self([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);

    /// The plane of these rows: right, up.
    ///
    /// # Errors
    /// When they are not perpendicular or not of length 1, to a millionth.
    pub fn new(rows: [[f64; 3]; 2]) -> Result<Self, DataError> {
        let [right, up] = rows;
        let off = [dot(right, right) - 1.0, dot(up, up) - 1.0, dot(right, up)];
        if off.iter().all(|v| v.abs() <= TOLERANCE) {
            Ok(Self(rows))
        } else {
            Err(DataError::Shape {
                what: "plane",
                reason: "its rows are not two perpendicular vectors of length 1".to_owned(),
            })
        }
    }

    /// The plane of a map that was turned to the right by `yaw` about its second axis, which is
    /// upright, and then down by `pitch`; degrees.
    #[must_use]
    pub fn turned(yaw: f64, pitch: f64) -> Self {
        let (sin_yaw, cos_yaw) = sin_cos(yaw);
        let (sin_pitch, cos_pitch) = sin_cos(pitch);
        Self([
            [cos_yaw, 0.0, sin_yaw],
            [sin_pitch * sin_yaw, cos_pitch, -sin_pitch * cos_yaw],
        ])
    }

    /// Yaw and pitch that [`turned`](Self::turned) makes this plane from, degrees; of a plane with a
    /// right that is not level, those of the nearest that is.
    #[must_use]
    pub fn angles(&self) -> (f64, f64) {
        let [right, _] = self.0;
        let pitch = self.toward()[1].clamp(-1.0, 1.0).asin();
        (right[2].atan2(right[0]).to_degrees(), pitch.to_degrees())
    }

    /// Right and up.
    #[must_use]
    pub fn rows(&self) -> [[f64; 3]; 2] {
        self.0
    }

    /// Whether this is [`FRONT`](Self::FRONT).
    #[must_use]
    pub fn is_front(&self) -> bool {
        *self == Self::FRONT
    }

    /// The unit vector towards the viewer.
    #[must_use]
    pub fn toward(&self) -> [f64; 3] {
        let [[a, b, c], [d, e, f]] = self.0;
        [b * f - c * e, c * d - a * f, a * e - b * d]
    }

    /// Where a point lies in the plane: its shares of right and up.
    #[must_use]
    pub fn project(&self, point: [f64; 3]) -> [f64; 2] {
        self.0.map(|row| dot(row, point))
    }
}

impl TryFrom<[[f64; 3]; 2]> for Plane {
    type Error = DataError;

    fn try_from(rows: [[f64; 3]; 2]) -> Result<Self, DataError> {
        Self::new(rows)
    }
}

impl From<Plane> for [[f64; 3]; 2] {
    fn from(plane: Plane) -> Self {
        plane.0
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Sine and cosine of degrees, exact at quarter turns.
fn sin_cos(degrees: f64) -> (f64, f64) {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let exact = |v: f64| if v.abs() < 1e-15 { 0.0 } else { v };
    (exact(sin), exact(cos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turning_keeps_lengths_and_right_angles() {
        for yaw in (-360..=360).step_by(15) {
            for pitch in (-90..=90).step_by(15) {
                let plane = Plane::turned(f64::from(yaw), f64::from(pitch));
                let [right, up] = plane.rows();
                assert!(Plane::new([right, up]).is_ok());
                assert!((dot(plane.toward(), plane.toward()) - 1.0).abs() < 1e-12);
                assert!(dot(plane.toward(), right).abs() < 1e-12);
                assert!(up[1] >= 0.0, "the second axis stays upright");
                let (yaw, pitch) = plane.angles();
                let again = Plane::turned(yaw, pitch).rows();
                let pairs = again.iter().flatten().zip(plane.0.iter().flatten());
                assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-7));
            }
        }
        assert!(Plane::turned(0.0, 0.0).is_front());
        assert_eq!(Plane::FRONT.toward(), [0.0, 0.0, 1.0]);
        // To the right: what was in front moves right, and the left side comes to the front.
        assert!(Plane::turned(30.0, 0.0).project([0.0, 0.0, 1.0])[0] > 0.0);
        assert_eq!(Plane::turned(90.0, 0.0).toward(), [-1.0, 0.0, 0.0]);
        // Down: what was in front moves down, and the top comes to the front.
        assert!(Plane::turned(0.0, 30.0).project([0.0, 0.0, 1.0])[1] < 0.0);
        assert_eq!(Plane::turned(0.0, 90.0).toward(), [0.0, 1.0, 0.0]);
    }

    #[test]
    fn skewed_rows_are_refused() {
        for rows in [
            [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]],
            [[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
            [[1.0, 0.0, 0.0], [0.0, f64::NAN, 0.0]],
            [[0.0; 3]; 2],
        ] {
            assert!(Plane::new(rows).is_err(), "{rows:?}");
        }
    }
}
