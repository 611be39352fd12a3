//! The formats and media types that this crate checks instead of the validator.

use std::sync::{Arc, LazyLock};

use jsonschema::json::Json;
use jsonschema::{Draft, Retrieve, ValidationOptions, Validator};
use regex::Regex;
use serde_json::json;

use crate::Value;
use crate::bounds::{Exceeded, charge, stop};
use crate::compile::naming;

/// The maximum length of a string that is a regular expression, or a JSON text: parsed, it takes a hundred times the
/// memory, or twenty times.
const REGEX: usize = 1 << 16;
const JSON: usize = 1 << 20;

type Options<'a, J> = ValidationOptions<'a, Arc<dyn Retrieve>, J>;

/// What a text of a format looks like, where the library lets more pass. It takes the characters from `*` to `/` for digits of
/// dates and times, and a name before an address in angle brackets for a part of the address.
const STRICT: [(&str, &str); 4] = [
    ("date", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    ("date-time", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"),
    ("email", r"[0-9A-Za-z\]]$"),
    ("time", r"^[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"),
];

/// The pattern of each strict format, and the library's format.
static STRICTLY: LazyLock<Vec<(Regex, Validator)>> = LazyLock::new(|| {
    STRICT.iter().map(|(format, pattern)| (Regex::new(pattern).expect("a pattern"), of_2020(format))).collect()
});
static UUID: LazyLock<Validator> = LazyLock::new(|| of_2020("uuid"));
static DURATION: LazyLock<Validator> = LazyLock::new(|| of_2020("duration"));

fn of_2020(format: &str) -> Validator {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .build(&json!({ "format": format }))
        .expect("a format of the draft")
}

/// The pattern that a text matches if it is of the format, beside what the library asks of it.
pub(crate) fn strict(format: &str) -> Option<&'static str> {
    STRICT.iter().find(|(name, _)| *name == format).map(|&(_, pattern)| pattern)
}

fn is_strictly(index: usize, text: &str) -> bool {
    let (pattern, library) = &STRICTLY[index];
    pattern.is_match(text) && library.is_valid(&Value::from(text))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && UUID.is_valid(&Value::from(text))
}

/// Whether the text is of the format, for those that are the same in every draft and checked here.
pub(crate) fn is_of(format: &str, text: &str) -> Option<bool> {
    if format == "uuid" {
        return Some(is_uuid(text));
    }
    STRICT.iter().position(|(name, _)| *name == format).map(|index| is_strictly(index, text))
}

/// Bounds the cost of a format or a media type, in any draft, and checks strictly what the library does not.
pub(crate) fn bounded<J: Json>(mut options: Options<'_, J>) -> Options<'_, J> {
    for (index, (format, _)) in STRICT.iter().enumerate() {
        options = options.with_format(*format, move |text: &str| is_strictly(index, text));
    }
    options
        .with_format("regex", |text: &str| {
            charge(naming(text));
            jsonschema_regex::is_valid_ecma_regex(at_most(REGEX, text))
        })
        .with_content_media_type("application/json", |text| serde_json::from_str::<Value>(at_most(JSON, text)).is_ok())
}

fn at_most(length: usize, text: &str) -> &str {
    if text.len() > length {
        stop(Exceeded::Steps);
    }
    text
}

/// Adds the formats that are newer than draft 7, but that schemas of draft 7 contain all the same.
pub(crate) fn of_later_drafts<J: Json>(options: Options<'_, J>) -> Options<'_, J> {
    options.with_format("uuid", is_uuid).with_format("duration", |text: &str| DURATION.is_valid(&Value::from(text)))
}
