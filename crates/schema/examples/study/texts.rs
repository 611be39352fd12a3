//! Texts that match a pattern or a format, or nearly.

use std::collections::HashMap;

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::random::Random;

/// The longest text.
const LONG: usize = 256;

pub(crate) fn of_pattern(pattern: &str, random: &mut Random) -> Option<String> {
    let hir = regex_syntax::parse(&jsonschema_regex::to_rust_regex(pattern).ok()?).ok()?;
    let mut text = String::new();
    write(&hir, random, &mut text);
    Some(text)
}

fn write(hir: &Hir, random: &mut Random, text: &mut String) {
    if text.len() > LONG {
        return;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(Class::Unicode(class)) => {
            if let Some(range) = random.one(class.ranges()) {
                let span = range.end() as usize - range.start() as usize + 1;
                let code = range.start() as u32 + random.below(span.min(64)) as u32;
                text.push(char::from_u32(code).unwrap_or(range.start()));
            }
        }
        HirKind::Class(Class::Bytes(class)) => {
            text.extend(random.one(class.ranges()).map(|range| char::from(range.start())))
        }
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX).min(repetition.min.saturating_add(4));
            let count = repetition.min + random.below((most - repetition.min + 1) as usize) as u32;
            (0..count.min(LONG as u32)).for_each(|_| write(&repetition.sub, random, text));
        }
        HirKind::Capture(capture) => write(&capture.sub, random, text),
        HirKind::Concat(all) => all.iter().for_each(|part| write(part, random, text)),
        HirKind::Alternation(all) => {
            if let Some(part) = random.one(all) {
                write(part, random, text);
            }
        }
    }
}

/// Patterns of names, compiled once.
#[derive(Default)]
pub(crate) struct Names(HashMap<String, Option<regex::Regex>>);

impl Names {
    pub(crate) fn matches(&mut self, pattern: &str, name: &str) -> bool {
        if !self.0.contains_key(pattern) {
            let built = jsonschema_regex::to_rust_regex(pattern).ok().and_then(|text| regex::Regex::new(&text).ok());
            self.0.insert(pattern.to_owned(), built);
        }
        self.0.get(pattern).and_then(Option::as_ref).is_some_and(|pattern| pattern.is_match(name))
    }
}

/// Texts of each format, and some that are nearly of one.
pub(crate) const OF_FORMATS: [(&str, &str); 24] = [
    ("date", "2026-01-31"),
    ("date", "2024-02-29"),
    ("date-time", "2026-01-31T12:00:00Z"),
    ("date-time", "2026-01-31t12:00:00.5+01:00"),
    ("time", "12:00:00Z"),
    ("duration", "P1DT2H"),
    ("email", "a@example.com"),
    ("idn-email", "a@example.com"),
    ("hostname", "example.com"),
    ("idn-hostname", "example.com"),
    ("ipv4", "192.0.2.1"),
    ("ipv6", "2001:db8::1"),
    ("uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d16380"),
    ("uri", "https://example.com/a?b#c"),
    ("uri", "urn:a"),
    ("iri", "https://example.com/ä"),
    ("uri-reference", "/a"),
    ("uri-reference", "#a"),
    ("iri-reference", "ä"),
    ("uri-template", "/a/{b}"),
    ("json-pointer", "/a/0"),
    ("relative-json-pointer", "0/a"),
    ("regex", "^a+$"),
    ("regex", "[0-9]"),
];
