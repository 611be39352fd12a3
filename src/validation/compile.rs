//! From a stored schema to a compiled validator for documents.

use std::collections::BTreeMap;

use veritable_schema::{
    Form, Patterns, Problem, Reference, Refusal, Rules, Validator, Value, check_texts, outside, references,
    shared_identifier, uri, with_versions,
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
    build(&schema, &resources, &base).map_err(|refusal| match refusal {
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

/// Compiles a schema, whose URI is `base`, and its resources by the rules of event schemas.
pub fn build<F: Form>(
    schema: &Value,
    resources: &[(String, Value)],
    base: &str,
) -> std::result::Result<Validator<F>, Refusal> {
    let all = resources.iter().map(|(_, resource)| resource).chain([schema]);
    if let Some(uri) = shared_identifier(all) {
        let message = format!("this schema and one that it refers to both have the identifier {uri}");
        return Err(Problem { location: String::new(), message }.into());
    }
    // Strict admission has refused patterns that backtrack.
    let rules = Rules { patterns: Patterns::Backtracking, formats: settings::formats(), resources, base: Some(base) };
    Validator::build(schema, &rules, &document::limits())
}

/// The present versions to which a schema refers without a version: by a name, or by the URI that a schema gives itself.
pub fn resolve(schema: &Value) -> Result<BTreeMap<String, i64>> {
    let mut resolved = BTreeMap::new();
    for Reference { name, version, .. } in references(schema) {
        let found = registry::read(&name, version)?;
        match (version, found) {
            (None, Some(record)) if record.schema.is_some() => {
                resolved.insert(name, record.version);
            }
            (Some(_), Some(record)) if record.schema.is_some() => {}
            (None, Some(_)) => return Err(undefined(format!("event schema \"{name}\" is retired"))),
            (None, None) => return Err(undefined(format!("event schema \"{name}\" does not exist"))),
            (Some(version), _) => {
                return Err(undefined(format!("event schema \"{name}\" has no version {version}")));
            }
        }
    }
    let outside = outside(schema);
    let identities = if outside.is_empty() { Vec::new() } else { registry::identities()? };
    for uri in outside {
        let mut those = identities.iter().filter(|identified| identified.uri == uri);
        // The compiler names the place of a reference that leads nowhere.
        let Some(one) = those.next() else { continue };
        if let Some(other) = those.next() {
            let names = format!("\"{}\" and \"{}\"", one.name, other.name);
            return Err(Error::new(Class::Argument, "a reference leads to several event schemas")
                .detail(format!("The identifier \"{uri}\" is that of {names}."))
                .hint("Refer to one of them by veritable:///name."));
        }
        resolved.insert(one.name.clone(), one.version);
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
    // References by identifier are to versions in `resolved`; the compiler finds the schemas by their own identifiers.
    let pinned = |resolved: &BTreeMap<String, i64>| -> Vec<_> {
        resolved.iter().map(|(name, version)| (name.clone(), Some(*version))).collect()
    };
    let named = |schema: &Value| -> Vec<_> {
        references(schema).into_iter().map(|reference| (reference.name, reference.version)).collect()
    };
    let mut waiting = [pinned(resolved), named(schema)].concat();
    while let Some((name, version)) = waiting.pop() {
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
        waiting.extend(pinned(&resolved));
        waiting.extend(named(&other));
        resources.insert(address, other);
    }
    Ok(resources.into_iter().collect())
}
