//! What a person can ask for; panels push these, `App::logic` carries them out.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::Id;

use crate::job::QualityRequest;
use crate::session::{EncoderChoice, MapRecipe, Selection, ViewSpec};

use super::views::map::Tool;

/// What a dialog of the system asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialog {
    /// A file to open.
    Data,
    /// A folder to open.
    Folder,
    /// An encoder.
    Encoder,
    /// Where to save the session.
    Session,
    /// An earlier map that the next one starts like.
    EarlierMap,
    /// The model of a map, to place the objects by.
    Model,
    /// Where to keep the model of the map.
    KeepModel,
}

/// A wish.
#[derive(Clone)]
pub enum Action {
    /// Say that something did not work.
    Tell(String),
    /// Ask for a file or folder in a dialog of the system.
    Ask(Dialog),
    /// Start the next map like the one in this file.
    StartLike(PathBuf),
    /// Open a file, folder or session.
    Open {
        /// What to open.
        path: PathBuf,
        /// Where its pictures lie, if not beside it.
        cutouts: Option<PathBuf>,
    },
    /// Open the data again with the pictures of that folder.
    UseCutouts(PathBuf),
    /// Open the synthetic survey.
    OpenDemo,
    /// Save the session there.
    Save(PathBuf),
    /// Close the data.
    Close,
    /// Choose an encoder, a card or a model, without running it.
    ChooseEncoder(PathBuf),
    /// Encode the open data.
    Encode(EncoderChoice),
    /// Look at the encoder that is chosen before it is used.
    CheckEncoder,
    /// Check the model with the card in the form, and write that.
    WriteCard,
    /// Make a map.
    MakeMap(MapRecipe),
    /// Measure how faithful the map is to its vectors.
    Judge(QualityRequest),
    /// The same, as it was asked for last.
    JudgeAsBefore,
    /// Colour the map by how far each place on it can be trusted.
    ColorByTrust,
    /// Keep the model of the map in a file.
    SaveModel(PathBuf),
    /// Encode with the encoder that is chosen.
    EncodeAsChosen,
    /// Make a map by the method that is chosen.
    MapAsChosen,
    /// Stop the running job.
    CancelJob,
    /// End the map that is forming with what there is.
    KeepMap,
    /// Change how the map is shown.
    SetView {
        /// The new view.
        view: ViewSpec,
        /// The widget that is being dragged, if one is: a drag is one step to undo.
        gesture: Option<Id>,
    },
    /// Choose what the left mouse button does on the map.
    UseTool(Tool),
    /// Make the brush larger or smaller.
    ResizeBrush(f32),
    /// Select objects.
    Select(Arc<Selection>),
    /// Select nothing.
    ClearSelection,
    /// Select all others.
    InvertSelection,
    /// Show all selected objects.
    ZoomToSelection,
    /// Ask where to write the selected objects.
    ExportSelectionDialog,
    /// Write the selected objects there.
    ExportSelection(PathBuf),
    /// Ask where to write the map.
    ExportFigureDialog,
    /// Write the map there, as it is shown.
    ExportFigure(PathBuf),
    /// Undo.
    Undo,
    /// Redo.
    Redo,
    /// Show the whole map.
    Fit,
    /// Ends the graphics device and starts another.
    RestartGraphics,
    /// See a map of three dimensions from the front.
    ResetOrientation,
    /// Zoom about the middle of the map.
    Zoom(f64),
    /// Give up what is being drawn, or else the object under study.
    Escape,
    /// Study the object in that catalogue row.
    Focus(Option<usize>),
    /// Show what is decoded along the line between two objects, or no longer.
    Walk(Option<[usize; 2]>),
    /// Study the next or previous object.
    Step(isize),
    /// Dark or light.
    ToggleTheme,
    /// Animate changes of the map, or not.
    ToggleAnimation,
    /// Hide or show all panels.
    TogglePanels,
    /// Open or close the list of commands.
    TogglePalette,
    /// Take a notice away.
    Dismiss(usize),
    /// Close the window.
    Quit,
}

impl Action {
    /// Open a file, folder or session.
    pub fn open(path: PathBuf) -> Self {
        Self::Open {
            path,
            cutouts: None,
        }
    }
}
