//! References from one schema of the registry to another: `veritable:///name`, `veritable:///name/version`, and the URI that
//! the other schema gives itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use referencing::{Uri, uri::resolve_against};
use serde_json::Value;

use crate::admission::is_meta_schema;
use crate::walk::{draft, identifier, references_of, schemas, step};

/// The scheme of the registry's URIs, with the colon.
pub(crate) const SCHEME: &str = "veritable:";

/// The URI of a schema that is not registered: that of a version which no schema has. So its relative references and
/// identifiers resolve as they do once it is registered.
pub const UNREGISTERED: &str = "veritable:///a/0";

/// A reference to a schema of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The place of the reference in the schema, as a JSON Pointer.
    pub location: String,
    /// The registered name of the schema.
    pub name: String,
    /// The version; `None` for the newest version.
    pub version: Option<i64>,
}

/// The URI of a version of a schema: the name is one path segment, whatever its characters.
pub fn uri(name: &str, version: i64) -> String {
    let mut uri = format!("{SCHEME}///");
    for byte in name.bytes() {
        match byte {
            // The unreserved characters of RFC 3986, section 2.3: encoded or not, they mean the same.
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            _ => write!(uri, "%{byte:02X}").expect("a String takes all"),
        }
    }
    write!(uri, "/{version}").expect("a String takes all");
    uri
}

/// The references of a schema to other schemas of the registry.
pub fn references(schema: &Value) -> Vec<Reference> {
    located(schema).into_iter().map(|(reference, _)| reference).collect()
}

/// The URIs outside of a schema that it refers to, without their fragments; those of the registry and of meta-schemas are not
/// among them.
pub fn outside(schema: &Value) -> BTreeSet<String> {
    let schemas = schemas(schema);
    let all = schemas.all.iter().flat_map(|schema| {
        references_of(schemas.draft, schema.members).filter_map(|(_, reference)| {
            let uri = resolve_against(&schema.base.borrow(), reference).ok()?;
            Some(uri.strip_fragment().as_str().to_owned())
        })
    });
    all.filter(|uri| !schemas.resources.contains_key(uri) && is_identity(uri)).collect()
}

/// The absolute URI that a schema gives itself, without its fragment. References to the schema can lead by it.
pub fn identity(schema: &Value) -> Option<String> {
    let id = identifier(draft(schema), schema.as_object()?)?;
    // Not one that is relative to the place of a document.
    Uri::parse(id).ok()?;
    let uri = referencing::uri::from_str(id).ok()?;
    let uri = uri.strip_fragment().as_str().to_owned();
    is_identity(&uri).then_some(uri)
}

/// Whether a schema can give itself this URI for others. The library's own scheme is for schemas without a URI.
fn is_identity(uri: &str) -> bool {
    !uri.starts_with(SCHEME) && !uri.starts_with("json-schema:") && !is_meta_schema(uri)
}

/// Pins references without a version to the versions in `versions`.
pub fn with_versions(schema: &mut Value, versions: &BTreeMap<String, i64>) {
    for (reference, fragment) in located(schema) {
        let Some(version) = reference.version.or_else(|| versions.get(&reference.name).copied()) else { continue };
        if let Some(place) = schema.pointer_mut(&reference.location) {
            *place = Value::String(uri(&reference.name, version) + &fragment);
        }
    }
}

/// The references with their fragments, including the `#`.
fn located(schema: &Value) -> Vec<(Reference, String)> {
    let schemas = schemas(schema);
    let all = schemas.all.iter().flat_map(|schema| {
        references_of(schemas.draft, schema.members).filter_map(|(keyword, reference)| {
            let (name, version) = address(reference)?;
            let fragment = reference.find('#').map_or("", |start| &reference[start..]).to_owned();
            Some((Reference { location: schemas.location(schema) + &step(keyword), name, version }, fragment))
        })
    });
    all.collect()
}

/// The name and the version in a URI of the registry.
pub(crate) fn address(uri: &str) -> Option<(String, Option<i64>)> {
    let uri = Uri::parse(uri).ok()?;
    let empty = uri.authority().is_some_and(|authority| authority.as_str().is_empty());
    if !uri.scheme().as_str().eq_ignore_ascii_case("veritable") || !empty || uri.has_query() {
        return None;
    }
    let mut segments = uri.path().as_str().strip_prefix('/')?.split('/');
    let name = decoded(segments.next()?)?;
    let version = segments.next().map(version);
    match version {
        Some(None) => None,
        // In a path, these are steps up, and not names.
        _ if matches!(name.as_str(), "" | "." | "..") || segments.next().is_some() => None,
        _ => Some((name, version.flatten())),
    }
}

/// A version in its URI form: a number from 1 on, without leading zeros.
fn version(segment: &str) -> Option<i64> {
    segment.parse().ok().filter(|version: &i64| *version > 0 && version.to_string() == segment)
}

/// The text of a percent-encoded path segment.
fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => u8::from_str_radix(str::from_utf8(&[rest.next()?, rest.next()?]).ok()?, 16).ok()?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}
