//! Erasable columns: a line holds commitments, which are checked while salt and value are there, and tell nothing after.

mod support;

use proptest::prelude::*;
use support::{records, written};
use veritable_core::chain::{Commitment, Configuration, Line0, LinkHash, Unreadable};
use veritable_core::line::{self, Line, Member, read};

const LINES: &str = include_str!("golden/erasable-1.txt");

fn salt() -> [u8; 32] {
    std::array::from_fn(|place| place as u8)
}

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn lines_with_commitments_never_change() {
    let (entity, erasable, exclude) = (columns(&["id"]), columns(&["name", "email"]), columns(&["name_salt"]));
    let configuration = Configuration {
        entity: &entity,
        erasable: &erasable,
        exclude: &exclude,
        hash: "event_hash",
        identity: Some("public.person"),
        previous: "previous_event_hash",
        recorded: None,
        seq: "seq",
    };
    let mut lines = vec![configuration.line().unwrap()];
    // The first event has a NULL that is committed to; the second is of the time before the columns, or has nothing to erase.
    let committed = [("email", Commitment::of(&salt(), None)), ("name", Commitment::of(&salt(), Some(b"\"Ada\"")))];
    for (seq, commitments) in [(1, &committed[..]), (2, &[])] {
        let previous = LinkHash::of_line(lines.last().unwrap().as_bytes());
        let names = ["email", "id", "name", "previous_event_hash", "seq"].map(|name| Member::new(name).unwrap());
        let mut buffer = Vec::new();
        let mut line = Line::begin(&mut buffer);
        for member in &names {
            match member.name() {
                "id" => line::number::write_integer(line.member(member).unwrap(), 7),
                "previous_event_hash" => line::bytea::write(line.member(member).unwrap(), previous.as_bytes()).unwrap(),
                "seq" => line::number::write_integer(line.member(member).unwrap(), seq),
                name => {
                    if let Some((_, commitment)) = commitments.iter().find(|(column, _)| *column == name) {
                        commitment.write(line.member(member).unwrap()).unwrap();
                    }
                }
            }
        }
        lines.push(String::from_utf8(line.end().unwrap().to_vec()).unwrap());
    }
    let golden = records(LINES);
    assert_eq!(lines.len(), golden.len());
    for (line, record) in lines.iter().zip(&golden) {
        assert_eq!([LinkHash::of_line(line.as_bytes()).to_string().as_str(), line], record[..]);
    }

    let zero = Line0::read(lines[0].as_bytes()).unwrap();
    let event = |line: &str| zero.configuration().event(read(line.as_bytes()).unwrap()).map(|event| event.erasable);
    assert_eq!(zero.configuration().erasable, ["email", "name"]);
    assert_eq!(event(&lines[1]), Ok(committed.iter().map(|(_, commitment)| Some(*commitment)).collect()));
    assert_eq!(event(&lines[2]), Ok(vec![None, None]));
}

#[test]
fn only_a_commitment_stands_in_the_place_of_an_erasable_value() {
    let zero = Line0::read(br#"{"erasable":["name"],"format":1,"hash":"h","previous":"p","seq":"s"}"#).unwrap();
    let digits = "0f".repeat(32);
    let event = |value: &str| {
        let line = format!("{{\"name\":{value},\"p\":\"{digits}\",\"s\":1}}");
        zero.configuration().event(read(line.as_bytes()).unwrap()).map(|event| event.erasable)
    };
    assert_eq!(event(&format!(r#""\\x{digits}""#)), Ok(vec![Some(Commitment::from_bytes([15; 32]))]));
    let value = Err(Unreadable::Member("name".into()));
    for other in ["\"Ada\"", "null", "7", r#""\\x""#, &format!("\"{digits}\""), &format!(r#""\\x{digits}00""#)] {
        assert_eq!(event(other), value, "{other}");
    }
    assert_eq!(event(&format!(r#""\\x{}""#, digits.to_uppercase())), value);
}

#[test]
fn a_column_has_one_use() {
    for line in [
        r#"{"entity":["a"],"erasable":["a"],"format":1,"hash":"h","previous":"p","seq":"s"}"#,
        r#"{"erasable":["a"],"exclude":["a"],"format":1,"hash":"h","previous":"p","seq":"s"}"#,
        r#"{"entity":["a","a"],"format":1,"hash":"h","previous":"p","seq":"s"}"#,
        r#"{"format":1,"hash":"h","previous":"p","recorded":"a","seq":"a"}"#,
        r#"{"erasable":["a"],"format":1,"hash":"a","previous":"p","seq":"s"}"#,
    ] {
        assert_eq!(Line0::read(line.as_bytes()), Err(Unreadable::Roles("a".into())), "{line}");
    }
}

proptest! {
    #[test]
    fn salt_and_value_both_count(
        salt: [u8; 32], other: [u8; 32], value in ".{1,20}", same in ".{0,20}",
    ) {
        let of = |salt, value: &str| Commitment::of(salt, Some(value.as_bytes()));
        prop_assert_eq!(of(&salt, &value), of(&salt, &value.clone()));
        prop_assert_ne!(of(&salt, &value), Commitment::of(&salt, None));
        prop_assert_eq!(salt == other, of(&salt, &value) == of(&other, &value));
        prop_assert_eq!(value == same, of(&salt, &value) == of(&salt, &same));
        let text = written(|out| of(&salt, &value).write(out));
        prop_assert_eq!(text.len(), 2 + 3 + 64);
    }
}
