//! The settings: what a schema and a document may be, and how much of an error is said.

use std::ffi::CStr;

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};
use veritable_schema::{Formats, Limits};

static DOCUMENT_SIZE_LIMIT: GucSetting<i32> = GucSetting::<i32>::new(64 * 1024);
static SCHEMA_SIZE_LIMIT: GucSetting<i32> = GucSetting::<i32>::new(256);
static SCHEMA_DEPTH_LIMIT: GucSetting<i32> = GucSetting::<i32>::new(64);
static SCHEMA_WORK_LIMIT: GucSetting<i32> = GucSetting::<i32>::new(Limits::STEPS as i32);
static SCHEMA_PATTERN_LIMIT: GucSetting<i32> = GucSetting::<i32>::new((Limits::PATTERNS / 1024) as i32);
static COMPARISON_SIZE_LIMIT: GucSetting<i32> = GucSetting::<i32>::new(32);
static ERRORS_SHOWN: GucSetting<i32> = GucSetting::<i32>::new(5);
static ASSERT_FORMATS: GucSetting<bool> = GucSetting::<bool>::new(true);

/// Defines them, when the library is loaded. What would let in what the registry keeps out is a superuser's to set.
pub fn define() {
    let size = |name: &'static CStr, short, long, setting, max| {
        GucRegistry::define_int_guc(name, short, long, setting, 1, max, GucContext::Suset, GucFlags::UNIT_KB);
    };
    let number = |name: &'static CStr, short, long, setting, max, context| {
        GucRegistry::define_int_guc(name, short, long, setting, 1, max, context, GucFlags::default());
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
    size(
        c"veritable.comparison_size_limit",
        c"Sets the largest event schemas that are compared.",
        c"As text. Whether larger ones are compatible is not decided.",
        &COMPARISON_SIZE_LIMIT,
        1024,
    );
    number(
        c"veritable.schema_depth_limit",
        c"Sets how deep a schema may be nested.",
        c"A deeper one is refused.",
        &SCHEMA_DEPTH_LIMIT,
        128,
        GucContext::Suset,
    );
    number(
        c"veritable.schema_work_limit",
        c"Sets how many steps compiling a schema may take.",
        c"A sub-schema takes some ten, each time that it is compiled. A schema that takes more is refused.",
        &SCHEMA_WORK_LIMIT,
        i32::MAX,
        GucContext::Suset,
    );
    size(
        c"veritable.schema_pattern_limit",
        c"Sets how much memory the patterns of a schema may take together.",
        c"Compiled. A schema whose patterns take more is refused.",
        &SCHEMA_PATTERN_LIMIT,
        1024 * 1024,
    );
    number(
        c"veritable.errors_shown",
        c"Sets how many errors of a document or schema a message lists.",
        c"schema_errors() and schema_problems() list them all.",
        &ERRORS_SHOWN,
        100,
        GucContext::Userset,
    );
    GucRegistry::define_bool_guc(
        c"veritable.assert_formats",
        c"Refuses values that do not have the format that an event schema gives.",
        c"Otherwise \"format\" is an annotation.",
        &ASSERT_FORMATS,
        GucContext::Suset,
        GucFlags::default(),
    );
}

/// The largest document, in bytes.
pub fn document_size_limit() -> usize {
    kilobytes(&DOCUMENT_SIZE_LIMIT)
}

/// The largest schema, in bytes of its text.
pub fn schema_size_limit() -> usize {
    kilobytes(&SCHEMA_SIZE_LIMIT)
}

/// How many steps compiling a schema may take.
pub fn schema_work_limit() -> u64 {
    SCHEMA_WORK_LIMIT.get() as u64
}

/// How many bytes the patterns of a schema may take together.
pub fn schema_pattern_limit() -> usize {
    kilobytes(&SCHEMA_PATTERN_LIMIT)
}

/// The largest schema that is compared with another, in bytes of its text.
pub fn comparison_size_limit() -> usize {
    kilobytes(&COMPARISON_SIZE_LIMIT)
}

/// How deep a schema may be nested.
pub fn schema_depth_limit() -> usize {
    SCHEMA_DEPTH_LIMIT.get() as usize
}

/// How many errors a message lists.
pub fn errors_shown() -> usize {
    ERRORS_SHOWN.get() as usize
}

/// What "format" means in an event schema.
pub fn formats() -> Formats {
    if ASSERT_FORMATS.get() { Formats::Asserted } else { Formats::Annotations }
}

fn kilobytes(setting: &GucSetting<i32>) -> usize {
    setting.get() as usize * 1024
}
