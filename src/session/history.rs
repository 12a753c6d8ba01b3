//! Undo and redo: stacks of cheap clones.

use super::{Edit, Session};

/// States kept.
const DEEPEST: usize = 100;

/// The document with the states before and after it.
#[derive(Default)]
pub struct History {
    current: Session,
    past: Vec<(&'static str, Session)>,
    future: Vec<(&'static str, Session)>,
}

impl History {
    /// The document.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.current
    }

    /// Applies a change that can be undone.
    pub fn apply(&mut self, edit: Edit) {
        let name = edit.name();
        if self.past.len() == DEEPEST {
            self.past.remove(0);
        }
        self.past.push((name, self.current.clone()));
        self.future.clear();
        self.current.apply(edit);
    }

    /// Applies a change without a step to undo: the middle of a gesture that has one already.
    pub fn amend(&mut self, edit: Edit) {
        self.future.clear();
        self.current.apply(edit);
    }

    /// What [`undo`](Self::undo) would undo.
    #[must_use]
    pub fn undoable(&self) -> Option<&'static str> {
        self.past.last().map(|(name, _)| *name)
    }

    /// What [`redo`](Self::redo) would do again.
    #[must_use]
    pub fn redoable(&self) -> Option<&'static str> {
        self.future.last().map(|(name, _)| *name)
    }

    /// Goes back one change.
    pub fn undo(&mut self) {
        if let Some((name, state)) = self.past.pop() {
            let undone = std::mem::replace(&mut self.current, state);
            self.future.push((name, undone));
        }
    }

    /// Goes forward one change.
    pub fn redo(&mut self) {
        if let Some((name, state)) = self.future.pop() {
            let redone = std::mem::replace(&mut self.current, state);
            self.past.push((name, redone));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::ViewSpec;

    #[test]
    fn undo_and_redo_walk_the_same_path() {
        let mut history = History::default();
        let view = |point_size| {
            Edit::SetView(ViewSpec {
                point_size,
                ..ViewSpec::default()
            })
        };
        history.apply(view(0.3));
        history.amend(view(0.4));
        history.apply(view(0.5));
        history.undo();
        assert!((history.session().view().point_size - 0.4).abs() < 1e-6);
        history.undo();
        assert_eq!(history.session().view(), &ViewSpec::default());
        assert_eq!(history.undoable(), None);
        history.redo();
        history.redo();
        assert!((history.session().view().point_size - 0.5).abs() < 1e-6);
        history.undo();
        history.apply(Edit::Close);
        assert_eq!(history.redoable(), None);
    }
}
