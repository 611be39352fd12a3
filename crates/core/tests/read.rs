//! A line is read back to what was written, and no other text is a line.

// The stored values below are those of a little-endian machine.
#![cfg(target_endian = "little")]

#[path = "support/document.rs"]
mod document;
#[path = "support/kinds.rs"]
mod kinds;
mod support;
#[path = "support/writable.rs"]
mod writable;

use kinds::{Json, kinds, seen, text, write};
use proptest::prelude::*;
use support::records;
use veritable_core::line::read::Because;
use veritable_core::line::{self, Line, Member, Read, Value, read};

const LINES: &str = include_str!("golden/line-1.txt");

fn golden() -> Vec<&'static str> {
    records(LINES).into_iter().map(|record| record[1]).collect()
}

fn members(line: Read) -> Vec<(String, Json)> {
    line.members().map(|(name, value)| (name.decoded().into(), seen(value))).collect()
}

proptest! {
    #[test]
    fn what_is_read_is_what_was_written(columns in prop::collection::btree_map(text(), kinds(), 0..6)) {
        let mut columns: Vec<_> = columns.into_iter().collect();
        columns.sort_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
        let names: Vec<_> = columns.iter().map(|(name, _)| Member::new(name).unwrap()).collect();
        let mut buffer = Vec::new();
        let mut line = Line::begin(&mut buffer);
        let mut expected = Vec::new();
        for (member, (name, kind)) in names.iter().zip(&columns) {
            expected.push((name.clone(), write(line.member(member).unwrap(), kind)));
        }
        let line = line.end().unwrap();
        let read = read(line).unwrap_or_else(|refused| panic!("{refused} {}", String::from_utf8_lossy(line)));
        prop_assert_eq!(members(read), expected);
        for (name, value) in read.members() {
            prop_assert_eq!(read.member(&name.decoded()), Some(value));
        }
        prop_assert!(writable::is_line(&read));
    }

    #[test]
    fn what_is_read_could_have_been_written(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", " ", ", ", ": ", "null", "true", "0", "-1.50", "1e5", "01", "\"\"", "\"a\"", "\"b\"",
                "\"aa\"", "\"\\n\"", "\"\\/\"", "\"\\u001f\"", "\"\\u001F\"", "{\"a\":", "{\"a\": ", "[1,", "[1, ", "\n", "é",
            ]),
            0..14,
        ),
    ) {
        for line in [pieces.concat(), format!("{{\"a\":{}}}", pieces.concat())] {
            if let Ok(line) = read(line.as_bytes()) {
                prop_assert!(writable::is_line(&line), "{}", line.as_str());
            }
        }
    }
}

#[test]
fn golden_lines_are_read() {
    for line in golden() {
        assert_eq!(read(line.as_bytes()).map(|read| read.as_str()), Ok(line));
        assert!(writable::is_line(&read(line.as_bytes()).unwrap()));
    }
    let event = read(golden()[1].as_bytes()).unwrap();
    assert_eq!(event.member("entity_id").map(seen), Some(Json::String("acc-00001234".into())));
    assert_eq!(event.member("seq"), Some(Value::Number("1")));
    assert_eq!(event.member("sequence"), None);
    let Some(Value::Object(payload)) = event.member("payload") else { panic!() };
    let names: Vec<_> = payload.members().map(|(name, _)| name.decoded().into_owned()).collect();
    assert_eq!(names, ["n", "kind", "meta", "amount"]);
}

#[test]
fn no_beginning_of_a_line_is_a_line() {
    for line in golden() {
        for end in 0..line.len() {
            let refused = read(&line.as_bytes()[..end]).unwrap_err();
            assert!(refused.offset <= end, "{refused} {line}");
        }
        let because = |text: String| read(text.as_bytes()).unwrap_err().because;
        assert_eq!(because(format!("{line}\n")), Because::Unexpected);
        assert_eq!(because(format!("{line}{line}")), Because::Unexpected);
        assert_eq!(because(format!(" {line}")), Because::Space);
        assert_eq!(because(format!("\u{feff}{line}")), Because::Unexpected);
    }
}

#[test]
fn a_line_with_another_byte_is_another_line_or_none() {
    let (mut lines, mut refused) = (0, 0);
    for line in golden() {
        let mut changed = line.as_bytes().to_vec();
        for place in 0..changed.len() {
            // Every byte that means something, and some of all others.
            for byte in (0..=0x80).chain([0xc3, 0xa9, 0xed, 0xf0, 0xff]).filter(|byte| *byte != line.as_bytes()[place])
            {
                changed[place] = byte;
                match read(&changed) {
                    Ok(read) => {
                        assert!(writable::is_line(&read), "{}", read.as_str());
                        lines += 1;
                    }
                    Err(_) => refused += 1,
                }
            }
            changed[place] = line.as_bytes()[place];
        }
    }
    // Other digits and letters are other values.
    assert!(lines > 50_000 && refused > 50_000, "{lines} {refused}");
}

#[test]
fn it_is_said_where_a_text_is_no_line_and_why() {
    for (text, offset, because) in [
        ("", 0, Because::Incomplete),
        ("[]", 0, Because::Unexpected),
        ("{\"a\":1", 6, Because::Incomplete),
        ("{\"a\" :1}", 4, Because::Space),
        ("{\"a\": 1}", 5, Because::Space),
        ("{\"a\":1, \"b\":1}", 7, Because::Space),
        ("{\"a\":1,}", 7, Because::Unexpected),
        ("{\"b\":1,\"a\":1}", 7, Because::Order),
        ("{\"a\":1,\"a\":1}", 7, Because::Order),
        // As escaped the order is another than as bytes.
        ("{\"aZ\":1,\"a\\\"\":1}", 8, Because::Order),
        ("{\"a\":tru}", 8, Because::Unexpected),
        ("{\"a\":True}", 5, Because::Unexpected),
        ("{\"a\":NaN}", 5, Because::Unexpected),
        ("{\"a\":01}", 5, Because::Number),
        ("{\"a\":1.}", 5, Because::Number),
        ("{\"a\":-}", 5, Because::Number),
        ("{\"a\":\"\\/\"}", 6, Because::Escape),
        ("{\"a\":\"\\u0041\"}", 6, Because::Escape),
        ("{\"a\":\"\\u0008\"}", 6, Because::Escape),
        ("{\"a\":\"\\u001F\"}", 6, Because::Escape),
        ("{\"a\":\"\\ud83d\\ude00\"}", 6, Because::Escape),
        ("{\"a\":\"\\x41\"}", 6, Because::Escape),
        ("{\"a\":\"\t\"}", 6, Because::Escape),
        // A jsonb is one throughout, and what contains something else is none.
        ("{\"a\":[1, 2,3]}", 11, Because::Space),
        ("{\"a\":[1,2, 3]}", 10, Because::Space),
        ("{\"a\":{\"b\": 1,\"c\": 2}}", 13, Because::Space),
        ("{\"a\":{\"b\": {\"c\":1}}}", 16, Because::Space),
        ("{\"a\":[{\"b\":1}, 2]}", 14, Because::Space),
        ("{\"a\":[1e5, 2]}", 10, Because::Space),
        ("{\"a\":[1, 1e5]}", 9, Because::Number),
        ("{\"a\":{\"aa\": 1, \"b\": 2}}", 15, Because::Order),
        ("{\"a\":{\"b\": 1, \"b\": 2}}", 14, Because::Order),
        ("{\"a\":{\"b\":1,\"c\":2,\"b\":3}}", 18, Because::Order),
        ("{\"a\":{\"b\":{\"c\":1,\"c\":2}}}", 17, Because::Order),
    ] {
        let refused = read(text.as_bytes()).unwrap_err();
        assert_eq!((refused.offset, refused.because), (offset, because), "{text}: {refused}");
    }
    let refused = read(b"{\"a\":\"\xc3\x28\"}").unwrap_err();
    assert_eq!((refused.offset, refused.because), (6, Because::NotUtf8));
    let refused = read(&vec![b'x'; line::LENGTH_MAX + 1]).unwrap_err();
    assert_eq!((refused.offset, refused.because), (line::LENGTH_MAX, Because::TooLong));
}

#[test]
fn what_can_be_a_jsonb_or_not_is_read() {
    for value in [
        "[]",
        "{}",
        "[[]]",
        "[{}]",
        "[1]",
        "[[1]]",
        "[{\"b\":1}]",
        "[{\"b\": 1}]",
        "[{\"b\": 1},{\"b\": 2}]",
        "[{\"b\": 1}, {\"c\": 2}]",
        "{\"b\":{\"c\": 1},\"a\":[1, 2]}",
        "[[1, 2],[3, 4]]",
        "[[1,2],[3,4]]",
        "[1e5]",
        "[-0,1E+10]",
        "{\"b\": [[{}]]}",
        "{\"\":null}",
    ] {
        let line = format!("{{\"a\":{value}}}");
        let read = read(line.as_bytes()).unwrap_or_else(|refused| panic!("{line}: {refused}"));
        assert!(writable::is_line(&read), "{line}");
    }
}

#[test]
fn nesting_takes_no_stack() {
    let depth = 1_000_000;
    for (open, close) in [("[", "]"), ("{\"\":", "}"), ("{\"\": ", "}")] {
        let line = format!("{{\"a\":{}0{}}}", open.repeat(depth), close.repeat(depth));
        assert_eq!(read(line.as_bytes()).unwrap().members().count(), 1);
        assert_eq!(read(&line.as_bytes()[..line.len() / 2]).unwrap_err().because, Because::Incomplete);
    }
}
