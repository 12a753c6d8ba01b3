//! What is worked out about a map on other threads: colours, names, histograms, contours.

use std::sync::Arc;

use eframe::egui::Context;

use super::latest::Latest;
use crate::mask::Mask;
use crate::scene::{
    Colored, Contour, Histogram, MapLabel, color_points, contours, histograms, labels,
};
use crate::session::{ContourSpec, LayerKind, Mapped, OpenData, Part, Revision, ViewSpec};
use crate::subset::{Filter, FilterError};

/// Histograms under the legend.
const HISTOGRAMS: usize = 3;

/// How the points look, and what follows from it.
pub(super) struct Look {
    pub colored: Colored,
    pub histograms: Vec<Histogram>,
    pub labels: Vec<MapLabel>,
}

/// Everything a look depends on.
#[derive(Debug, Clone, PartialEq)]
struct LookKey {
    data: Revision,
    map: Revision,
    /// The view without what has no part in the look.
    view: ViewSpec,
    /// Number of the filter's answer.
    rows: u64,
}

/// The looks of the map, the newest asked for and the newest there is.
#[derive(Default)]
pub(super) struct Looks {
    look: Latest<LookKey, Arc<Look>>,
    look_serial: u64,
    contours: Latest<(u64, ContourSpec), Vec<Contour>>,
    contours_serial: u64,
}

impl Looks {
    /// Asks for what `view` needs and takes in what has arrived.
    pub fn update(
        &mut self,
        ctx: &Context,
        data: &Part<OpenData>,
        map: &Part<Mapped>,
        view: &ViewSpec,
        rows: Option<&(u64, Arc<Mask>)>,
    ) {
        let key = LookKey {
            data: data.revision(),
            map: map.revision(),
            view: ViewSpec {
                color: view.color.clone(),
                size_by: view.size_by.clone(),
                marker_by: view.marker_by.clone(),
                ..ViewSpec::default()
            },
            rows: rows.map_or(0, |(serial, _)| *serial),
        };
        let (opened, mapped) = (data.share(), map.share());
        let (spec, mask) = (key.view.clone(), rows.map(|(_, mask)| Arc::clone(mask)));
        self.look.ask(ctx, &key, move || {
            let catalog = &opened.dataset.catalog;
            let colored = color_points(catalog, &mapped.points, &spec, mask.as_deref());
            Arc::new(Look {
                histograms: histograms(catalog, &mapped.points, &colored, HISTOGRAMS),
                labels: labels(&mapped.points, &colored),
                colored,
            })
        });
        if self.look.poll(ctx) {
            self.look_serial += 1;
        }
        if view.shows(LayerKind::Contours)
            && let Some(look) = self.look(map.revision())
        {
            let (look, mapped) = (Arc::clone(look), map.share());
            let spec = view.contours.clone();
            let key = (self.look_serial, spec.clone());
            self.contours.ask(ctx, &key, move || {
                contours(&mapped.points, &look.colored, &spec, &|| false)
            });
        }
        if self.contours.poll(ctx) {
            self.contours_serial += 1;
        }
    }

    /// The newest look of that map.
    pub fn look(&self, map: Revision) -> Option<&Arc<Look>> {
        let (key, look) = self.look.answer()?;
        (key.map == map).then_some(look)
    }

    /// A number that changes with [`look`](Self::look).
    pub fn look_serial(&self) -> u64 {
        self.look_serial
    }

    /// The newest contours, those of an earlier look until the next are there, and a number that
    /// changes with them.
    pub fn contours(&self) -> (&[Contour], u64) {
        let lines = self.contours.answer().map_or(&[][..], |(_, lines)| lines);
        (lines, self.contours_serial)
    }
}

/// The condition in the filter bar, evaluated as it is typed.
#[derive(Default)]
pub(super) struct Filtering {
    typed: Latest<(Revision, String), Result<Arc<Mask>, FilterError>>,
    /// The rows of the filter in use, its key, and a number that changes with them.
    used: Option<((Revision, String), Arc<Mask>)>,
    serial: u64,
}

impl Filtering {
    /// Asks what `text` keeps and takes in what has arrived.
    pub fn update(&mut self, ctx: &Context, data: &Part<OpenData>, text: &str, view: &ViewSpec) {
        let text = text.trim();
        if !text.is_empty() {
            let (opened, sql) = (data.share(), text.to_owned());
            let key = (data.revision(), sql.clone());
            self.typed.ask(ctx, &key, move || {
                let table = opened.dataset.catalog.batch();
                let filter = Filter::parse(&sql, table.schema_ref())?;
                let holds = filter.evaluate(table)?;
                Ok(Arc::new(Mask::from_fn(holds.len(), |row| holds.value(row))))
            });
        }
        self.typed.poll(ctx);
        let wanted = view
            .filter
            .as_ref()
            .map(|sql| (data.revision(), sql.clone()));
        if self.used.as_ref().map(|(key, _)| key) != wanted.as_ref() {
            let mask = wanted
                .as_ref()
                .and_then(|key| match self.typed.answer_to(key) {
                    Some(Ok(mask)) => Some(Arc::clone(mask)),
                    _ => None,
                });
            if mask.is_some() || wanted.is_none() {
                self.used = wanted.zip(mask);
                self.serial += 1;
            }
        }
    }

    /// What is known of `text`.
    pub fn answer(&self, data: Revision, text: &str) -> Option<&Result<Arc<Mask>, FilterError>> {
        self.typed.answer_to(&(data, text.trim().to_owned()))
    }

    /// The rows that the filter in use keeps.
    pub fn rows(&self) -> Option<(u64, Arc<Mask>)> {
        let (_, mask) = self.used.as_ref()?;
        Some((self.serial, Arc::clone(mask)))
    }
}
