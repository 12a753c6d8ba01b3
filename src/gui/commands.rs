//! One table of commands: text, explanation, shortcut. Menus, the palette and the keyboard read it.

use eframe::egui::{Context, Key, KeyboardShortcut, Modifiers, Popup};

use super::action::{Action, Dialog};
use super::views::map::Tool;

/// A command.
pub(super) struct Command {
    /// As in a menu; a command that asks for more ends in an ellipsis.
    pub text: &'static str,
    /// One line about what it does.
    pub tooltip: &'static str,
    /// Keys.
    pub shortcut: Option<KeyboardShortcut>,
    /// What it asks for.
    pub action: fn() -> Action,
}

const fn command(
    text: &'static str,
    tooltip: &'static str,
    shortcut: Option<(Modifiers, Key)>,
    action: fn() -> Action,
) -> Command {
    let shortcut = match shortcut {
        Some((modifiers, key)) => Some(KeyboardShortcut::new(modifiers, key)),
        None => None,
    };
    Command {
        text,
        tooltip,
        shortcut,
        action,
    }
}

const NONE: Modifiers = Modifiers::NONE;
const CTRL: Modifiers = Modifiers::COMMAND;
const CTRL_SHIFT: Modifiers = Modifiers {
    shift: true,
    ..Modifiers::COMMAND
};

/// All commands, in the order of the palette.
pub(super) const COMMANDS: [Command; 43] = [
    command(
        "Open file…",
        "A table, FITS file, embedding, projection or session",
        Some((CTRL, Key::O)),
        || Action::Ask(Dialog::Data),
    ),
    command(
        "Open folder…",
        "A folder of FITS, PNG or JPEG cutouts",
        Some((CTRL_SHIFT, Key::O)),
        || Action::Ask(Dialog::Folder),
    ),
    command(
        "Open the demo survey",
        "Two synthetic surveys, made on this machine",
        None,
        || Action::OpenDemo,
    ),
    command(
        "Choose an encoder…",
        "A model card or an ONNX file",
        Some((CTRL, Key::E)),
        || Action::Ask(Dialog::Encoder),
    ),
    command(
        "Encode",
        "Run the chosen encoder over the pictures",
        None,
        || Action::EncodeAsChosen,
    ),
    command(
        "Make a map",
        "Reduce the vectors by the chosen method",
        None,
        || Action::MapAsChosen,
    ),
    command(
        "Measure the quality of the map",
        "How faithful it is to its vectors: trustworthiness, continuity, distances, densities",
        None,
        || Action::JudgeAsBefore,
    ),
    command(
        "Place on an earlier map…",
        "Put the objects where the model of another map says",
        None,
        || Action::Ask(Dialog::Model),
    ),
    command(
        "Keep the model of the map…",
        "A file that places further objects on this map",
        None,
        || Action::Ask(Dialog::KeepModel),
    ),
    command(
        "Keep the map as it is",
        "End a map that is still forming with what there is",
        None,
        || Action::KeepMap,
    ),
    command("Cancel the work", "Stop what is running", None, || {
        Action::CancelJob
    }),
    command("Close the data", "Back to the start screen", None, || {
        Action::Close
    }),
    command(
        "Save session…",
        "Paths, parameters and the view; never bulk data",
        Some((CTRL, Key::S)),
        || Action::Ask(Dialog::Session),
    ),
    command(
        "Undo",
        "Take back the last change",
        Some((CTRL, Key::Z)),
        || Action::Undo,
    ),
    command("Redo", "Do it again", Some((CTRL_SHIFT, Key::Z)), || {
        Action::Redo
    }),
    command(
        "Restart graphics",
        "Start the graphics device again, as after a failure of its driver",
        None,
        || Action::RestartGraphics,
    ),
    command(
        "Show the whole map",
        "Fit all points into the view",
        Some((NONE, Key::Num0)),
        || Action::Fit,
    ),
    command(
        "Zoom in",
        "Towards the middle of the map",
        Some((NONE, Key::Plus)),
        || Action::Zoom(1.5),
    ),
    command(
        "Zoom out",
        "From the middle of the map",
        Some((NONE, Key::Minus)),
        || Action::Zoom(1.0 / 1.5),
    ),
    command(
        "Next object",
        "Study the next row of the catalogue",
        Some((NONE, Key::ArrowRight)),
        || Action::Step(1),
    ),
    command(
        "Previous object",
        "Study the previous row of the catalogue",
        Some((NONE, Key::ArrowLeft)),
        || Action::Step(-1),
    ),
    command(
        "Forget the object",
        "Give up what is being drawn, or close the inspector's object",
        Some((NONE, Key::Escape)),
        || Action::Escape,
    ),
    command(
        "Move the map",
        "The mouse drags the map",
        Some((NONE, Key::V)),
        || Action::UseTool(Tool::Pan),
    ),
    command(
        "Orbit: turn the map",
        "The mouse turns a map of 3 dimensions; the middle button moves it",
        Some((NONE, Key::O)),
        || Action::UseTool(Tool::Orbit),
    ),
    command(
        "Reset orientation",
        "See a map of 3 dimensions from the front",
        Some((NONE, Key::Home)),
        || Action::ResetOrientation,
    ),
    command(
        "Select a rectangle",
        "Drag from corner to corner",
        Some((NONE, Key::R)),
        || Action::UseTool(Tool::Rectangle),
    ),
    command(
        "Select an ellipse",
        "Drag from corner to corner",
        Some((NONE, Key::E)),
        || Action::UseTool(Tool::Ellipse),
    ),
    command(
        "Select with a lasso",
        "Drag around; Shift+drag at any time",
        Some((NONE, Key::L)),
        || Action::UseTool(Tool::Lasso),
    ),
    command(
        "Select a polygon",
        "Click its corners, Enter closes it",
        Some((NONE, Key::P)),
        || Action::UseTool(Tool::Polygon),
    ),
    command(
        "Select with a brush",
        "Drag over; [ and ] change its size",
        Some((NONE, Key::B)),
        || Action::UseTool(Tool::Brush),
    ),
    command(
        "Decode the space",
        "Show what the encoder's decoder makes of the place under the cursor; drag from object to object for a walk",
        Some((NONE, Key::D)),
        || Action::UseTool(Tool::Decode),
    ),
    command(
        "Smaller brush",
        "Of the selection",
        Some((NONE, Key::OpenBracket)),
        || Action::ResizeBrush(0.8),
    ),
    command(
        "Larger brush",
        "Of the selection",
        Some((NONE, Key::CloseBracket)),
        || Action::ResizeBrush(1.25),
    ),
    command(
        "Clear the selection",
        "Select nothing",
        Some((CTRL, Key::D)),
        || Action::ClearSelection,
    ),
    command(
        "Invert the selection",
        "Select all others",
        Some((CTRL, Key::I)),
        || Action::InvertSelection,
    ),
    command(
        "Zoom to the selection",
        "Show all selected objects",
        Some((NONE, Key::F)),
        || Action::ZoomToSelection,
    ),
    command(
        "Export the selection…",
        "Ids, all columns and places, as Parquet or CSV",
        Some((CTRL_SHIFT, Key::E)),
        || Action::ExportSelectionDialog,
    ),
    command(
        "Export a figure…",
        "The map as it is shown, as PNG, SVG or PDF",
        Some((CTRL_SHIFT, Key::S)),
        || Action::ExportFigureDialog,
    ),
    command(
        "Dark or light",
        "Switch the theme",
        Some((CTRL, Key::T)),
        || Action::ToggleTheme,
    ),
    command(
        "Animate changes of the map",
        "On or off: objects move from the old map to the new",
        None,
        || Action::ToggleAnimation,
    ),
    command(
        "Only the map",
        "Hide or show all panels",
        Some((NONE, Key::F11)),
        || Action::TogglePanels,
    ),
    command(
        "Commands",
        "Find a command by name",
        Some((CTRL, Key::K)),
        || Action::TogglePalette,
    ),
    command("Quit", "Close the window", Some((CTRL, Key::Q)), || {
        Action::Quit
    }),
];

/// The actions whose keys were pressed in this frame. Plain keys and undo belong to a text field
/// that has the focus, plain keys also to any other widget that has it and to an open menu.
pub(super) fn pressed(ctx: &Context) -> Vec<Action> {
    let typing = ctx.text_edit_focused();
    let taken = ctx.memory(|m| m.focused().is_some()) || Popup::is_any_open(ctx);
    let mut actions = Vec::new();
    // Longer shortcuts first: Ctrl+Shift+Z is not Ctrl+Z.
    let mut commands: Vec<&Command> = COMMANDS.iter().collect();
    commands.sort_by_key(|c| std::cmp::Reverse(c.shortcut.is_some_and(|s| s.modifiers.shift)));
    for command in commands {
        let Some(shortcut) = command.shortcut else {
            continue;
        };
        let edits_text = typing && shortcut.logical_key == Key::Z;
        let plain = shortcut.modifiers == NONE && shortcut.logical_key != Key::F11;
        if edits_text || (taken && plain) {
            continue;
        }
        if ctx.input_mut(|input| input.consume_shortcut(&shortcut)) {
            actions.push((command.action)());
        }
    }
    actions
}
