//! The documents of a version, and where references lead in them.

use std::collections::HashMap;

use referencing::uri::resolve_against;
use referencing::{Draft, meta};
use serde_json::{Map, Value};

use super::{FALSE, Id, TRUE};
use crate::bounds::charge;
use crate::reference::{SCHEME, address, uri};
use crate::walk::{Schema, Schemas, references_of, step};

/// One version while it is read: its documents, with their nodes.
pub(super) struct Documents<'s> {
    pub(super) all: Vec<(Option<&'s str>, Schemas<'s>)>,
    /// Whether some schema says what unevaluated values must be.
    pub(super) unevaluated: bool,
    pub(super) ids: HashMap<*const Map<String, Value>, Id>,
}

/// A schema while it is read.
pub(super) struct Here<'d, 's> {
    pub(super) documents: &'d Documents<'s>,
    pub(super) schemas: &'d Schemas<'s>,
    pub(super) schema: &'d Schema<'s>,
    pub(super) draft: Draft,
}

impl Documents<'_> {
    /// Whether a schema refers to the meta-schema of a draft.
    pub(super) fn refer_to(&self, meta: Draft) -> bool {
        self.all.iter().flat_map(|(_, schemas)| schemas.all.iter().map(|schema| (schemas.draft, schema))).any(
            |(draft, schema)| {
                references_of(draft, schema.members).any(|(_, reference)| {
                    let uri = resolve_against(&schema.base.borrow(), reference);
                    uri.is_ok_and(|uri| Draft::from_schema_uri(uri.strip_fragment().as_str()) == meta)
                })
            },
        )
    }

    pub(super) fn id(&self, value: &Value) -> Option<Id> {
        match value {
            Value::Bool(true) => Some(TRUE),
            Value::Bool(false) => Some(FALSE),
            Value::Object(members) => self.ids.get(&std::ptr::from_ref(members)).copied(),
            _ => None,
        }
    }
}

impl Here<'_, '_> {
    pub(super) fn place(&self, keyword: &str) -> String {
        self.schemas.location(self.schema) + &step(keyword)
    }

    /// The node of a schema in a keyword.
    pub(super) fn id(&self, value: &Value) -> Option<Id> {
        self.documents.id(value)
    }

    /// The node that a reference leads to.
    pub(super) fn target(&self, reference: &str) -> Result<Id, String> {
        let there = match address(reference) {
            None => {
                let all = std::iter::once(self.schemas).chain(self.documents.all.iter().map(|(_, there)| there));
                // Without an identifier, each document has the same base.
                let is_own = |there: &&Schemas| std::ptr::eq(*there, self.schemas);
                let resource = resolve_against(&self.schema.base.borrow(), reference);
                let is_elsewhere = resource.is_ok_and(|uri| !uri.as_str().starts_with(SCHEME));
                all.filter(|there| is_own(there) || is_elsewhere)
                    .find_map(|there| there.target(&self.schema.base, reference))
            }
            Some((name, version)) => {
                let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
                let base = version.map_or_else(|| base.to_owned(), |version| uri(&name, version));
                let there = self.documents.all.iter().find(|(uri, _)| *uri == Some(&base)).map(|(_, there)| there);
                there.and_then(|there| there.target(&there.all.first()?.base, &format!("#{fragment}")))
            }
        };
        let there = there.and_then(|there| self.id(there));
        there.ok_or_else(|| format!("{reference} leads to no schema that is known"))
    }

    /// The node of a reference that may look for its target from outside: with one place that it can lead to, it is an ordinary one.
    /// To a `$dynamicAnchor`, the validator lets every reference look.
    pub(super) fn referenced(&self, keyword: &str, reference: &str) -> Result<Id, String> {
        let name = reference.rsplit_once('#').map_or("", |(_, name)| name);
        let places: usize = match keyword {
            "$recursiveRef" if !name.is_empty() => return Err(format!("{} is not \"#\"", self.place(keyword))),
            "$recursiveRef" => {
                let is_there = |schema: &&Schema| schema.members.get("$recursiveAnchor") == Some(&Value::Bool(true));
                let all = self.documents.all.iter().flat_map(|(_, schemas)| &schemas.all);
                charge(self.documents.ids.len() as u64);
                all.filter(is_there).count()
            }
            _ if self.draft != Draft::Draft202012 || name.is_empty() || name.starts_with('/') => 0,
            _ => self.documents.all.iter().map(|(_, schemas)| schemas.dynamic_anchors(name)).sum(),
        };
        if places > 1 {
            return Err(format!(
                "{keyword} at {} leads to different places in different documents",
                self.place(keyword)
            ));
        }
        self.target(reference)
    }
}

/// The meta-schema of a draft, if it is one schema that refers to nothing else.
pub(super) fn meta_schema(draft: Draft) -> Option<(&'static str, &'static Value)> {
    match draft {
        Draft::Draft4 => Some(("http://json-schema.org/draft-04/schema", &**meta::DRAFT4)),
        Draft::Draft6 => Some(("http://json-schema.org/draft-06/schema", &**meta::DRAFT6)),
        Draft::Draft7 => Some(("http://json-schema.org/draft-07/schema", &**meta::DRAFT7)),
        _ => None,
    }
}
