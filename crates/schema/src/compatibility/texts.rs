//! Texts for witnesses: of a pattern, of a format, of a length.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::lookaround;
use crate::bounds::charge;
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
            let mut left = PARTS;
            write(&hir, variant, &mut text, &mut left);
            charge(((PARTS - left) / 8) as u64);
            if !all.contains(&text) {
                all.push(text);
            }
        }
    }
    all
}

/// The longest text.
const LONG: usize = 512;
/// The most parts of a pattern that are written for a text: repetitions of what is empty multiply.
const PARTS: usize = 4096;

// As deep as the parser allows a pattern to be.
fn write(hir: &Hir, variant: usize, text: &mut String, left: &mut usize) {
    if text.len() > LONG || *left == 0 {
        return;
    }
    *left -= 1;
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
            (0..count).for_each(|_| write(&repetition.sub, variant, text, left));
        }
        HirKind::Capture(capture) => write(&capture.sub, variant, text, left),
        HirKind::Concat(all) => all.iter().for_each(|part| write(part, variant, text, left)),
        HirKind::Alternation(all) => {
            if let Some(part) = all.get(variant % all.len()) {
                write(part, variant, text, left);
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

/// A pattern that all texts of the format match, and whether no other text does.
// Read in the validator's own code, and tested below with texts that it accepts.
pub(super) fn pattern_of_format(format: &str) -> Option<(&'static str, bool)> {
    const HEX: &str = "^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$";
    /// Days by the length of their month, and that of leap years.
    macro_rules! date {
        () => {
            concat!(
                r"(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)",
                r"|02-(?:0[1-9]|1[0-9]|2[0-8]))",
                r"|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
            )
        };
    }
    /// A leap second is one only at the end of a day of Greenwich.
    macro_rules! time {
        () => {
            concat!(
                r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?",
                r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
            )
        };
    }
    macro_rules! octet {
        () => {
            "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
        };
    }
    Some(match format {
        "uuid" => (HEX, true),
        "ipv4" => (concat!("^", octet!(), r"(?:\.", octet!(), "){3}$"), true),
        "date" => (concat!("^", date!(), "$"), true),
        "time" => (concat!("^", time!(), "$"), false),
        "date-time" => (concat!("^", date!(), "[Tt]", time!(), "$"), false),
        _ => return None,
    })
}

/// A text of this many characters.
pub(super) fn of_length(length: u64) -> Option<String> {
    (length <= 4096).then(|| "a".repeat(usize::try_from(length).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    use serde_json::{Value, json};

    use super::{of_format, pattern_of_format};
    use crate::{Bounds, Formats, Limits, Parsed, Patterns, Rules, Validator};

    const FREE: Bounds = Bounds { floor: 0, steps: u64::MAX, interrupted: || false };
    const DRAFTS: [&str; 5] = [
        "http://json-schema.org/draft-04/schema#",
        "http://json-schema.org/draft-06/schema#",
        "http://json-schema.org/draft-07/schema#",
        "https://json-schema.org/draft/2019-09/schema",
        "https://json-schema.org/draft/2020-12/schema",
    ];

    /// Texts like those of the format, with a few characters changed.
    fn near(format: &str) -> BoxedStrategy<String> {
        const DATE: &str = "([0-9]{4}|[0-9]{2}00|20[0-9][048])-(0[0-9]|1[0-2])-([0-2][0-9]|3[0-2])";
        const TIME: &str = "(([01][0-9]|2[0-4]):[0-5][0-9]:([0-5][0-9]|60)|23:59:60)(\\.[0-9]{1,3})?\
                            ([Zz]|[+-][01][0-9]:[0-5][0-9]|[+-]2[0-9]:[0-6][0-9]|[+-]00:00|[+-])";
        let whole = match format {
            "date" => DATE.to_owned(),
            "time" => TIME.to_owned(),
            "date-time" => format!("{DATE}[Tt]{TIME}"),
            "ipv4" => "(([1-9]?[0-9]|[0-2]?[0-9]{2})\\.){3}([1-9]?[0-9]|[0-2]?[0-9]{2})".to_owned(),
            _ => "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}".to_owned(),
        };
        let whole = prop::string::string_regex(&whole).unwrap();
        let of = of_format(format).iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let change = (
            any::<prop::sample::Index>(),
            0..3_u8,
            prop_oneof![
                prop::char::range('\0', '\u{7f}'),
                prop::sample::select("*+,-./0:;@AGTZ`agtz\n \u{664}\u{ff11}é".chars().collect::<Vec<_>>()),
            ],
        );
        (
            prop_oneof![4 => whole, 1 => prop::sample::select(of)],
            prop_oneof![2 => Just(0), 1 => Just(1), 1 => Just(2)]
                .prop_flat_map(move |count| prop::collection::vec(change.clone(), count)),
        )
            .prop_map(|(text, changes)| {
                let mut all: Vec<char> = text.chars().collect();
                for (place, kind, character) in changes {
                    let place = place.index(all.len() + 1);
                    match (kind, all.get_mut(place)) {
                        (0, Some(there)) => *there = character,
                        (1, Some(_)) => drop(all.remove(place)),
                        _ => all.insert(place, character),
                    }
                }
                all.into_iter().collect()
            })
            .boxed()
    }

    #[test]
    fn what_is_of_a_format_matches_its_pattern() {
        let build = |schema: &Value| {
            let rules = Rules { patterns: Patterns::Linear, formats: Formats::Asserted, resources: &[], base: None };
            let limits = Limits { bounds: FREE, patterns: Limits::PATTERNS };
            Validator::<Parsed>::build(schema, &rules, &limits).unwrap()
        };
        for format in ["date", "time", "date-time", "ipv4", "uuid"] {
            let (pattern, exact) = pattern_of_format(format).unwrap();
            let pattern = build(&json!({ "pattern": pattern }));
            let drafts = DRAFTS.map(|draft| build(&json!({"$schema": draft, "format": format})));
            let (texts, mut runner, mut counts) = (near(format), TestRunner::deterministic(), [0, 0]);
            for _ in 0..6000 {
                let text = json!(texts.new_tree(&mut runner).unwrap().current());
                let matches = pattern.is_valid(&text, &FREE).unwrap();
                for draft in &drafts {
                    let is_of = draft.is_valid(&text, &FREE).unwrap();
                    assert!(matches || !is_of, "{format} {text}");
                    assert!(!exact || matches == is_of, "{format} {text}");
                    counts[usize::from(is_of)] += 1;
                }
            }
            assert!(counts.iter().all(|count| *count > 5 * 1000), "{format} {counts:?}");
        }
    }

    #[test]
    fn every_date_and_every_byte_is_tried() {
        let pattern = |format| regex::Regex::new(pattern_of_format(format).unwrap().0).unwrap();
        let date = pattern("date");
        for year in [0, 4, 96, 100, 400, 1900, 1996, 2000, 2023, 2024, 2026, 2100, 9999] {
            for (month, day) in (0..14).flat_map(|month| (0..33).map(move |day| (month, day))) {
                let text = format!("{year:04}-{month:02}-{day:02}");
                assert_eq!(crate::formats::is_of("date", &text), Some(date.is_match(&text)), "{text}");
            }
        }
        for (format, text) in
            [("date", "2026-01-11"), ("uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d16380"), ("time", "11:11:11.1+11:11")]
        {
            let pattern = pattern(format);
            for (place, byte) in (0..text.len()).flat_map(|place| (0..128_u8).map(move |byte| (place, byte))) {
                let changed = format!("{}{}{}", &text[..place], char::from(byte), &text[place + 1..]);
                let is_of = crate::formats::is_of(format, &changed) == Some(true);
                assert_eq!(is_of, pattern.is_match(&changed), "{format} {changed:?}");
            }
        }
    }
}
