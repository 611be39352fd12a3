//! The normal form of two versions: one graph, in which equal schemas are one node.
//!
//! A node accepts a document that is of one of its kinds and meets each of its conditions. References are edges, so
//! that a definition's name and place have no effect; annotations are gone; keywords that are written differently in
//! different drafts are one condition.
//!
//! Soundness. `read` translates keyword by keyword, and refuses what it does not know to mean the same in every place.
//! `classes` merges nodes with equal kinds and conditions, where conditions are equal if they are equal up to merged
//! nodes. Two merged nodes accept the same documents, by induction on the size of the document, and for one document on
//! the depth of conditions on the document itself: there is no circle of those, which `classes` checks. A merged node
//! also evaluates the same properties and items, since nothing that evaluates is dropped: `unevaluatedProperties` sees
//! no difference.

mod apart;
mod classes;
mod documents;
mod read;
mod unevaluated;

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::ops::{BitAnd, BitOr, Not};
use std::rc::Rc;

use serde_json::Value;

use super::library::have_own_identifiers;
use super::number::{Decimal, plain};
use crate::Formats;
use crate::bounds::charge;
pub(super) use apart::{Tags, tags};

/// A node.
pub(super) type Id = usize;

/// More characters than a text can have: PostgreSQL stores less than 2^28 bytes of one in a `jsonb`.
pub(super) const LONGEST: u64 = 1 << 28;

/// The nodes that accept everything and nothing.
pub(super) const TRUE: Id = 0;
pub(super) const FALSE: Id = 1;

/// A set of kinds of values. Integers are two kinds: in draft 4, a number that is written with a point is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const NONE: Self = Self(0);
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(2);
    /// Integers that every draft takes for integers: the others, written with a point, are none in draft 4.
    pub(super) const INTEGER: Self = Self(4);
    pub(super) const FRACTION: Self = Self(16);
    pub(super) const STRING: Self = Self(32);
    pub(super) const ARRAY: Self = Self(64);
    pub(super) const OBJECT: Self = Self(128);
    pub(super) const INTEGERS: Self = Self(4 | 8);
    pub(super) const NUMBERS: Self = Self(4 | 8 | 16);
    pub(super) const ALL: Self = Self(255);
    /// The kinds that a proof looks at apart.
    pub(super) const APART: [Self; 6] =
        [Self::NULL, Self::BOOLEAN, Self::NUMBERS, Self::STRING, Self::ARRAY, Self::OBJECT];

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The kinds of the spellings of a value: 1 and 1.0 are equal.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) => match Decimal::of(number) {
                Some(number) if number.is_integer() => Self::INTEGERS,
                Some(_) => Self::FRACTION,
                None => Self::NUMBERS,
            },
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }
}

impl BitAnd for Kinds {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Kinds {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Not for Kinds {
    type Output = Self;

    fn not(self) -> Self {
        Self(!self.0)
    }
}

/// The values of an enumeration, in plain form and in the order of their texts. Sets of one graph have numbers.
#[derive(Debug, Clone)]
pub(super) struct Values {
    number: usize,
    kinds: Kinds,
    texts: Rc<Vec<String>>,
    all: Rc<Vec<Value>>,
}

impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Values {}

impl Hash for Values {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl Values {
    pub(super) fn all(&self) -> &[Value] {
        &self.all
    }

    /// The kinds of the values.
    pub(super) fn kinds(&self) -> Kinds {
        self.kinds
    }

    pub(super) fn has(&self, value: &Value) -> bool {
        let text = plain(value).to_string();
        charge(2 + text.len() as u64 / 16);
        self.texts.binary_search(&text).is_ok()
    }

    /// Whether some value is among both.
    pub(super) fn meet(&self, other: &Self) -> bool {
        let (few, many) = if self.all.len() < other.all.len() { (self, other) } else { (other, self) };
        charge(1 + few.texts.len() as u64);
        self == other || few.texts.iter().any(|text| many.texts.binary_search(text).is_ok())
    }
}

/// A condition on a value. A condition on values of one kind holds for all others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Condition {
    /// One of these values.
    Values(Values),
    AtLeast(Decimal),
    Above(Decimal),
    AtMost(Decimal),
    Below(Decimal),
    MultipleOf(Decimal),
    LengthMin(u64),
    LengthMax(u64),
    Pattern(String),
    /// A format that is checked, and whether in the way of drafts 4 and 6, which know a wider `hostname`.
    Format(String, bool),
    /// A content that is checked: the two keywords of the schema.
    Content(Option<String>, Option<String>),
    ItemsMin(u64),
    ItemsMax(u64),
    Unique,
    /// The schemas of the first items, and of the others if it is given.
    Items {
        first: Vec<Id>,
        rest: Option<Id>,
    },
    ContainsMin(Id, u64),
    ContainsMax(Id, u64),
    MembersMin(u64),
    MembersMax(u64),
    Required(String),
    /// The schemas of members by name, by pattern, and of all others if it is given.
    Members {
        named: BTreeMap<String, Id>,
        patterns: BTreeMap<String, Id>,
        rest: Option<Id>,
    },
    Names(Id),
    /// Where there is the first member, there is the second.
    RequiredWith(String, String),
    /// Where there is the member, the object itself matches.
    With(String, Id),
    All(Id),
    Any(Vec<Id>),
    One(Vec<Id>),
    Not(Id),
    If(Id, Id, Id),
    /// What the conditions beside it do not evaluate matches; by the rules of a draft, as its name.
    Unevaluated {
        members: bool,
        inner: Id,
        beside: Id,
        draft: &'static str,
    },
}

impl Condition {
    /// The kinds of values that the condition is about.
    pub(super) fn kinds(&self) -> Kinds {
        use Condition::*;
        match self {
            AtLeast(_) | Above(_) | AtMost(_) | Below(_) | MultipleOf(_) => Kinds::NUMBERS,
            LengthMin(_) | LengthMax(_) | Pattern(_) | Format(..) | Content(..) => Kinds::STRING,
            ItemsMin(_) | ItemsMax(_) | Unique | Items { .. } | ContainsMin(..) | ContainsMax(..) => Kinds::ARRAY,
            MembersMin(_) | MembersMax(_) | Required(_) | Members { .. } | Names(_) => Kinds::OBJECT,
            RequiredWith(..) | With(..) => Kinds::OBJECT,
            Unevaluated { members, .. } => {
                if *members {
                    Kinds::OBJECT
                } else {
                    Kinds::ARRAY
                }
            }
            Values(_) | All(_) | Any(_) | One(_) | Not(_) | If(..) => Kinds::ALL,
        }
    }

    /// The nodes in the condition about the value itself, and those about values in it.
    pub(super) fn nodes(&self) -> (Vec<Id>, Vec<Id>) {
        use Condition::*;
        match self {
            Items { first, rest } => (Vec::new(), first.iter().chain(rest).copied().collect()),
            Members { named, patterns, rest } => {
                (Vec::new(), named.values().chain(patterns.values()).chain(rest).copied().collect())
            }
            ContainsMin(id, _) | ContainsMax(id, _) | Names(id) => (Vec::new(), vec![*id]),
            All(id) | Not(id) | With(_, id) => (vec![*id], Vec::new()),
            Any(all) | One(all) => (all.clone(), Vec::new()),
            If(condition, then, otherwise) => (vec![*condition, *then, *otherwise], Vec::new()),
            Unevaluated { inner, beside, .. } => (vec![*beside], vec![*inner]),
            _ => (Vec::new(), Vec::new()),
        }
    }

    /// The branches of a union.
    pub(super) fn branches(&self) -> &[Id] {
        match self {
            Condition::Any(all) | Condition::One(all) => all,
            _ => &[],
        }
    }

    /// A keyword that states the condition.
    pub(super) fn keyword(&self) -> &'static str {
        use Condition::*;
        match self {
            Values(_) => "enum",
            AtLeast(_) => "minimum",
            Above(_) => "exclusiveMinimum",
            AtMost(_) => "maximum",
            Below(_) => "exclusiveMaximum",
            MultipleOf(_) => "multipleOf",
            LengthMin(_) => "minLength",
            LengthMax(_) => "maxLength",
            Pattern(_) => "pattern",
            Format(..) => "format",
            Content(Some(_), _) => "contentEncoding",
            Content(..) => "contentMediaType",
            ItemsMin(_) => "minItems",
            ItemsMax(_) => "maxItems",
            Unique => "uniqueItems",
            Items { .. } => "items",
            ContainsMin(..) => "contains",
            ContainsMax(..) => "maxContains",
            MembersMin(_) => "minProperties",
            MembersMax(_) => "maxProperties",
            Required(_) => "required",
            Members { named, patterns, .. } if named.is_empty() && patterns.is_empty() => "additionalProperties",
            Members { .. } => "properties",
            Names(_) => "propertyNames",
            RequiredWith(..) => "dependentRequired",
            With(..) => "dependentSchemas",
            All(_) => "allOf",
            Any(_) => "anyOf",
            One(_) => "oneOf",
            Not(_) => "not",
            If(..) => "if",
            Unevaluated { members: true, .. } => "unevaluatedProperties",
            Unevaluated { .. } => "unevaluatedItems",
        }
    }

    /// The condition with other nodes.
    fn renamed(&self, to: impl Fn(Id) -> Id) -> Self {
        use Condition::*;
        let names = |map: &BTreeMap<String, Id>| map.iter().map(|(name, &id)| (name.clone(), to(id))).collect();
        let sorted = |all: &[Id]| {
            let mut all: Vec<Id> = all.iter().map(|&id| to(id)).collect();
            all.sort_unstable();
            all
        };
        match self {
            Items { first, rest } => Items { first: first.iter().map(|&id| to(id)).collect(), rest: rest.map(to) },
            Members { named, patterns, rest } => {
                Members { named: names(named), patterns: names(patterns), rest: rest.map(to) }
            }
            ContainsMin(id, count) => ContainsMin(to(*id), *count),
            ContainsMax(id, count) => ContainsMax(to(*id), *count),
            Names(id) => Names(to(*id)),
            All(id) => All(to(*id)),
            Not(id) => Not(to(*id)),
            With(name, id) => With(name.clone(), to(*id)),
            Any(all) => {
                let mut all = sorted(all);
                all.dedup();
                Any(all)
            }
            One(all) => One(sorted(all)),
            If(condition, then, otherwise) => If(to(*condition), to(*then), to(*otherwise)),
            &Unevaluated { members, inner, beside, draft } => {
                Unevaluated { members, inner: to(inner), beside: to(beside), draft }
            }
            other => other.clone(),
        }
    }
}

/// A schema.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kinds: Kinds,
    pub(super) conditions: Vec<Condition>,
    /// The place of one schema that the node stands for, as a JSON Pointer.
    pub(super) place: String,
}

/// The normal form of two versions.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) old: Id,
    pub(super) new: Id,
}

impl Graph {
    /// The graph of two versions, or the reason why there is none. Charges its work.
    pub(super) fn of(new: &super::Version, old: &super::Version, formats: Formats) -> Result<Self, String> {
        for version in [new, old] {
            let resources: Vec<_> = version.resources.iter().map(|(uri, resource)| (uri.as_str(), resource)).collect();
            have_own_identifiers(&[version.schema], &resources)?;
        }
        let mut reader = read::Reader::new(formats);
        let new = reader.version(new)?;
        let old = reader.version(old)?;
        let mut nodes = reader.nodes;
        charge(nodes.len() as u64);
        unevaluated::fold(&mut nodes);
        apart::fold(&mut nodes);
        classes::merge(nodes, old, new)
    }
}
