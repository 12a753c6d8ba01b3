//! The SQL dialect of filters, and the limits that keep a hostile text from exhausting the stack.

use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::FilterError;
use super::columns::is_identifier_part;
use super::source::Source;

/// Parentheses, brackets and braces within each other.
const DEEPEST_NESTING: usize = 40;

/// Words and operators: what can make the syntax tree deeper. List items do not.
const MOST_TOKENS: usize = 4096;

/// Type names within each other, as in `ARRAY<ARRAY<INT>>`: the parser recurses without a limit.
const MOST_NESTED_TYPES: usize = 8;

/// Standard SQL, with letters of any alphabet in names.
#[derive(Debug)]
pub(super) struct FilterDialect;

impl Dialect for FilterDialect {
    fn is_identifier_start(&self, character: char) -> bool {
        character.is_alphabetic() || character == '_'
    }

    fn is_identifier_part(&self, character: char) -> bool {
        is_identifier_part(character)
    }

    /// Otherwise the parser reads `CAST(` a second time as a call when it fails to read it as a
    /// cast, and the time doubles with each one inside another.
    fn is_reserved_for_identifier(&self, _keyword: Keyword) -> bool {
        true
    }
}

/// Splits a text into tokens and refuses what is no single expression of moderate depth.
pub(super) fn tokens(source: &Source<'_>) -> Result<Vec<TokenWithSpan>, FilterError> {
    let tokens = Tokenizer::new(&FilterDialect, source.text).tokenize_with_location();
    let tokens = tokens.map_err(|error| {
        let at = source.offset(error.location).map(|start| start..start);
        FilterError::at(unfinished(&error.message), at)
    })?;
    let tokens: Vec<TokenWithSpan> = tokens
        .into_iter()
        .filter(|token| !matches!(token.token, Token::Whitespace(_)))
        .collect();
    if tokens.is_empty() {
        return Err(FilterError::at(
            "the condition is empty",
            Some(source.end()),
        ));
    }
    check_depth(source, &tokens)?;
    check_statements(source, &tokens)?;
    Ok(tokens)
}

fn unfinished(message: &str) -> String {
    let message = message.to_lowercase();
    if message.contains("unterminated string") {
        "a text in single quotes is not closed".to_owned()
    } else if message.contains("close delimiter '\"'") {
        "a name in double quotes is not closed".to_owned()
    } else if message.contains("comment") {
        "a comment is not closed".to_owned()
    } else {
        format!("the condition cannot be read: {message}")
    }
}

fn check_depth(source: &Source<'_>, tokens: &[TokenWithSpan]) -> Result<(), FilterError> {
    let mut depth = 0_usize;
    let mut count = 0;
    for token in tokens {
        match &token.token {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            // a sign belongs to the number after it
            Token::Comma | Token::Number(..) | Token::SingleQuotedString(_) | Token::Minus => {}
            _ => count += 1,
        }
        let at = || source.range(token.span);
        if depth > DEEPEST_NESTING {
            let message = format!("more than {DEEPEST_NESTING} parentheses are nested");
            return Err(FilterError::at(message, at()));
        }
        if count > MOST_TOKENS {
            return Err(FilterError::at("the condition is too long", at()));
        }
    }
    let minuses = tokens.windows(2).filter(|pair| is_chain(pair)).count();
    let types = tokens.windows(2).filter(|pair| opens_type(pair)).count();
    if minuses > MOST_TOKENS || types > MOST_NESTED_TYPES {
        return Err(FilterError::new("the condition is too deeply nested"));
    }
    Ok(())
}

/// A minus that continues a sum instead of starting a list item.
fn is_chain(pair: &[TokenWithSpan]) -> bool {
    matches!(pair, [before, minus]
        if minus.token == Token::Minus && before.token != Token::Comma)
}

fn opens_type(pair: &[TokenWithSpan]) -> bool {
    matches!(pair, [name, open]
        if open.token == Token::Lt
            && matches!(keyword(name), Keyword::ARRAY | Keyword::STRUCT | Keyword::MAP))
}

fn check_statements(source: &Source<'_>, tokens: &[TokenWithSpan]) -> Result<(), FilterError> {
    let subquery = |before: Option<&TokenWithSpan>, token: &TokenWithSpan| {
        let opens = before.is_none_or(|before| before.token == Token::LParen);
        opens && matches!(keyword(token), Keyword::SELECT | Keyword::WITH)
    };
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| tokens.get(index));
        let message = if subquery(before, token) {
            "a query is not allowed here: write a condition on the columns of one table"
        } else if token.token == Token::SemiColon {
            "only one condition is allowed: remove the semicolon"
        } else if index == 0 && keyword(token) == Keyword::WHERE {
            "write the condition without WHERE"
        } else if keyword(token) == Keyword::INTERVAL {
            // one inside another doubles the time that the parser takes
            "an interval is not supported; a column of this name needs double quotes"
        } else if before.is_some_and(|before| keyword(before) == Keyword::POSITION)
            && token.token == Token::LParen
        {
            // as for intervals
            "there is no function position; starts_with, ends_with or contains may do"
        } else if token.token == Token::Char('\0') {
            "the condition contains a NUL character"
        } else {
            continue;
        };
        return Err(FilterError::at(message, source.range(token.span)));
    }
    Ok(())
}

fn keyword(token: &TokenWithSpan) -> Keyword {
    match &token.token {
        Token::Word(word) => word.keyword,
        _ => Keyword::NoKeyword,
    }
}
