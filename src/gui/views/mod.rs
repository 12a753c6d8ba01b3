//! The views in the middle of the window.

pub(super) mod decoded;
pub(super) mod hover;
pub(super) mod map;
