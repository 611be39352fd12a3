//! From text to values: numbers as they are written, the last member of a repeated name, at most 128 levels.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Deserializer, Map};

use crate::bounds::{Bounds, Exceeded, Load, charge, within};
use crate::{Problem, Value};

/// The bytes that a step stands for, and the maximum for one text: as much as PostgreSQL allows a `jsonb`.
const STEP: usize = 64;
const MEMORY: usize = 256 << 20;

/// The bytes of an object that is not empty, of each further member, of an element, and of a number. Measured.
const OBJECT: usize = 640;
const MEMBER: usize = 96;
const ELEMENT: usize = 64;
const NUMBER: usize = 32;

/// The name of the only member of a number's map, in which `serde_json` hands over numbers of any precision.
const NUMBERS: &str = "$serde_json::private::Number";

/// The value of a JSON text: numbers as they are written, the last member of a repeated name, at most 128 levels. For texts
/// whose size is bounded.
///
/// # Errors
/// The text is not JSON, or has more levels.
pub fn parse(text: &str) -> Result<Value, Problem> {
    serde_json::from_str(text).map_err(problem)
}

/// The same for a text of any size, in at most 256 MB. The steps of `bounds` do not count.
///
/// # Errors
/// The value takes more memory, or the caller wants to stop; within, the text is not JSON, or has more levels.
pub fn parse_document(text: &str, bounds: &Bounds) -> Result<Result<Value, Problem>, Exceeded> {
    let bounds = Bounds { steps: (MEMORY / STEP) as u64, ..*bounds };
    within(&bounds, Load::default(), || {
        let mut parser = Deserializer::from_str(text);
        let value = Charged.deserialize(&mut parser).and_then(|value| parser.end().map(|()| value));
        value.map_err(problem)
    })
}

fn problem(error: serde_json::Error) -> Problem {
    Problem { location: String::new(), message: error.to_string() }
}

fn take(bytes: usize) {
    charge(bytes.div_ceil(STEP) as u64);
}

/// A value whose memory is charged as it grows.
struct Charged;

impl<'de> DeserializeSeed<'de> for Charged {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, parser: D) -> Result<Value, D::Error> {
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Charged {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any valid JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        take(NUMBER);
        Ok(Value::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        take(NUMBER);
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        take(NUMBER);
        Ok(Value::from(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        take(text.len());
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(element) = elements.next_element_seed(Charged)? {
            take(ELEMENT);
            all.push(element);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if all.is_empty() && name == NUMBERS {
                let number: String = members.next_value()?;
                take(NUMBER + number.len());
                return Ok(Value::Number(number.parse().map_err(A::Error::custom)?));
            }
            take(name.len() + if all.is_empty() { OBJECT } else { MEMBER });
            let value = members.next_value_seed(Charged)?;
            all.insert(name, value);
        }
        Ok(Value::Object(all))
    }
}
