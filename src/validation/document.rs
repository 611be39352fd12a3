//! Validating a document within PostgreSQL's limits of stack, time and size, and describing the result.

use veritable_schema::{Bounds, Exceeded, Form, Limits, Problem, Shown, Validator, Value, Violation};

use super::settings;
use crate::pg::report::{Class, Error, Result, number};
use crate::pg::stack;

fn bounds(steps: u64) -> Bounds {
    let interrupted = || {
        // A cancelled statement ends here.
        stack::check_for_interrupts();
        false
    };
    Bounds { floor: stack::floor(), steps, interrupted }
}

/// The bounds for compiling a schema.
pub fn limits() -> Limits {
    Limits { bounds: bounds(settings::schema_work_limit()), patterns: settings::schema_pattern_limit() }
}

/// Refuses a document with more bytes than the limit.
pub fn check_size(document: &[u8]) -> Result<()> {
    let limit = settings::document_size_limit();
    if document.len() <= limit {
        return Ok(());
    }
    Err(Error::new(Class::Limit, "document is too large to be validated").detail(format!(
        "It has {} bytes; veritable.document_size_limit is {} kB.",
        document.len(),
        limit / 1024
    )))
}

/// The document of a JSON text, or the problem with the text.
pub fn parse(text: &str) -> Result<std::result::Result<Value, Problem>> {
    check_size(text.as_bytes())?;
    veritable_schema::parse_document(text, &bounds(u64::MAX)).map_err(|exceeded_bound| match exceeded_bound {
        Exceeded::Stack => exceeded(exceeded_bound),
        Exceeded::Steps | Exceeded::Interrupted => Error::new(Class::Limit, "document is too large to be validated")
            .detail("Parsed, it takes more than 256 MB."),
    })
}

/// Whether the document, of `size` bytes, matches the schema.
pub fn is_valid<F: Form>(validator: &Validator<F>, document: &F::Input, size: usize) -> Result<bool> {
    // Usual schemas take fewer than 100 steps for each byte. In some schemas, each reference doubles the time.
    let steps = 10_000_000 + 1000 * size as u64;
    validator.is_valid(document, &bounds(steps)).map_err(exceeded)
}

/// The errors of a document as a DETAIL: one line for each of the first errors.
pub fn detail<F: Form>(validator: &Validator<F>, document: &F::Input, shown: Shown) -> String {
    match validator.violations(document, &bounds(Bounds::LISTING), settings::errors_shown(), shown) {
        Ok(violations) => {
            let lines = violations.first.iter().map(|violation| (&violation.instance_location, &violation.message));
            listed(lines, violations.total)
        }
        Err(_) => "There is too much wrong with it to list.".to_string(),
    }
}

/// All violations of a document.
pub fn violations<F: Form>(validator: &Validator<F>, document: &F::Input, size: usize) -> Result<Vec<Violation>> {
    if is_valid(validator, document, size)? {
        return Ok(Vec::new());
    }
    // The list may take far longer, and more memory, than the first error: hence the bound.
    let violations = validator.violations(document, &bounds(Bounds::LISTING), usize::MAX, Shown::Values);
    Ok(violations.map_err(exceeded)?.first)
}

/// The sentences of all violations of a document, without those of the branches of unions.
pub fn messages<F: Form>(validator: &Validator<F>, document: &F::Input, size: usize) -> Result<Vec<String>> {
    if is_valid(validator, document, size)? {
        return Ok(Vec::new());
    }
    validator.messages(document, &bounds(Bounds::LISTING)).map_err(exceeded)
}

/// The problems of a schema as a DETAIL.
pub fn detail_of(problems: &[Problem]) -> String {
    let first = problems.iter().take(settings::errors_shown());
    listed(first.map(|problem| (&problem.location, &problem.message)), problems.len())
}

fn listed<'a>(lines: impl Iterator<Item = (&'a String, &'a String)>, total: usize) -> String {
    // The root's JSON Pointer is empty.
    let line = |(location, message): (&String, &String)| {
        if location.is_empty() { message.clone() } else { format!("{location}: {message}") }
    };
    let mut lines: Vec<_> = lines.map(line).collect();
    if total > lines.len() {
        lines.push(format!("and {}", number((total - lines.len()) as u64, "more error")));
    }
    lines.join("\n")
}

/// The text, cut to at most `length_max` bytes.
pub fn shortened(mut text: String, length_max: usize) -> String {
    if text.len() > length_max {
        let end = (0..=length_max).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    text
}

fn exceeded(exceeded: Exceeded) -> Error {
    match exceeded {
        Exceeded::Stack => Error::new(Class::Limit, "document is nested too deeply to be validated")
            .hint("Increase the configuration parameter \"max_stack_depth\"."),
        Exceeded::Steps | Exceeded::Interrupted => Error::new(Class::Limit, "document is too complex for this schema"),
    }
}
