//! Numbers by their value, exactly, however they are written.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use crate::bounds::charge;

/// A number: its sign, its digits from the first to the last that is not 0, and the exponent of the last digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

/// The longest integer that is written out: longer ones are compared, and not computed with.
const WRITTEN: i64 = 30;

impl Decimal {
    /// The value of a number; `None` if its exponent is beyond any range.
    pub(super) fn of(number: &Number) -> Option<Self> {
        charge(number.as_str().len() as u64 / 64);
        Self::parse(number.as_str())
    }

    fn parse(text: &str) -> Option<Self> {
        let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = format!("{}{fraction}", whole.trim_start_matches(['-', '+']));
        let significant = all.trim_end_matches('0');
        let zeros = all.len() - significant.len();
        let exponent = exponent.parse::<i64>().ok().filter(|exponent| exponent.abs() < 1 << 40)?;
        let exponent = exponent - fraction.len() as i64 + zeros as i64;
        let digits = significant.trim_start_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self { negative: false, digits, exponent: 0 });
        }
        Some(Self { negative: text.starts_with('-'), digits, exponent })
    }

    /// The value of an integer.
    pub(super) fn integer(value: i128) -> Self {
        Self::parse(&value.to_string()).unwrap_or(Self { negative: false, digits: String::new(), exponent: 0 })
    }

    /// The steps of copying the number.
    pub(super) fn size(&self) -> u64 {
        1 + self.digits.len() as u64 / 32
    }

    /// Whether the number is an integer.
    pub(super) fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    /// The integer, if the number is one, and is short.
    pub(super) fn small(&self) -> Option<i128> {
        let zeros = usize::try_from(self.exponent).ok()?;
        if zeros as i64 + self.digits.len() as i64 > WRITTEN {
            return None;
        }
        let digits = if self.digits.is_empty() { "0" } else { &self.digits };
        let value: i128 = format!("{digits}{}", "0".repeat(zeros)).parse().ok()?;
        Some(if self.negative { -value } else { value })
    }

    /// The largest integer that is not greater, if that is short.
    pub(super) fn floor(&self) -> Option<i128> {
        if self.is_integer() {
            return self.small();
        }
        let kept = self.digits.len() as i64 + self.exponent;
        if kept > WRITTEN {
            return None;
        }
        let whole: i128 = match usize::try_from(kept) {
            Ok(kept) if kept > 0 => self.digits[..kept].parse().ok()?,
            _ => 0,
        };
        Some(if self.negative { -whole - 1 } else { whole })
    }

    /// The number as JSON, in its shortest form.
    pub(super) fn to_value(&self) -> Value {
        let sign = if self.negative { "-" } else { "" };
        let digits = if self.digits.is_empty() { "0" } else { &self.digits };
        let point = self.digits.len() as i64 + self.exponent;
        let text = match usize::try_from(self.exponent) {
            Ok(zeros) if zeros as i64 <= WRITTEN => format!("{sign}{digits}{}", "0".repeat(zeros)),
            _ if self.exponent < 0 && point > 0 => {
                let (whole, fraction) = digits.split_at(point as usize);
                format!("{sign}{whole}.{fraction}")
            }
            _ if self.exponent < 0 && -point < WRITTEN => format!("{sign}0.{}{digits}", "0".repeat(-point as usize)),
            _ => format!("{sign}{digits}e{}", self.exponent),
        };
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// The number with one more digit, which differs from it by less than any digit of its own.
    pub(super) fn beside(&self, below: bool) -> Self {
        let text = format!("{}5e{}", if self.digits.is_empty() { "0" } else { &self.digits }, self.exponent - 1);
        let away = Self::parse(&text).map(|it| Self { negative: self.negative, ..it });
        let toward = below != self.negative;
        let text = match (self.digits.is_empty(), toward) {
            (true, _) => return Self { negative: below, digits: "5".to_owned(), exponent: -1 },
            (false, false) => return away.unwrap_or_else(|| self.clone()),
            (false, true) => format!("{}5e{}", less(&self.digits), self.exponent - 1),
        };
        Self::parse(&text).map_or_else(|| self.clone(), |it| Self { negative: self.negative, ..it })
    }
}

/// The digits of a number that is 1 less; its last digit is not 0.
fn less(digits: &str) -> String {
    let (head, last) = digits.split_at(digits.len() - 1);
    let last = last.parse::<u8>().unwrap_or(1).saturating_sub(1);
    format!("{head}{last}")
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |it: &Self| {
            if it.digits.is_empty() {
                0
            } else if it.negative {
                -1
            } else {
                1
            }
        };
        let point = |it: &Self| it.digits.len() as i64 + it.exponent;
        // Without trailing zeros, digits after one point are in the order of texts.
        let size = || point(self).cmp(&point(other)).then_with(|| self.digits.cmp(&other.digits));
        sign(self).cmp(&sign(other)).then_with(|| match sign(self) {
            0 => Ordering::Equal,
            1 => size(),
            _ => size().reverse(),
        })
    }
}

/// A value whose numbers are in their shortest form: two values are equal in JSON Schema if their plain forms are.
// As deep as a schema, which was parsed.
pub(super) fn plain(value: &Value) -> Value {
    charge(1);
    match value {
        Value::Number(number) => Decimal::of(number).map_or_else(|| value.clone(), |decimal| decimal.to_value()),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        value => value.clone(),
    }
}

/// The value as PostgreSQL stores it, with numbers written out; `None` if it does not: for a NUL in a text, or a number of unusual length.
pub(super) fn stored(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Number(number) => Value::Number(written_out(&number.to_string())?.parse().ok()?),
        Value::String(text) if text.contains('\0') => return None,
        Value::Array(items) => Value::Array(items.iter().map(stored).collect::<Option<_>>()?),
        Value::Object(members) => {
            let member = |(name, value): (&String, _)| (!name.contains('\0')).then_some((name.clone(), stored(value)?));
            Value::Object(members.iter().map(member).collect::<Option<_>>()?)
        }
        value => value.clone(),
    })
}

/// A number without an exponent.
fn written_out(text: &str) -> Option<String> {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = exponent.parse::<i64>().ok().filter(|exponent| text.len() < 400 && exponent.abs() < 1000)?;
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut all = format!("{whole}{fraction}");
    let point = whole.len() as i64 + exponent;
    if point <= 0 {
        all.insert_str(0, &"0".repeat(1 + point.unsigned_abs() as usize));
    } else if point as usize > all.len() {
        all.push_str(&"0".repeat(point as usize - all.len()));
    }
    let (whole, fraction) = all.split_at(point.max(1) as usize);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_has_no_exponent_and_as_many_places() {
        for (written, stored) in [
            ("1e3", "1000"),
            ("1.50e1", "15.0"),
            ("1.50e2", "150"),
            ("-12e-1", "-1.2"),
            ("-12e-2", "-0.12"),
            ("12e-4", "0.0012"),
            ("0.0012e3", "1.2"),
            ("10e-1", "1.0"),
            ("1.0", "1.0"),
            ("0", "0"),
            ("-0.0", "-0.0"),
        ] {
            assert_eq!(written_out(written).as_deref(), Some(stored), "{written}");
        }
        assert_eq!(written_out("1e1000"), None);
    }

    fn of(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn numbers_are_compared_by_their_value() {
        for (left, right) in [("1", "1.0"), ("100", "1e2"), ("0.5", "5E-1"), ("0", "-0.0"), ("-1.50", "-15e-1")] {
            assert_eq!(of(left), of(right));
        }
        let order = [
            "-1e400",
            "-12",
            "-2",
            "-1.5",
            "-1",
            "-0.1",
            "0",
            "0.09",
            "0.1",
            "0.10000000000000000001",
            "1",
            "10",
            "1e400",
        ];
        for pair in order.windows(2) {
            assert!(of(pair[0]) < of(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn numbers_are_written_as_they_are() {
        for text in ["0", "-1", "100", "0.5", "-12.25", "0.001", "1e400", "15e-400"] {
            assert_eq!(of(&of(text).to_value().to_string()), of(text), "{text}");
        }
        for (text, floor) in [("1.5", 1), ("-1.5", -2), ("0.2", 0), ("-0.2", -1), ("3", 3), ("-30", -30)] {
            assert_eq!(of(text).floor(), Some(floor), "{text}");
        }
        for text in ["0", "1", "-1", "10", "1.5", "-100"] {
            let number = of(text);
            assert!(number.beside(true) < number && number < number.beside(false), "{text}");
        }
    }
}
