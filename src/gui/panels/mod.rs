//! The panels around the map: each reads the session and pushes actions.

pub(super) mod card;
pub(super) mod data;
pub(super) mod encoder;
pub(super) mod filter;
pub(super) mod inspector;
pub(super) mod layers;
pub(super) mod legend;
pub(super) mod notices;
pub(super) mod palette;
pub(super) mod projection;
pub(super) mod quality;
pub(super) mod spectrum;
pub(super) mod start;
pub(super) mod status;
mod tensors;
pub(super) mod top;
mod votes;
