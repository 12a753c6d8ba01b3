//! Heads: further outputs of an encoder that predict columns of the catalogue.

use serde::Deserialize;

use super::MAX_COLUMNS;
use super::fault::{Fault, check_names};

/// Values beyond this one are refused.
const MAX_FIRST: usize = 1 << 24;

/// A run of values of one output, each of which becomes a column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// What is predicted, such as the question that volunteers answered.
    pub name: String,
    /// Graph tensor, `batch x values`.
    pub tensor: String,
    /// The first of the tensor's values that belongs to this head, counted from 0.
    #[serde(default)]
    pub first: usize,
    /// What makes the predictions of the values.
    #[serde(default)]
    pub activation: Activation,
    /// A name for each value.
    pub columns: Vec<String>,
}

/// What makes predictions of a head's values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// Nothing: they are predictions already.
    #[default]
    None,
    /// `exp(x) / sum(exp(x))`: the values are logits.
    Softmax,
    /// `alpha / sum(alpha)`: the values are concentrations of a Dirichlet distribution of votes, and
    /// the predictions the expected fractions (Walmsley et al. 2022, arXiv:2102.08414).
    Dirichlet,
}

impl Activation {
    /// As in a card.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Softmax => "softmax",
            Self::Dirichlet => "dirichlet",
        }
    }
}

impl Head {
    /// What its columns are called in a catalogue: `head_column`, or `column` where that begins with
    /// the name of the head as it is.
    pub fn column_names(&self) -> impl Iterator<Item = String> {
        self.columns.iter().map(|column| {
            let own = format!("{}_", self.name);
            if column.starts_with(&own) {
                column.clone()
            } else {
                own + column
            }
        })
    }
}

pub(super) fn check(heads: &[Head]) -> Result<(), Fault> {
    let names: Vec<String> = heads.iter().map(|head| head.name.clone()).collect();
    check_names("heads.name", &names)?;
    for head in heads {
        let key = |rest: &str| format!("heads.{rest} of `{}`", head.name);
        let fewest = match head.activation {
            Activation::None => 1,
            Activation::Softmax | Activation::Dirichlet => 2,
        };
        Fault::unless(
            !head.tensor.trim().is_empty(),
            key("tensor"),
            "must not be empty",
        )?;
        Fault::unless(
            (fewest..=MAX_COLUMNS).contains(&head.columns.len()),
            key("columns"),
            format!(
                "must be {fewest} to {MAX_COLUMNS} for activation `{}`",
                head.activation.name()
            ),
        )?;
        Fault::unless(
            head.first <= MAX_FIRST,
            key("first"),
            format!("must be 0 to {MAX_FIRST}"),
        )?;
        check_names(&key("columns"), &head.columns)?;
    }
    let columns: Vec<String> = heads.iter().flat_map(Head::column_names).collect();
    check_names("heads.columns", &columns)
}
