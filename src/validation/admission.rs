//! The admission of schemas: size, depth, and the problems that `veritable_schema` finds.

use veritable_schema::{Problem, Refusal, Stored, Value, check_texts, references};

use super::refusal::{not_valid, refused};
use super::{compile, document, settings};
use crate::pg::report::{Class, Error, Result};

/// The problems that keep a schema from being registered.
pub fn problems(text: &str, strict: bool) -> Result<Vec<Problem>> {
    let schema = parse(text)?;
    let (formats, depth) = (settings::formats(), settings::schema_depth_limit());
    let problems = veritable_schema::problems(&schema, strict, formats, depth, &document::limits()).map_err(refused)?;
    if !problems.is_empty() || !references(&schema).is_empty() {
        return Ok(problems);
    }
    match compile::build::<Stored>(&schema, &[], None) {
        Ok(_) => Ok(Vec::new()),
        Err(Refusal::Problem(problem)) => Ok(vec![problem]),
        Err(refusal) => Err(refused(refusal)),
    }
}

/// Parses the text of a schema, and refuses a text that is too large or too deep.
pub fn parse(text: &str) -> Result<Value> {
    check_size(text)?;
    let schema = veritable_schema::parse(text).map_err(|problem| {
        if problem.message.starts_with("recursion limit") { too_deep() } else { not_valid(&[problem]) }
    })?;
    if veritable_schema::is_deeper(&schema, settings::schema_depth_limit()) {
        return Err(too_deep());
    }
    check_texts(&schema, &document::limits()).map_err(refused)?;
    Ok(schema)
}

fn too_deep() -> Error {
    let limit = settings::schema_depth_limit();
    Error::new(Class::Limit, "schema is nested too deeply")
        .detail(format!("It has more than {limit} levels, which is veritable.schema_depth_limit."))
}

/// Refuses a schema whose text is longer than the limit.
pub fn check_size(text: &str) -> Result<()> {
    let limit = settings::schema_size_limit();
    if text.len() <= limit {
        return Ok(());
    }
    Err(Error::new(Class::Limit, "schema is too large").detail(format!(
        "Its text has {} bytes; veritable.schema_size_limit is {} kB.",
        text.len(),
        limit / 1024
    )))
}
