//! Every change to the document.

use super::{Encoded, Mapped, OpenData, Part, Selection, Session, ViewSpec};

/// A change to the document, made by a job or asked for by a panel.
pub enum Edit {
    /// Opens data in place of what was open; vectors and map come with it or are gone.
    Open {
        /// The data.
        data: OpenData,
        /// Their vectors, if the file holds them.
        embedding: Option<Encoded>,
        /// Their map, if the file holds it.
        map: Option<Mapped>,
    },
    /// Sets the vectors, with a map of them where one of earlier vectors was shown.
    SetEmbedding {
        /// The vectors.
        encoded: Encoded,
        /// Their map.
        map: Option<Mapped>,
        /// The same objects with what the encoder predicts of them, where it predicts anything.
        data: Option<OpenData>,
    },
    /// Sets the same objects with other columns, and colours the map by one of them.
    SetColumns {
        /// The objects.
        data: OpenData,
        /// The column.
        color: String,
    },
    /// Sets the map.
    SetMap(Mapped),
    /// Selects objects, or none.
    SetSelection(Option<Selection>),
    /// Changes how the map is shown.
    SetView(ViewSpec),
    /// Closes everything.
    Close,
}

impl Edit {
    /// What the undo menu calls it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open { .. } => "Open",
            Self::SetEmbedding { .. } => "Encode",
            Self::SetColumns { .. } => "Add columns",
            Self::SetMap(_) => "Make a map",
            Self::SetSelection(Some(_)) => "Select",
            Self::SetSelection(None) => "Clear the selection",
            Self::SetView(_) => "Change the view",
            Self::Close => "Close",
        }
    }
}

impl Session {
    /// Applies one change. The revision of every part it touches is new.
    pub fn apply(&mut self, edit: Edit) {
        match edit {
            Edit::Open {
                data,
                embedding,
                map,
            } => {
                self.view.color = super::ColorBy {
                    column: data.grouping_column(),
                    ..Default::default()
                };
                // What names columns of the data that were open means nothing here.
                self.view.size_by = None;
                self.view.marker_by = None;
                self.view.filter = None;
                self.selection = None;
                self.data = Some(Part::new(data));
                self.embedding = embedding.map(Part::new);
                self.map = map.map(Part::new);
            }
            Edit::SetEmbedding { encoded, map, data } => {
                if let Some(data) = data {
                    self.data = Some(Part::new(data));
                }
                self.embedding = Some(Part::new(encoded));
                self.map = map.map(Part::new);
            }
            Edit::SetColumns { data, color } => {
                self.data = Some(Part::new(data));
                self.view.color = super::ColorBy {
                    column: Some(color),
                    ..Default::default()
                };
            }
            Edit::SetMap(mapped) => self.map = Some(Part::new(mapped)),
            Edit::SetSelection(selection) => self.selection = selection.map(Part::new),
            Edit::SetView(view) => self.view = view.sane(),
            Edit::Close => *self = Self::default(),
        }
    }
}
