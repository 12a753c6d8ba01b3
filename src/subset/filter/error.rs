//! What is wrong with a filter: one sentence, and the place in the text it is about.

use std::ops::Range;

use arrow::error::ArrowError;

/// Why a condition was not understood or could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    message: String,
    at: Option<Range<usize>>,
}

impl FilterError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            at: None,
        }
    }

    pub(super) fn at(message: impl Into<String>, at: Option<Range<usize>>) -> Self {
        Self {
            message: message.into(),
            at,
        }
    }

    /// The same sentence about a place, unless it is about one already.
    pub(super) fn or_at(self, at: impl FnOnce() -> Option<Range<usize>>) -> Self {
        Self {
            at: self.at.or_else(at),
            ..self
        }
    }

    /// The sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The bytes of the text that the sentence is about; empty where something is missing.
    #[must_use]
    pub fn range(&self) -> Option<Range<usize>> {
        self.at.clone()
    }

    /// The line of `text` at fault, and under it carets that mark the place.
    ///
    /// Empty when the error has no place in `text`.
    #[must_use]
    pub fn caret(&self, text: &str) -> String {
        let Some(at) = &self.at else {
            return String::new();
        };
        let (Some(before), Some(after)) = (text.get(..at.start), text.get(at.start..)) else {
            return String::new();
        };
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = at.start + after.find('\n').unwrap_or(after.len());
        let line = text.get(line_start..line_end).unwrap_or_default();
        let lead = text.get(line_start..at.start).unwrap_or_default();
        let marked = text.get(at.start..at.end.min(line_end)).unwrap_or_default();

        let line: String = line.chars().map(printable).collect();
        let indent = " ".repeat(lead.chars().count());
        let carets = "^".repeat(marked.chars().count().max(1));
        format!("{line}\n{indent}{carets}")
    }
}

/// A control character would move the cursor of a terminal, and the caret with it.
fn printable(character: char) -> char {
    if character.is_control() {
        ' '
    } else {
        character
    }
}

impl From<ArrowError> for FilterError {
    fn from(error: ArrowError) -> Self {
        let message = error.to_string();
        Self::new(message.lines().next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        let text = "é > 1 AND\nmasss > 2";
        let at = text.find("masss").map(|start| start..start + 5);
        let error = FilterError::at("there is no column masss", at);
        assert_eq!(error.caret(text), "masss > 2\n^^^^^");
        let end = FilterError::at("expected a value", Some(2..2));
        assert_eq!(end.caret("é > 1"), "é > 1\n ^");
    }

    #[test]
    fn a_place_outside_the_text_has_no_caret() {
        assert_eq!(FilterError::new("no").caret("x"), "");
        assert_eq!(FilterError::at("no", Some(90..91)).caret("x"), "");
        assert_eq!(FilterError::at("no", Some(1..2)).caret("é"), "");
    }
}
