//! The settings: limits for schemas and documents, and the detail of error messages.

use std::ffi::CStr;

use veritable_schema::{COMPARISON, Formats, Limits};

use crate::pg::guc::{Description, Number, SetBy, Switch, Unit};

static DOCUMENT_SIZE_LIMIT: Number = Number::new(64 * 1024);
static SCHEMA_SIZE_LIMIT: Number = Number::new(256);
static SCHEMA_DEPTH_LIMIT: Number = Number::new(64);
static SCHEMA_WORK_LIMIT: Number = Number::new(Limits::STEPS as i32);
static SCHEMA_PATTERN_LIMIT: Number = Number::new((Limits::PATTERNS / 1024) as i32);
static COMPARISON_WORK_LIMIT: Number = Number::new(COMPARISON as i32);
static SCHEMA_CACHE_SIZE: Number = Number::new(32 * 1024);
static ERRORS_SHOWN: Number = Number::new(5);
static ASSERT_FORMATS: Switch = Switch::new(true);

/// Defines the settings when the library is loaded. Only a superuser sets those that could admit what the registry refuses.
pub fn define() {
    let size = |name: &'static CStr, short, long, setting: &'static Number, max| {
        setting.define(Description { name, short, long }, max, Unit::Kilobytes, SetBy::Superuser);
    };
    let number = |name: &'static CStr, short, long, setting: &'static Number, max, by| {
        setting.define(Description { name, short, long }, max, Unit::None, by);
    };
    size(
        c"veritable.document_size_limit",
        c"Sets the largest document that is validated.",
        c"As stored, uncompressed. A larger one is refused.",
        &DOCUMENT_SIZE_LIMIT,
        1024 * 1024,
    );
    size(
        c"veritable.schema_size_limit",
        c"Sets the largest event schema that is registered.",
        c"As text. A larger one is refused.",
        &SCHEMA_SIZE_LIMIT,
        16 * 1024,
    );
    number(
        c"veritable.comparison_work_limit",
        c"Sets how many steps a comparison of two event schemas may take.",
        c"What takes more is left undecided.",
        &COMPARISON_WORK_LIMIT,
        i32::MAX,
        SetBy::Superuser,
    );
    number(
        c"veritable.schema_depth_limit",
        c"Sets how deep a schema may be nested.",
        c"A deeper one is refused.",
        &SCHEMA_DEPTH_LIMIT,
        128,
        SetBy::Superuser,
    );
    number(
        c"veritable.schema_work_limit",
        c"Sets how many steps compiling a schema may take.",
        c"A sub-schema takes some ten, each time that it is compiled. A schema that takes more is refused.",
        &SCHEMA_WORK_LIMIT,
        i32::MAX,
        SetBy::Superuser,
    );
    size(
        c"veritable.schema_pattern_limit",
        c"Sets how much memory the patterns of a schema may take together.",
        c"Compiled. A schema whose patterns take more is refused.",
        &SCHEMA_PATTERN_LIMIT,
        1024 * 1024,
    );
    // Each session may take as much, and not of what work_mem counts: so no plain role decides it.
    size(
        c"veritable.schema_cache_size",
        c"Sets how much memory a session keeps compiled schemas in.",
        c"For the registry, for schema_errors() and for each of json_matches_schema() and jsonb_matches_schema(). Schemas that are not kept are compiled again at each use.",
        &SCHEMA_CACHE_SIZE,
        16 * 1024 * 1024,
    );
    number(
        c"veritable.errors_shown",
        c"Sets how many errors of a document or schema a message lists.",
        c"schema_errors() and schema_problems() list them all.",
        &ERRORS_SHOWN,
        100,
        SetBy::Anybody,
    );
    let description = Description {
        name: c"veritable.assert_formats",
        short: c"Refuses values that do not have the format that an event schema gives.",
        long: c"Otherwise \"format\" is an annotation.",
    };
    ASSERT_FORMATS.define(description, SetBy::Superuser);
}

/// The maximum size of a document, in bytes.
pub fn document_size_limit() -> usize {
    kilobytes(&DOCUMENT_SIZE_LIMIT)
}

/// The maximum size of a schema's text, in bytes.
pub fn schema_size_limit() -> usize {
    kilobytes(&SCHEMA_SIZE_LIMIT)
}

/// The maximum number of steps for compiling a schema.
pub fn schema_work_limit() -> u64 {
    SCHEMA_WORK_LIMIT.get() as u64
}

/// The maximum size of all patterns of a schema together, in bytes.
pub fn schema_pattern_limit() -> usize {
    kilobytes(&SCHEMA_PATTERN_LIMIT)
}

/// The maximum number of steps for comparing two schemas in one direction.
pub fn comparison_work_limit() -> u64 {
    COMPARISON_WORK_LIMIT.get() as u64
}

/// The maximum size of the compiled schemas that each cache keeps, in bytes.
pub fn schema_cache_size() -> usize {
    kilobytes(&SCHEMA_CACHE_SIZE)
}

/// The maximum nesting depth of a schema.
pub fn schema_depth_limit() -> usize {
    SCHEMA_DEPTH_LIMIT.get() as usize
}

/// The maximum number of errors in a message.
pub fn errors_shown() -> usize {
    ERRORS_SHOWN.get() as usize
}

/// The meaning of "format" in an event schema.
pub fn formats() -> Formats {
    if ASSERT_FORMATS.get() { Formats::Asserted } else { Formats::Annotations }
}

fn kilobytes(setting: &Number) -> usize {
    setting.get() as usize * 1024
}
