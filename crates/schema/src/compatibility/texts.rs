//! Texts for witnesses: of a pattern, of a format, of a length.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::compile::translated;

/// Texts that match the pattern, or nearly: the shortest, and one that takes other ways.
pub(super) fn of_pattern(pattern: &str) -> Vec<String> {
    let Ok(translated) = translated(pattern) else { return Vec::new() };
    let Ok(hir) = regex_syntax::parse(&translated) else { return Vec::new() };
    let mut all = Vec::new();
    for variant in 0..6 {
        let mut text = String::new();
        write(&hir, variant, &mut text);
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

/// The longest text.
const LONG: usize = 512;

// As deep as the parser allows a pattern to be.
fn write(hir: &Hir, variant: usize, text: &mut String) {
    if text.len() > LONG {
        return;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class.ranges();
            // A usual character, rather than the first of all, which is often a control character.
            let usual = ['a', 'A', '0', '-', '_'];
            let usual = usual.into_iter().cycle().skip(variant).take(5 - variant.min(4));
            let within = |it: &char| ranges.iter().any(|range| range.start() <= *it && *it <= range.end());
            let first = ranges.get(variant.min(ranges.len().saturating_sub(1))).map(|range| range.start());
            text.extend(usual.clone().find(within).or(first));
        }
        HirKind::Class(Class::Bytes(class)) => {
            text.extend(class.ranges().first().map(|range| char::from(range.start())));
        }
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX);
            let count = (repetition.min + [0, 1, 2, 0, 5, 1][variant.min(5)]).min(most).min(LONG as u32);
            (0..count).for_each(|_| write(&repetition.sub, variant, text));
        }
        HirKind::Capture(capture) => write(&capture.sub, variant, text),
        HirKind::Concat(all) => all.iter().for_each(|part| write(part, variant, text)),
        HirKind::Alternation(all) => {
            if let Some(part) = all.get(variant % all.len()) {
                write(part, variant, text);
            }
        }
    }
}

/// Texts of the format.
pub(super) fn of_format(format: &str) -> &'static [&'static str] {
    match format {
        "date" => &["2026-01-31"],
        "date-time" => &["2026-01-31T12:00:00Z"],
        "time" => &["12:00:00Z"],
        "duration" => &["P1D"],
        "email" => &["a@example.com"],
        "hostname" => &["example.com"],
        "ipv4" => &["192.0.2.1"],
        "ipv6" => &["2001:db8::1"],
        "uuid" => &["2eb8aa08-aa98-11ea-b4aa-73b441d16380"],
        "uri" | "iri" => &["https://example.com/", "urn:a"],
        "uri-reference" | "iri-reference" => &["/a", "https://example.com/"],
        "uri-template" => &["/a/{b}"],
        "json-pointer" => &["/a"],
        "relative-json-pointer" => &["0/a"],
        "regex" => &["^a$"],
        _ => &[],
    }
}

/// A text of this many characters.
pub(super) fn of_length(length: u64) -> Option<String> {
    (length <= 4096).then(|| "a".repeat(usize::try_from(length).unwrap_or(0)))
}
