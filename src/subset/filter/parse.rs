//! Parses a text to a syntax tree, and says in plain words where that fails.

use std::ops::Range;

use arrow::datatypes::Schema;
use sqlparser::ast::Expr;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use super::FilterError;
use super::columns::{self, Lookup};
use super::kinds::Kind;
use super::source::Source;
use super::syntax::{self, FilterDialect};

/// How deep the parser may recurse: two levels for each of the parentheses that are allowed.
const RECURSION_LIMIT: usize = 100;

/// The syntax tree of a text that is one expression.
pub(super) fn parse(source: &Source<'_>, schema: &Schema) -> Result<Expr, FilterError> {
    let tokens = syntax::tokens(source)?;
    let mut parser = Parser::new(&FilterDialect)
        .with_recursion_limit(RECURSION_LIMIT)
        .with_tokens_with_locations(tokens.clone());
    let failure = Failure {
        source,
        schema,
        tokens: &tokens,
    };
    if let Some(index) = tokens.windows(2).position(lacks_operand) {
        return Err(failure.expected(None, index + 1));
    }
    let expr = parser
        .parse_expr()
        .map_err(|error| failure.explain(&error))?;
    let rest = parser.peek_token_ref();
    if rest.token != Token::EOF {
        return Err(failure.leftover(rest));
    }
    Ok(expr)
}

struct Failure<'a> {
    source: &'a Source<'a>,
    schema: &'a Schema,
    tokens: &'a [TokenWithSpan],
}

impl Failure<'_> {
    fn explain(&self, error: &ParserError) -> FilterError {
        let message = match error {
            ParserError::RecursionLimitExceeded => {
                return FilterError::new("the condition is too deeply nested");
            }
            ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
        };
        let (message, location) = split_location(message);
        let index = location
            .and_then(|location| self.tokens.iter().position(|t| t.span.start == location))
            .unwrap_or(self.tokens.len());
        let at = self.place(index);
        let wanted = message
            .strip_prefix("Expected: ")
            .and_then(|rest| rest.split(", found: ").next());
        match wanted {
            Some("an expression") => self.expected(None, index),
            Some(wanted) => self.expected(Some(wanted.trim_start_matches("one of ")), index),
            None => FilterError::at(format!("the condition is wrong: {message}"), at),
        }
    }

    /// Without `wanted`, an operand is missing.
    fn expected(&self, wanted: Option<&str>, index: usize) -> FilterError {
        let wanted = wanted.map_or_else(|| self.operand(index), str::to_owned);
        let before = index
            .checked_sub(1)
            .and_then(|index| self.tokens.get(index));
        let message = match before {
            Some(before) => format!("expected {wanted} after {}", before.token),
            None => format!("expected {wanted}"),
        };
        FilterError::at(message, self.place(index))
    }

    /// What belongs at a place where an operand is missing, judged by what it is compared with.
    fn operand(&self, index: usize) -> String {
        let token = |back: usize| {
            let token = index
                .checked_sub(back)
                .and_then(|index| self.tokens.get(index));
            token.map(|token| &token.token)
        };
        let kind = match token(1) {
            Some(Token::Plus | Token::Minus | Token::Mul | Token::Div | Token::Mod) => Kind::Number,
            Some(Token::Eq | Token::Neq | Token::Lt | Token::LtEq | Token::Gt | Token::GtEq) => {
                match token(2) {
                    Some(Token::Number(..)) => Kind::Number,
                    Some(Token::SingleQuotedString(_)) => Kind::Text,
                    Some(Token::Word(word)) => match columns::find(&word.value, self.schema) {
                        Lookup::Found(index) => Kind::of(self.schema.field(index).data_type()),
                        _ => Kind::Other,
                    },
                    _ => Kind::Other,
                }
            }
            Some(Token::Word(word))
                if ["AND", "OR", "NOT"]
                    .iter()
                    .any(|w| word.value.eq_ignore_ascii_case(w)) =>
            {
                return "a condition".to_owned();
            }
            _ => Kind::Other,
        };
        match kind {
            Kind::Other | Kind::Null => "a value".to_owned(),
            kind => kind.to_string(),
        }
    }

    fn leftover(&self, token: &TokenWithSpan) -> FilterError {
        let at = self.source.range(token.span);
        let message = match &token.token {
            Token::RParen => "this parenthesis has no opening one".to_owned(),
            Token::Word(_) | Token::Number(..) | Token::SingleQuotedString(_) => {
                format!("expected AND, OR or the end before {}", token.token)
            }
            other => format!("{other} is not understood here"),
        };
        FilterError::at(message, at)
    }

    fn place(&self, index: usize) -> Option<Range<usize>> {
        match self.tokens.get(index) {
            Some(token) => self.source.range(token.span),
            None => Some(self.source.end()),
        }
    }
}

/// Whether an operator is followed by a word that joins conditions: the parser would take the word
/// for a column.
fn lacks_operand(pair: &[TokenWithSpan]) -> bool {
    let joins = |token: &Token| {
        matches!(token, Token::Word(word) if word.quote_style.is_none()
            && ["AND", "OR"].iter().any(|joint| word.value.eq_ignore_ascii_case(joint)))
    };
    let wants = |token: &Token| {
        let operator = matches!(
            token,
            Token::Eq
                | Token::DoubleEq
                | Token::Neq
                | Token::Lt
                | Token::LtEq
                | Token::Gt
                | Token::GtEq
                | Token::Plus
                | Token::Minus
                | Token::Mul
                | Token::Div
                | Token::Mod
                | Token::LParen
        );
        operator || joins(token)
    };
    matches!(pair, [before, after] if wants(&before.token) && joins(&after.token))
}

/// The parser writes the place of an error at the end of its message.
fn split_location(message: &str) -> (&str, Option<Location>) {
    let split = || {
        let (text, place) = message.rsplit_once(" at Line: ")?;
        let (line, column) = place.split_once(", Column: ")?;
        let location = Location::new(line.parse().ok()?, column.parse().ok()?);
        Some((text, Some(location)))
    };
    split().unwrap_or((message, None))
}
