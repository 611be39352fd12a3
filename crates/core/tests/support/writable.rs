//! What a writer could have written, told naively: each value that was read is put together again, and compared with its text.

use veritable_core::line::read::{Elements, Members};
use veritable_core::line::{Read, Value};

/// Whether the line, put together from what was read of it, is its text again.
pub fn is_line(line: &Read) -> bool {
    let names: Vec<_> = line.members().map(|(name, _)| name.decoded().into_owned()).collect();
    names.is_sorted_by(|before, name| before.as_bytes() < name.as_bytes())
        && line.members().all(|(_, value)| is_writable(value))
        && line.as_str() == plain_object(line.members())
}

/// Whether a writer writes this value, be it a jsonb or not.
fn is_writable(value: Value) -> bool {
    let json = value.json();
    jsonb(value).is_some_and(|text| text == json) || plain(value).is_some_and(|text| text == json)
}

/// The value as the text of a jsonb, if it can be one.
fn jsonb(value: Value) -> Option<String> {
    match value {
        Value::Number(text) if text.contains(['e', 'E']) => None,
        Value::Array(array) => {
            let elements = array.elements().map(jsonb).collect::<Option<Vec<_>>>()?;
            Some(format!("[{}]", elements.join(", ")))
        }
        Value::Object(object) => {
            let names: Vec<_> = object.members().map(|(name, _)| name.decoded().into_owned()).collect();
            let is_before = |a: &String, b: &String| (a.len(), a.as_bytes()) < (b.len(), b.as_bytes());
            if !names.is_sorted_by(is_before) {
                return None;
            }
            let member = |(name, value)| Some(format!("{}: {}", string(name), jsonb(value)?));
            let members = names.iter().zip(object.members()).map(|(name, (_, value))| (name.as_str(), value));
            Some(format!("{{{}}}", members.map(member).collect::<Option<Vec<_>>>()?.join(", ")))
        }
        scalar => plain(scalar),
    }
}

/// The value without the spaces of a jsonb, if it can be written so. What is in it may be a jsonb.
fn plain(value: Value) -> Option<String> {
    match value {
        Value::Null => Some("null".into()),
        Value::Boolean(value) => Some(value.to_string()),
        Value::Number(text) => is_number(text).then(|| text.to_string()),
        Value::String(text) => Some(string(&text.decoded())),
        Value::Array(array) => array.elements().all(is_writable).then(|| format!("[{}]", joined(array.elements()))),
        Value::Object(object) => {
            let mut names: Vec<_> = object.members().map(|(name, _)| name.decoded()).collect();
            names.sort();
            let are_distinct = names.windows(2).all(|pair| pair[0] != pair[1]);
            (are_distinct && object.members().all(|(_, value)| is_writable(value)))
                .then(|| plain_object(object.members()))
        }
    }
}

fn joined(elements: Elements) -> String {
    elements.map(|value| value.json().to_string()).collect::<Vec<_>>().join(",")
}

fn plain_object(members: Members) -> String {
    let members: Vec<_> =
        members.map(|(name, value)| format!("{}:{}", string(&name.decoded()), value.json())).collect();
    format!("{{{}}}", members.join(","))
}

/// The grammar of a number, RFC 8259 section 6.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && digits(fraction)
        && digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
}

/// The escapes as PostgreSQL documents them, a character at a time.
fn string(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '\x08' => "\\b".into(),
        '\x0c' => "\\f".into(),
        '\n' => "\\n".into(),
        '\r' => "\\r".into(),
        '\t' => "\\t".into(),
        '"' => "\\\"".into(),
        '\\' => "\\\\".into(),
        c if c < ' ' => format!("\\u{:04x}", c as u32),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
