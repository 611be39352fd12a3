//! The schemas within a schema: the schemas in keywords, and other targets of references.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use referencing::{Draft, Uri, uri::resolve_against};
use serde_json::{Map, Value};

use crate::bounds::charge;
use crate::keywords::{Holds, holds};
use crate::reference::UNREGISTERED as BASE;

/// A schema that is an object.
pub(crate) struct Schema<'s> {
    pub members: &'s Map<String, Value>,
    /// The base of the references within the schema.
    pub base: Rc<Uri<String>>,
    /// The schema around it, and the path from there. Written out, the locations of a schema with long names would take
    /// memory by the square of its size.
    within: Option<(usize, String)>,
}

/// The schemas within a schema that are objects, each before those within it.
pub(crate) struct Schemas<'s> {
    pub draft: Draft,
    pub all: Vec<Schema<'s>>,
    /// The number of schemas, the first in `all`, that keywords declare. Only they can name themselves: to the others a pointer leads.
    declared: usize,
    /// The schemas with a URI: the position in `all` and the schema itself.
    pub resources: HashMap<String, (usize, &'s Value)>,
    /// The named places, by the URI with the name as its fragment.
    anchors: HashMap<String, &'s Value>,
    /// A URI that two schemas give themselves, and the position of the second.
    pub twice: Option<(usize, String)>,
}

/// A value to visit: the schema around it with the path from there, and the base around it.
type Visit<'s> = (Option<(usize, String)>, &'s Value, Rc<Uri<String>>);

/// The draft of a schema.
pub(crate) fn draft(schema: &Value) -> Draft {
    Draft::default().detect(schema)
}

/// The URIs that a schema gives itself and the schemas within it.
pub(crate) fn identifiers(schema: &Value) -> Vec<String> {
    schemas(schema).resources.into_keys().filter(|uri| uri != BASE).collect()
}

/// A URI that two of the schemas, or schemas within them, give themselves: a reference to it would lead to either.
pub fn shared_identifier<'a>(schemas: impl Iterator<Item = &'a Value>) -> Option<String> {
    let mut all: Vec<_> = schemas.flat_map(identifiers).collect();
    all.sort_unstable();
    all.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone())
}

/// Walks through a schema. The walk takes no stack for nesting, and circular references end.
pub(crate) fn schemas(root: &Value) -> Schemas<'_> {
    let base = Rc::new(Uri::parse(BASE.to_owned()).expect("a URI"));
    let mut found = Schemas {
        draft: draft(root),
        all: Vec::new(),
        declared: usize::MAX,
        resources: HashMap::new(),
        anchors: HashMap::new(),
        twice: None,
    };
    found.resources.insert(BASE.to_owned(), (0, root));
    let mut seen = HashSet::new();
    let mut followed = 0;
    let mut pending: Vec<Visit> = vec![(None, root, base)];
    loop {
        while let Some((within, schema, base)) = pending.pop() {
            let Value::Object(members) = schema else { continue };
            if !seen.insert(std::ptr::from_ref(schema)) {
                continue;
            }
            let position = found.all.len();
            let base = if position < found.declared { found.named(position, schema, members, base) } else { base };
            for (keyword, value) in members.iter().rev() {
                let inner = inner(found.draft, keyword, value).into_iter().rev();
                pending.extend(inner.map(|(way, schema)| (Some((position, way)), schema, Rc::clone(&base))));
            }
            found.all.push(Schema { members, base, within });
        }
        found.declared = found.declared.min(found.all.len());
        // A reference may lead to a place where no keyword declares a schema: the place holds a schema all the same.
        let Some(schema) = found.all.get(followed) else { return found };
        pending.extend(references_of(found.draft, schema.members).filter_map(|(_, uri)| found.visit(schema, uri)));
        followed += 1;
    }
}

impl<'s> Schemas<'s> {
    /// The place of a schema, as a JSON Pointer.
    pub(crate) fn location(&self, schema: &Schema) -> String {
        let mut ways = Vec::new();
        let mut within = &schema.within;
        while let Some((position, way)) = within {
            ways.push(way.as_str());
            within = &self.all[*position].within;
        }
        ways.into_iter().rev().collect()
    }

    /// Enters the names that a schema gives itself, and returns the base within it: the schema's own identifier if it has one.
    fn named(
        &mut self,
        position: usize,
        schema: &'s Value,
        members: &'s Map<String, Value>,
        mut base: Rc<Uri<String>>,
    ) -> Rc<Uri<String>> {
        let own = identifier(self.draft, members).and_then(|id| resolve_against(&base.borrow(), id).ok());
        if let Some(own) = own {
            base = Rc::new(Uri::from(own.strip_fragment()));
            let (_, first) = *self.resources.entry(base.as_str().to_owned()).or_insert((position, schema));
            if !std::ptr::eq(first, schema) {
                self.twice = Some((position, base.as_str().to_owned()));
            }
        }
        for name in anchors(self.draft, members) {
            let uri = format!("{base}#{name}");
            let first = *self.anchors.entry(uri.clone()).or_insert(schema);
            if !std::ptr::eq(first, schema) {
                self.twice = Some((position, uri));
            }
        }
        base
    }

    /// The number of schemas with this `$dynamicAnchor`.
    pub(crate) fn dynamic_anchors(&self, name: &str) -> usize {
        charge(self.all.len() as u64);
        let has_name = |schema: &&Schema| schema.members.get("$dynamicAnchor").and_then(Value::as_str) == Some(name);
        self.all.iter().filter(has_name).count()
    }

    /// Whether a keyword declares the schema at this position.
    pub(crate) fn is_declared(&self, position: usize) -> bool {
        position < self.declared
    }

    /// The schemas that keywords declare.
    pub(crate) fn declared(&self) -> HashSet<*const Map<String, Value>> {
        self.all[..self.declared].iter().map(|schema| std::ptr::from_ref(schema.members)).collect()
    }

    /// The positions of schemas that are also values: references lead into a `const` or an `enum`.
    pub(crate) fn values(&self) -> Vec<usize> {
        fn maps(value: &Value, found: &mut HashSet<*const Map<String, Value>>) {
            match value {
                Value::Array(items) => items.iter().for_each(|item| maps(item, found)),
                Value::Object(members) => {
                    found.insert(std::ptr::from_ref(members));
                    members.values().for_each(|value| maps(value, found));
                }
                _ => {}
            }
        }
        let mut within = HashSet::new();
        if self.declared < self.all.len() {
            let values =
                self.all.iter().flat_map(|schema| ["const", "enum"].map(|keyword| schema.members.get(keyword)));
            values.flatten().for_each(|value| maps(value, &mut within));
        }
        (self.declared..self.all.len())
            .filter(|&position| within.contains(&std::ptr::from_ref(self.all[position].members)))
            .collect()
    }

    /// Whether the validator may read a reference against another base: on the way to where no keyword declares a schema, it reads
    /// identifiers in ways of its own.
    pub(crate) fn is_base_unclear(&self) -> bool {
        let is_elsewhere =
            |schema: &Schema| self.draft == Draft::Draft202012 && schema.members.contains_key("dependencies");
        let undeclared = &self.all[self.declared..];
        (!undeclared.is_empty() || self.all.iter().any(is_elsewhere))
            && (self.resources.values().any(|(position, _)| *position > 0)
                || undeclared.iter().any(|schema| schema.members.contains_key(self.draft.id_keyword())))
    }

    /// The target of a reference within this document.
    pub(crate) fn target(&self, base: &Uri<String>, reference: &str) -> Option<&'s Value> {
        let uri = resolve_against(&base.borrow(), reference).ok()?;
        let fragment = uri.fragment().map_or_else(String::new, |fragment| fragment.decode().to_string_lossy().into());
        let resource = uri.strip_fragment();
        if fragment.is_empty() || fragment.starts_with('/') {
            self.resources.get(resource.as_str())?.1.pointer(&fragment)
        } else {
            // A name is looked for as it is written.
            self.anchors.get(&format!("{resource}#{}", reference.rsplit_once('#')?.1)).copied()
        }
    }

    /// The visit that a reference requires: of the target of a JSON Pointer, with names resolved on the way.
    fn visit(&self, from: &Schema<'s>, uri: &str) -> Option<Visit<'s>> {
        let target = self.target(&from.base, uri)?;
        let uri = resolve_against(&from.base.borrow(), uri).ok()?;
        let pointer = uri.fragment()?.decode().to_string_lossy().into_owned();
        let base = Uri::from(uri.strip_fragment());
        let &(position, _) = self.resources.get(base.as_str())?;
        Some((Some((position, pointer)), target, Rc::new(base)))
    }
}

/// The names that a schema gives its place.
fn anchors(draft: Draft, members: &Map<String, Value>) -> impl Iterator<Item = &str> {
    members.iter().filter_map(move |(keyword, name)| match keyword.as_str() {
        "$anchor" if draft > Draft::Draft7 => name.as_str(),
        "$dynamicAnchor" if draft == Draft::Draft202012 => name.as_str(),
        keyword if draft <= Draft::Draft7 && keyword == draft.id_keyword() => name.as_str()?.strip_prefix('#'),
        _ => None,
    })
}

/// The URI that a schema gives itself.
pub(crate) fn identifier(draft: Draft, members: &Map<String, Value>) -> Option<&str> {
    let id = members.get(draft.id_keyword())?.as_str()?;
    // Up to draft 7 nothing beside `$ref` has an effect, and `#name` names a place in a schema.
    let none = draft <= Draft::Draft7 && (members.contains_key("$ref") || id.starts_with('#'));
    (!none).then_some(id)
}

/// The keywords of a schema that are references, and their targets.
pub(crate) fn references_of(draft: Draft, members: &Map<String, Value>) -> impl Iterator<Item = (&str, &str)> {
    members
        .iter()
        .filter(move |(keyword, _)| holds(draft, keyword) == Some(Holds::Reference))
        .filter_map(|(keyword, uri)| Some((keyword.as_str(), uri.as_str()?)))
}

/// The schemas in a keyword, and the path to each.
pub(crate) fn inner<'s>(draft: Draft, keyword: &str, value: &'s Value) -> Vec<(String, &'s Value)> {
    let way = step(keyword);
    match (holds(draft, keyword), value) {
        (Some(Holds::Schemas | Holds::SchemaOrSchemas), Value::Array(schemas)) => {
            schemas.iter().enumerate().map(|(index, schema)| (format!("{way}/{index}"), schema)).collect()
        }
        (Some(Holds::Members | Holds::Patterns | Holds::MembersOrNames), Value::Object(members)) => {
            members.iter().map(|(name, schema)| (way.clone() + &step(name), schema)).collect()
        }
        (Some(Holds::Schema | Holds::SchemaOrBoolean | Holds::SchemaOrSchemas), schema) => vec![(way, schema)],
        _ => Vec::new(),
    }
}

/// One step of a JSON Pointer.
pub(crate) fn step(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The place of an address in `root`, as a JSON Pointer; empty if it is not in `root`. As deep as a schema is.
pub(crate) fn pointer_to(root: &Value, address: *const Value) -> String {
    fn find(value: &Value, address: *const Value, pointer: &mut String) -> bool {
        if std::ptr::eq(value, address) {
            return true;
        }
        let length = pointer.len();
        let mut within = |way: &str, value: &Value| {
            pointer.push_str(way);
            let found = find(value, address, pointer);
            if !found {
                pointer.truncate(length);
            }
            found
        };
        match value {
            Value::Object(members) => members.iter().any(|(name, value)| within(&step(name), value)),
            Value::Array(items) => items.iter().enumerate().any(|(index, item)| within(&format!("/{index}"), item)),
            _ => false,
        }
    }
    let mut pointer = String::new();
    find(root, address, &mut pointer);
    pointer
}
