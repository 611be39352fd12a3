//! The reason why a pattern is no regular expression of linear time, and its place in the pattern.

use std::fmt::Display;

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{Ast, ErrorKind, Span, Visitor, visit};
use regex_syntax::hir::translate::Translator;

/// The maximum number of characters of a pattern that are shown.
const SHOWN: usize = 20;
/// The maximum length of a pattern of which more than the syntax is read.
const TRANSLATED: usize = 1000;

pub(super) const NONE: &str = "is not a regular expression";
/// The reason of quantifiers without anything to repeat.
pub(super) const STACKED: &str = "is not a regular expression: a quantifier follows another one";
const BACK_REFERENCE: &str = "uses a back-reference, whose time has no bound";
/// The end of the reason of a pattern that the other engine accepts.
pub(super) const UNBOUNDED: &str = "whose time has no bound";

/// The reason why a pattern that the engine refuses is refused.
pub(crate) fn reason(pattern: &str) -> String {
    let read = Read::of(pattern);
    let error = match Parser::new().parse(&read.text) {
        Err(error) => error,
        // A class of Unicode takes some kilobytes.
        Ok(pattern) if read.text.len() <= TRANSLATED => {
            return match Translator::new().translate(&read.text, &pattern) {
                Err(error) => read.sentence(error.span(), error.kind()),
                Ok(_) => NONE.to_owned(),
            };
        }
        Ok(_) => return NONE.to_owned(),
    };
    let (shown, place) = read.place(error.span());
    match error.kind() {
        ErrorKind::UnsupportedLookAround => "uses look-around, whose time has no bound".to_owned(),
        // No text of PostgreSQL has this character, and the engine knows no such escape.
        ErrorKind::UnsupportedBackreference if shown.starts_with("\\0") => {
            format!("uses \\0 {place}: no document has the character NUL")
        }
        ErrorKind::UnsupportedBackreference => BACK_REFERENCE.to_owned(),
        ErrorKind::EscapeUnrecognized if shown == "\\k" => BACK_REFERENCE.to_owned(),
        kind => read.sentence(error.span(), kind),
    }
}

/// Whether a quantifier follows another one, where ECMA-262 has nothing to repeat: the one engine repeats twice, and to the other it
/// means something else. Patterns that only one engine reads mean one thing.
pub(super) fn has_stacked_quantifiers(pattern: &str) -> bool {
    struct Stacked;
    impl Visitor for Stacked {
        type Output = ();
        type Err = ();

        fn finish(self) -> Result<(), ()> {
            Ok(())
        }

        fn visit_pre(&mut self, ast: &Ast) -> Result<(), ()> {
            let is_stacked = matches!(ast, Ast::Repetition(outer) if matches!(*outer.ast, Ast::Repetition(_)));
            if is_stacked { Err(()) } else { Ok(()) }
        }
    }
    Parser::new().parse(&Read::of(pattern).text).is_ok_and(|ast| visit(&ast, Stacked).is_err())
}

/// A pattern of ECMA-262 as the engine's own syntax, where that is different and would show as another error.
struct Read {
    text: String,
    characters: Vec<char>,
    /// For each byte of the text, the number of the character that it comes from.
    origins: Vec<usize>,
}

impl Read {
    fn of(pattern: &str) -> Read {
        let characters: Vec<_> = pattern.chars().collect();
        let mut read = Read { text: String::with_capacity(pattern.len()), characters, origins: Vec::new() };
        let (mut in_class, mut at) = (false, 0);
        while let Some(&character) = read.characters.get(at) {
            let next = read.characters.get(at + 1).copied();
            let is_letter = || read.characters.get(at + 2).is_some_and(char::is_ascii_alphabetic);
            match (character, next) {
                // A control character: `\cA` to `\cZ`.
                ('\\', Some('c')) if is_letter() => {
                    read.push('\\', at);
                    read.push('t', at + 1);
                    at += 3;
                    continue;
                }
                ('\\', Some(escaped)) => {
                    read.push(character, at);
                    read.push(escaped, at + 1);
                    at += 2;
                    continue;
                }
                // Within a class, a bracket is only a character.
                ('[', _) if in_class => read.push('\\', at),
                ('[', _) => in_class = true,
                (']', _) => in_class = false,
                _ => {}
            }
            read.push(character, at);
            at += 1;
        }
        read
    }

    fn push(&mut self, character: char, origin: usize) {
        self.text.push(character);
        self.origins.resize(self.text.len(), origin);
    }

    /// The part of the pattern, shortened, and its place.
    fn place(&self, span: &Span) -> (String, String) {
        let number = |offset: usize| self.origins.get(offset).copied().unwrap_or(self.characters.len());
        let (start, end) = (number(span.start.offset), number(span.end.offset));
        let part = &self.characters[start.min(end)..end];
        let mut shown: String = part.iter().take(SHOWN).collect();
        if part.len() > SHOWN {
            shown.push('…');
        }
        (shown, format!("at character {}", start + 1))
    }

    fn sentence(&self, span: &Span, kind: impl Display) -> String {
        match self.place(span) {
            (shown, place) if shown.is_empty() => format!("{NONE}: {kind}, {place}"),
            (shown, place) => format!("{NONE}: {kind}, {place}: \"{shown}\""),
        }
    }
}
