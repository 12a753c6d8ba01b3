//! How the points look: colours, markers, sizes and depth, and the legend that explains them.

use std::sync::Arc;

use rayon::prelude::*;

use super::ground;
use crate::color::{ColorScale, Colormap, Rgba};
use crate::mask::Mask;
use crate::render::{PointGroup, Shades, Shape};
use crate::spatial::TileTree;

/// How far a place lies from the viewer: 0 near to 1 far.
pub type Depth<'a> = &'a (dyn Fn(usize) -> f32 + Sync);

/// What the farthest points lose of their colour to the ground.
const FADED: f32 = 0.78;

/// How the points look, and what it means.
#[derive(Debug, Clone)]
pub struct Colored {
    /// Points with the same marker and size.
    pub groups: Vec<Group>,
    /// What the colours mean.
    pub legend: Legend,
    /// What the markers mean: value and outline.
    pub markers: Vec<(String, Shape)>,
    /// What the sizes mean: label of the column, value of the smallest and of the largest.
    pub sizes: Option<(String, f64, f64)>,
    /// The places that are drawn; `None` where all are.
    pub drawn: Option<Arc<Mask>>,
    /// The colours before they fade with depth, where they do.
    pub(super) own: Option<Arc<Vec<Rgba>>>,
}

/// Points with the same marker and size.
#[derive(Debug, Clone)]
pub struct Group {
    /// Their colours.
    pub shades: Shades,
    /// Their marker.
    pub shape: Shape,
    /// Times the radius.
    pub size: f32,
}

/// What the colours mean.
#[derive(Debug, Clone)]
pub enum Legend {
    /// One colour for all.
    Plain,
    /// A colour for each category.
    Categories(Vec<LegendEntry>),
    /// Numbers on a colour map.
    Scale {
        /// Column name and unit.
        label: String,
        /// The colours.
        map: Colormap,
        /// The colours from the other end.
        invert: bool,
        /// The numbers.
        scale: ColorScale,
        /// Points without a number.
        missing: usize,
    },
}

/// One category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegendEntry {
    /// The value; empty for objects without one.
    pub name: String,
    /// Its colour.
    pub color: Rgba,
    /// Points on the map.
    pub count: usize,
    /// Whether it is switched off.
    pub hidden: bool,
}

impl Colored {
    /// Points that are drawn.
    #[must_use]
    pub fn shown(&self) -> usize {
        self.groups.iter().map(|g| g.shades.count()).sum()
    }

    /// As the renderer wants them.
    #[must_use]
    pub fn point_groups(&self) -> Vec<PointGroup<'_>> {
        let groups = self.groups.iter();
        groups
            .map(|group| PointGroup {
                shades: &group.shades,
                shape: group.shape,
                size: group.size,
            })
            .collect()
    }

    /// Colour by place, as the legend has it; an alpha of 0 hides the point.
    #[must_use]
    pub fn colors(&self) -> &[Rgba] {
        match &self.own {
            Some(own) => own,
            None => self.groups.first().map_or(&[], |g| g.shades.points()),
        }
    }

    /// The same look for points that have other places: `from[place]` is the place that the point
    /// had. It is as deep as `depth` says of its new place (0 near to 1 far), if it says so.
    #[must_use]
    pub fn carried(
        &self,
        tree: &TileTree,
        from: &[u32],
        depth: Option<Depth<'_>>,
        dark: bool,
    ) -> Self {
        let own = self.colors();
        let color = |&old: &u32| own.get(old as usize).copied().unwrap_or_default();
        let colors = from.par_iter().map(color);
        let class = |&old: &u32| {
            let drawn = |group: &Group| group.shades.draws(old as usize);
            self.groups.iter().position(drawn).unwrap_or(0) as u8
        };
        let looks: Vec<(Shape, f32)> = self.groups.iter().map(|g| (g.shape, g.size)).collect();
        let classes = (looks.len() > 1).then(|| from.par_iter().map(class).collect());
        Self {
            legend: self.legend.clone(),
            markers: self.markers.clone(),
            sizes: self.sizes.clone(),
            ..Self::shaded(tree, colors.collect(), classes, &looks, depth, dark)
        }
    }

    /// Points with these colours; `classes` says by place which of `looks` a point has, the first
    /// when there are none.
    pub(super) fn shaded(
        tree: &TileTree,
        colors: Vec<Rgba>,
        classes: Option<Vec<u8>>,
        looks: &[(Shape, f32)],
        depth: Option<Depth<'_>>,
        dark: bool,
    ) -> Self {
        let (drawn, own) = match depth {
            Some(depth) => (faded(&colors, depth, dark), Some(Arc::new(colors))),
            None => (colors, None),
        };
        let (shades, looks) = match classes {
            Some(classes) => {
                let (classes, looks) = occurring(classes, looks);
                (Shades::by_class(tree, drawn, &Arc::new(classes)), looks)
            }
            None => (vec![Shades::new(tree, drawn)], looks.to_vec()),
        };
        let groups = shades.into_iter().zip(looks);
        let mut groups: Vec<Group> = groups
            .map(|(shades, (shape, size))| Group {
                shades,
                shape,
                size,
            })
            .collect();
        // One stays, which has the colours.
        if groups.iter().any(|group| group.shades.count() > 0) {
            groups.retain(|group| group.shades.count() > 0);
        } else {
            groups.truncate(1);
        }
        let colors = groups.first().map_or(&[][..], |g| g.shades.points());
        let shown: usize = groups.iter().map(|g| g.shades.count()).sum();
        let drawn = (shown < colors.len())
            .then(|| Arc::new(Mask::from_fn(colors.len(), |place| colors[place][3] != 0)));
        Self {
            groups,
            drawn,
            legend: Legend::Plain,
            markers: Vec::new(),
            sizes: None,
            own,
        }
    }
}

/// The classes that occur, numbered anew, and their looks.
fn occurring(mut classes: Vec<u8>, looks: &[(Shape, f32)]) -> (Vec<u8>, Vec<(Shape, f32)>) {
    const ALL: usize = u8::MAX as usize + 1;
    let there = classes.par_chunks(1 << 16).map(|some| {
        let mut there = [false; ALL];
        some.iter()
            .for_each(|&class| there[usize::from(class)] = true);
        there
    });
    let either = |a: [bool; ALL], b: [bool; ALL]| std::array::from_fn(|i| a[i] | b[i]);
    let there = there.reduce(|| [false; ALL], either);
    let (mut number, mut kept) = ([0_u8; ALL], Vec::new());
    for (class, look) in looks.iter().enumerate().filter(|(class, _)| there[*class]) {
        number[class] = kept.len() as u8;
        kept.push(*look);
    }
    classes
        .par_iter_mut()
        .for_each(|class| *class = number[usize::from(*class)]);
    (classes, kept)
}

/// Colours that fade towards the ground, the farther the more.
fn faded(colors: &[Rgba], depth: Depth<'_>, dark: bool) -> Vec<Rgba> {
    // On a light ground all colours are shaded when they are drawn.
    let shade = super::shade(dark);
    let ground = ground(dark).map(|c| (f32::from(c) / shade).min(255.0));
    let fade = |(place, color): (usize, &Rgba)| {
        let share = FADED * depth(place);
        let mixed = |i: usize| {
            let own = f32::from(color[i]);
            (own + (ground[i] - own) * share).round() as u8
        };
        [mixed(0), mixed(1), mixed(2), color[3]]
    };
    colors.par_iter().enumerate().map(fade).collect()
}
