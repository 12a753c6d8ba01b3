//! Which encoder, on what device: flags that several subcommands share.

use clap::{Args, ValueEnum};

use crate::encode::Pooling;
use crate::session::{EncoderChoice, Tap};

/// How a model is used.
#[derive(Debug, Args)]
pub(super) struct EncoderArgs {
    /// For a model without a card, how pixels are normalised, such as "mean-std mean=127 std=128"
    #[arg(long, value_name = "HOW")]
    normalise: Option<String>,
    /// For a model without a card: resample pictures in 8 bits, as Pillow does
    #[arg(long, requires = "normalise")]
    eight_bit: bool,
    /// Take this tensor inside the model as the embedding; `latentarium info MODEL.onnx` lists them
    #[arg(long, value_name = "TENSOR")]
    tap: Option<String>,
    /// How the tokens or positions of that tensor become one vector
    #[arg(long, value_enum, requires = "tap", default_value = "none")]
    pool: PoolArg,
    /// auto (the fastest of an accelerator, the processor and the compiled-in engine), cpu, tract (that engine),
    /// cuda, ...
    #[arg(long, default_value = "auto")]
    device: String,
}

impl EncoderArgs {
    /// The encoder of that name or file, used so.
    pub(super) fn choice(&self, encoder: &str) -> EncoderChoice {
        EncoderChoice {
            normalisation: self.normalise.clone(),
            eight_bit: self.eight_bit,
            device: self.device.clone(),
            tap: self.tap.as_ref().map(|tensor| Tap {
                tensor: tensor.clone(),
                pooling: self.pool.into(),
            }),
            ..EncoderChoice::parse(encoder)
        }
    }
}

/// How tokens or positions become one vector.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum PoolArg {
    /// The tensor is batch x d already
    None,
    /// The mean over tokens or positions
    Mean,
    /// The first token
    Cls,
}

impl From<PoolArg> for Pooling {
    fn from(pool: PoolArg) -> Self {
        match pool {
            PoolArg::None => Self::None,
            PoolArg::Mean => Self::Mean,
            PoolArg::Cls => Self::Cls,
        }
    }
}
