//! Where the panels and the map stand in the window.

use std::sync::Arc;

use eframe::egui::{self, CentralPanel, Frame, Panel, Ui};

use super::super::action::Action;
use super::super::active::Running;
use super::super::panels;
use super::super::shown::Shown;
use super::super::theme::tokens;
use super::super::views::{self, map::Scene};
use super::{App, INSPECTOR_FROM, LEGEND_FROM};

/// Fills a panel that stays as wide as the user made it, whatever is in it.
fn within(ui: &mut Ui, fill: impl FnOnce(&mut Ui)) {
    let rect = ui.available_rect_before_wrap();
    let mut inside = ui.new_child(egui::UiBuilder::new().max_rect(rect));
    // Frames and shadows reach into the margins.
    inside.shrink_clip_rect(rect.expand(8.0));
    fill(&mut inside);
    ui.advance_cursor_after_rect(rect);
}

impl App {
    /// What the map shows of the data that are open.
    pub(super) fn shown(&self) -> Option<&Arc<Shown>> {
        let session = self.history.session();
        session.map()?;
        self.stage.shown(session.data()?.revision())
    }

    pub(super) fn side_panels(
        &mut self,
        ui: &mut Ui,
        running: Option<&Running>,
        actions: &mut Vec<Action>,
    ) {
        let panel = tokens(ui.ctx()).panel;
        let frame = |x: f32, y: f32| {
            Frame::new()
                .fill(panel)
                .inner_margin(egui::Margin::symmetric(x as i8, y as i8))
        };
        Panel::top("top")
            .exact_size(44.0)
            .frame(frame(14.0, 0.0))
            .show(ui, |ui| {
                let Self {
                    history,
                    drafts,
                    judgements,
                    ..
                } = self;
                let judged = judgements
                    .current(history.session())
                    .map(|judged| &**judged);
                panels::top::ui(ui, history, judged, drafts, running, actions);
            });
        if self.history.session().map().is_some() {
            Panel::top("filter").frame(frame(14.0, 4.0)).show(ui, |ui| {
                let Self {
                    history,
                    filtering,
                    filter_text,
                    ..
                } = self;
                panels::filter::ui(ui, history.session(), filtering, filter_text, actions);
            });
        }
        Panel::bottom("status")
            .exact_size(26.0)
            .frame(frame(14.0, 0.0))
            .show(ui, |ui| {
                panels::status::ui(
                    ui,
                    self.history.session(),
                    self.shown().map(|shown| &**shown),
                    &self.map.adapter(),
                    self.frame_ms,
                );
            });
        let width = ui.ctx().content_rect().width();
        if self.history.session().map().is_none() || width < LEGEND_FROM {
            return;
        }
        Panel::left("legend")
            .resizable(true)
            .default_size(232.0)
            .size_range(180.0..=420.0)
            .frame(frame(12.0, 4.0))
            .show(ui, |ui| {
                let look = self.shown().map(|shown| &shown.look);
                let colored = look.map(|look| &look.colored);
                let session = self.history.session();
                within(ui, |ui| {
                    let area = egui::ScrollArea::vertical().auto_shrink(false);
                    area.show(ui, |ui| {
                        panels::legend::ui(ui, session, colored, actions);
                        panels::layers::ui(ui, session.view(), actions);
                        if let Some(look) = look {
                            panels::legend::histograms(ui, &look.histograms);
                        }
                    });
                });
            });
        if self.focus.is_none() && width < INSPECTOR_FROM {
            return;
        }
        Panel::right("inspector")
            .resizable(true)
            .default_size(300.0)
            .size_range(220.0..=560.0)
            .frame(frame(12.0, 4.0))
            .show(ui, |ui| {
                let Self {
                    history,
                    focus,
                    focus_picture,
                    hover_picture,
                    cutout_style,
                    decoding,
                    nearest,
                    drafts,
                    ..
                } = self;
                let session = history.session();
                let beside = |ui: &mut Ui, row| {
                    let found = decoding.object(ui.ctx(), session, &drafts.encoder, row);
                    panels::inspector::compared(ui, &found);
                    nearest.ui(ui, session, row, actions);
                };
                let pictures = (focus_picture, &*hover_picture);
                within(ui, |ui| {
                    panels::inspector::ui(ui, session, *focus, pictures, cutout_style, beside);
                });
            });
    }

    pub(super) fn middle(
        &mut self,
        ui: &mut Ui,
        running: Option<&Running>,
        actions: &mut Vec<Action>,
    ) {
        let session = self.history.session().clone();
        let Some(data) = session.data().filter(|_| session.map().is_some()) else {
            let fill = tokens(ui.ctx()).panel;
            CentralPanel::default()
                .frame(Frame::new().fill(fill))
                .show(ui, |ui| {
                    let Self {
                        settings, drafts, ..
                    } = self;
                    panels::start::ui(ui, &session, settings, drafts, running, actions);
                });
            return;
        };
        CentralPanel::default().frame(Frame::new()).show(ui, |ui| {
            let shown = self.stage.shown(data.revision());
            let scene = shown.map(|shown| Scene {
                session: &session,
                shown,
                contours: self.stage.contours(),
                focus: self.focus,
            });
            let rect = ui.max_rect();
            self.map.ui(ui, scene, actions);
            let chosen = &self.drafts.encoder;
            if let Some((shown, at)) = shown.zip(self.map.probe.at()) {
                let place = (shown.places, at);
                let found = self
                    .decoding
                    .place(ui.ctx(), &session, chosen, &shown.points, place);
                views::decoded::card(ui, &found);
            } else if let Some(row) = self.map.hovered() {
                views::hover::ui(ui, &session, data, row, &mut self.hover_picture);
            }
            if let Some(ends) = self.walk {
                let found = self.decoding.walk(ui.ctx(), &session, chosen, ends);
                views::decoded::strip(ui, rect, data, ends, &found, actions);
            }
        });
    }
}
