//! Pictures to vectors: runs an ONNX encoder over cutouts.
//!
//! A [`ModelCard`] says what a model expects and what it returns; an [`Encoder`] is that model on
//! an engine, either ONNX Runtime (found at run time) or the compiled-in tract; [`encode`] reads,
//! prepares and runs all pictures of a data set and returns an embedding.

mod card;
mod encoder;
mod engine;
mod error;
mod model;
mod onnx;
mod pipeline;
mod preprocess;
mod quiet;
mod runtime;
pub mod shipped;
mod wiring;

#[cfg(test)]
mod tests;

pub use card::{
    About, EmbeddingOutput, ImageInput, Method, ModelCard, Normalisation, Pooling, Sky,
};
pub use encoder::Encoder;
pub use engine::{Device, Provider};
pub use error::EncodeError;
pub use pipeline::{EncodeOptions, Encoded, encode};
pub use runtime::{Library, ProviderState, RuntimeReport, report as runtime_report};
