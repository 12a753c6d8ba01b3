//! The text of a filter, with the way from a parser's line and column to a byte of it.

use std::ops::Range;

use sqlparser::tokenizer::{Location, Span};

use super::FilterError;

/// Room for a list of some thousand identifiers; more than that belongs in a table.
const LONGEST_TEXT: usize = 256 * 1024;

/// A text that is short enough to parse.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    /// The byte of each character, and of the end.
    characters: Vec<usize>,
    /// The first character of each line.
    lines: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, FilterError> {
        if text.len() > LONGEST_TEXT {
            return Err(FilterError::new(format!(
                "the condition is {} bytes long; at most {LONGEST_TEXT} are allowed",
                text.len()
            )));
        }
        let starts = text.char_indices().map(|(byte, _)| byte);
        let newlines = text.chars().enumerate().filter(|(_, c)| *c == '\n');
        Ok(Self {
            text,
            characters: starts.chain([text.len()]).collect(),
            lines: std::iter::once(0)
                .chain(newlines.map(|(index, _)| index + 1))
                .collect(),
        })
    }

    /// The byte of a location; locations count lines and characters from 1.
    pub(super) fn offset(&self, location: Location) -> Option<usize> {
        let line = usize::try_from(location.line.checked_sub(1)?).ok()?;
        let column = usize::try_from(location.column.checked_sub(1)?).ok()?;
        let character = self.lines.get(line)?.checked_add(column)?;
        let end = self.text.len();
        Some(self.characters.get(character).copied().unwrap_or(end))
    }

    /// The bytes of a span, without the blanks around them.
    pub(super) fn range(&self, span: Span) -> Option<Range<usize>> {
        let range = self.offset(span.start)?..self.offset(span.end)?;
        let text = self.text.get(range.clone())?;
        let lead = text.len() - text.trim_start().len();
        Some(range.start + lead..range.start + lead + text.trim().len())
    }

    /// An empty range at the end of what is written.
    pub(super) fn end(&self) -> Range<usize> {
        let end = self.text.trim_end().len();
        end..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_count_characters() {
        let source = Source::new("é = 1\n  AND ü").unwrap();
        assert_eq!(source.offset(Location::new(1, 3)), Some(3));
        assert_eq!(source.offset(Location::new(2, 3)), Some(9));
        assert_eq!(source.offset(Location::new(2, 99)), Some(source.text.len()));
        assert_eq!(source.offset(Location::new(0, 0)), None);
        assert_eq!(source.offset(Location::new(9, 1)), None);
    }
}
