//! How faithful maps were found to be, for as long as the window is open: undo brings a map back, and
//! what is known of it.

use std::sync::Arc;

use crate::job::Judged;
use crate::session::{Part, Revision, Session};

/// Of a map and the vectors that it was compared with.
type Of = (Option<Revision>, Option<Revision>);

#[derive(Default)]
pub(super) struct Judgements(Vec<(Of, Arc<Judged>)>);

impl Judgements {
    /// What a judgement belongs to.
    pub fn of(session: &Session) -> Of {
        (
            session.map().map(Part::revision),
            session.embedding().map(Part::revision),
        )
    }

    /// Takes one in, in place of an earlier one of the same map.
    pub fn keep(&mut self, of: Of, judged: Arc<Judged>) {
        self.0.retain(|(known, _)| *known != of);
        self.0.push((of, judged));
    }

    /// That of the map that is shown.
    pub fn current(&self, session: &Session) -> Option<&Arc<Judged>> {
        let of = Self::of(session);
        let found = self.0.iter().find(|(known, _)| *known == of);
        found.map(|(_, judged)| judged)
    }
}
