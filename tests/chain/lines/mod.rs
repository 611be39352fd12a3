//! Different values have different lines, and equal ones the same: random values of each type, all compared with all by
//! the text of the type's own output function.

mod kinds;

use kinds::{Kind, array, composite, scalars};
use veritable_core::chain::LinkHash;
use veritable_core::line::{Value, read};

use crate::support::random::Random;
use crate::support::{Database, Session};

/// What is made of other types: arrays of them, domains over arrays, composites of arrays, and again.
fn made(session: &mut Session, number: usize, scalar: Kind) -> Vec<Kind> {
    let Kind { name, literal } = scalar;
    let scalar = || Kind { name: name.clone(), literal: Box::new(|_| String::new()) };
    let (list, row) = (format!("list_{number}"), format!("row_{number}"));
    session.run(&format!(
        "CREATE DOMAIN domain_{number} AS {name};
         CREATE DOMAIN {list} AS {name}[];
         CREATE TYPE {row} AS (a {name}, \"B \"\"\" {name}, list {name}[]);
         CREATE DOMAIN {row}_domain AS {row}",
    ));
    // The same source of values for all that is made of the type.
    let literal = std::rc::Rc::new(literal);
    let value = |name: &str| {
        let literal = std::rc::Rc::clone(&literal);
        Kind::new(name, move |random| literal(random))
    };
    let delimiter = if name == "box" { ';' } else { ',' };
    let array_of =
        |name: &str, element: Kind, delimiter| Kind::new(name, move |random| array(&element, random, delimiter));
    let row_of = |name: &str| {
        let (one, other) = (value(""), value(""));
        let list = array_of("", value(""), delimiter);
        Kind::new(name, move |random| composite(&[&one, &other, &list], random))
    };
    vec![
        value(&scalar().name),
        value(&format!("domain_{number}")),
        array_of(&format!("{name}[]"), value(""), delimiter),
        array_of(&list, value(""), delimiter),
        array_of(&format!("{list}[]"), array_of("", value(""), delimiter), delimiter),
        row_of(&row),
        array_of(&format!("{row}[]"), row_of(""), ','),
        array_of(&format!("{row}_domain[]"), row_of(""), ','),
    ]
}

#[test]
fn values_with_different_texts_have_different_lines() {
    let seed = std::env::var("VERITABLE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    println!("VERITABLE_SEED={seed}");
    let mut random = Random(seed);
    let database = Database::new();
    let mut session = database.superuser();
    session.run(
        "CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree;
         CREATE TYPE mood AS ENUM ('sad', 'so \"so\"', '{fine}', 'null', '', '[1]');
         CREATE TYPE text_range AS RANGE (subtype = text, collation = \"C\", multirange_type_name = text_multirange);
         -- The texts are those under the settings that the format fixes.
         SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601';
         SET extra_float_digits = 1; SET bytea_output = 'hex'",
    );
    let with_xml = session.simple_query("SELECT xml '<a/>'").is_ok();
    let kinds: Vec<_> = scalars().into_iter().filter(|kind| with_xml || kind.name != "xml").collect();
    assert!(kinds.len() >= 75, "{}", kinds.len());
    for (number, scalar) in kinds.into_iter().enumerate() {
        for kind in made(&mut session, number, scalar) {
            compare(&mut session, &kind, &mut random);
        }
    }
}

/// Each value with each other one, by their texts and by their lines.
fn compare(session: &mut Session, kind: &Kind, random: &mut Random) {
    let name = &kind.name;
    let literals: Vec<String> = (0..400).map(|_| kind.named(random)).collect();
    session.run(&format!("CREATE TABLE sealed (v {name}); SELECT add_chain('sealed')"));
    let found = format!(
        "CREATE TEMP TABLE found AS
         SELECT v, format('%s', v) AS text, chain_line(ROW(v, 1, NULL, NULL)::sealed) AS line
         FROM (SELECT CAST(l AS {name}) AS v FROM unnest($1::text[]) AS l OFFSET 0) AS value"
    );
    if let Err(error) = session.execute(&found, &[&literals]) {
        let failed = literals.iter().find(|literal| session.execute(&found, &[&vec![*literal]]).is_err());
        panic!("{name}: {failed:?}: {}", crate::support::explain(&error));
    }
    for (one, other, what) in [("line", "text", "two texts have one line"), ("text", "line", "one text has two lines")]
    {
        let broken = session.rows(&format!(
            "SELECT {one}, min({other}), max({other}) FROM found GROUP BY {one} HAVING count(DISTINCT {other}) > 1 LIMIT 3"
        ));
        assert!(broken.is_empty(), "{name}: {what}: {broken:#?}");
    }
    // The strict reader takes each line, and finds the value under its name.
    for line in session.rows("SELECT DISTINCT line FROM found") {
        let members = read(line.as_bytes()).unwrap_or_else(|refused| panic!("{name}: {refused} {line}"));
        assert_eq!(members.member("seq"), Some(Value::Number("1")), "{name}: {line}");
        assert!(members.member("v").is_some(), "{name}: {line}");
    }
    session.run("DROP TABLE found; DROP TABLE sealed");
}

/// `"char"` has no text in UTF-8 before PostgreSQL 16, so its bytes are compared.
#[test]
fn each_byte_has_a_line_of_its_own_the_same_in_every_version() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run("CREATE TABLE t (c \"char\"); SELECT add_chain('t')");
    let line = "chain_line(ROW(n::\"char\", 1, NULL, NULL)::t)";
    let lines = session.rows(&format!("SELECT {line} FROM generate_series(-128, 127) AS n"));
    for (byte, line) in lines.iter().enumerate().map(|(place, line)| (place as u8 ^ 0x80, line)) {
        let read = read(line.as_bytes()).unwrap_or_else(|refused| panic!("{byte}: {refused} {line}"));
        let Some(Value::String(text)) = read.member("c") else { panic!("{line}") };
        let expected = match byte {
            0 => String::new(),
            1..0x80 => char::from(byte).to_string(),
            _ => format!("\\{byte:o}"),
        };
        assert_eq!(text.decoded(), expected, "{line}");
    }
    session.run("INSERT INTO t SELECT n::\"char\" FROM generate_series(-128, 127) AS n");
    session.verifies("256 events in 1 chain of 1 table");
}

/// Who changes the golden lines of every type changes this, and then knows what is broken: rows that were sealed once.
#[test]
fn the_golden_lines_of_every_type_are_frozen() {
    let answers = include_str!("../../regress/expected/chain_line_golden.out");
    let (_, answers) = answers.split_once("\nline|hash\n").expect("the answer with the lines");
    let lines: Vec<&str> = answers.lines().take_while(|line| line.starts_with('{')).collect();
    assert_eq!(lines.len(), 4);
    for line in &lines {
        let (line, hash) = line.rsplit_once('|').expect("a line and its hash");
        assert_eq!(LinkHash::of_line(line.as_bytes()).to_string(), hash);
    }
    let frozen = LinkHash::of_line(lines.join("\n").as_bytes()).to_string();
    assert_eq!(frozen, "7594afb08a668a7cbacc4c3cf212a917fac36beca738ac620df05d41c0ca3043");
}
