//! The objects whose vectors are nearest to that of the object under study, worked out on another
//! thread.

use std::sync::Arc;

use eframe::egui::{
    self, Button, ColorImage, ComboBox, Context, Image, RichText, Sense, TextureHandle, Ui, Vec2,
};

use super::action::Action;
use super::latest::Latest;
use super::objects;
use super::panels::{inspector, spectrum};
use super::theme::tokens;
use super::widgets::section;
use crate::analysis::points::Points;
use crate::analysis::retrieval::nearest;
use crate::data::{ColumnKind, CutoutRead as _, SpectrumRead as _};
use crate::scene::{Course, thumbnail_picture, vector_of};
use crate::session::{Encoded, OpenData, Part, Revision, Session};

/// Objects that are shown, and how many of their pictures stand in a row.
const SHOWN: usize = 10;
const IN_A_ROW: usize = 5;
/// Side of a picture, px.
const PICTURE_PX: usize = 96;
/// Columns with more categories are not offered.
const MOST_CATEGORIES: usize = 24;

/// Vectors, catalogue row, and the category that is looked among, if one is.
type Key = (Revision, usize, Option<(String, String)>);

/// One of them.
struct Near {
    row: usize,
    /// Cosine of the angle between the vectors.
    similarity: f32,
    picture: Option<ColorImage>,
    /// Where there are no pictures.
    spectrum: Option<Course>,
}

/// What was found.
struct Found {
    near: Vec<Near>,
    /// The values of the column by which they can be told apart.
    categories: Vec<String>,
}

/// The state of it.
#[derive(Default)]
pub(super) struct Nearest {
    found: Latest<Key, Found>,
    textures: Vec<Option<TextureHandle>>,
    /// Categories that were found last: there is something to choose from while others are sought.
    categories: Vec<String>,
    /// The value of the column by which points are told apart; `None` looks among all.
    among: Option<String>,
}

impl Nearest {
    /// For another device: what is shown is found anew.
    pub fn forget_textures(&mut self) {
        (self.found, self.textures) = Default::default();
    }

    /// A section of the inspector; nothing where there are no vectors.
    pub fn ui(&mut self, ui: &mut Ui, session: &Session, row: usize, actions: &mut Vec<Action>) {
        let (Some(data), Some(encoded)) = (session.data(), session.embedding()) else {
            return;
        };
        if vector_of(&encoded.embedding, row).is_none() {
            return;
        }
        let column = telling_column(session, data);
        let among = column.clone().zip(self.among.clone());
        let key = (encoded.revision(), row, among);
        self.ask(ui.ctx(), &key, column, data, encoded);
        section(ui, "Nearest by their vectors");
        self.choice(ui);
        let Some(found) = self.found.answer_to(&key) else {
            ui.allocate_space(Vec2::new(ui.available_width(), height(ui)));
            return;
        };
        if found.near.is_empty() {
            let color = tokens(ui.ctx()).muted;
            ui.label(RichText::new("There is no other object with a vector.").color(color));
        } else if data.dataset.cutouts.is_some() || data.dataset.spectra.is_some() {
            pictures(ui, data, found, &self.textures, actions);
        } else {
            names(ui, data, found, actions);
        }
    }

    fn ask(
        &mut self,
        ctx: &Context,
        key: &Key,
        column: Option<String>,
        data: &Part<OpenData>,
        encoded: &Part<Encoded>,
    ) {
        let (data, encoded, asked) = (data.share(), encoded.share(), key.clone());
        self.found
            .ask(ctx, key, move || find(&data, &encoded, column, asked));
        if self.found.poll(ctx)
            && let Some((_, found)) = self.found.answer()
        {
            let upload = |near: &Near| {
                let picture = near.picture.as_ref()?;
                Some(objects::upload(ctx, "near", picture, true))
            };
            self.textures = found.near.iter().map(upload).collect();
            self.categories.clone_from(&found.categories);
            let gone = |among: &String| !self.categories.contains(among);
            if self.among.as_ref().is_some_and(gone) {
                self.among = None;
            }
        }
    }

    /// Among which objects.
    fn choice(&mut self, ui: &mut Ui) {
        if self.categories.len() < 2 {
            return;
        }
        let all = "all objects";
        ui.horizontal(|ui| {
            ui.label(RichText::new("Among").color(tokens(ui.ctx()).muted));
            let list = ComboBox::from_id_salt("among")
                .selected_text(self.among.as_deref().unwrap_or(all))
                .show_ui(ui, |ui| {
                    ui.selectable_value(&mut self.among, None, all);
                    for name in &self.categories {
                        ui.selectable_value(&mut self.among, Some(name.clone()), name);
                    }
                });
            super::widgets::named_list(&list.response, "Among");
        });
    }
}

/// The column that gives the points their colours, or else says where they come from.
fn telling_column(session: &Session, data: &Part<OpenData>) -> Option<String> {
    let catalog = &data.dataset.catalog;
    let is_category = |name: &&str| {
        let place = catalog.columns().position(|column| column.name() == *name);
        place.is_some_and(|place| data.kinds[place] == ColumnKind::Categorical)
    };
    let colored = session.view().color.column.as_deref();
    colored
        .into_iter()
        .chain(["survey"])
        .find(is_category)
        .map(str::to_owned)
}

fn find(
    data: &Arc<OpenData>,
    encoded: &Arc<Encoded>,
    column: Option<String>,
    (_, row, among): Key,
) -> Found {
    let (catalog, embedding) = (&data.dataset.catalog, &encoded.embedding);
    let column = column.and_then(|name| catalog.column(&name));
    let categories = column.and_then(|column| column.categories(MOST_CATEGORIES));
    let (names, of_row) = categories.unwrap_or_default();
    let wanted = among.and_then(|(_, value)| names.iter().position(|name| *name == value));
    let is_wanted = |place: usize| {
        let other = embedding.rows()[place] as usize;
        let of = wanted.is_none_or(|wanted| of_row[other].map(usize::from) == Some(wanted));
        other != row && of
    };
    let points = Points::new(embedding.values(), embedding.dim());
    let found = match (points, vector_of(embedding, row)) {
        (Ok(points), Some(vector)) => nearest(points, vector, SHOWN, is_wanted),
        _ => Vec::new(),
    };
    let near = found.into_iter().map(|(place, similarity)| {
        let row = embedding.rows()[place as usize] as usize;
        let cutouts = data.dataset.cutouts.as_ref();
        let spectra = data.dataset.spectra.as_ref().filter(|_| cutouts.is_none());
        let cutout = cutouts.and_then(|source| source.read(row).ok());
        let spectrum = spectra.and_then(|source| source.read(row).ok());
        Near {
            row,
            similarity,
            picture: cutout.map(|cutout| objects::image(&thumbnail_picture(&cutout, PICTURE_PX))),
            spectrum: spectrum.map(|spectrum| Course::of(&spectrum)),
        }
    });
    Found {
        near: near.collect(),
        categories: names,
    }
}

fn side(ui: &Ui) -> f32 {
    const GAP: f32 = 4.0;
    (ui.available_width() - GAP * (IN_A_ROW - 1) as f32) / IN_A_ROW as f32
}

/// Of all pictures.
fn height(ui: &Ui) -> f32 {
    (side(ui) + 4.0) * SHOWN.div_ceil(IN_A_ROW) as f32
}

fn pictures(
    ui: &mut Ui,
    data: &Part<OpenData>,
    found: &Found,
    textures: &[Option<TextureHandle>],
    actions: &mut Vec<Action>,
) {
    let side = side(ui);
    ui.spacing_mut().item_spacing = Vec2::splat(4.0);
    for (near, textures) in found.near.chunks(IN_A_ROW).zip(textures.chunks(IN_A_ROW)) {
        ui.horizontal(|ui| {
            for (near, texture) in near.iter().zip(textures) {
                let size = Vec2::splat(side);
                let (frame, response) = ui.allocate_exact_size(size, Sense::click());
                let name = inspector::title(data, near.row);
                response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
                let colors = tokens(ui.ctx());
                if let Some(texture) = texture {
                    let picture = Image::new((texture.id(), size)).corner_radius(4.0);
                    picture.paint_at(ui, frame);
                } else if let Some(found) = &near.spectrum {
                    ui.painter().rect_filled(frame, 4.0, colors.raised);
                    spectrum::sketch(ui, frame.shrink(4.0), found);
                } else {
                    ui.painter().rect_filled(frame, 4.0, egui::Color32::BLACK);
                }
                if response.hovered() {
                    let stroke = egui::Stroke::new(1.5, colors.accent);
                    let kind = egui::StrokeKind::Inside;
                    ui.painter().rect_stroke(frame, 4.0, stroke, kind);
                }
                if response.clicked() {
                    actions.push(Action::Focus(Some(near.row)));
                }
                response.on_hover_text(told(&name, near));
            }
        });
    }
}

fn names(ui: &mut Ui, data: &Part<OpenData>, found: &Found, actions: &mut Vec<Action>) {
    for near in &found.near {
        let name = inspector::title(data, near.row);
        let button = ui.add(Button::new(&name).frame(false).truncate());
        if button.on_hover_text(told(&name, near)).clicked() {
            actions.push(Action::Focus(Some(near.row)));
        }
    }
}

fn told(name: &str, near: &Near) -> String {
    format!("{name}\ncosine of the angle {:.4}", near.similarity)
}
