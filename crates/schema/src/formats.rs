//! The formats and media types that this crate checks instead of the validator, or beside it.

use std::sync::{Arc, LazyLock};

use jsonschema::json::Json;
use jsonschema::{Draft, Retrieve, ValidationOptions, Validator};
use serde_json::json;

use crate::Value;
use crate::bounds::{Exceeded, stop};

/// The maximum length of a string that is a regular expression, or a JSON text: parsed, it takes a hundred times the
/// memory, or twenty times.
const REGEX: usize = 1 << 16;
const JSON: usize = 1 << 20;

type Options<'a, J> = ValidationOptions<'a, Arc<dyn Retrieve>, J>;

static DATE: LazyLock<Validator> = LazyLock::new(|| of_2020("date"));
static TIME: LazyLock<Validator> = LazyLock::new(|| of_2020("time"));
static UUID: LazyLock<Validator> = LazyLock::new(|| of_2020("uuid"));
static DURATION: LazyLock<Validator> = LazyLock::new(|| of_2020("duration"));

fn of_2020(format: &str) -> Validator {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .build(&json!({ "format": format }))
        .expect("a format of the draft")
}

/// Bounds the cost of a format or a media type, and mends dates and times, in any draft.
pub(crate) fn bounded<J: Json>(options: Options<'_, J>) -> Options<'_, J> {
    options
        .with_format("date", is_date)
        .with_format("time", is_time)
        .with_format("date-time", is_date_time)
        .with_format("regex", |text: &str| jsonschema_regex::is_valid_ecma_regex(at_most(REGEX, text)))
        .with_content_media_type("application/json", |text| serde_json::from_str::<Value>(at_most(JSON, text)).is_ok())
}

/// Whether the text is of the format, for those that are checked here whole.
pub(crate) fn is_of(format: &str, text: &str) -> Option<bool> {
    match format {
        "date" => Some(is_date(text)),
        "time" => Some(is_time(text)),
        "date-time" => Some(is_date_time(text)),
        "uuid" => Some(is_uuid(text)),
        _ => None,
    }
}

// The library takes the six characters before `0`, which are `*+,-./`, for digits of dates and times: as 10 to 15.

fn is_date(text: &str) -> bool {
    has_digits(text, &[0, 1, 2, 3, 5, 6, 8, 9]) && DATE.is_valid(&Value::from(text))
}

fn is_time(text: &str) -> bool {
    let length = text.len();
    // Those of the offset, from the end.
    let is_offset = !text.ends_with(['Z', 'z']);
    length >= 9
        && has_digits(text, &[0, 1, 3, 4, 6, 7])
        && (!is_offset || has_digits(text, &[length - 5, length - 4, length - 2, length - 1]))
        && TIME.is_valid(&Value::from(text))
}

fn is_date_time(text: &str) -> bool {
    text.split_once(['T', 't']).is_some_and(|(date, time)| is_date(date) && is_time(time))
}

fn has_digits(text: &str, places: &[usize]) -> bool {
    places.iter().all(|&place| text.as_bytes().get(place).is_some_and(u8::is_ascii_digit))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && UUID.is_valid(&Value::from(text))
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
