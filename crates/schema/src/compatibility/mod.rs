//! The compatibility of schema versions, decided by their meaning and not by their text.
//!
//! A verdict is `Compatible` only with a proof. The proof uses the validator's own canonical form, which cannot be
//! interrupted: a comparison that would take long is left undecided before it starts.

mod cost;
mod equality;
mod mode;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::canonical::{self, CanonicalSchema, CanonicalizationError, Containment, OperandMismatch};
use jsonschema::{PatternOptions, Registry};
use referencing::Draft;
use serde_json::{Map, json};

use crate::compile::Limits;
use crate::walk::{draft, identifiers, schemas, step};
use crate::{Formats, Value, keywords};
pub use mode::{Mode, UnknownMode};

/// A version of a schema, and the schemas that its references lead to, with their URIs.
#[derive(Debug, Clone, Copy)]
pub struct Version<'a> {
    /// The schema.
    pub schema: &'a Value,
    /// The targets of the schema's references.
    pub resources: &'a [(String, Value)],
}

/// The answer to whether every document that is valid under the old version is valid under the new version.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Every such document is valid under the new version.
    Compatible,
    /// At least one document becomes invalid.
    Incompatible {
        /// The schema of these documents, if it is small enough to show.
        lost: Option<Value>,
    },
    /// The answer is unknown.
    Undecided {
        /// The reason.
        reason: String,
    },
}

/// The maximum size of schemas, with references written out, for showing lost documents, and the maximum length of the answer.
const EXPLAINED: f64 = 2_000.0;
const EXPLANATION: usize = 8 << 10;

/// Decides whether every document that is valid under `old` is valid under `new`. All schemas have been admitted
/// ([`problems`](crate::problems)), and references to others have versions.
pub fn covers(new: &Version, old: &Version, formats: Formats, limits: &Limits) -> Verdict {
    if is_same(new, old) {
        return Verdict::Compatible;
    }
    compare(new, old, formats, limits).unwrap_or_else(|reason| Verdict::Undecided { reason })
}

fn is_same(new: &Version, old: &Version) -> bool {
    equality::is_same(new.schema, old.schema)
        && new.resources.len() == old.resources.len()
        && new.resources.iter().all(|resource| old.resources.contains(resource))
}

/// The verdict, or the reason why there is none.
fn compare(new: &Version, old: &Version, formats: Formats, limits: &Limits) -> Result<Verdict, String> {
    let resources = resources(new, old)?;
    for schema in [new.schema, old.schema].into_iter().chain(resources.iter().map(|(_, resource)| *resource)) {
        is_comparable(schema, formats)?;
    }
    have_own_identifiers(&[new.schema, old.schema], &resources)?;
    let (draft_new, draft_old) = (draft(new.schema), draft(old.schema));
    if draft_new != draft_old {
        let name = keywords::name;
        return Err(format!("the old schema is in {} and the new one in {}", name(draft_old), name(draft_new)));
    }
    let size = |version: &Version| cost::size(version.schema, version.resources, cost::levels_max(limits));
    let size = size(new)? + size(old)?;
    let all = [new.schema, old.schema].into_iter().chain(resources.iter().map(|(_, resource)| *resource));
    values::check(all, limits)?;

    let resources: Vec<_> = resources.into_iter().map(|(uri, resource)| (uri, readable(resource, formats))).collect();
    let registry = Registry::new()
        .extend(resources.iter().map(|(uri, resource)| (*uri, resource)))
        .and_then(referencing::RegistryBuilder::prepare)
        .map_err(|error| error.to_string())?;
    let canonical = |schema| canonical(schema, &registry, formats).map_err(|error| reason(&error));
    let (new, old) = (canonical(new.schema)?, canonical(old.schema)?);
    match new.covers(&old).map_err(|error| reason(&error))? {
        Containment::Yes => Ok(Verdict::Compatible),
        Containment::No => Ok(Verdict::Incompatible { lost: (size <= EXPLAINED).then(|| lost(&new, &old)).flatten() }),
        _ => Err("there is neither a proof nor a counterexample".to_owned()),
    }
}

/// The targets of the references of both versions.
fn resources<'a>(new: &Version<'a>, old: &Version<'a>) -> Result<Vec<(&'a str, &'a Value)>, String> {
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
fn have_own_identifiers(versions: &[&Value], resources: &[(&str, &Value)]) -> Result<(), String> {
    let own: BTreeSet<String> = versions.iter().flat_map(|schema| identifiers(schema)).collect();
    let mut all = resources.iter().flat_map(|(_, resource)| identifiers(resource)).chain(own).collect::<Vec<_>>();
    all.sort_unstable();
    match all.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("two schemas have the identifier {}", pair[0])),
        None => Ok(()),
    }
}

/// Whether comparisons read all of a schema in the same way as validators.
fn is_comparable(schema: &Value, formats: Formats) -> Result<(), String> {
    let schemas = schemas(schema);
    for schema in &schemas.all {
        let at = |keyword: &str| schemas.location(schema) + &step(keyword);
        if let Some(keyword) = ["$dynamicRef", "$recursiveRef"].into_iter().find(|it| schema.members.contains_key(*it))
        {
            return Err(format!("{keyword} at {} leads to different places in different documents", at(keyword)));
        }
        if is_later_format(schemas.draft, schema.members, "duration", formats) {
            return Err(format!(
                "format duration at {} cannot be compared in {}",
                at("format"),
                keywords::name(schemas.draft)
            ));
        }
    }
    Ok(())
}

/// Whether a schema has a format that validators know before the format's draft, and comparisons do not.
fn is_later_format(draft: Draft, members: &Map<String, Value>, format: &str, formats: Formats) -> bool {
    draft <= Draft::Draft7
        && formats == Formats::Asserted
        && members.get("format").is_some_and(|value| value.as_str() == Some(format))
}

/// A schema in the form for comparisons: format uuid as a pattern in drafts where comparisons do not know the format.
fn readable(schema: &Value, formats: Formats) -> Value {
    const UUID: &str = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$";
    let schemas = schemas(schema);
    let uuids = schemas.all.iter().filter(|it| is_later_format(schemas.draft, it.members, "uuid", formats));
    let mut readable = schema.clone();
    for location in uuids.map(|schema| schemas.location(schema)) {
        let Some(Value::Object(members)) = readable.pointer_mut(&location) else { continue };
        members.remove("format");
        if let Value::Array(all) = members.entry("allOf").or_insert(json!([])) {
            all.push(json!({ "pattern": UUID }));
        }
    }
    readable
}

fn canonical(schema: &Value, registry: &Registry, formats: Formats) -> Result<CanonicalSchema, CanonicalizationError> {
    let mut options =
        canonical::options().offline().with_registry(registry).with_pattern_options(PatternOptions::regex());
    options = match formats {
        Formats::Asserted => options.should_validate_formats(true),
        Formats::Annotations => options.should_validate_formats(false),
        Formats::AsDrafted => options,
    };
    options.canonicalize(&readable(schema, formats))
}

/// The schema of the documents that are valid only under the old schema.
fn lost(new: &CanonicalSchema, old: &CanonicalSchema) -> Option<Value> {
    let lost = old.subtract(new).ok()?.to_json_schema();
    (lost.to_string().len() <= EXPLANATION).then_some(lost)
}

/// The readable reason why there is no verdict.
fn reason(error: &CanonicalizationError) -> String {
    match error {
        CanonicalizationError::IncompatibleOperands(OperandMismatch::DocumentRoots) => {
            "the schemas refer to themselves as a whole (\"#\"), and only equal ones are compared then".to_owned()
        }
        CanonicalizationError::UnsupportedOperand => "one of the schemas has a form that cannot be compared".to_owned(),
        error => error.to_string(),
    }
}
