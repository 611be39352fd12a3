//! The verdict of the library's canonical form, for what this crate neither proves nor refutes.
//!
//! The library cannot be interrupted: a comparison that would take long is refused before it starts.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::canonical::{self, CanonicalSchema, CanonicalizationError, Containment};
use jsonschema::{PatternOptions, Registry};
use referencing::Draft;
use serde_json::{Map, json};

use super::form::LONGEST;
use super::{Version, cost, values};
use crate::admission::is_meta_schema;
use crate::compile::{CACHE, Limits, respelled};
use crate::formats::strict;
use crate::walk::{draft, identifiers, schemas};
use crate::{Formats, Value};

/// The maximum size of schemas, with references written out, for showing lost documents, and the maximum length of the answer.
const EXPLAINED: f64 = 2_000.0;
const EXPLANATION: usize = 8 << 10;

/// What the library does not always understand: references that lead to different places in different documents, and what
/// a condition of `if` evaluates, some of which it forgets.
const NOT_READ: [&str; 4] = ["$dynamicRef", "$recursiveRef", "unevaluatedItems", "unevaluatedProperties"];

/// The bounds of lengths.
const LENGTHS: [&str; 2] = ["minLength", "maxLength"];

/// What the library says.
pub(super) enum Answer {
    /// Every document of the old version is valid under the new version.
    Covered,
    /// Not every document is; the schema of those that are not, if it is small enough to show.
    Lost(Option<Value>),
}

/// The answer, if there is one. Why there is none says nothing of the versions, but of what the library knows.
pub(super) fn compare(new: &Version, old: &Version, formats: Formats, limits: &Limits) -> Option<Answer> {
    compare_up_to(f64::INFINITY, new, old, formats, limits)
}

/// The schema of the documents that are valid only under the old version, if the versions and the schema are small.
pub(super) fn lost(new: &Version, old: &Version, formats: Formats, limits: &Limits) -> Option<Value> {
    match compare_up_to(EXPLAINED, new, old, formats, limits) {
        Some(Answer::Lost(lost)) => lost,
        _ => None,
    }
}

fn compare_up_to(size_max: f64, new: &Version, old: &Version, formats: Formats, limits: &Limits) -> Option<Answer> {
    let resources = resources(new, old).ok()?;
    let mut all = [new.schema, old.schema].into_iter().chain(resources.iter().map(|(_, resource)| *resource));
    if !all.all(|schema| is_comparable(schema, formats)) {
        return None;
    }
    have_own_identifiers(&[new.schema, old.schema], &resources).ok()?;
    // The library reads all in one draft.
    let one = draft(new.schema);
    let is_other = |schema: &Value| schema.is_object() && draft(schema) != one;
    if draft(old.schema) != one || resources.iter().any(|(_, resource)| is_other(resource)) {
        return None;
    }
    let size = |version: &Version| cost::size(version.schema, version.resources, cost::levels_max(limits)).ok();
    let size = size(new)? + size(old)?;
    if size > size_max {
        return None;
    }
    let all = [new.schema, old.schema].into_iter().chain(resources.iter().map(|(_, resource)| *resource));
    values::check(all, limits).ok()?;

    let resources: Vec<_> = resources.into_iter().map(|(uri, resource)| (uri, readable(resource, formats))).collect();
    let registry = Registry::new()
        .extend(resources.iter().map(|(uri, resource)| (*uri, resource)))
        .and_then(referencing::RegistryBuilder::prepare)
        .ok()?;
    let canonical = |schema| canonical(schema, &registry, formats).ok();
    let (new, old) = (canonical(new.schema)?, canonical(old.schema)?);
    match new.covers(&old).ok()? {
        Containment::Yes => Some(Answer::Covered),
        Containment::No => Some(Answer::Lost((size <= EXPLAINED).then(|| difference(&new, &old)).flatten())),
        _ => None,
    }
}

/// The targets of the references of both versions.
pub(super) fn resources<'a>(new: &Version<'a>, old: &Version<'a>) -> Result<Vec<(&'a str, &'a Value)>, String> {
    // The validator may take the meta-schema that it brings along instead.
    let all = [new, old].into_iter().flat_map(|it| it.resources.iter().map(|(_, it)| it).chain([it.schema]));
    if let Some(uri) = all.flat_map(identifiers).find(|uri| is_meta_schema(uri.trim_end_matches('#'))) {
        return Err(format!("a schema has the identifier of a meta-schema, {uri}"));
    }
    let mut resources: BTreeMap<&str, &Value> = BTreeMap::new();
    for (uri, resource) in new.resources.iter().chain(old.resources) {
        if *resources.entry(uri).or_insert(resource) != resource {
            return Err(format!("{uri} is not the same schema to both"));
        }
    }
    Ok(resources.into_iter().collect())
}

/// Whether every identifier stands for one schema: a reference to an ambiguous one would lead to either. Both versions
/// may have the same identifiers, because the library reads one version at a time.
pub(super) fn have_own_identifiers(versions: &[&Value], resources: &[(&str, &Value)]) -> Result<(), String> {
    let own: BTreeSet<String> = versions.iter().flat_map(|schema| identifiers(schema)).collect();
    let mut all = resources.iter().flat_map(|(_, resource)| identifiers(resource)).chain(own).collect::<Vec<_>>();
    all.sort_unstable();
    match all.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("two schemas have the identifier {}", pair[0])),
        None => Ok(()),
    }
}

/// Whether comparisons read all of a schema in the same way as validators.
fn is_comparable(schema: &Value, formats: Formats) -> bool {
    let schemas = schemas(schema);
    let is_long = |length: &Value| length.as_f64().is_some_and(|length| length > LONGEST as f64);
    !schemas.is_base_unclear()
        && schemas.all.iter().all(|schema| {
            !NOT_READ.iter().any(|keyword| schema.members.contains_key(*keyword))
                && !LENGTHS.iter().filter_map(|keyword| schema.members.get(*keyword)).any(is_long)
                && !is_later_format(schemas.draft, schema.members, "duration", formats)
        })
}

/// Whether a schema has a format that validators know before the format's draft, and comparisons do not.
fn is_later_format(draft: Draft, members: &Map<String, Value>, format: &str, formats: Formats) -> bool {
    draft <= Draft::Draft7
        && formats == Formats::Asserted
        && members.get("format").is_some_and(|value| value.as_str() == Some(format))
}

/// A schema in the form for comparisons: with a pattern beside each format that validators check more strictly, and in the place
/// of format uuid in drafts where comparisons do not know it.
fn readable(schema: &Value, formats: Formats) -> Value {
    const UUID: &str = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$";
    let schemas = schemas(schema);
    let asserted = match formats {
        Formats::Asserted => true,
        Formats::Annotations => false,
        Formats::AsDrafted => schemas.draft <= Draft::Draft7,
    };
    let mut readable = respelled(schema).into_owned();
    for schema in &schemas.all {
        let is_uuid = is_later_format(schemas.draft, schema.members, "uuid", formats);
        let format = schema.members.get("format").and_then(Value::as_str).filter(|_| asserted);
        let Some(pattern) = format.and_then(|format| if is_uuid { Some(UUID) } else { strict(format) }) else {
            continue;
        };
        let Some(Value::Object(members)) = readable.pointer_mut(&schemas.location(schema)) else { continue };
        if is_uuid {
            members.remove("format");
        }
        if let Value::Array(all) = members.entry("allOf").or_insert(json!([])) {
            all.push(json!({ "pattern": pattern }));
        }
    }
    readable
}

fn canonical(schema: &Value, registry: &Registry, formats: Formats) -> Result<CanonicalSchema, CanonicalizationError> {
    let mut options = canonical::options()
        .offline()
        .with_registry(registry)
        .with_pattern_options(PatternOptions::regex().dfa_size_limit(CACHE));
    options = match formats {
        Formats::Asserted => options.should_validate_formats(true),
        Formats::Annotations => options.should_validate_formats(false),
        Formats::AsDrafted => options,
    };
    options.canonicalize(&readable(schema, formats))
}

/// The schema of the documents that are valid only under the old schema.
fn difference(new: &CanonicalSchema, old: &CanonicalSchema) -> Option<Value> {
    let lost = old.subtract(new).ok()?.to_json_schema();
    (lost.to_string().len() <= EXPLANATION).then_some(lost)
}
