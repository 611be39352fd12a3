//! The place and the sentence of a problem that the compiler finds.

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{Registry, ValidationError};
use referencing::{Uri, uri::resolve_against};
use serde_json::Value;

use crate::Problem;
use crate::admission::{is_meta_schema, quoted, syntax_of};
use crate::walk::{Schema, Schemas, references_of, schemas, step};

/// The problem of a schema that does not compile with the schemas in `registry`.
pub(crate) fn problem(schema: &Value, registry: &Registry<'_>, error: &ValidationError<'_>) -> Problem {
    let location = error.instance_path().to_string();
    let found = match error.kind() {
        Kind::Referencing(_) => unresolved(schema, registry),
        // The place of this error is that of the pattern.
        Kind::Format { format } if format == "regex" => error.instance().as_str().map(|pattern| Problem {
            location: error.schema_path().to_string(),
            message: format!("pattern {} {}", quoted(pattern), syntax_of(pattern)),
        }),
        _ => None,
    };
    found.unwrap_or_else(|| Problem { location, message: error.to_string() })
}

/// The problem of a schema that the library does not expect, and panics at.
pub(crate) fn uncompilable() -> Problem {
    Problem { location: String::new(), message: "the schema cannot be compiled".to_owned() }
}

/// The first reference that leads nowhere.
pub(crate) fn unresolved(schema: &Value, registry: &Registry<'_>) -> Option<Problem> {
    let schemas = schemas(schema);
    schemas.all.iter().find_map(|schema| {
        references_of(schemas.draft, schema.members).find_map(|(keyword, reference)| {
            let message = why(&schemas, schema, reference, registry)?;
            Some(Problem { location: schemas.location(schema) + &step(keyword), message })
        })
    })
}

/// The reason why a reference leads nowhere.
fn why(schemas: &Schemas, schema: &Schema, reference: &str, registry: &Registry<'_>) -> Option<String> {
    let Ok(uri) = resolve_against(&schema.base.borrow(), reference) else {
        return Some(format!("{} is not a URI reference", quoted(reference)));
    };
    let resource = Uri::from(uri.strip_fragment());
    if schemas.resources.contains_key(resource.as_str()) {
        let leads = schemas.target(&schema.base, reference).is_some();
        return (!leads).then(|| format!("{} leads to no place in this schema", quoted(reference)));
    }
    if !registry.contains_resource(resource.as_str()) && !is_meta_schema(resource.as_str()) {
        return Some(format!("{} leads outside of this schema, and nothing is fetched", quoted(reference)));
    }
    let fragment = uri.fragment().map_or("", |fragment| fragment.as_str());
    let leads = registry.resolver(resource).lookup(&format!("#{fragment}")).is_ok();
    (!leads).then(|| format!("{} leads to no place in the schema that it refers to", quoted(reference)))
}
