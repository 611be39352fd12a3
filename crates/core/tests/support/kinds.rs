//! Values of every kind that the writers know, and what a reader sees of them.

use proptest::prelude::*;
use veritable_core::line::{self, Value};

use crate::document::{self, Value as Document};

/// A value as one sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Boolean(bool),
    Number(String),
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// What a reader sees of a value.
pub fn seen(value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => Json::Boolean(value),
        Value::Number(text) => Json::Number(text.into()),
        Value::String(text) => Json::String(text.decoded().into()),
        Value::Array(array) => Json::Array(array.elements().map(seen).collect()),
        Value::Object(object) => {
            Json::Object(object.members().map(|(name, value)| (name.decoded().into(), seen(value))).collect())
        }
    }
}

/// A value of each kind that the writers know.
#[derive(Clone, Debug)]
pub enum Kind {
    Boolean(bool),
    Integer(i64),
    Float(f64),
    /// The short form of a numeric: its sign, scale 2, and a digit to the base of 10,000 before and after the point.
    Numeric(bool, u16, u16),
    Text(String),
    Bytea(Vec<u8>),
    Uuid([u8; 16]),
    Date(i32),
    Timestamp(i64),
    Timestamptz(i64),
    Jsonb(Document),
    Array(Vec<Option<Kind>>),
    /// An array of one dimension with its lower bound, the places of NULLs told.
    Named(i32, Vec<Option<Kind>>),
    Composite(Vec<(String, Kind)>),
}

/// Writes a value, and says what a reader sees.
pub fn write(out: &mut Vec<u8>, kind: &Kind) -> Json {
    let start = out.len();
    let string = |out: &[u8]| Json::String(String::from_utf8(out[start + 1..out.len() - 1].to_vec()).unwrap());
    match kind {
        Kind::Boolean(value) => {
            line::boolean::write(out, *value);
            Json::Boolean(*value)
        }
        Kind::Integer(value) => {
            line::number::write_integer(out, *value);
            Json::Number(value.to_string())
        }
        Kind::Float(value) => {
            let text = format!("{value:e}");
            line::number::write_number_text(out, &text).unwrap();
            if value.is_finite() { Json::Number(text) } else { Json::String(text) }
        }
        Kind::Numeric(negative, before, after) => {
            let header = 0x8000 | if *negative { 0x2000 } else { 0 } | 2 << 7;
            let stored = [header, *before, after * 100].map(u16::to_ne_bytes);
            line::numeric::write(out, stored.as_flattened()).unwrap();
            Json::Number(format!("{}{before}.{after:02}", if *negative { "-" } else { "" }))
        }
        Kind::Text(text) => {
            line::string::write(out, text.as_bytes()).unwrap();
            Json::String(text.clone())
        }
        Kind::Bytea(bytes) => {
            line::bytea::write(out, bytes).unwrap();
            Json::String(bytes.iter().fold("\\x".into(), |text, byte| format!("{text}{byte:02x}")))
        }
        Kind::Uuid(bytes) => {
            line::uuid::write(out, bytes);
            string(out)
        }
        Kind::Date(days) => {
            line::time::write_date(out, *days);
            string(out)
        }
        Kind::Timestamp(micros) => {
            line::time::write_timestamp(out, *micros);
            string(out)
        }
        Kind::Timestamptz(micros) => {
            line::time::write_timestamptz(out, *micros);
            string(out)
        }
        Kind::Jsonb(document) => {
            let stored = document::container(document, 32, false);
            line::jsonb::write(out, &stored).unwrap();
            document_seen(document)
        }
        Kind::Array(elements) => write_elements(out, elements),
        Kind::Named(lower, elements) => {
            let nulls: Vec<_> =
                (1..).zip(elements).filter(|(_, value)| value.is_none()).map(|(place, _)| place).collect();
            line::array::begin_named(out, &nulls, &[*lower], &[elements.len() as i32]).unwrap();
            let values = write_elements(out, elements);
            line::array::punctuate(out, b'}').unwrap();
            let bounds = format!("[{lower}:{}]", i64::from(*lower) + elements.len() as i64 - 1);
            let places = nulls.iter().map(|place| Json::Number(place.to_string())).collect();
            let told = (!nulls.is_empty()).then(|| ("NULL".to_string(), Json::Array(places)));
            Json::Object(told.into_iter().chain([(bounds, values)]).collect())
        }
        Kind::Composite(fields) => {
            line::array::punctuate(out, b'{').unwrap();
            let mut seen = Vec::new();
            for (place, (name, value)) in fields.iter().enumerate() {
                line::array::separate(out, place).unwrap();
                line::string::write(out, name.as_bytes()).unwrap();
                out.push(b':');
                seen.push((name.clone(), write(out, value)));
            }
            line::array::punctuate(out, b'}').unwrap();
            Json::Object(seen)
        }
    }
}

fn write_elements(out: &mut Vec<u8>, elements: &[Option<Kind>]) -> Json {
    line::array::punctuate(out, b'[').unwrap();
    let mut seen = Vec::new();
    for (place, element) in elements.iter().enumerate() {
        line::array::separate(out, place).unwrap();
        seen.push(match element {
            Some(element) => write(out, element),
            None => {
                out.extend_from_slice(b"null");
                Json::Null
            }
        });
    }
    line::array::punctuate(out, b']').unwrap();
    Json::Array(seen)
}

fn document_seen(document: &Document) -> Json {
    match document {
        Document::Null => Json::Null,
        Document::Boolean(value) => Json::Boolean(*value),
        Document::Number(value) => Json::Number(value.to_string()),
        Document::String(text) => Json::String(text.clone()),
        Document::Array(values) => Json::Array(values.iter().map(document_seen).collect()),
        Document::Object(pairs) => {
            Json::Object(pairs.iter().map(|(key, value)| (key.clone(), document_seen(value))).collect())
        }
    }
}

/// The document with its keys as PostgreSQL keeps them: by length, then by bytes, each once.
fn in_order(document: Document) -> Document {
    match document {
        Document::Array(values) => Document::Array(values.into_iter().map(in_order).collect()),
        Document::Object(pairs) => {
            let mut pairs: Vec<_> = pairs.into_iter().map(|(key, value)| (key, in_order(value))).collect();
            pairs.sort_by(|(a, _), (b, _)| (a.len(), a.as_bytes()).cmp(&(b.len(), b.as_bytes())));
            pairs.dedup_by(|(a, _), (b, _)| a == b);
            Document::Object(pairs)
        }
        scalar => scalar,
    }
}

/// Texts in which what needs an escape is as frequent as what does not.
pub fn text() -> impl Strategy<Value = String> {
    let char = prop_oneof![
        6 => prop::char::range(' ', '~'),
        1 => prop::char::any(),
        1 => prop::char::range('\0', '\x1f'),
        1 => prop::sample::select(vec!['"', '\\']),
    ];
    prop::collection::vec(char, 0..30).prop_map(String::from_iter)
}

/// Values of every kind.
pub fn kinds() -> impl Strategy<Value = Kind> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Kind::Boolean),
        any::<i64>().prop_map(Kind::Integer),
        any::<f64>().prop_map(Kind::Float),
        (any::<bool>(), 1..10_000_u16, 0..100_u16).prop_map(|(sign, before, after)| Kind::Numeric(sign, before, after)),
        text().prop_map(Kind::Text),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Kind::Bytea),
        any::<[u8; 16]>().prop_map(Kind::Uuid),
        any::<i32>().prop_map(Kind::Date),
        any::<i64>().prop_map(Kind::Timestamp),
        any::<i64>().prop_map(Kind::Timestamptz),
        document::values().prop_map(|value| Kind::Jsonb(in_order(Document::Array(vec![value])))),
        document::values().prop_map(|value| Kind::Jsonb(in_order(Document::Object(vec![("a".into(), value)])))),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let elements = || prop::collection::vec(prop::option::of(inner.clone()), 0..6);
        let fields = prop::collection::btree_map(text(), inner.clone(), 0..6);
        prop_oneof![
            elements().prop_map(Kind::Array),
            (-1000..1000, elements()).prop_map(|(lower, elements)| Kind::Named(lower, elements)),
            fields.prop_map(|fields| Kind::Composite(fields.into_iter().rev().collect())),
        ]
    })
}
