//! What the generator knows of a schema: where references lead, and which parts differ from the other schema.

use std::collections::{HashMap, HashSet};
use std::ptr;

use serde_json::{Map, Value};

/// One schema of a pair.
pub(crate) struct Side<'s> {
    pub(crate) root: &'s Value,
    /// The schemas with an identifier or an anchor, by its text.
    named: HashMap<String, &'s Value>,
    /// The parts that differ from the other schema, and those that lead to one: documents should go there.
    hot: HashSet<*const Value>,
}

impl<'s> Side<'s> {
    pub(crate) fn of(root: &'s Value, other: &Value) -> Self {
        let mut side = Self { root, named: HashMap::new(), hot: HashSet::new() };
        side.name(root);
        side.differs(root, Some(other));
        // References to what is hot are hot, and so is what they are in.
        loop {
            let before = side.hot.len();
            side.leads(root);
            if side.hot.len() == before {
                return side;
            }
        }
    }

    fn name(&mut self, value: &'s Value) {
        if let Value::Object(members) = value {
            for (keyword, mark) in [("$id", ""), ("id", ""), ("$anchor", "#")] {
                if let Some(text) = members.get(keyword).and_then(Value::as_str) {
                    self.named.entry(format!("{mark}{text}")).or_insert(value);
                }
            }
        }
        inner(value).for_each(|value| self.name(value));
    }

    fn differs(&mut self, value: &'s Value, other: Option<&Value>) -> bool {
        let hot = match (value, other) {
            (Value::Object(members), Some(Value::Object(others))) => {
                let missing = others.keys().any(|name| !members.contains_key(name));
                members.iter().fold(missing, |hot, (name, value)| self.differs(value, others.get(name)) || hot)
            }
            (Value::Array(items), Some(Value::Array(others))) => {
                let lengths = items.len() != others.len();
                items.iter().enumerate().fold(lengths, |hot, (at, item)| self.differs(item, others.get(at)) || hot)
            }
            (value, other) => other != Some(value),
        };
        if hot {
            self.hot.insert(ptr::from_ref(value));
        }
        hot
    }

    fn leads(&mut self, value: &'s Value) -> bool {
        let target = value.get("$ref").and_then(Value::as_str).and_then(|text| self.target(text));
        let mut hot = self.is_hot(value) || target.is_some_and(|target| self.is_hot(target));
        for value in inner(value) {
            hot |= self.leads(value);
        }
        if hot {
            self.hot.insert(ptr::from_ref(value));
        }
        hot
    }

    pub(crate) fn is_hot(&self, value: &Value) -> bool {
        self.hot.contains(&ptr::from_ref(value))
    }

    /// Where a reference leads, if that is within this schema.
    pub(crate) fn target(&self, reference: &str) -> Option<&'s Value> {
        if let Some(found) = self.named.get(reference) {
            return Some(found);
        }
        let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let root = if base.is_empty() { self.root } else { self.named.get(base)? };
        let fragment = fragment.replace("%25", "%").replace("%24", "$");
        root.pointer(&fragment)
    }
}

fn inner(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Object(members) => Box::new(members.values()),
        Value::Array(items) => Box::new(items.iter()),
        _ => Box::new(std::iter::empty()),
    }
}

/// A value of a keyword, if it is an object.
pub(crate) fn object<'s>(members: &'s Map<String, Value>, keyword: &str) -> Option<&'s Map<String, Value>> {
    members.get(keyword).and_then(Value::as_object)
}
