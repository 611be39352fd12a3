//! Images are equal exactly where the values are, and stay what they are: index entries hold them.

#[path = "../../core/tests/support/mod.rs"]
mod support;

use proptest::prelude::*;
use support::{bytes, records, written};
use veritable_core::line::{Error, jsonb, number, numeric, string};
use veritable_period::image::{
    KEY_LENGTH_MAX, List, PREFIX_LENGTH_MAX, shorten, write_bounded, write_interval, write_null,
};

/// A number without trailing zeros after the point.
fn normal(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// A document whose numbers are normal.
fn normal_document(text: &str) -> String {
    let mut normalized = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let length = match rest.as_bytes()[0] {
            b'"' => {
                let is_escaped =
                    |end: usize| rest[..end].bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1;
                let end = rest.match_indices('"').skip(1).find(|(end, _)| !is_escaped(*end));
                end.unwrap().0 + 1
            }
            b'-' | b'0'..=b'9' => rest.find(|c: char| !c.is_ascii_digit() && !"-.".contains(c)).unwrap_or(rest.len()),
            _ => 1,
        };
        let (token, after) = rest.split_at(length);
        normalized.push_str(if token.starts_with('"') { token } else { normal(token) });
        rest = after;
    }
    normalized
}

// The vectors hold the bytes of a little-endian machine.
#[cfg(target_endian = "little")]
#[test]
fn a_number_has_no_trailing_zeros() {
    for record in records(include_str!("../../core/tests/golden/numeric.txt")) {
        let json = written(|out| numeric::write(out, &bytes(record[0])).unwrap());
        assert_eq!(written(|out| numeric::write_normal(out, &bytes(record[0])).unwrap()), normal(&json));
    }
}

#[cfg(target_endian = "little")]
#[test]
fn a_number_in_a_document_has_no_trailing_zeros() {
    let records = records(include_str!("../../core/tests/golden/jsonb.txt"));
    for record in &records {
        let text = written(|out| jsonb::write_normal(out, &bytes(record[0])).unwrap());
        assert_eq!(text, normal_document(record[1]));
    }
    assert!(records.iter().any(|record| normal_document(record[1]) != record[1]));
}

#[test]
fn an_interval_is_its_days_and_its_time() {
    let interval = |months, days, time| written(|out| write_interval(out, months, days, time).unwrap());
    assert_eq!(interval(0, 0, 0), r#""PT0S""#);
    assert_eq!(interval(0, 0, 1), r#""PT0.000001S""#);
    assert_eq!(interval(0, 0, -500_000), r#""PT-0.5S""#);
    assert_eq!(interval(0, 0, 10_000_000), r#""PT10S""#);
    assert_eq!(interval(1, 0, 3_600_000_000), r#""P30DT1H""#);
    assert_eq!(interval(0, 30, 60_000_000), r#""P30DT1M""#);
    assert_eq!(interval(1, -30, 0), r#""PT0S""#);
    assert_eq!(interval(-1, 29, -1), r#""P-1DT-0.000001S""#);
    assert_eq!(interval(0, 1, -1), r#""PT23H59M59.999999S""#);
    // Infinity, as PostgreSQL 17 has it and PostgreSQL 15 does not.
    assert_eq!(interval(i32::MAX, i32::MAX, i64::MAX), r#""P66678745048DT4H54.775807S""#);
    assert_eq!(interval(i32::MIN, i32::MIN, i64::MIN), r#""P-66678745079DT-4H-54.775808S""#);
}

/// The length of what `write_interval` has written, in microseconds.
fn span(text: &str) -> i128 {
    let parts = text.trim_matches('"').strip_prefix('P').unwrap();
    let mut span = 0;
    for part in parts.replace('T', "").split_inclusive(|c: char| c.is_ascii_uppercase()) {
        let (count, unit) = part.split_at(part.len() - 1);
        let (whole, fraction) = count.split_once('.').unwrap_or((count, ""));
        let micros: i128 = format!("{whole}{fraction:0<6}").parse().unwrap();
        span += micros
            * match unit {
                "D" => 86_400,
                "H" => 3_600,
                "M" => 60,
                _ => 1,
            };
    }
    span
}

/// Numbers of every size.
fn any_size() -> impl Strategy<Value = i64> {
    (any::<i64>(), 0..64).prop_map(|(number, shift)| number >> shift)
}

proptest! {
    #[test]
    fn intervals_are_equal_exactly_if_their_lengths_are(months in any_size(), days in any_size(), time in any_size()) {
        let (months, days) = (months as i32, days as i32);
        let text = written(|out| write_interval(out, months, days, time).unwrap());
        let length = (i128::from(months) * 30 + i128::from(days)) * 86_400_000_000 + i128::from(time);
        prop_assert_eq!(span(&text), length);
        // The same length from other parts.
        let moved = (days / 30).clamp(-1000, 1000);
        if let (Some(months), days) = (months.checked_add(moved), days - moved * 30) {
            prop_assert_eq!(written(|out| write_interval(out, months, days, time).unwrap()), text);
        }
    }

    #[test]
    fn a_key_is_whole_or_shortened_and_one_sees_which(text in "[a-zé漢😀]{0,130}") {
        let key = format!("[\"{text}\"]");
        let shortened = shorten_text(&key);
        if key.len() <= KEY_LENGTH_MAX {
            prop_assert_eq!(shortened, key);
        } else {
            prop_assert!(shortened.ends_with(|last: char| last.is_ascii_hexdigit()));
            let (prefix, hash) = shortened.rsplit_once("...").unwrap();
            prop_assert!(key.starts_with(prefix) && (PREFIX_LENGTH_MAX - 3..=PREFIX_LENGTH_MAX).contains(&prefix.len()));
            prop_assert_eq!(hash.len(), 32);
        }
    }
}

fn shorten_text(key: &str) -> String {
    written(|out| {
        let mut bytes = key.as_bytes().to_vec();
        shorten(&mut bytes, |key| std::str::from_utf8(key).unwrap().floor_char_boundary(PREFIX_LENGTH_MAX));
        out.extend(bytes);
    })
}

#[test]
fn a_shortened_key_has_the_beginning_and_the_hash_of_the_whole() {
    assert_eq!(shorten_text(&"k".repeat(120)), "k".repeat(120));
    // printf 'k%.0s' $(seq 121) | sha256sum
    assert_eq!(shorten_text(&"k".repeat(121)), format!("{}...{}", "k".repeat(60), "41cab6bc48d894321e1a1cb07d8ca25f"));
    assert_ne!(shorten_text(&("k".repeat(121) + "a")), shorten_text(&("k".repeat(121) + "b")));
}

#[test]
fn a_list_is_an_array() {
    let list = |write: &dyn Fn(&mut List) -> Result<(), Error>| {
        written(|out| {
            let mut list = List::begin(out).unwrap();
            write(&mut list).unwrap();
            list.end().unwrap();
        })
    };
    assert_eq!(list(&|_| Ok(())), "[]");
    let three = list(&|list| {
        write_null(list.value()?);
        string::write(list.value()?, b"a")?;
        let mut inner = List::begin(list.value()?)?;
        number::write_integer(inner.value()?, 1);
        inner.end()
    });
    assert_eq!(three, r#"[null,"a",[1]]"#);
}

#[test]
fn unusual_bounds_stand_before_the_elements() {
    let bounds = [(i32::MIN, -1), (0, 1)];
    let text = written(|out| {
        write_bounded(out, bounds.into_iter(), |out| {
            let mut list = List::begin(out)?;
            write_null(list.value()?);
            list.end()
        })
        .unwrap()
    });
    assert_eq!(text, r#"{"[-2147483648:-1][0:1]":[null]}"#);
}
