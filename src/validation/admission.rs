//! The admission of schemas: size, depth, and the problems that `veritable_schema` finds.

use std::collections::BTreeSet;

use veritable_schema::{
    Findings, Problem, Refusal, Stored, Terms, UNREGISTERED, Value, check_texts, outside, references,
};

use super::refusal::{not_valid, refused};
use super::strictness::Strictness;
use super::{compile, document, registry, settings};
use crate::pg::report::{Class, Error, Result};

/// The problems that keep a schema from being registered, at this strictness at most.
pub fn problems(text: &str, strict: bool) -> Result<Vec<Problem>> {
    let strictness = if strict { Strictness::DEFAULT } else { Strictness::NONE };
    Ok(findings(text, &strictness)?.problems)
}

/// The findings of the admission of a schema.
pub fn findings(text: &str, strictness: &Strictness) -> Result<Findings> {
    let schema = parse(text)?;
    let outside = outside(&schema);
    let terms = Terms {
        strict: strictness.strict,
        annotations: &strictness.annotations,
        identifiers: &registered(&outside)?,
        formats: settings::formats(),
        depth: settings::schema_depth_limit(),
    };
    let mut found = veritable_schema::findings(&schema, &terms, &document::limits()).map_err(refused)?;
    if !found.problems.is_empty() || !references(&schema).is_empty() || !outside.is_empty() {
        return Ok(found);
    }
    match compile::build::<Stored>(&schema, &[], UNREGISTERED) {
        Ok(_) => {}
        Err(Refusal::Problem(problem)) => found.problems.push(problem),
        Err(refusal) => return Err(refused(refusal)),
    }
    Ok(found)
}

/// Those of the URIs that a schema in the registry gives itself.
fn registered(uris: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    if uris.is_empty() {
        return Ok(BTreeSet::new());
    }
    let all = registry::identities()?;
    Ok(uris.iter().filter(|uri| all.iter().any(|identified| identified.uri == **uri)).cloned().collect())
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
