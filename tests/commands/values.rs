//! Literals of types, and what a type may be changed to.

use crate::support::random::Random;

/// `timestamp(3) with time zone` without `(3)`.
fn without_typmod(kind: &str) -> String {
    let Some((before, after)) = kind.split_once('(') else { return kind.to_string() };
    format!("{before}{}", after.split_once(')').map_or("", |(_, rest)| rest))
}

fn days(random: &mut Random, from: u32) -> String {
    format!("2026-01-{:02}", from + random.below(4))
}

/// A value of a type as SQL; null where the type is not known.
pub fn literal(kind: &str, random: &mut Random) -> String {
    let n = random.below(6);
    if let Some(element) = kind.strip_suffix("[]") {
        return match random.below(3) {
            0 => "'{}'".to_string(),
            1 => format!("array_fill({}, '{{2}}', '{{{n}}}')", cast(element, random)),
            _ => format!("ARRAY[{}]", cast(element, random)),
        };
    }
    let bare = without_typmod(kind);
    let text = match bare.as_str() {
        "smallint" | "integer" | "bigint" | "percent" | "oid" => return n.to_string(),
        "numeric" => return (*random.of(&["0", "1.5", "1.50", "2", "3.25"])).to_string(),
        "real" | "double precision" => return (*random.of(&["0", "0.1", "1e10", "'-0'", "'NaN'"])).to_string(),
        "boolean" | "flag" => return (*random.of(&["true", "false"])).to_string(),
        "text" | "character varying" | "character" | "word" | "name" | "citext" => {
            (*random.of(&["x", "y", "X", "x ", "order", "part", "1"])).to_string()
        }
        "date" => days(random, 1),
        "timestamp without time zone" | "timestamp with time zone" => {
            format!("{} 10:00:00.{}", days(random, 1), random.of(&["0", "123456"]))
        }
        "time without time zone" | "time with time zone" => "10:00:00.5".to_string(),
        "interval" => (*random.of(&["1 day", "24 hours", "1 mon"])).to_string(),
        "uuid" => format!("0000000{n}-0000-0000-0000-000000000000"),
        "json" | "jsonb" => {
            (*random.of(&["{\"id\": 1}", "{\"id\": 2}", "{\"id\": 1}", "{\"id\":  1.0}", "{\"id\": \"x\"}", "[]"]))
                .to_string()
        }
        "bytea" => "\\x0001".to_string(),
        "mood" => (*random.of(&["sad", "fair", "glad"])).to_string(),
        "place" => format!("(Road,{n})"),
        "span" | "int4range" | "int8range" | "numrange" => format!("[{n},{})", n + 1 + random.below(3)),
        "daterange" | "tsrange" | "tstzrange" => format!("[{},{})", days(random, 1), days(random, 5)),
        "datemultirange" => format!("{{[{},{})}}", days(random, 1), days(random, 5)),
        "int4multirange" => format!("{{[{n},{})}}", n + 1),
        "inet" => "::1".to_string(),
        _ => return "NULL".to_string(),
    };
    format!("'{text}'")
}

/// The same with its type, where a bare literal would get another.
fn cast(kind: &str, random: &mut Random) -> String {
    format!("{}::{kind}", literal(kind, random))
}

const TYPES: [&str; 27] = [
    "int",
    "bigint",
    "smallint",
    "numeric",
    "numeric(12,2)",
    "numeric(10,1)",
    "float8",
    "text",
    "varchar(20)",
    "varchar(100)",
    "char(4)",
    "boolean",
    "date",
    "timestamptz",
    "timestamptz(3)",
    "timestamp",
    "jsonb",
    "bytea",
    "uuid",
    "mood",
    "place",
    "percent",
    "word",
    "flag",
    "int[]",
    "daterange",
    "span",
];

/// Any type.
pub fn any(random: &mut Random) -> String {
    (*random.of(&TYPES)).to_string()
}

/// What can hold most of the values of a type.
fn wider(kind: &str) -> &'static [&'static str] {
    match without_typmod(kind).as_str() {
        "smallint" | "integer" | "bigint" | "percent" => {
            &["bigint", "int", "int", "numeric", "percent", "smallint", "numeric(12,2)"]
        }
        "numeric" => &["numeric", "numeric(14,2)", "numeric(12,3)", "numeric(8,1)", "float8", "numeric(12,2)"],
        "real" | "double precision" => &["float8", "numeric", "real"],
        "text" | "character varying" | "character" | "word" => &[
            "text",
            "varchar(100)",
            "varchar(50)",
            "varchar",
            "word",
            "char(64)",
            "text COLLATE \"C\"",
            "text COLLATE folded",
        ],
        "boolean" | "flag" => &["flag", "boolean"],
        "date" | "timestamp without time zone" | "timestamp with time zone" => {
            &["timestamptz", "timestamp", "timestamptz(3)", "timestamptz(0)", "date", "timestamp(3)"]
        }
        "json" | "jsonb" => &["jsonb", "json"],
        "integer[]" => &["bigint[]", "int[]", "numeric[]"],
        _ => &["text"],
    }
}

/// `TYPE …` of a column, with or without USING: wider, narrower, the same, or with other values.
pub fn retype(column: &str, kind: &str, random: &mut Random) -> String {
    let to = match random.below(10) {
        0..6 => (*random.of(wider(kind))).to_string(),
        6..8 => kind.to_string(),
        8 => "text".to_string(),
        _ => any(random),
    };
    let bare = to.split(" COLLATE").next().expect("a part");
    let using = match random.below(12) {
        0..6 => return format!("TYPE {to}"),
        6 => column.to_string(),
        7 | 8 => format!("{column}::{bare}"),
        9 => format!("{column}::text::{bare}"),
        10 => literal(bare, random),
        _ => match without_typmod(kind).as_str() {
            "integer" | "bigint" | "numeric" | "smallint" | "percent" => format!("({column} * 2)::{bare}"),
            "text" | "character varying" => format!("(upper({column}))::{bare}"),
            "timestamp with time zone" | "timestamp without time zone" => {
                format!("{column} AT TIME ZONE 'Asia/Kolkata'")
            }
            "boolean" => format!("NOT {column}"),
            "jsonb" => format!("({column} - 'id')"),
            "daterange" | "int4range" => format!("{column} + {column}"),
            _ => format!("same({column})::{bare}"),
        },
    };
    format!("TYPE {to} USING {using}")
}
