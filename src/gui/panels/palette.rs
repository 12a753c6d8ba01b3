//! The list of commands, found by name.

use eframe::egui::{self, Align, Align2, Area, Frame, Key, Layout, RichText, TextEdit, Ui};

use super::super::action::Action;
use super::super::commands::{COMMANDS, Command};
use super::super::theme::{STEP, tokens};

const WIDTH: f32 = 440.0;

/// Whether the list is open, and what was typed.
#[derive(Default)]
pub(in crate::gui) struct Palette {
    open: bool,
    query: String,
    chosen: usize,
}

impl Palette {
    pub fn toggle(&mut self) {
        *self = Self {
            open: !self.open,
            ..Self::default()
        };
    }

    pub fn ui(&mut self, ui: &Ui, actions: &mut Vec<Action>) {
        if !self.open {
            return;
        }
        let wanted = self.query.to_lowercase();
        let found: Vec<&Command> = COMMANDS
            .iter()
            .filter(|c| c.text.to_lowercase().contains(&wanted))
            .collect();
        let (down, up, enter, escape) = ui.input_mut(|i| {
            let mut pressed = |key| i.consume_key(egui::Modifiers::NONE, key);
            (
                pressed(Key::ArrowDown),
                pressed(Key::ArrowUp),
                pressed(Key::Enter),
                pressed(Key::Escape),
            )
        });
        let last = found.len().saturating_sub(1);
        self.chosen = (self.chosen + usize::from(down))
            .saturating_sub(usize::from(up))
            .min(last);
        let mut done = escape;
        if enter && let Some(command) = found.get(self.chosen) {
            actions.push((command.action)());
            done = true;
        }
        Area::new(egui::Id::unique("commands"))
            .anchor(Align2::CENTER_TOP, [0.0, 80.0])
            .order(egui::Order::Foreground)
            .show(ui.ctx(), |ui| {
                Frame::window(ui.style())
                    .inner_margin(3.0 * STEP)
                    .show(ui, |ui| {
                        ui.set_width(WIDTH);
                        let edit = ui.add(
                            TextEdit::singleline(&mut self.query)
                                .hint_text("Find a command")
                                .desired_width(WIDTH),
                        );
                        edit.request_focus();
                        if edit.changed() {
                            self.chosen = 0;
                        }
                        let height = (ui.ctx().content_rect().height() - 190.0).max(80.0);
                        egui::ScrollArea::vertical()
                            .max_height(height)
                            .show(ui, |ui| {
                                for (index, command) in found.iter().enumerate() {
                                    if row(ui, command, index == self.chosen) {
                                        actions.push((command.action)());
                                        done = true;
                                    }
                                }
                            });
                        if found.is_empty() {
                            ui.label(
                                RichText::new("No command of that name")
                                    .color(tokens(ui.ctx()).muted),
                            );
                        }
                    });
            });
        if done {
            *self = Self::default();
        }
    }
}

fn row(ui: &mut Ui, command: &Command, chosen: bool) -> bool {
    ui.horizontal(|ui| {
        let clicked = ui
            .selectable_label(chosen, command.text)
            .on_hover_text(command.tooltip)
            .clicked();
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(shortcut) = &command.shortcut {
                let keys = ui.ctx().format_shortcut(shortcut);
                ui.label(RichText::new(keys).small().color(tokens(ui.ctx()).muted));
            }
        });
        clicked
    })
    .inner
}
