//! Lines of a chain are read back: line 0 to the configuration, each other to what links it.

mod support;

use proptest::prelude::*;
use support::{records, written};
use veritable_core::chain::{Configuration, EventLine, Line0, LinkHash, Unreadable};
use veritable_core::line::{Value, read, time};

const LINES: &str = include_str!("golden/line-1.txt");
const TIME: &str = include_str!("golden/time.txt");

/// The lines of the golden chain, line 0 first.
fn golden_chain() -> [&'static str; 4] {
    let lines: Vec<_> = records(LINES).into_iter().take(4).map(|record| record[1]).collect();
    lines.try_into().unwrap()
}

fn event(line: &str) -> Result<EventLine<'_>, Unreadable> {
    let zero = Line0::read(golden_chain()[0].as_bytes()).unwrap();
    zero.configuration().event(read(line.as_bytes()).unwrap())
}

#[test]
fn a_chain_is_read_from_its_lines() {
    let lines = golden_chain();
    let mut previous = LinkHash::of_line(lines[0].as_bytes());
    for (seq, recorded, line) in
        [(1, 757_427_696_789_000, lines[1]), (2, 757_427_696_789_001, lines[2]), (3, i64::MAX, lines[3])]
    {
        let event = event(line).unwrap();
        assert_eq!((event.seq, event.previous, event.recorded), (seq, previous, Some(recorded)));
        assert_eq!(event.entity.iter().map(Value::json).collect::<Vec<_>>(), ["\"acc-00001234\""]);
        previous = LinkHash::of_line(line.as_bytes());
    }
}

#[test]
fn a_configuration_is_read_back_and_nothing_else_is_one() {
    for line in [golden_chain()[0], records(LINES)[7][1]] {
        let zero = Line0::read(line.as_bytes()).unwrap();
        assert_eq!(zero.configuration().line().unwrap(), line);
        let mut changed = line.as_bytes().to_vec();
        for place in 0..line.len() {
            assert!(Line0::read(&line.as_bytes()[..place]).is_err());
            for byte in (0..=255).filter(|byte| *byte != line.as_bytes()[place]) {
                changed[place] = byte;
                if let Ok(zero) = Line0::read(&changed) {
                    assert_eq!(zero.configuration().line().unwrap().as_bytes(), changed);
                }
            }
            changed[place] = line.as_bytes()[place];
        }
    }
}

#[test]
fn it_is_said_why_a_line_is_no_line_0() {
    let member = |name: &str| Unreadable::Member(name.into());
    for (line, unreadable) in [
        (r#"{"hash":"h","previous":"p","seq":"s"}"#, Unreadable::Format),
        (r#"{"format":2,"hash":"h","previous":"p","seq":"s"}"#, Unreadable::Format),
        (r#"{"format":"1","hash":"h","previous":"p","seq":"s"}"#, Unreadable::Format),
        (r#"{"format":1,"previous":"p","seq":"s"}"#, member("hash")),
        (r#"{"format":1,"hash":"h","seq":"s"}"#, member("previous")),
        (r#"{"format":1,"hash":"h","previous":"p"}"#, member("seq")),
        (r#"{"format":1,"hash":"h","previous":7,"seq":"s"}"#, member("previous")),
        (r#"{"entity":"a","format":1,"hash":"h","previous":"p","seq":"s"}"#, member("entity")),
        (r#"{"entity":[1],"format":1,"hash":"h","previous":"p","seq":"s"}"#, member("entity")),
        (
            r#"{"entity":["b","a"],"format":1,"hash":"h","previous":"p","seq":"s"}"#,
            Unreadable::Rewritten { offset: 12 },
        ),
        (r#"{"entity":[],"format":1,"hash":"h","previous":"p","seq":"s"}"#, Unreadable::Rewritten { offset: 2 }),
        (r#"{"format":1,"hash":"h","more":1,"previous":"p","seq":"s"}"#, Unreadable::Rewritten { offset: 24 }),
    ] {
        assert_eq!(Line0::read(line.as_bytes()), Err(unreadable), "{line}");
    }
    let Err(Unreadable::Refused(refused)) = Line0::read(b"{\"format\": 1}") else { panic!() };
    assert_eq!(refused.offset, 10);
}

#[test]
fn it_is_said_why_a_line_is_no_event() {
    let line = golden_chain()[1];
    let member = |name: &str| Err(Unreadable::Member(name.into()));
    for seq in ["0", "-1", "1.0", "1e0", "9223372036854775808", "\"1\"", "null"] {
        assert_eq!(event(&line.replace("\"seq\":1", &format!("\"seq\":{seq}"))), member("seq"));
    }
    assert_eq!(event(&line.replace("\"seq\":1,", "")), member("seq"));
    for (from, to) in [("b11383", "B11383"), ("b11383", "g11383"), ("b11383", "11383"), (r#""\\xb"#, r#""\\\\xb"#)] {
        assert_eq!(event(&line.replace(from, to)), member("previous_event_hash"), "{to}");
    }
    assert_eq!(event(&line.replace("entity_id", "entity")), member("entity_id"));
    for (from, to) in
        [("2024-01-01T", "2024-02-30T"), ("2024-01-01T", "2024-01-01 "), (".789", ".7890"), ("+00:00", "+01:00")]
    {
        assert_eq!(event(&line.replace(from, to)), member("transaction_time"), "{to}");
    }
}

#[test]
fn a_column_may_have_the_name_of_one_that_was_excluded_at_the_beginning() {
    let line = golden_chain()[1];
    let exclude = ["payload".to_string()];
    let zero = Line0::read(golden_chain()[0].as_bytes()).unwrap();
    let configuration = Configuration { exclude: &exclude, hash: "event_id", ..zero.configuration() };
    assert_eq!(configuration.event(read(line.as_bytes()).unwrap()), event(line));
}

#[test]
fn a_hash_may_be_a_text_and_a_recorded_time_may_be_missing() {
    let line = golden_chain()[1].replace(r"\\x", "");
    assert_eq!(event(&line).unwrap().previous, LinkHash::of_line(golden_chain()[0].as_bytes()));
    let line = line.replace(r#""transaction_time":"2024-01-01T12:34:56.789+00:00","#, "");
    assert_eq!(event(&line).unwrap().recorded, None);
}

#[test]
fn times_of_postgresql_are_read_back() {
    for record in records(TIME).into_iter().filter(|record| record[0] == "timestamptz") {
        assert_eq!(time::read_timestamptz(record[2].trim_matches('"')), record[1].parse().ok(), "{record:?}");
    }
}

proptest! {
    #[test]
    fn every_time_is_read_back(micros: i64, shift in 0..64) {
        let micros = micros >> shift;
        let text = written(|out| time::write_timestamptz(out, micros));
        prop_assert_eq!(time::read_timestamptz(text.trim_matches('"')), Some(micros));
    }

    #[test]
    fn what_is_read_as_a_time_is_written_as_it_was(text in "(-?[0-9]{1,21}-[0-9]{1,3}-[0-9]{1,11}T[0-9:+-]{1,9}(\\.[0-9]{0,8})?\\+00:00( BC)?)") {
        if let Some(micros) = time::read_timestamptz(&text) {
            prop_assert_eq!(written(|out| time::write_timestamptz(out, micros)), format!("\"{text}\""));
        }
    }

    #[test]
    fn a_configuration_of_any_names_is_read_back(
        names in prop::collection::hash_set(".{0,8}", 3..14),
        places in prop::collection::vec(0..3_usize, 11),
        identity in prop::option::of(".{0,20}"),
        has_recorded: bool,
    ) {
        let mut names: Vec<String> = names.into_iter().collect();
        let others = names.split_off(3);
        let mut others = others.iter().cloned();
        let recorded = others.next().filter(|_| has_recorded);
        let mut lists: [Vec<String>; 3] = Default::default();
        for (name, place) in others.zip(places) {
            lists[place].push(name);
        }
        let [mut entity, mut erasable, mut exclude] = lists;
        let configuration = Configuration {
            entity: &entity,
            erasable: &erasable,
            exclude: &exclude,
            hash: &names[0],
            identity: identity.as_deref(),
            previous: &names[1],
            recorded: recorded.as_deref(),
            seq: &names[2],
        };
        let line = configuration.line().unwrap();
        let zero = Line0::read(line.as_bytes()).unwrap();
        prop_assert_eq!(zero.configuration().line().unwrap(), line);
        prop_assert_eq!(zero.configuration().seq, &names[2]);
        prop_assert_eq!(zero.configuration().identity, identity.as_deref());
        let read = zero.configuration();
        entity.sort();
        erasable.sort();
        exclude.sort();
        prop_assert_eq!((read.entity, read.erasable, read.exclude), (&entity[..], &erasable[..], &exclude[..]));
    }
}
