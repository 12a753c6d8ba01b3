//! Where a derived value came from: the key-value text that travels in a file's metadata.

use std::collections::BTreeMap;

/// Ordered key-value text, such as `encoder = simclr`, `model_sha256 = ...`.
///
/// Keys carry no prefix here; files store them under `latentarium.`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Provenance(BTreeMap<String, String>);

impl Provenance {
    /// Sets one fact, replacing an earlier one of that name.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// Forgets one fact.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.0.remove(key);
        self
    }

    /// The value of one fact.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// All facts, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// These facts with those of `other` laid over them.
    #[must_use]
    pub fn merged(mut self, other: &Self) -> Self {
        self.0
            .extend(other.0.iter().map(|(k, v)| (k.clone(), v.clone())));
        self
    }
}

impl FromIterator<(String, String)> for Provenance {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(facts: I) -> Self {
        Self(facts.into_iter().collect())
    }
}
