//! Latentarium: a planetarium for latent spaces.
//!
//! The library runs headless; the binary is a command line and a window over it. ARCHITECTURE.md
//! draws the house: a module imports only from the layers below its own.

pub mod analysis;
pub mod cli;
pub mod color;
pub mod data;
pub mod encode;
pub mod figure;
#[cfg(feature = "gui")]
pub mod gui;
pub mod hash;
pub mod io;
pub mod job;
pub mod mask;
pub mod memory;
pub mod progress;
mod quiet;
pub mod render;
pub mod scene;
pub mod session;
mod smooth;
pub mod spatial;
pub mod subset;
pub mod synth;
mod threads;
