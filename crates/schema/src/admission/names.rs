//! Names of schemas, and references to them.

use referencing::{UriRef, uri::resolve_against};
use serde_json::Value;

use super::{Admission, draft_of, is_meta_schema, quoted};
use crate::Problem;
use crate::reference::{SCHEME, address};
use crate::walk::{Schema, identifier};

impl Admission<'_, '_> {
    pub(super) fn reference(&self, schema: &Schema, keyword: &str, reference: &str) -> Option<String> {
        if keyword == "$recursiveRef" && !matches!(reference, "" | "#") {
            return Some("\"$recursiveRef\" must be \"#\"".to_owned());
        }
        if reference.starts_with(SCHEME) {
            return address(reference)
                .is_none()
                .then(|| format!("{} is neither veritable:///name nor veritable:///name/version", quoted(reference)));
        }
        let Ok(uri) = resolve_against(&schema.base.borrow(), reference) else {
            return Some(format!("{} is not a URI reference", quoted(reference)));
        };
        let resource = uri.strip_fragment();
        if !self.schemas.resources.contains_key(resource.as_str()) {
            if is_meta_schema(resource.as_str()) {
                return (draft_of(resource.as_str()) != self.schemas.draft).then(|| {
                    format!("{} is the meta-schema of another draft, which is not known here", quoted(reference))
                });
            }
            let elsewhere = self.terms.identifiers.contains(resource.as_str());
            return (!elsewhere).then(|| outside(reference));
        }
        let Some(target) = self.schemas.target(&schema.base, reference) else {
            return Some(format!("{} leads to no place in this schema", quoted(reference)));
        };
        let name = target.get("$dynamicAnchor").and_then(Value::as_str)?;
        // The validator looks for the name from outside, as "$dynamicRef" does.
        let is_unclear = keyword == "$ref" && uri.fragment().is_some_and(|fragment| fragment.as_str() == name);
        (is_unclear && self.schemas.dynamic_anchors(name) > 1)
            .then(|| format!("several places are named {}: use \"$dynamicRef\", or an \"$anchor\"", quoted(name)))
    }

    /// The problems of what is at one place and means two things.
    pub(super) fn ambiguous(&self) -> Vec<Problem> {
        let at = |position: usize, message| Problem {
            location: self.schemas.location(&self.schemas.all[position]),
            message,
        };
        let is_value = "is a value, and a reference leads to it as to a schema".to_owned();
        let mut problems: Vec<_> = self.schemas.values().into_iter().map(|it| at(it, is_value.clone())).collect();
        // Two equal identifiers are told where they are.
        let twice = self.schemas.twice.as_ref().and_then(|(it, uri)| Some((*it, uri.rsplit_once('#')?.1)));
        problems.extend(twice.map(|(it, name)| at(it, format!("another place is named {} as well", quoted(name)))));
        problems
    }

    pub(super) fn identifier(&mut self, schema: &Schema, id: &str) -> Option<String> {
        if UriRef::parse(id).is_err() {
            return Some(format!("{} is not a URI reference", quoted(id)));
        }
        identifier(self.schemas.draft, schema.members)?;
        if !self.schemas.is_declared(self.at.0) {
            self.found.strictly |= self.terms.strict;
            return self.terms.strict.then(|| "has no effect: no keyword declares a schema here".to_owned());
        }
        if id.split_once('#').is_some_and(|(_, fragment)| !fragment.is_empty()) {
            return Some("has a fragment: use \"$anchor\"".to_owned());
        }
        let id = schema.base.as_str();
        if is_meta_schema(id) {
            return Some("is the URI of a meta-schema".to_owned());
        }
        if address(id).is_some() {
            return Some("is the URI of a schema in the registry, which is not for a schema to say".to_owned());
        }
        let &(position, _) = self.schemas.resources.get(id)?;
        (!std::ptr::eq(self.schemas.all[position].members, schema.members))
            .then(|| "is the URI of another schema in here, too".to_owned())
    }
}

/// The problem of a reference that leads nowhere.
fn outside(reference: &str) -> String {
    let reference = quoted(reference);
    format!("{reference} is neither in this schema nor in the registry (veritable:///name, or the \"$id\" of a schema)")
}
