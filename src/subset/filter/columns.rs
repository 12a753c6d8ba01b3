//! Finds the column that a name in the text means, or the one that was probably meant.

use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::{Field, Fields, Schema};
use sqlparser::ast::Ident;

use super::FilterError;
use super::compile::Compiler;
use super::formula::Formula;
use super::node::Node;
use crate::data::closest;

/// What a written name means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    /// The index of the column.
    Found(usize),
    /// Several columns differ from the name in case only.
    Ambiguous(Vec<String>),
    Missing,
}

/// An exact match wins; otherwise the only one that differs in case.
pub(super) fn find(name: &str, schema: &Schema) -> Lookup {
    let fields = || schema.fields().iter().enumerate();
    if let Some((index, _)) = fields().find(|(_, field)| field.name() == name) {
        return Lookup::Found(index);
    }
    let folded = name.to_lowercase();
    let alike: Vec<usize> = fields()
        .filter(|(_, field)| field.name().to_lowercase() == folded)
        .map(|(index, _)| index)
        .collect();
    match alike.as_slice() {
        [] => Lookup::Missing,
        [only] => Lookup::Found(*only),
        several => Lookup::Ambiguous(
            several
                .iter()
                .map(|&index| schema.field(index).name().clone())
                .collect(),
        ),
    }
}

/// A column whose name, written without the quotes it needs, `rest` begins with.
pub(super) fn unquoted<'a>(rest: &str, schema: &'a Schema) -> Option<&'a str> {
    let names = schema.fields().iter().map(|field| field.name().as_str());
    names
        .filter(|name| name.chars().any(|c| !is_identifier_part(c)) && rest.starts_with(name))
        .max_by_key(|name| name.len())
}

/// The characters of a name that needs no quotes.
pub(super) fn is_identifier_part(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

impl Compiler<'_> {
    /// The column that a name in the text means.
    pub(super) fn column(&mut self, name: &Ident) -> Result<Node, FilterError> {
        let at = self.source.range(name.span);
        let index = match find(&name.value, self.schema) {
            Lookup::Found(index) => index,
            Lookup::Ambiguous(names) => {
                let message = format!("{} can mean {}", name.value, names.join(" or "));
                return Err(FilterError::at(message, at));
            }
            Lookup::Missing => return Err(self.missing(name, at)),
        };
        let field = self.schema.field(index);
        let index = if let Ok(index) = self.columns.index_of(field.name()) {
            index
        } else {
            let known = self.columns.fields().iter().cloned();
            let added = Field::new(field.name(), field.data_type().clone(), true);
            let all: Fields = known.chain([Arc::new(added)]).collect();
            self.columns = Schema::new(all);
            self.columns.fields().len() - 1
        };
        Ok(Node::column(Formula::Column(index), field.data_type()))
    }

    fn missing(&self, name: &Ident, at: Option<Range<usize>>) -> FilterError {
        let written = &name.value;
        let rest = at.as_ref().and_then(|at| self.source.text.get(at.start..));
        let names = self
            .schema
            .fields()
            .iter()
            .map(|field| field.name().as_str());
        let hint = if let Some(column) = rest.and_then(|rest| unquoted(rest, self.schema)) {
            format!("; write \"{column}\" in double quotes")
        } else if let Some(column) = closest(written, names) {
            format!("; did you mean {column}?")
        } else if name.quote_style.is_some() {
            "; a text is written in single quotes".to_owned()
        } else {
            String::new()
        };
        FilterError::at(format!("there is no column {written}{hint}"), at)
    }

    /// Why a name with points in it means no column.
    pub(super) fn qualified(&self, names: &[Ident]) -> FilterError {
        let name = names
            .iter()
            .map(|name| name.value.as_str())
            .collect::<Vec<_>>()
            .join(".");
        FilterError::new(match find(&name, self.schema) {
            Lookup::Found(_) => format!("write \"{name}\" in double quotes: it has a point"),
            _ => format!("there is no column {name}: there is only one table"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::DataType;

    fn schema(names: &[&str]) -> Schema {
        let field = |name: &&str| Field::new(*name, DataType::Float64, true);
        Schema::new(names.iter().map(field).collect::<Vec<_>>())
    }

    #[test]
    fn exact_case_wins() {
        let schema = schema(&["Z", "z", "Mass", "x", "X"]);
        assert_eq!(find("z", &schema), Lookup::Found(1));
        assert_eq!(find("mass", &schema), Lookup::Found(2));
        assert_eq!(find("none", &schema), Lookup::Missing);
        let schema = self::schema(&["Ra", "RA"]);
        let both = vec!["Ra".to_owned(), "RA".to_owned()];
        assert_eq!(find("ra", &schema), Lookup::Ambiguous(both));
    }

    #[test]
    fn a_name_that_needs_quotes_is_recognized() {
        let schema = schema(&["b/a", "b", "flux (nJy)"]);
        assert_eq!(unquoted("b/a < 0.4", &schema), Some("b/a"));
        assert_eq!(unquoted("b < 0.4", &schema), None);
    }
}
