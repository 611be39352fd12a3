//! Types, and random texts that are values of them. The values are few and alike, so that two that should differ have
//! every chance to be taken for one another.

use crate::support::random::Random;

/// A type, and texts that are values of it.
pub struct Kind {
    pub name: String,
    pub literal: Box<dyn Fn(&mut Random) -> String>,
}

impl Kind {
    pub fn new(name: &str, literal: impl Fn(&mut Random) -> String + 'static) -> Kind {
        Kind { name: name.into(), literal: Box::new(literal) }
    }

    fn of(name: &str, literals: &'static [&'static str]) -> Kind {
        Kind::new(name, move |random| random.of(literals).to_string())
    }

    pub fn named(&self, random: &mut Random) -> String {
        (self.literal)(random)
    }
}

fn digits(random: &mut Random) -> String {
    const SIGNS: [&str; 3] = ["", "-", ""];
    let whole = random.below(3) * random.below(50);
    let fraction = ["", ".0", ".00", ".5", ".50", ".500", ".05", ".123456"];
    format!("{}{whole}{}", random.of(&SIGNS), random.of(&fraction))
}

fn text(random: &mut Random) -> String {
    const PIECES: [&str; 26] = [
        "a", "b", "A", " ", "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "NULL", "\n", "\t", "\u{1}", "\u{7f}",
        "é", "e\u{301}", "'", "(", ")", "\\x", "1", "😀",
    ];
    (0..random.below(4)).map(|_| *random.of(&PIECES)).collect()
}

fn json(random: &mut Random, depth: u32) -> String {
    match random.below(if depth == 0 { 6 } else { 9 }) {
        0 => "null".into(),
        1 => (*random.of(&["true", "false", "\"null\"", "\"true\"", "\"\"", "\"1\""])).into(),
        2 | 3 => digits(random),
        4 => (*random.of(&["1e2", "100", "100.0", "0", "-0", "0.0", "\"[1]\"", "\"\\u0061\"", "\"a\"", "\"\\\\\""]))
            .into(),
        5 => (*random.of(&["[]", "{}", "[[]]", "[{}]", "{\"\": {}}"])).into(),
        6 => format!("[{}]", (0..random.below(3)).map(|_| json(random, depth - 1)).collect::<Vec<_>>().join(", ")),
        7 => format!("{{\"{}\": {}}}", random.of(&["a", "NULL", "[1:1]", "[0:0]", ""]), json(random, depth - 1)),
        _ => format!("{{\"NULL\": [{}], \"[1:2]\": {}}}", 1 + random.below(2), json(random, depth - 1)),
    }
}

fn seconds(random: &mut Random) -> String {
    format!("{:02}:{:02}{}", random.below(60), random.below(60), random.of(&["", ".5", ".000001", ".999999", ".123"]))
}

fn day(random: &mut Random) -> String {
    let year = random.of(&["0001", "0004", "1999", "2000", "2024", "10000", "123456"]);
    format!("{year}-{:02}-{:02}", 1 + random.below(12), 1 + random.below(28))
}

fn era(random: &mut Random) -> &'static str {
    if random.below(4) == 0 { " BC" } else { "" }
}

fn moment(random: &mut Random, zone: &str) -> String {
    match random.below(12) {
        0 => "infinity".into(),
        1 => "-infinity".into(),
        _ => {
            // The year 123456 before Christ is none of PostgreSQL's.
            let day = day(random);
            let era = if day.starts_with("12") || day.starts_with("10") { "" } else { era(random) };
            format!("{day} {:02}:{}{zone}{era}", random.below(24), seconds(random))
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// An array with up to three dimensions, with bounds, with NULLs.
pub fn array(element: &Kind, random: &mut Random, delimiter: char) -> String {
    let dimensions: Vec<u32> = (0..random.below(4)).map(|_| 1 + random.below(2)).collect();
    if dimensions.is_empty() {
        return "{}".into();
    }
    let bounds = if random.below(2) == 0 {
        String::new()
    } else {
        let bound = |count: &u32, random: &mut Random| {
            let lower = random.below(4) as i32 - 1;
            format!("[{lower}:{}]", lower + *count as i32 - 1)
        };
        dimensions.iter().map(|count| bound(count, random)).collect::<String>() + "="
    };
    bounds + &brackets(element, random, &dimensions, delimiter)
}

fn brackets(element: &Kind, random: &mut Random, dimensions: &[u32], delimiter: char) -> String {
    let Some((count, inner)) = dimensions.split_first() else {
        return if random.below(4) == 0 { "NULL".into() } else { quoted(&element.named(random)) };
    };
    let parts: Vec<_> = (0..*count).map(|_| brackets(element, random, inner, delimiter)).collect();
    format!("{{{}}}", parts.join(&delimiter.to_string()))
}

/// A composite of these attributes.
pub fn composite(attributes: &[&Kind], random: &mut Random) -> String {
    let parts: Vec<_> = attributes
        .iter()
        .map(|attribute| if random.below(3) == 0 { String::new() } else { quoted(&attribute.named(random)) })
        .collect();
    format!("({})", parts.join(","))
}

/// A range over the elements in their order.
fn range(elements: &[&str], random: &mut Random) -> String {
    if random.below(8) == 0 {
        return "empty".into();
    }
    let lower = random.below(elements.len() as u32) as usize;
    let upper = lower + random.below((elements.len() - lower) as u32) as usize;
    let bound = |place: usize, random: &mut Random| {
        if random.below(5) == 0 { String::new() } else { quoted(elements[place]) }
    };
    format!("{}{},{}{}", random.of(&["[", "("]), bound(lower, random), bound(upper, random), random.of(&["]", ")"]))
}

fn ranges(elements: &'static [&'static str], random: &mut Random) -> String {
    let ranges: Vec<_> = (0..random.below(3)).map(|_| range(elements, random)).collect();
    format!("{{{}}}", ranges.join(","))
}

const NUMBERS: [&str; 8] = ["-1", "0", "1", "2", "3", "10", "11", "100"];
const DECIMALS: [&str; 8] = ["-1", "0", "0.0", "1", "1.0", "1.00", "2", "10"];
const DAYS: [&str; 6] = ["-infinity", "0044-03-15 BC", "2024-01-01", "2024-01-02", "2024-02-29", "infinity"];
const TEXTS: [&str; 8] = ["", " ", "\"", "\\", "a", "a,b", "b", "ü"];

fn point(random: &mut Random) -> String {
    const COORDINATES: [&str; 9] = ["0", "-0", "1", "1.5", "-1", "1e300", "NaN", "Infinity", "0.1"];
    format!("({},{})", random.of(&COORDINATES), random.of(&COORDINATES))
}

fn finite_point(random: &mut Random) -> String {
    const COORDINATES: [&str; 5] = ["0", "1", "1.5", "-1", "2"];
    format!("({},{})", random.of(&COORDINATES), random.of(&COORDINATES))
}

fn points(random: &mut Random) -> String {
    (0..=random.below(3)).map(|_| point(random)).collect::<Vec<_>>().join(",")
}

fn bits(random: &mut Random, count: u32) -> String {
    (0..count).map(|_| if random.below(2) == 0 { '0' } else { '1' }).collect()
}

fn hexadecimal(random: &mut Random, bytes: u32) -> String {
    (0..bytes).map(|_| *random.of(&["00", "01", "5c", "78", "22", "ff"])).collect()
}

fn interval(random: &mut Random) -> String {
    let months = random.of(&["0", "1", "-1", "12", "14", "-13", "2000000000"]);
    let days = random.of(&["0", "1", "-1", "30", "365"]);
    let time =
        random.of(&["00:00", "24:00", "-24:00", "00:00:01", "-00:00:00.5", "00:00:00.000001", "23:59:59.999999"]);
    format!("{months} months {days} days {time}")
}

/// The types of PostgreSQL.
pub fn scalars() -> Vec<Kind> {
    let integer = |name: &str| Kind::new(name, |random: &mut Random| random.of(&NUMBERS).to_string());
    let float = |name: &str| {
        Kind::new(name, |random: &mut Random| match random.below(4) {
            0 => (*random.of(&["NaN", "Infinity", "-Infinity", "-0", "1e-30", "1e20", "1.0000001", "16777217"])).into(),
            _ => digits(random),
        })
    };
    let decimal = |name: &str| {
        Kind::new(name, |random: &mut Random| if random.below(9) == 0 { "NaN".into() } else { digits(random) })
    };
    let any_text = |name: &str| Kind::new(name, text);
    let short = |name: &str| {
        Kind::new(name, |random| format!("{}{}", random.of(&["", "a", " ", "ab"]), random.of(&["", " ", "b"])))
    };
    let time = |name: &str| {
        Kind::new(name, |random| match random.below(8) {
            0 => "24:00".into(),
            _ => format!("{:02}:{}", random.below(24), seconds(random)),
        })
    };
    let zoned = |name: &str| {
        Kind::new(name, |random| {
            format!(
                "{:02}:{}{}",
                random.below(24),
                seconds(random),
                random.of(&["+00", "-01", "+01", "+05:30", "-15:59:59"])
            )
        })
    };
    let local = |name: &str| Kind::new(name, |random| moment(random, ""));
    let instant = |name: &str| {
        Kind::new(name, |random| {
            let zone = *random.of(&["+00", "+01", "-01", "+05:30"]);
            moment(random, zone)
        })
    };
    let periods = |name: &str| Kind::new(name, interval);
    vec![
        Kind::of("boolean", &["t", "f"]),
        integer("smallint"),
        integer("integer"),
        integer("bigint"),
        float("real"),
        float("double precision"),
        decimal("numeric"),
        decimal("numeric(8,2)"),
        decimal("numeric(8,0)"),
        any_text("text"),
        any_text("varchar"),
        any_text("name"),
        short("varchar(4)"),
        short("char(4)"),
        short("bpchar"),
        Kind::of("char", &["", "a", " "]),
        Kind::new("uuid", |random| hexadecimal(random, 16)),
        Kind::new("bytea", |random| {
            let count = random.below(4);
            format!("\\x{}", hexadecimal(random, count))
        }),
        Kind::new("date", |random| match random.below(9) {
            0 => (*random.of(&["infinity", "-infinity"])).into(),
            _ => {
                let day = day(random);
                let era = if day.len() > 10 { "" } else { era(random) };
                day + era
            }
        }),
        time("time"),
        time("time(0)"),
        time("time(3)"),
        zoned("timetz"),
        zoned("timetz(2)"),
        local("timestamp"),
        local("timestamp(0)"),
        local("timestamp(3)"),
        instant("timestamptz"),
        instant("timestamptz(0)"),
        instant("timestamptz(5)"),
        periods("interval"),
        periods("interval(0)"),
        periods("interval year to month"),
        periods("interval day to second(2)"),
        periods("interval hour"),
        Kind::new("json", |random| format!("{}{}", random.of(&["", " "]), json(random, 2))),
        Kind::new("jsonb", |random| json(random, 2)),
        Kind::of(
            "jsonpath",
            &["$", "$.a", "$.\"null\"", "$[*]", "$[0]", "strict $", "$.a ? (@ > 1)", "$.a ? (@ > 1.0)"],
        ),
        Kind::of(
            "xml",
            &["<a/>", "<a></a>", "<a>&quot;</a>", "<a>\"</a>", "a", "<?xml version=\"1.0\"?><a/>", "<!-- a --><a/>"],
        ),
        Kind::of("inet", &["127.0.0.1", "127.0.0.1/8", "10.0.0.0/8", "::1", "::1/64", "::ffff:1.2.3.4"]),
        Kind::of("cidr", &["10.0.0.0/8", "10.0.0.0/16", "::/0", "0.0.0.0/0", "::1/128"]),
        Kind::new("macaddr", |random| hexadecimal(random, 6)),
        Kind::new("macaddr8", |random| hexadecimal(random, 8)),
        Kind::new("bit(3)", |random| bits(random, 3)),
        Kind::new("bit varying", |random| {
            let count = random.below(5);
            bits(random, count)
        }),
        Kind::new("bit varying(3)", |random| {
            let count = random.below(4);
            bits(random, count)
        }),
        Kind::of("tsvector", &["", "a", "a:1", "a:1A", "a:1,2", "'a b'", "a b", "'a''b'", "'\\\\'", "'a:1'"]),
        Kind::of("tsquery", &["", "a", "!a", "a & b", "a | b", "a <-> b", "a <2> b", "'a & b'", "a:*", "a:A"]),
        Kind::new("point", point),
        Kind::new("lseg", |random| format!("[{},{}]", point(random), point(random))),
        Kind::new("box", |random| format!("{},{}", finite_point(random), finite_point(random))),
        Kind::new("path", |random| {
            let points = points(random);
            if random.below(2) == 0 { format!("[{points}]") } else { format!("({points})") }
        }),
        Kind::new("polygon", |random| format!("({})", points(random))),
        Kind::new("circle", |random| format!("<{},{}>", point(random), random.below(3))),
        Kind::of("line", &["{1,0,0}", "{0,1,0}", "{1,1,0.5}", "{1,1,-0}", "{-1,0,0}"]),
        Kind::new("pg_lsn", |random| format!("{:X}/{:X}", random.below(3) * 255, random.below(3) * 4_000_000)),
        Kind::of("xid8", &["0", "1", "18446744073709551615", "4294967296"]),
        Kind::of("xid", &["0", "1", "4294967295"]),
        Kind::of("cid", &["0", "1", "10"]),
        Kind::of("oid", &["0", "1", "4294967295"]),
        Kind::of("tid", &["(0,1)", "(1,0)", "(0,10)", "(4294967295,65535)"]),
        Kind::of("pg_snapshot", &["10:20:10", "10:20:", "10:20:10,11", "10:20:11"]),
        Kind::of("int2vector", &["", "1", "1 2", "12", "-1"]),
        Kind::of("oidvector", &["", "1", "1 2", "12"]),
        Kind::of("refcursor", &["", "a", "a b", "null"]),
        Kind::new("int4range", |random| range(&NUMBERS, random)),
        Kind::new("int8range", |random| range(&NUMBERS, random)),
        Kind::new("numrange", |random| range(&DECIMALS, random)),
        Kind::new("daterange", |random| range(&DAYS, random)),
        Kind::new("tsrange", |random| range(&DAYS, random)),
        Kind::new("tstzrange", |random| range(&DAYS, random)),
        Kind::new("int4multirange", |random| ranges(&NUMBERS, random)),
        Kind::new("nummultirange", |random| ranges(&DECIMALS, random)),
        Kind::new("tstzmultirange", |random| ranges(&DAYS, random)),
        // Types of extensions and of users, made by the test.
        any_text("citext"),
        Kind::new("hstore", |random| {
            let part = |random: &mut Random| quoted(&text(random));
            let value = |random: &mut Random| if random.below(3) == 0 { "NULL".into() } else { part(random) };
            let pairs: Vec<_> = (0..random.below(3)).map(|_| format!("{}=>{}", part(random), value(random))).collect();
            pairs.join(",")
        }),
        Kind::of("ltree", &["", "a", "a.b", "ab", "a_b"]),
        Kind::of("mood", &["sad", "so \"so\"", "{fine}", "null", "", "[1]"]),
        Kind::new("text_range", |random| range(&TEXTS, random)),
        Kind::new("text_multirange", |random| ranges(&TEXTS, random)),
    ]
}
