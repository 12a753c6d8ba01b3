//! A region of a map: an outline, and the plane that it was drawn on.

use super::{Roi, RoiError};
use crate::data::Plane;

/// The points of a map that lie, seen in a plane, inside an outline.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Region {
    /// The outline, in coordinates of the plane: a point's shares of right and up, in the units of
    /// the map.
    #[serde(flatten)]
    pub roi: Roi,
    /// The plane; the first two axes when a file does not say.
    #[serde(default, skip_serializing_if = "Plane::is_front")]
    pub plane: Plane,
}

impl From<Roi> for Region {
    fn from(roi: Roi) -> Self {
        Self {
            roi,
            plane: Plane::FRONT,
        }
    }
}

impl Region {
    /// A region from JSON: a list of vertices `[[x, y], ...]`, an object with `vertices` or
    /// `polygon`, a `GeoJSON` polygon without holes, or what [`Region`] itself is written as. An
    /// object may have a `plane`, two rows of three numbers: right and up in the axes of the map.
    ///
    /// # Errors
    /// When it is something else, its numbers do not make a region, or the rows of its plane are not
    /// perpendicular and of length 1.
    pub fn from_json(text: &str) -> Result<Self, RoiError> {
        let read = |e: serde_json::Error| RoiError::Json(e.to_string());
        let mut json: serde_json::Value = serde_json::from_str(text).map_err(read)?;
        let plane = json
            .as_object_mut()
            .and_then(|object| object.remove("plane"));
        let plane = plane
            .map(serde_json::from_value)
            .transpose()
            .map_err(read)?;
        Ok(Self {
            roi: Roi::from_value(json.get("geometry").unwrap_or(&json))?,
            plane: plane.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_come_from_the_usual_forms() {
        let square = Roi::Polygon {
            vertices: vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]],
        };
        for text in [
            "[[0,0],[1,0],[1,1]]",
            r#"{"vertices": [[0,0],[1,0],[1,1]]}"#,
            r#"{"polygon": [[0,0],[1,0],[1,1]]}"#,
            r#"{"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1]]]}"#,
            r#"{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1]]]}}"#,
            r#"{"vertices": [[0,0],[1,0],[1,1]], "plane": [[1,0,0],[0,1,0]]}"#,
        ] {
            let region = Region::from(square.clone());
            assert_eq!(Region::from_json(text).unwrap(), region, "{text}");
        }
        let ellipse = Roi::Ellipse {
            center: [1.0, 2.0],
            radii: [3.0, 4.0],
        };
        for roi in [square, ellipse] {
            for plane in [Plane::FRONT, Plane::turned(33.3, -12.1)] {
                let region = Region {
                    roi: roi.clone(),
                    plane,
                };
                let json = serde_json::to_string(&region).unwrap();
                assert_eq!(json.contains("plane"), !plane.is_front());
                assert_eq!(Region::from_json(&json).unwrap(), region);
                let toml = toml::to_string(&region).unwrap();
                assert_eq!(toml::from_str::<Region>(&toml).unwrap(), region);
            }
        }
        for wrong in [
            "",
            "{}",
            "[[0,0],[1,0]]",
            "[[0,0],[1,0],[1,\"a\"]]",
            r#"{"shape": "ellipse", "center": [0,0], "radii": [0,1]}"#,
            r#"{"shape": "ellipse", "center": [0,0], "radii": [1,1], "angle": 1}"#,
            r#"{"shape": "brush", "path": [], "radius": 1}"#,
            r#"{"shape": "spiral"}"#,
            r#"{"vertices": [[0,0],[1,0],[1,1]], "plane": [[1,0,0],[1,1,0]]}"#,
            r#"{"vertices": [[0,0],[1,0],[1,1]], "plane": [[1,0],[0,1]]}"#,
        ] {
            assert!(Region::from_json(wrong).is_err(), "{wrong}");
        }
    }
}
