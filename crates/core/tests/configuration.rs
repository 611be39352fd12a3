//! Line 0: each part of a configuration counts, their order does not.

use veritable_core::chain::{Configuration, LinkHash, qualified_name};

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn what_there_is_none_of_is_left_out() {
    let configuration = Configuration {
        entity: &[],
        erasable: &[],
        exclude: &[],
        hash: "h",
        identity: None,
        previous: "p",
        recorded: None,
        seq: "s",
    };
    let line = configuration.line().unwrap();
    assert_eq!(line, r#"{"format":1,"hash":"h","previous":"p","seq":"s"}"#);
    assert_eq!(configuration.genesis().unwrap(), LinkHash::of_line(line.as_bytes()));
}

#[test]
fn columns_are_sorted_by_their_bytes_and_escaped() {
    let (entity, exclude) = (columns(&["é", "b", "B", "a\"b"]), columns(&["z", "a\nb"]));
    let configuration = Configuration {
        entity: &entity,
        erasable: &[],
        exclude: &exclude,
        hash: "ha\\sh",
        identity: Some("🙂 \u{1}"),
        previous: "p",
        recorded: Some("at"),
        seq: "s",
    };
    assert_eq!(
        configuration.line().unwrap(),
        "{\"entity\":[\"B\",\"a\\\"b\",\"b\",\"é\"],\"exclude\":[\"a\\nb\",\"z\"],\"format\":1,\"hash\":\"ha\\\\sh\",\
         \"identity\":\"🙂 \\u0001\",\"previous\":\"p\",\"recorded\":\"at\",\"seq\":\"s\"}"
    );
    let other_order: Vec<_> = entity.iter().rev().cloned().collect();
    assert_eq!(Configuration { entity: &other_order, ..configuration }.line().unwrap(), configuration.line().unwrap());
}

#[test]
fn each_part_counts() {
    let (a, b) = (columns(&["a"]), columns(&["b"]));
    let none = Vec::new();
    let one = Configuration {
        entity: &a,
        erasable: &[],
        exclude: &b,
        hash: "h",
        identity: Some("i"),
        previous: "p",
        recorded: Some("r"),
        seq: "s",
    };
    let others = [
        Configuration { entity: &none, ..one },
        Configuration { entity: &b, ..one },
        Configuration { entity: &b, exclude: &a, ..one },
        Configuration { exclude: &none, ..one },
        Configuration { hash: "p", previous: "h", ..one },
        Configuration { identity: None, ..one },
        Configuration { identity: Some("j"), ..one },
        Configuration { recorded: None, ..one },
        Configuration { recorded: Some("q"), ..one },
        Configuration { seq: "t", ..one },
    ];
    let genesis = |configuration: &Configuration| configuration.genesis().unwrap().to_string();
    for (place, other) in others.iter().enumerate() {
        assert_ne!(genesis(&one), genesis(other));
        assert!(others[..place].iter().all(|before| genesis(before) != genesis(other)));
    }
}

#[test]
fn a_qualified_name_is_taken_apart() {
    let pair = |schema: &str, name: &str| Some((schema.to_string(), name.to_string()));
    assert_eq!(qualified_name("public.bank"), pair("public", "bank"));
    assert_eq!(qualified_name("\"public\".bank"), pair("public", "bank"));
    assert_eq!(qualified_name("\"My Schema\".\"a.\"\"b\""), pair("My Schema", "a.\"b"));
    for text in
        ["", "bank", "a.b.c", "a.", ".b", "a.b ", "A.b", "a b.c", "\"a.b", "\"\".b", "a.\"b\"c", "1a.b", "the bank"]
    {
        assert_eq!(qualified_name(text), None, "{text}");
    }
}
