//! Texts for witnesses: of a pattern, of a format, of a length.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::lookaround;
use crate::compile::translated;

/// Texts that match the pattern, or nearly: the shortest, and one that takes other ways. Of a pattern with look-arounds, those
/// without them, and those with what it looks for, or must not find.
pub(super) fn of_pattern(pattern: &str) -> Vec<String> {
    let Ok(translated) = translated(pattern) else { return Vec::new() };
    let readings = match regex_syntax::parse(&translated) {
        Ok(hir) => vec![hir],
        Err(_) => {
            let readings = [lookaround::without(&translated), lookaround::written_out(&translated)];
            readings.into_iter().flatten().filter_map(|text| regex_syntax::parse(&text).ok()).collect()
        }
    };
    let mut all = Vec::new();
    for hir in readings {
        for variant in 0..6 {
            let mut text = String::new();
            write(&hir, variant, &mut text);
            if !all.contains(&text) {
                all.push(text);
            }
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

/// Texts of the format: a usual one, and those that patterns for it often forget.
pub(super) fn of_format(format: &str) -> &'static [&'static str] {
    match format {
        "date" => &["2026-01-31", "2024-02-29"],
        "date-time" => &["2026-01-31T12:00:00Z", "2026-01-31T12:00:00+02:00", "2026-01-31t12:00:00.5z"],
        "time" => &["12:00:00Z", "12:00:00+02:00", "12:00:00.5z"],
        "duration" => &["P1D", "PT1M", "P1W"],
        "email" => &["a@example.com", "a@example.c", "\"a b\"@example.com"],
        "hostname" => &["example.com", "a"],
        "ipv4" => &["192.0.2.1"],
        "ipv6" => &["2001:db8::1", "::"],
        "uuid" => &["2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2EB8AA08-AA98-01EA-04AA-73B441D16380"],
        "uri" => &["https://example.com/", "urn:a"],
        "iri" => &["https://example.com/", "https://example.com/ä", "urn:a"],
        "uri-reference" => &["/a", "https://example.com/", ""],
        "iri-reference" => &["/a", "/ä", "https://example.com/", ""],
        "uri-template" => &["/a/{b}", "/a"],
        "json-pointer" => &["/a", ""],
        "relative-json-pointer" => &["0/a", "0"],
        "regex" => &["^a$"],
        _ => &[],
    }
}

/// A text of this many characters.
pub(super) fn of_length(length: u64) -> Option<String> {
    (length <= 4096).then(|| "a".repeat(usize::try_from(length).unwrap_or(0)))
}
