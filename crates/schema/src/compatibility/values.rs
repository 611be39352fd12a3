//! The cost of comparing values and patterns in schemas: the canonical form compares values in pairs, and writes numbers out.

use serde_json::Value;

use crate::Patterns;
use crate::bounds::{Load, within};
use crate::compile::{Limits, tried};
use crate::document::written_digits;

/// The maximum time for the pairs of values, in microseconds.
const PAIRS: f64 = 300_000.0;
/// The maximum bytes of the patterns of both schemas, compiled. Measured: each direction takes 25 ms a megabyte.
const PATTERNS: usize = 16 << 20;

/// The counters.
#[derive(Default)]
struct Values<'s> {
    numbers: f64,
    others: f64,
    digits: f64,
    patterns: Vec<&'s str>,
}

/// Refuses schemas with values or patterns that take too long, with the reason.
pub(super) fn check<'s>(schemas: impl Iterator<Item = &'s Value>, limits: &Limits) -> Result<(), String> {
    let mut values = Values::default();
    schemas.for_each(|schema| values.read(schema));
    // Measured: a pair of small integers takes 0.65 microseconds, one of 36 digits 5, one of 300 digits 80.
    let number = 0.65 + values.digits / 10.0 + values.digits * values.digits / 500.0;
    let pairs = |count: f64| (count * count / 4.0).max(1.0);
    if pairs(values.numbers) * number > PAIRS || pairs(values.others) * 0.05 > PAIRS {
        return Err("there are too many values, or too long numbers, to be compared".to_owned());
    }
    values.patterns.sort_unstable();
    values.patterns.dedup();
    let mut left = PATTERNS;
    let mut fits = |pattern: &&str| {
        let size = tried(pattern, Patterns::Linear).map_or(0, |tried| tried.size);
        left.checked_sub(size).inspect(|rest| left = *rest).is_some()
    };
    match within(&limits.bounds, Load::default(), || values.patterns.iter().all(&mut fits)) {
        Ok(true) => Ok(()),
        _ => Err("the patterns are too large to be compared".to_owned()),
    }
}

impl<'s> Values<'s> {
    // As deep as a schema, which was parsed.
    fn read(&mut self, value: &'s Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => {
                self.numbers += 1.0;
                let digits = written_digits(number.as_str()).max(exponent(number.as_str()));
                self.digits = self.digits.max(digits as f64);
            }
            Value::String(_) => self.others += 1.0,
            Value::Array(items) => {
                self.others += 1.0;
                items.iter().for_each(|item| self.read(item));
            }
            Value::Object(members) => {
                self.others += 2.0;
                for (keyword, value) in members {
                    match (keyword.as_str(), value) {
                        ("pattern", Value::String(pattern)) => self.patterns.push(pattern),
                        ("patternProperties", Value::Object(members)) => {
                            self.patterns.extend(members.keys().map(String::as_str));
                        }
                        _ => {}
                    }
                    self.read(value);
                }
            }
        }
    }
}

/// The number of zeros that an exponent stands for.
fn exponent(number: &str) -> u64 {
    number.split_once(['e', 'E']).map_or(0, |(_, exponent)| exponent.parse().map_or(u64::MAX, i64::unsigned_abs))
}
