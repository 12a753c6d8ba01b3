//! Objects to vectors: runs an ONNX encoder over cutouts, or over columns of a catalogue.
//!
//! A [`ModelCard`] says what a model expects and what it returns; an [`Encoder`] is that model on
//! an engine, either ONNX Runtime (found at run time) or the compiled-in tract; [`encode`] reads,
//! prepares and runs all pictures of a data set ([`encode_columns`]: all rows of its columns) and
//! returns an embedding, and what the heads of the model predict. [`tensors`] lists what lies inside
//! a model: each of its tensors can be the embedding ([`ModelCard::tapped`]).

mod card;
mod encoder;
mod engine;
mod error;
mod heads;
mod model;
mod onnx;
mod pipeline;
mod preprocess;
mod runtime;
pub mod shipped;
mod tensors;
mod wiring;

#[cfg(test)]
mod tests;

pub use card::{
    About, Activation, Decoder, EmbeddingOutput, Head, ImageInput, Method, ModelCard, ModelInput,
    Normalisation, Pooling, Prediction, SedInput, Sky,
};
pub use encoder::Encoder;
pub use engine::{Device, Provider};
pub use error::EncodeError;
pub use pipeline::{EncodeOptions, Encoded, Predicted, encode, encode_columns};
pub use runtime::{Library, ProviderState, RuntimeReport, report as runtime_report};
pub use tensors::{TensorInfo, tensors};
