//! The formats and media types that this crate checks instead of the validator.

use std::sync::{Arc, LazyLock};

use jsonschema::json::Json;
use jsonschema::{Draft, Retrieve, ValidationOptions, Validator};
use serde_json::json;

use crate::Value;
use crate::bounds::{Exceeded, charge, stop};
use crate::compile::naming;

/// The maximum length of a string that is a regular expression, or a JSON text: parsed, it takes a hundred times the
/// memory, or twenty times.
const REGEX: usize = 1 << 16;
const JSON: usize = 1 << 20;

type Options<'a, J> = ValidationOptions<'a, Arc<dyn Retrieve>, J>;

static UUID: LazyLock<Validator> = LazyLock::new(|| of_2020("uuid"));
static DURATION: LazyLock<Validator> = LazyLock::new(|| of_2020("duration"));

fn of_2020(format: &str) -> Validator {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .build(&json!({ "format": format }))
        .expect("a format of the draft")
}

/// Bounds the cost of a format or a media type, in any draft.
pub(crate) fn bounded<J: Json>(options: Options<'_, J>) -> Options<'_, J> {
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
    options
        .with_format("uuid", |text: &str| text.len() == 36 && UUID.is_valid(&Value::from(text)))
        .with_format("duration", |text: &str| DURATION.is_valid(&Value::from(text)))
}
