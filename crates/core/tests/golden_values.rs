//! Each value is written as PostgreSQL writes it: golden vectors, made by PostgreSQL.

// The vectors hold the bytes of a little-endian machine.
#![cfg(target_endian = "little")]

mod support;

use support::{bytes, records, written};
use veritable_core::line::{Error, jsonb, numeric, time};

const JSONB: &str = include_str!("golden/jsonb.txt");
const NUMERIC: &str = include_str!("golden/numeric.txt");
const TIME: &str = include_str!("golden/time.txt");

#[test]
fn a_jsonb_is_its_text() {
    for record in records(JSONB) {
        let [stored, text] = record[..] else { panic!("{record:?}") };
        assert_eq!(written(|out| jsonb::write(out, &bytes(stored)).unwrap()), text);
    }
}

#[test]
fn a_numeric_is_its_text_and_quoted_where_json_has_no_such_number() {
    for record in records(NUMERIC) {
        let [stored, text] = record[..] else { panic!("{record:?}") };
        assert_eq!(written(|out| numeric::text(out, &bytes(stored)).unwrap()), text);
        let json = if text.ends_with(|last: char| last.is_ascii_digit()) { text.into() } else { format!("\"{text}\"") };
        assert_eq!(written(|out| numeric::write(out, &bytes(stored)).unwrap()), json);
    }
}

#[test]
fn a_time_is_its_text_at_utc() {
    for record in records(TIME) {
        let [kind, number, json, text] = record[..] else { panic!("{record:?}") };
        let (as_json, as_text) = match kind {
            "date" => {
                let days = number.parse().unwrap();
                (written(|out| time::write_date(out, days)), written(|out| time::text_date(out, days)))
            }
            "timestamp" => {
                let micros = number.parse().unwrap();
                (written(|out| time::write_timestamp(out, micros)), written(|out| time::text_timestamp(out, micros)))
            }
            "timestamptz" => {
                let micros = number.parse().unwrap();
                (
                    written(|out| time::write_timestamptz(out, micros)),
                    written(|out| time::text_timestamptz(out, micros)),
                )
            }
            _ => panic!("{kind}"),
        };
        assert_eq!((as_json.as_str(), as_text.as_str()), (json, text));
    }
}

#[test]
fn bytes_that_are_cut_off_are_damaged() {
    for record in records(JSONB) {
        let stored = bytes(record[0]);
        for end in 0..stored.len() {
            let result = jsonb::write(&mut Vec::new(), &stored[..end]);
            assert!(matches!(result, Err(Error::Damaged(_))), "{end} bytes of {record:?} gave {result:?}");
        }
    }
    for record in records(NUMERIC) {
        let stored = bytes(record[0]);
        assert!(numeric::text(&mut Vec::new(), &stored[..1]).is_err());
        assert!(numeric::text(&mut Vec::new(), &stored[..stored.len() - 1]).is_err());
    }
}
