//! The program as its users meet it: the layers, the command line, files of the world, pictures,
//! the window.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod architecture;
mod card;
mod cli;
mod encoder;
mod files;
mod hostile;
mod jobs;
mod map;
mod model;
mod quality;
mod resume;
mod retrieve;
mod select;
mod spectra;
mod support;
mod thumbnails;
mod tiles;
mod turned;
mod window;
