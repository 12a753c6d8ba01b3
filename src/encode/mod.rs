//! Objects to vectors: runs an ONNX encoder over cutouts, spectra, or columns of a catalogue.
//!
//! A [`ModelCard`] says what a model expects and what it returns; an [`Encoder`] is that model on
//! an engine, either ONNX Runtime (found at run time) or the compiled-in tract; [`encode`] reads,
//! prepares and runs all [`Objects`] of a data set and returns an embedding, and what the heads of the
//! model predict; [`encode_segments`] hands them on as they come. [`PictureModel`] is what a card has to
//! make pictures with: a decoder of vectors, or a prediction in another band. [`tensors`] lists what lies inside
//! a model: each of its tensors can be the embedding ([`ModelCard::tapped`]).

mod auto;
mod card;
mod check;
mod encoder;
mod engine;
mod error;
mod halving;
mod heads;
mod machine;
mod model;
mod onnx;
mod picture_model;
mod pipeline;
mod preprocess;
mod runtime;
pub mod shipped;
mod tensors;
mod wiring;

#[cfg(test)]
mod tests;

pub use auto::{AutoChoice, DeviceMemory, Measured};
pub use card::{
    About, Activation, CardDraft, CardFault, Decoder, EmbeddingOutput, Head, ImageInput, Method,
    ModelCard, ModelInput, Normalisation, NormalisationDraft, Pooling, Prediction, SedInput, Sky,
    Spacing, SpectrumInput, WavelengthGrid,
};
pub use check::{Checked, Finding, check};
pub use encoder::Encoder;
pub use engine::{Device, Provider};
pub use error::EncodeError;
pub use picture_model::{Comparison, Makes, PictureModel};
pub use pipeline::{
    Collector, EncodeOptions, Encoded, Findings, Objects, Predicted, encode, encode_segments,
};
pub use runtime::{Library, Plugin, ProviderState, RuntimeReport, report as runtime_report};
pub use tensors::{TensorInfo, tensors};
