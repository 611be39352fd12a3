//! The compiler's path through a schema (`jsonschema` 0.60.2, `compiler.rs` and `keywords`), with the compiler's memory
//! of compiled schemas, but without compiling.
//!
//! The compiler compiles most sub-schemas once, and some far more often. `unevaluatedProperties` and `unevaluatedItems` compile
//! the schemas applied in place once for each path to them. A sub-schema that is reached through other resources is compiled
//! again each time, because dynamic references may lead elsewhere: with ten resources that refer to each other there are millions
//! of paths. And `anyOf` and `oneOf` look through references and `allOf` for what tells their branches apart.

mod apart;
mod evaluated;

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;
use std::{mem, ptr};

use referencing::{Draft, List, Resolver, ResourceRef, Uri};
use serde_json::{Map, Value};

use super::Depth;
use super::pattern::{Engine, Table};
use crate::bounds::{Exceeded, Matched, charge, charge_deeper, stop};
use crate::document::written_digits;

/// The maximum nesting of reference targets in compilation; the compiler compiles further targets afterwards.
const NESTED: usize = 8;
/// The most digits of a divisor. A number of 130,000 digits takes 5 milliseconds to divide then; in one step, and the time
/// grows with the square of the divisor's.
const DIVISOR: u64 = 1000;
type Address = Arc<Uri<String>>;
type Scopes = u64;

pub(super) struct Rehearsal<'t, 's> {
    patterns: &'t Table<'s>,
    depth: Depth,
    hasher: RandomState,
    /// The round that compiled each node: the first round compiles the schema, each later round a postponed target.
    nodes: HashMap<Node, usize>,
    seen: HashSet<Address>,
    targets: HashSet<(Address, Scopes)>,
    in_progress: HashSet<Address>,
    later: VecDeque<Later<'t>>,
    waiting: HashSet<(Address, Scopes)>,
    round: usize,
    nested: usize,
    /// The schemas whose evaluated properties and items the compiler is compiling, and how often each.
    evaluated: HashMap<*const Map<String, Value>, usize>,
    circular: bool,
    /// The patterns of property names below this `unevaluatedProperties`, and the most below any.
    below: Matched,
    names: Matched,
    here: *const Value,
}

/// The compiler's key for a compiled node: the schema, and a digest of location, base and dynamic scope.
#[derive(PartialEq, Eq, Hash)]
struct Node {
    schema: *const Value,
    place: u64,
}

struct Later<'r> {
    place: Place<'r>,
    contents: &'r Value,
    alias: Address,
    in_progress: HashSet<Address>,
}

/// The position of the compiler.
#[derive(Clone)]
struct Place<'r> {
    resolver: Resolver<'r>,
    draft: Draft,
    /// A digest of the location, and the length of the location.
    location: u64,
    length: usize,
}

/// The schemas of a keyword.
enum Inner {
    One,
    Array,
    Members,
    OneOrArray,
}

fn inner(keyword: &str) -> Option<Inner> {
    Some(match keyword {
        "additionalItems"
        | "additionalProperties"
        | "contains"
        | "contentSchema"
        | "else"
        | "if"
        | "not"
        | "propertyNames"
        | "then"
        | "unevaluatedItems"
        | "unevaluatedProperties" => Inner::One,
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Inner::Array,
        "dependencies" | "dependentSchemas" | "patternProperties" | "properties" => Inner::Members,
        "items" => Inner::OneOrArray,
        _ => return None,
    })
}

impl<'t, 's> Rehearsal<'t, 's> {
    pub(super) fn new(patterns: &'t Table<'s>, depth: Depth) -> Self {
        Self {
            patterns,
            depth,
            hasher: RandomState::new(),
            nodes: HashMap::new(),
            seen: HashSet::new(),
            targets: HashSet::new(),
            in_progress: HashSet::new(),
            later: VecDeque::new(),
            waiting: HashSet::new(),
            round: 0,
            nested: 0,
            evaluated: HashMap::new(),
            circular: false,
            below: Matched::default(),
            names: Matched::default(),
            here: ptr::null(),
        }
    }

    /// The schema that the rehearsal visited last.
    pub(super) fn here(&self) -> *const Value {
        self.here
    }

    /// Whether references below `unevaluatedProperties` or `unevaluatedItems` are circular.
    pub(super) fn is_circular(&self) -> bool {
        self.circular
    }

    /// The most patterns that `unevaluatedProperties` matches a property name with in one step.
    pub(super) fn names(&self) -> Matched {
        self.names
    }

    pub(super) fn run(&mut self, resolver: &Resolver<'t>, draft: Draft, schema: &'t Value) {
        let place = Place { resolver: resolver.clone(), draft, location: 0, length: 0 };
        self.schema(&place, schema);
        while let Some(later) = self.later.pop_front() {
            let scopes = self.scopes(&later.place.resolver);
            self.waiting.remove(&(Arc::clone(&later.alias), scopes));
            self.round += 1;
            self.in_progress = later.in_progress;
            self.node(&later.place, later.contents, Some(later.alias));
            self.in_progress.clear();
        }
    }

    fn digest(&self, value: impl Hash) -> u64 {
        self.hasher.hash_one(value)
    }

    fn scopes(&self, resolver: &Resolver) -> Scopes {
        let scopes: List<Uri<String>> = resolver.dynamic_scope();
        let mut hasher = self.hasher.build_hasher();
        for uri in &scopes {
            charge(1 + uri.as_str().len() as u64 / 100);
            uri.as_str().hash(&mut hasher);
        }
        hasher.finish()
    }

    fn at(&self, place: &Place<'t>, step: &str) -> Place<'t> {
        Place {
            resolver: place.resolver.clone(),
            draft: place.draft,
            location: self.digest((place.location, step)),
            length: place.length + 1 + step.len(),
        }
    }

    /// Goes one level further down the stack, as the compiler does.
    fn deeper(&mut self, work: impl FnOnce(&mut Self)) {
        charge_deeper();
        self.depth.enter();
        work(self);
        self.depth.leave();
    }

    /// Rehearses a schema in a keyword.
    fn schema(&mut self, place: &Place<'t>, contents: &'t Value) {
        let place = subresource(place, contents);
        self.node(&place, contents, None);
    }

    /// Rehearses a schema, unless it is compiled already.
    fn node(&mut self, place: &Place<'t>, contents: &'t Value, alias: Option<Address>) {
        self.here = contents;
        let base = place.resolver.base_uri();
        let scopes = self.scopes(&place.resolver);
        let node = Node { schema: contents, place: self.digest((place.location, base.as_str(), scopes)) };
        if self.nodes.get(&node).is_some_and(|round| alias.is_some() || *round == self.round) {
            charge(2 + (place.length + base.as_str().len()) as u64 / 100);
            return;
        }
        let keywords = contents.as_object().map_or(0, Map::len);
        charge(10 + ((2 + keywords) * (place.length + base.as_str().len()) / 100) as u64);
        if let Some(alias) = &alias {
            self.in_progress.insert(Arc::clone(alias));
        }
        if let Value::Object(members) = contents {
            self.deeper(|this| this.keywords(place, members));
        }
        if let Some(alias) = alias {
            self.in_progress.remove(&alias);
            self.targets.insert((alias, scopes));
        }
        self.nodes.insert(node, self.round);
    }

    fn keywords(&mut self, place: &Place<'t>, members: &'t Map<String, Value>) {
        if place.draft <= Draft::Draft7
            && let Some(reference) = members.get("$ref")
        {
            return self.reference(place, members, reference);
        }
        for (keyword, value) in members {
            charge(4);
            match (keyword.as_str(), value) {
                ("$defs" | "definitions" | "$schema" | "$id" | "$comment", _) => {}
                ("$ref" | "$dynamicRef", _) => self.reference(place, members, value),
                ("$recursiveRef", Value::String(reference)) => self.recursive(place, reference),
                ("unevaluatedProperties" | "unevaluatedItems", _) => {
                    let around = mem::take(&mut self.below);
                    self.evaluated(place, members);
                    self.names = self.names.or(mem::replace(&mut self.below, around));
                }
                ("multipleOf", Value::Number(divisor)) if written_digits(divisor.as_str()) > DIVISOR => {
                    stop(Exceeded::Steps);
                }
                (keyword, value) => match inner(keyword) {
                    Some(inner) => self.inner(place, keyword, value, &inner),
                    None => charge(size(value)),
                },
            }
        }
        self.branches(place, members);
        self.known_names(members);
    }

    /// Rehearses the value of a keyword.
    fn inner(&mut self, place: &Place<'t>, keyword: &str, value: &'t Value, inner: &Inner) {
        let place = self.at(place, keyword);
        match (inner, value) {
            (Inner::Members, Value::Object(members)) => {
                for (name, schema) in members {
                    charge(2 + name.len() as u64 / 50);
                    match schema {
                        Value::Array(_) => charge(size(schema)),
                        schema => {
                            let place = self.at(&place, name);
                            self.schema(&place, schema);
                        }
                    }
                }
            }
            (Inner::Array | Inner::OneOrArray, Value::Array(schemas)) => {
                for (index, schema) in schemas.iter().enumerate() {
                    let place = self.at(&place, &index.to_string());
                    self.schema(&place, schema);
                }
            }
            (Inner::One | Inner::OneOrArray, schema) => self.schema(&place, schema),
            _ => {}
        }
    }

    /// Rehearses `$ref` and `$dynamicRef`. The compiler refuses a reference that leads nowhere.
    fn reference(&mut self, place: &Place<'t>, members: &'t Map<String, Value>, reference: &'t Value) {
        let Some(reference) = reference.as_str().filter(|reference| !reference.is_empty()) else { return };
        charge(4 + (reference.len() + place.resolver.base_uri().as_str().len()) as u64 / 50);
        let Some((alias, to)) = self.target(place, reference) else { return };
        let Ok(resolved) = place.resolver.lookup(reference) else { return };
        let (contents, resolver, draft) = resolved.into_inner();
        if contents.as_object().is_some_and(|target| ptr::eq(target, members)) {
            return;
        }
        let to = Place { resolver, draft, ..to };
        let scopes = self.scopes(&to.resolver);
        if !self.is_new(&alias, scopes) {
            return;
        }
        if self.nested >= NESTED || self.waiting.contains(&(Arc::clone(&alias), scopes)) {
            charge(4 + self.in_progress.len() as u64 / 4);
            if self.waiting.insert((Arc::clone(&alias), scopes)) {
                let in_progress = self.in_progress.clone();
                self.later.push_back(Later { place: to, contents, alias, in_progress });
            }
            return;
        }
        self.nested += 1;
        self.node(&to, contents, Some(alias));
        self.nested -= 1;
    }

    fn recursive(&mut self, place: &Place<'t>, reference: &str) {
        charge(4);
        let Some((alias, to)) = self.target(place, reference) else { return };
        let Ok(resolved) = place.resolver.lookup_recursive_ref() else { return };
        let (contents, resolver, draft) = resolved.into_inner();
        let scopes = self.scopes(&resolver);
        if self.is_new(&alias, scopes) {
            self.node(&Place { resolver, draft, ..to }, contents, Some(alias));
        }
    }

    /// The address of a reference's target, and the location of the target.
    fn target(&self, place: &Place<'t>, reference: &str) -> Option<(Address, Place<'t>)> {
        let alias = place.resolver.resolve_uri(&place.resolver.base_uri().borrow(), reference).ok()?;
        let fragment = alias.fragment().map_or("", |fragment| fragment.as_str());
        let to = Place { location: self.digest(fragment), length: fragment.len(), ..place.clone() };
        Some((alias, to))
    }

    /// Whether the target of a reference still has to be compiled.
    fn is_new(&mut self, alias: &Address, scopes: Scopes) -> bool {
        if self.seen.contains(alias)
            && (self.targets.contains(&(Arc::clone(alias), scopes)) || self.in_progress.contains(alias))
        {
            return false;
        }
        self.seen.insert(Arc::clone(alias));
        true
    }
}

fn subresource<'r>(place: &Place<'r>, contents: &Value) -> Place<'r> {
    let draft = place.draft.detect(contents);
    let resource: ResourceRef = draft.create_resource_ref(contents);
    let resolver = place.resolver.in_subresource(resource).unwrap_or_else(|_| place.resolver.clone());
    Place { resolver, draft: resource.draft(), ..place.clone() }
}

/// The cost of copying a value. The recursion is as deep as a schema.
fn size(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::Number(number) => 1 + number.as_str().len() as u64 / 50,
        Value::String(text) => 1 + text.len() as u64 / 50,
        Value::Array(items) => 1 + items.iter().map(size).sum::<u64>(),
        Value::Object(members) => {
            1 + members.iter().map(|(name, value)| 1 + name.len() as u64 / 50 + size(value)).sum::<u64>()
        }
    }
}
