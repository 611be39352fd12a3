//! The writers keep their promises for any value: against naive ones, and for bytes that mean nothing.

mod support;

use proptest::prelude::*;
use support::written;
use veritable_core::chain::{LinkHash, Stored};
use veritable_core::line::{self, Line, Member, bytea, hex, jsonb, number, numeric, string, time, uuid};

/// The escapes as PostgreSQL documents them, a character at a time.
fn naive_string(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '\x08' => "\\b".into(),
        '\x0c' => "\\f".into(),
        '\n' => "\\n".into(),
        '\r' => "\\r".into(),
        '\t' => "\\t".into(),
        '"' => "\\\"".into(),
        '\\' => "\\\\".into(),
        c if c < ' ' => format!("\\u{:04x}", c as u32),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// Texts in which what needs an escape is as frequent as what does not.
fn text() -> impl Strategy<Value = String> {
    let char = prop_oneof![
        6 => prop::char::range(' ', '~'),
        1 => prop::char::any(),
        1 => prop::char::range('\0', '\x1f'),
        1 => prop::sample::select(vec!['"', '\\']),
    ];
    prop::collection::vec(char, 0..100).prop_map(String::from_iter)
}

#[test]
fn every_byte_of_ascii_is_escaped_as_specified_at_every_place() {
    for byte in 0..0x80 {
        for length in 0..40 {
            for place in 0..length {
                let mut text = vec![b'x'; length];
                text[place] = byte;
                let text = String::from_utf8(text).unwrap();
                assert_eq!(written(|out| string::write(out, text.as_bytes()).unwrap()), naive_string(&text));
            }
        }
    }
}

#[test]
fn a_float_is_bare_exactly_where_json_has_such_a_number() {
    for text in ["0", "-0", "10", "1.5", "-1.50", "1e5", "1E5", "1e+300", "1.5e-07", "0.001", "0e0"] {
        assert_eq!(written(|out| number::write_number_text(out, text).unwrap()), text);
    }
    let others = [
        "",
        "-",
        "NaN",
        "Infinity",
        "-Infinity",
        "01",
        "-01",
        "1.",
        ".5",
        "1.e5",
        "1e",
        "1e+",
        "+1",
        "1 ",
        " 1",
        "0x1",
        "1e5.5",
        "1.5.5",
        "--1",
    ];
    for text in others {
        assert_eq!(written(|out| number::write_number_text(out, text).unwrap()), format!("\"{text}\""));
    }
}

#[test]
fn a_uuid_has_lower_case_digits_and_dashes() {
    let value = [0x0b, 0x3f, 0x6a, 0x52, 0x9d, 0x5e, 0x4c, 0x6e, 0x8f, 0x0a, 0x1d, 0x2c, 0x3b, 0x4a, 0x59, 0xff];
    assert_eq!(written(|out| uuid::write(out, &value)), "\"0b3f6a52-9d5e-4c6e-8f0a-1d2c3b4a59ff\"");
}

#[test]
fn a_numeric_has_all_the_digits_that_postgresql_allows() {
    // The long form: positive, weight 32767, the digits 9999 and 1; and the scale 16383, weight -4096, the digit 10.
    let big = [0x0000_u16, 0x7fff, 9999, 1].map(u16::to_ne_bytes);
    let text = written(|out| numeric::text(out, big.as_flattened()).unwrap());
    assert_eq!(text, format!("99990001{}", "0".repeat(131_064)));
    let small = [0x3fff_u16, 0xf000, 10].map(u16::to_ne_bytes);
    let text = written(|out| numeric::text(out, small.as_flattened()).unwrap());
    assert_eq!(text, format!("0.{}001", "0".repeat(16_380)));
}

#[test]
fn a_digit_of_a_numeric_above_9999_is_damage() {
    for digit in [10_000_u16, 0x8000, 0xffff] {
        let stored = [0x8000, digit].map(u16::to_ne_bytes);
        assert!(matches!(numeric::text(&mut Vec::new(), stored.as_flattened()), Err(line::Error::Damaged(_))));
    }
}

#[test]
fn members_are_ordered_by_the_bytes_of_their_names() {
    // In the escaped text the order of the first two would be the other way round.
    let names = ["a\"", "aZ", "aé", "b"];
    let mut members: Vec<_> = names.iter().rev().map(|name| Member::new(name).unwrap()).collect();
    members.sort();
    assert_eq!(members.iter().map(Member::name).collect::<Vec<_>>(), names);
}

#[test]
fn a_line_that_is_too_long_is_an_error() {
    // Pages that are zero from the start are not touched, so the buffer costs little but address space.
    let mut out = vec![0; line::LENGTH_MAX - 100];
    assert_eq!(string::write(&mut out, &[b'x'; 99]), Err(line::Error::TooLong));
    assert_eq!(string::write(&mut out, &[0; 40]), Err(line::Error::TooLong));
    assert_eq!(bytea::write(&mut out, &[0; 100]), Err(line::Error::TooLong));
    assert_eq!(number::write_number_text(&mut out, &"1".repeat(200)), Err(line::Error::TooLong));
    let big = [0x0000_u16, 0x7fff, 1].map(u16::to_ne_bytes);
    assert_eq!(numeric::write(&mut out, big.as_flattened()), Err(line::Error::TooLong));
}

#[test]
fn a_line_has_room_for_any_value_of_a_fixed_length() {
    let member = Member::new("value").unwrap();
    let mut buffer = Vec::new();
    let mut line = Line::begin(&mut buffer);
    let out = line.member(&member).unwrap();
    let capacity = out.capacity();
    time::write_timestamptz(out, i64::MIN + 1);
    assert_eq!(out.capacity(), capacity);
}

proptest! {
    #[test]
    fn a_string_is_escaped_as_specified(text in text()) {
        prop_assert_eq!(written(|out| string::write(out, text.as_bytes()).unwrap()), naive_string(&text));
    }

    #[test]
    fn an_integer_is_its_decimal_digits(value: i64, shift in 0..64) {
        let value = value >> shift;
        prop_assert_eq!(written(|out| number::write_integer(out, value)), value.to_string());
    }

    #[test]
    fn bytes_are_lower_case_hex_digits(value in prop::collection::vec(any::<u8>(), 0..100)) {
        let digits: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
        prop_assert_eq!(written(|out| hex::write(out, &value).unwrap()), digits.clone());
        prop_assert_eq!(written(|out| bytea::write(out, &value).unwrap()), format!("\"\\\\x{digits}\""));
    }

    #[test]
    fn a_hash_reads_back_from_its_digits(line: Vec<u8>) {
        let hash = LinkHash::of_line(&line);
        prop_assert_eq!(LinkHash::from_hex(&hash.to_hex()), Some(hash));
        prop_assert_eq!(LinkHash::from_bytes(hash.as_bytes()), Some(hash));
        prop_assert_eq!(hash.to_hex().to_vec(), hash.to_string().into_bytes());
        prop_assert_eq!(LinkHash::from_hex(&hash.to_hex()[1..]), None);
        prop_assert_eq!(LinkHash::from_hex(&[b'A'; 64]), None);
        prop_assert_eq!(LinkHash::from_bytes(&hash.as_bytes()[1..]), None);
    }

    #[test]
    fn what_is_no_hash_is_malformed(value in prop::collection::vec(any::<u8>(), 0..32)) {
        let hash = LinkHash::of_line(&value);
        prop_assert_eq!(Stored::from_bytes(Some(&value)), Stored::Malformed);
        prop_assert_eq!(Stored::from_hex(Some(&value)), Stored::Malformed);
        prop_assert_eq!(Stored::from_bytes(Some(hash.as_bytes())), Stored::Hash(hash));
        prop_assert_eq!(Stored::from_hex(Some(&hash.to_hex())), Stored::Hash(hash));
        prop_assert_eq!((Stored::from_bytes(None), Stored::from_hex(None)), (Stored::Null, Stored::Null));
    }

    #[test]
    fn a_day_follows_the_day_before(days in -2_500_000..2_145_000_000) {
        // Each date is the next of the one before it in a calendar that knows only the lengths of months.
        let date = |days| {
            let text = written(|out| time::text_date(out, days));
            let (date, era) = text.split_once(' ').map_or((text.as_str(), ""), |(date, era)| (date, era));
            let numbers: Vec<i32> = date.split('-').map(|number| number.parse().unwrap()).collect();
            (if era == "BC" { 1 - numbers[0] } else { numbers[0] }, numbers[1], numbers[2])
        };
        let (year, month, day) = date(days);
        let leap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
        let length = match month { 2 if leap => 29, 2 => 28, 4 | 6 | 9 | 11 => 30, _ => 31 };
        prop_assert!((1..=12).contains(&month) && (1..=length).contains(&day));
        let next = match (month, day) {
            (12, 31) => (year + 1, 1, 1),
            _ if day == length => (year, month + 1, 1),
            _ => (year, month, day + 1),
        };
        prop_assert_eq!(date(days + 1), next);
    }

    #[test]
    fn any_number_has_a_date_and_a_time(days: i32, micros: i64) {
        time::write_date(&mut Vec::new(), days);
        time::write_timestamp(&mut Vec::new(), micros);
        time::write_timestamptz(&mut Vec::new(), micros);
    }

    #[test]
    fn any_bytes_are_a_value_or_damage(stored in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = numeric::write(&mut Vec::new(), &stored);
        let _ = jsonb::write(&mut Vec::new(), &stored);
        let _ = string::write(&mut Vec::new(), &stored);
    }
}
