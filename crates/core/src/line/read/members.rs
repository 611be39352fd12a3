//! The parts of a checked text. In a text that the check would refuse, the iterators end early.

use super::{Container, Text, Value};

/// The members of a line or of an object.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    rest: &'a str,
}

impl<'a> Members<'a> {
    pub(super) fn of(object: &'a str) -> Members<'a> {
        Members { rest: inside(object, '{', '}') }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Text<'a>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, rest) = self.rest.split_at_checked(string_end(self.rest))?;
        let rest = rest.strip_prefix(':')?;
        let (value, rest) = split_value(rest.strip_prefix(' ').unwrap_or(rest))?;
        self.rest = after_comma(rest);
        Some((Text(name), value))
    }
}

/// The elements of an array.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    rest: &'a str,
}

impl<'a> Elements<'a> {
    pub(super) fn of(array: &'a str) -> Elements<'a> {
        Elements { rest: inside(array, '[', ']') }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (value, rest) = split_value(self.rest)?;
        self.rest = after_comma(rest);
        Some(value)
    }
}

fn inside(container: &str, start: char, end: char) -> &str {
    container.strip_prefix(start).and_then(|text| text.strip_suffix(end)).unwrap_or_default()
}

fn after_comma(rest: &str) -> &str {
    let rest = rest.strip_prefix(',').unwrap_or(rest);
    rest.strip_prefix(' ').unwrap_or(rest)
}

/// The value at the beginning of the text, and the rest of the text.
fn split_value(text: &str) -> Option<(Value<'_>, &str)> {
    let (json, rest) = text.split_at_checked(value_end(text))?;
    let value = match json.as_bytes().first()? {
        b'{' => Value::Object(Container(json)),
        b'[' => Value::Array(Container(json)),
        b'"' => Value::String(Text(json)),
        b't' => Value::Boolean(true),
        b'f' => Value::Boolean(false),
        b'n' => Value::Null,
        _ => Value::Number(json),
    };
    Some((value, rest))
}

/// The end of the value at the beginning of the text.
fn value_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'"') => string_end(text),
        Some(b'{' | b'[') => container_end(text),
        _ => bytes.iter().position(|byte| b",]}".contains(byte)).unwrap_or(bytes.len()),
    }
}

/// The end of the container at the beginning of the text.
fn container_end(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        match rest.as_bytes().first() {
            Some(b'"') => at += string_end(rest),
            Some(b'{' | b'[') => (depth, at) = (depth + 1, at + 1),
            Some(b'}' | b']') => {
                (depth, at) = (depth.saturating_sub(1), at + 1);
                if depth == 0 {
                    return at;
                }
            }
            // A line is ASCII outside of strings.
            _ => at += 1,
        }
    }
    text.len()
}

/// The end of the string at the beginning of the text: after its second quote.
pub(super) fn string_end(text: &str) -> usize {
    let mut is_escaped = true;
    let end = text.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 1)
}
