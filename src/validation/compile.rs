//! From a stored schema to a compiled validator for documents.

use std::collections::BTreeMap;

use veritable_schema::{
    Form, Patterns, Problem, Reference, Refusal, Rules, Validator, Value, check_texts, references, shared_identifier,
    uri, with_versions,
};

use super::{document, refusal, registry, settings};
use crate::pg::report::{Class, Error, Result};

/// The maximum number of schemas that a schema refers to, directly or indirectly.
const RESOURCES_MAX: usize = 100;

/// The compiled form of a registered schema.
pub fn validator<F: Form>(
    name: &str,
    version: i64,
    mut schema: Value,
    resolved: &BTreeMap<String, i64>,
) -> Result<Validator<F>> {
    let resources = registered(name, version, &mut schema, resolved)?;
    let base = uri(name, version);
    build(&schema, &resources, Some(&base)).map_err(|refusal| match refusal {
        Refusal::Problem(_) => registry::damaged(name, version),
        // An older version of the extension, or another setting, has admitted the schema.
        excess => refusal::refused(excess),
    })
}

/// Calls [`complete`] for a registered schema, for which a missing reference is damage.
pub fn registered(
    name: &str,
    version: i64,
    schema: &mut Value,
    resolved: &BTreeMap<String, i64>,
) -> Result<Vec<(String, Value)>> {
    complete(schema, resolved).map_err(|error| match error.class() {
        Class::Limit => error,
        _ => registry::damaged(name, version),
    })
}

/// Compiles a schema and its resources by the rules of event schemas.
pub fn build<F: Form>(
    schema: &Value,
    resources: &[(String, Value)],
    base: Option<&str>,
) -> std::result::Result<Validator<F>, Refusal> {
    let all = resources.iter().map(|(_, resource)| resource).chain([schema]);
    if let Some(uri) = shared_identifier(all) {
        let message = format!("this schema and one that it refers to both have the identifier {uri}");
        return Err(Problem { location: String::new(), message }.into());
    }
    let rules = Rules { patterns: Patterns::Linear, formats: settings::formats(), resources, base };
    Validator::build(schema, &rules, &document::limits())
}

/// The present versions of a schema's references without a version.
pub fn resolve(references: &[Reference]) -> Result<BTreeMap<String, i64>> {
    let mut resolved = BTreeMap::new();
    for Reference { name, version, .. } in references {
        let found = registry::read(name, *version)?;
        match (version, found) {
            (None, Some(record)) if record.schema.is_some() => {
                resolved.insert(name.clone(), record.version);
            }
            (Some(_), Some(record)) if record.schema.is_some() => {}
            (None, Some(_)) => return Err(undefined(format!("event schema \"{name}\" is retired"))),
            (None, None) => return Err(undefined(format!("event schema \"{name}\" does not exist"))),
            (Some(version), _) => {
                return Err(undefined(format!("event schema \"{name}\" has no version {version}")));
            }
        }
    }
    Ok(resolved)
}

fn undefined(message: String) -> Error {
    Error::new(Class::UndefinedObject, message).detail("The schema refers to it.")
}

/// Puts versions into the references of a schema, and returns all schemas that they reach, by address.
pub fn complete(schema: &mut Value, resolved: &BTreeMap<String, i64>) -> Result<Vec<(String, Value)>> {
    check_texts(schema, &document::limits()).map_err(refusal::refused)?;
    with_versions(schema, resolved);
    let mut resources = BTreeMap::new();
    let mut waiting = references(schema);
    while let Some(Reference { name, version, .. }) = waiting.pop() {
        let Some(version) = version else { continue };
        let address = uri(&name, version);
        if resources.contains_key(&address) {
            continue;
        }
        if resources.len() == RESOURCES_MAX {
            return Err(Error::new(
                Class::Limit,
                format!("the schema leads to more than {RESOURCES_MAX} other event schemas"),
            ));
        }
        let record = registry::read(&name, Some(version))?;
        let Some((mut other, resolved)) = record.and_then(|record| Some((record.schema?, record.resolved))) else {
            return Err(undefined(format!("event schema \"{name}\" has no version {version}")));
        };
        check_texts(&other, &document::limits()).map_err(refusal::refused)?;
        with_versions(&mut other, &resolved);
        waiting.extend(references(&other));
        resources.insert(address, other);
    }
    Ok(resources.into_iter().collect())
}
