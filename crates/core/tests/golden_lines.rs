//! Format 1 stays what it is: whole lines and their hashes, made by PostgreSQL.

// The stored values below are those of a little-endian machine.
#![cfg(target_endian = "little")]

mod support;

use support::{bytes, records};
use veritable_core::chain::{Configuration, Event, LinkHash, Stored, Walk};
use veritable_core::line::{self, Line, Member};

const LINES: &str = include_str!("golden/line-1.txt");

/// A covered column and its value, as the database holds it.
type Column<'a> = (&'a str, Value<'a>);

enum Value<'a> {
    Boolean(bool),
    Byte(u8),
    Bytea(&'a [u8]),
    Date(i32),
    Float(&'a str),
    Integer(i64),
    Jsonb(&'a str),
    Lsn(u64),
    /// What is written by a caller: the brackets around values.
    Plain(&'a str),
    /// An array that is named: the places of NULLs, the lower bounds, the counts, and the elements as a caller writes them.
    Named(&'a [usize], &'a [i32], &'a [i32], &'a str),
    Numeric(&'a str),
    Text(&'a str),
    Timestamp(i64),
    Timestamptz(i64),
    Uuid([u8; 16]),
}

fn line(columns: &[Column]) -> String {
    let members: Vec<_> = columns.iter().map(|(name, _)| Member::new(name).unwrap()).collect();
    let mut buffer = b"what an earlier line has left".to_vec();
    let mut line = Line::begin(&mut buffer);
    for (member, (_, value)) in members.iter().zip(columns) {
        let out = line.member(member).unwrap();
        match value {
            Value::Boolean(value) => line::boolean::write(out, *value),
            Value::Byte(value) => line::byte::write(out, *value).unwrap(),
            Value::Bytea(value) => line::bytea::write(out, value).unwrap(),
            Value::Date(days) => line::time::write_date(out, *days),
            Value::Float(text) => line::number::write_number_text(out, text).unwrap(),
            Value::Integer(value) => line::number::write_integer(out, *value),
            Value::Jsonb(stored) => line::jsonb::write(out, &bytes(stored)).unwrap(),
            Value::Lsn(place) => line::lsn::write(out, *place).unwrap(),
            Value::Plain(text) => out.extend_from_slice(text.as_bytes()),
            Value::Named(nulls, lower_bounds, dimensions, elements) => {
                line::array::begin_named(out, nulls, lower_bounds, dimensions).unwrap();
                out.extend_from_slice(elements.as_bytes());
                line::array::punctuate(out, b'}').unwrap();
            }
            Value::Numeric(stored) => line::numeric::write(out, &bytes(stored)).unwrap(),
            Value::Text(value) => line::string::write(out, value.as_bytes()).unwrap(),
            Value::Timestamp(micros) => line::time::write_timestamp(out, *micros),
            Value::Timestamptz(micros) => line::time::write_timestamptz(out, *micros),
            Value::Uuid(value) => line::uuid::write(out, value),
        }
    }
    String::from_utf8(line.end().unwrap().to_vec()).unwrap()
}

fn uuid(hex: &str) -> Value<'static> {
    Value::Uuid(bytes(hex).try_into().unwrap())
}

/// The lines of the file, made from values by this crate.
fn lines() -> Vec<String> {
    use Value::*;
    let entity_events = Configuration {
        entity: &["entity_id".to_string()],
        erasable: &[],
        exclude: &[],
        hash: "event_hash",
        identity: Some("public.entity_events"),
        previous: "previous_event_hash",
        recorded: Some("transaction_time"),
        seq: "seq",
    };
    let genesis = entity_events.genesis().unwrap();
    let mut lines = vec![entity_events.line().unwrap()];
    lines.push(line(&[
        ("entity_id", Text("acc-00001234")),
        ("event_id", uuid("0b3f6a529d5e4c6e8f0a1d2c3b4a5968")),
        (
            "payload",
            Jsonb(
                "04000020010000800400000004000000060000000900001007000000380000500b0000106e6b696e646d657461616d6f\
                 756e740020000000008011006465706f7369740002000020020000800400000008000000150000506970746167733130\
                 2e302e302e310000030000400100008001000000010000006162630028000000008178008813",
            ),
        ),
        ("previous_event_hash", Bytea(genesis.as_bytes())),
        ("seq", Integer(1)),
        ("transaction_time", Timestamptz(757_427_696_789_000)),
        ("valid_from", Date(8766)),
    ]));
    for (event_id, payload, seq, time, date) in [
        ("ffffffff00004000800000000000000a", "00000040", 2, 757_427_696_789_001, 8825),
        ("00000000000000000000000000000000", "0100005006000080636c6f736564", 3, i64::MAX, -746_117),
    ] {
        let previous = LinkHash::of_line(lines.last().unwrap().as_bytes());
        lines.push(line(&[
            ("entity_id", Text("acc-00001234")),
            ("event_id", uuid(event_id)),
            ("payload", Jsonb(payload)),
            ("previous_event_hash", Bytea(previous.as_bytes())),
            ("seq", Integer(seq)),
            ("transaction_time", Timestamptz(time)),
            ("valid_from", Date(date)),
        ]));
    }
    lines.push(line(&[
        ("boolean", Boolean(true)),
        ("bytea", Bytea(b"\x00\xff\x7f\\")),
        ("date", Date(i32::MIN)),
        ("float_negative_zero", Float("-0")),
        ("float_small", Float("1e-07")),
        ("float_special", Float("NaN")),
        ("integer", Integer(i64::MIN)),
        ("json", Text("{\"a\":\n1}")),
        (
            "jsonb",
            Jsonb(
                "020000200100008001000000050000002500005061\
                 6222f09f98800003000040000000c0000000301400005001000020000000800800001020000000ffa16400",
            ),
        ),
        ("numeric", Numeric("07820c00800dd21ed2042e163423800dd21eb004")),
        ("numeric_special", Numeric("00f0")),
        ("text", Text("\"\\/\x08\x0c\n\r\t\x01\x1f\x7f é 漢 😀")),
        ("text_empty", Text("")),
        ("timestamp", Timestamp(252_487_238_399_500_000)),
        ("timestamptz", Timestamptz(-63_082_367_999_999_999)),
    ]));
    let names = ["A", "Z", "a", "a\"b", "a\\b", "aa", "é", "😀"];
    lines.push(line(&names.iter().zip(1..).map(|(&name, n)| (name, Integer(n))).collect::<Vec<_>>()));
    lines.push(line(&[
        ("array", Plain("[[1,null],[3,4]]")),
        ("array_bounds", Named(&[], &[5], &[3], "[10,20,30]")),
        ("array_empty", Plain("[]")),
        ("array_many_bounds", Named(&[], &[0, -1], &[2, 2], "[[1,2],[3,4]]")),
        ("composite", Plain("{\"a\":null,\"c\":\"\"}")),
        ("jsonb_array", Plain("[null,[1]]")),
        ("jsonb_array_many", Named(&[], &[1, 1], &[1, 2], "[[null,[1]]]")),
        ("jsonb_array_null", Named(&[2, 3], &[1], &[3], "[1,null,null]")),
    ]));
    let plain = Configuration {
        entity: &[],
        erasable: &[],
        exclude: &["é", "a\"b", "Z"].map(str::to_string),
        hash: "h",
        identity: None,
        previous: "p",
        recorded: None,
        seq: "s",
    };
    lines.push(plain.line().unwrap());
    lines.push(line(&[]));
    lines.push(line(&[
        ("char", Byte(b'c')),
        ("char_high", Byte(200)),
        ("char_zero", Byte(0)),
        ("pg_lsn", Lsn(0x16_b374_d848)),
        ("pg_lsn_short", Lsn(0x0a_0000_0000)),
    ]));
    lines
}

#[test]
fn lines_and_their_hashes_never_change() {
    let records = records(LINES);
    let lines = lines();
    assert_eq!(lines.len(), records.len());
    for (line, record) in lines.iter().zip(records) {
        let [hash, golden] = record[..] else { panic!("{record:?}") };
        assert_eq!(line, golden);
        assert_eq!(LinkHash::of_line(line.as_bytes()).to_string(), hash);
    }
}

/// Who changes the files changes this, and then knows what is broken: each line stands for rows that were sealed once.
/// Lines may be added: then the first ones still have the hash of before, and the new hash stands beside it.
#[test]
fn the_golden_files_are_frozen() {
    for (file, frozen) in [
        (
            LINES,
            [
                (9, "7517d2e12342db6739b58e346e9e18e3eed0dcc69536418f474837508a326c39"),
                (10, "fafe1473cb0c949ce70b5721ac139224bf3f6615706636bf4eab2663d492c99c"),
            ],
        ),
        (
            include_str!("golden/erasable-1.txt"),
            [
                (2, "d3de00eab2f72f9d7b8e93005ac5492dd4fbac94e30343f54bc5ef8cbb1f7720"),
                (3, "f8f0fc8918c52d79caedeb2d6d679945bea9410e693340eb50327d265388f259"),
            ],
        ),
    ] {
        let records = records(file);
        assert_eq!(records.len(), frozen[1].0, "a line is not frozen");
        for (count, hash) in frozen {
            let lines: Vec<_> = records[..count].iter().map(|record| record[1]).collect();
            assert_eq!(LinkHash::of_line(lines.join("\n").as_bytes()).to_string(), hash);
        }
    }
}

#[test]
fn three_lines_are_a_chain_that_begins_with_its_configuration() {
    let lines = records(LINES);
    let mut previous = LinkHash::of_line(lines[0][1].as_bytes());
    let mut walk = Walk::new(previous);
    let mut faults = Vec::new();
    for (seq, record) in (1..=3).zip(&lines[1..]) {
        let hash = LinkHash::from_hex(record[0].as_bytes()).unwrap();
        let computed = LinkHash::of_line(record[1].as_bytes());
        let event = Event { seq: Some(seq), previous: Stored::Hash(previous), hash: Stored::Hash(hash), computed };
        walk.step(&event, |_| Err("no line is wrong"), &mut faults).unwrap();
        assert!(record[1].contains(&previous.to_string()));
        previous = hash;
    }
    assert_eq!(faults, []);
}
