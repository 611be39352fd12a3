//! The work of a comparison, estimated from the schema alone.
//!
//! The canonical form is a union of cases, and a schema of some hundred bytes can have millions of cases: twenty times
//! `anyOf` in an `allOf`. The library's canonicalization cannot be interrupted, and recurses along references. So this
//! module refuses in advance a comparison that would take too long, or more stack than there is.

use std::collections::HashMap;
use std::ops::Add;

use serde_json::{Map, Value};

use crate::compile::{Limits, room};
use crate::keywords::{Holds, holds};
use crate::reference::{address, uri};
use crate::walk::{Schema, Schemas, inner, references_of, schemas};

/// The maximum number of cases of one schema. Measured: from 128 on a comparison can take a second and 100 MB.
const CASES: f64 = 100.0;
/// The maximum size of the cases of all schemas together, with references written out.
const SIZE: f64 = 5_000.0;
/// The maximum work in pairs of cases, with references written out. Measured: about a second at most.
const WORK: f64 = 7_500.0;
/// The maximum number of schemas on a path from the root inwards, including references: each takes up to 5 KB of stack.
const LEVELS: usize = 150;
const LEVEL: usize = 5 << 10;

/// The maximum number of schemas on a path inwards, for the remaining stack.
pub(super) fn levels_max(limits: &Limits) -> usize {
    LEVELS.min(room(&limits.bounds) / LEVEL)
}

/// A union of cases: their number, their total size, and the number of multiplied unions.
#[derive(Clone, Copy, Debug)]
struct Union {
    cases: f64,
    size: f64,
    factors: i32,
}

/// The union without a case, and the union with one case without a condition.
const NOTHING: Union = Union { cases: 0.0, size: 0.0, factors: 0 };
const ANYTHING: Union = Union { cases: 1.0, size: 0.0, factors: 0 };

impl Add for Union {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let cases = self.cases + other.cases;
        let factors = self.factors.max(other.factors).max(i32::from(cases > 1.0));
        Self { cases, size: self.size + other.size, factors }
    }
}

impl Union {
    /// Combines each case of the one with each case of the other.
    fn and(self, other: Self) -> Self {
        Self {
            cases: self.cases * other.cases,
            size: self.size * other.cases + other.size * self.cases,
            factors: self.factors.saturating_add(other.factors),
        }
    }

    /// The pairs of cases. Products of unions take more than sums with as many cases: measured, each factor after the
    /// third multiplies the time by five.
    fn work(self) -> f64 {
        self.cases * self.cases + 5_f64.powi(self.factors)
    }

    fn assertion(size: usize) -> Self {
        Self { size: size as f64, ..ANYTHING }
    }

    fn factor(self) -> Self {
        Self { factors: 1, ..self }
    }

    /// A condition on an inner value: one case, independent of the number of inner cases.
    fn inside(self) -> Self {
        Self { size: self.size + 1.0, ..ANYTHING }
    }
}

/// The cost of a schema in a comparison.
#[derive(Clone, Copy, Debug)]
struct Cost {
    /// The documents that the schema accepts.
    valid: Union,
    /// The documents that the schema refuses, which count under a negation.
    invalid: Union,
    work: f64,
    levels: usize,
}

const LEAF: Cost = Cost { valid: ANYTHING, invalid: ANYTHING, work: 0.0, levels: 1 };

/// The size of all cases of a schema and of its references' targets, or the reason why there is no comparison.
pub(super) fn size(schema: &Value, resources: &[(String, Value)], levels_max: usize) -> Result<f64, String> {
    Graph::of(schema, resources)?
        .size(levels_max)
        .ok_or_else(|| "the schemas are too complex to be compared".to_owned())
}

/// The schemas and their parts: the schemas in keywords and the targets of references.
struct Graph<'s> {
    documents: Vec<(Option<&'s str>, Schemas<'s>)>,
    /// The document of each schema, and the schema's position there.
    nodes: Vec<(usize, usize)>,
    ids: HashMap<*const Map<String, Value>, usize>,
    /// The parts of each schema, and whether a reference leads to the part.
    parts: Vec<Vec<(usize, bool)>>,
    costs: Vec<Option<Cost>>,
}

impl<'s> Graph<'s> {
    fn of(schema: &'s Value, resources: &'s [(String, Value)]) -> Result<Self, String> {
        let resources = resources.iter().map(|(uri, resource)| (Some(uri.as_str()), schemas(resource)));
        let documents: Vec<_> = [(None, schemas(schema))].into_iter().chain(resources).collect();
        let mut nodes = Vec::new();
        let mut ids = HashMap::new();
        for (document, (_, schemas)) in documents.iter().enumerate() {
            for (position, schema) in schemas.all.iter().enumerate() {
                ids.insert(std::ptr::from_ref(schema.members), nodes.len());
                nodes.push((document, position));
            }
        }
        let costs = vec![None; nodes.len()];
        let mut graph = Self { documents, nodes, ids, parts: Vec::new(), costs };
        graph.parts = (0..graph.nodes.len()).map(|node| graph.parts(node)).collect::<Result<_, _>>()?;
        Ok(graph)
    }

    fn size(mut self, levels_max: usize) -> Option<f64> {
        let cyclic = self.cyclic();
        // A circle has to be cut: no reference from one schema on a circle to another is followed.
        let uncut = |(node, parts): (usize, &Vec<(usize, bool)>)| {
            let cut = |part: usize, reference: bool| reference && cyclic[node] && cyclic[part];
            parts.iter().filter(|&&(part, reference)| !cut(part, reference)).map(|&(part, _)| part).collect()
        };
        let parts: Vec<Vec<usize>> = self.parts.iter().enumerate().map(uncut).collect();
        for node in innermost_first(&parts) {
            let cost = self.cost(node, &parts[node]);
            if cost.valid.cases > CASES {
                return None;
            }
            self.costs[node] = Some(cost);
        }
        let root = self.costs.first().copied().flatten().unwrap_or(LEAF);
        let circles = cyclic.iter().filter(|cyclic| **cyclic).count();
        let fits = root.valid.size <= SIZE && root.work <= WORK && root.levels + circles <= levels_max;
        fits.then_some(root.valid.size)
    }

    fn schema(&self, node: usize) -> (&Schemas<'s>, &Schema<'s>) {
        let (document, position) = self.nodes[node];
        let schemas = &self.documents[document].1;
        (schemas, &schemas.all[position])
    }

    /// The nodes of a schema's parts, and whether a reference leads to the node.
    fn parts(&self, node: usize) -> Result<Vec<(usize, bool)>, String> {
        let (schemas, schema) = self.schema(node);
        // A definition is no part of the schema unless the schema refers to it.
        let held = schema.members.iter().filter(|(keyword, _)| !matches!(keyword.as_str(), "$defs" | "definitions"));
        let held = held.flat_map(|(keyword, value)| inner(schemas.draft, keyword, value));
        let mut parts: Vec<_> = held.filter_map(|(_, value)| Some((self.id(value)?, false))).collect();
        for (_, uri) in references_of(schemas.draft, schema.members) {
            // The comparison would read a reference that this code skips.
            let there =
                self.target(schemas, schema, uri).ok_or_else(|| format!("{uri} leads to no schema that is known"))?;
            parts.extend(self.id(there).map(|id| (id, true)));
        }
        Ok(parts)
    }

    /// The nodes that lie on circles, or between circles.
    fn cyclic(&self) -> Vec<bool> {
        let parts: Vec<Vec<usize>> =
            self.parts.iter().map(|parts| parts.iter().map(|&(part, _)| part).collect()).collect();
        let mut cyclic = vec![true; parts.len()];
        innermost_first(&parts)
            .into_iter()
            .chain(innermost_first(&wholes(&parts)))
            .for_each(|node| cyclic[node] = false);
        cyclic
    }

    fn id(&self, value: &Value) -> Option<usize> {
        self.ids.get(&std::ptr::from_ref(value.as_object()?)).copied()
    }

    fn target(&self, schemas: &Schemas<'s>, schema: &Schema<'s>, reference: &str) -> Option<&'s Value> {
        let Some((name, version)) = address(reference) else { return schemas.target(&schema.base, reference) };
        let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let base = version.map_or_else(|| base.to_owned(), |version| uri(&name, version));
        let (_, there) = self.documents.iter().find(|(uri, _)| *uri == Some(&base))?;
        there.target(&there.all.first()?.base, &format!("#{fragment}"))
    }

    /// The pairs of a pattern for names with another pattern, and with a name.
    fn names(&self, node: usize) -> f64 {
        let (_, schema) = self.schema(node);
        let count = |keyword| schema.members.get(keyword).and_then(Value::as_object).map_or(0, Map::len) as f64;
        let patterns = count("patternProperties");
        2.0 * patterns * (patterns + count("properties"))
    }

    /// The cost of a schema, from the costs of its parts.
    fn cost(&self, node: usize, parts: &[usize]) -> Cost {
        let (schemas, schema) = self.schema(node);
        let of = |value: &Value| match value {
            Value::Bool(true) => Cost { invalid: NOTHING, ..LEAF },
            Value::Bool(false) => Cost { valid: NOTHING, ..LEAF },
            value => self.id(value).and_then(|id| self.costs[id]).unwrap_or(LEAF),
        };
        let mut cost = Cost { valid: ANYTHING, invalid: NOTHING, work: self.names(node), levels: 1 };
        let mut require = |valid: Union, invalid: Union| {
            cost.valid = cost.valid.and(valid);
            cost.invalid = cost.invalid + invalid;
        };
        for (keyword, value) in schema.members {
            let each = || inner(schemas.draft, keyword, value).into_iter().map(|(_, value)| of(value));
            match keyword.as_str() {
                "$ref" => {
                    let there = value.as_str().and_then(|uri| self.target(schemas, schema, uri));
                    // Where a circle is cut, the comparison reads nothing through the reference.
                    let there =
                        there.filter(|there| self.id(there).is_none_or(|id| parts.contains(&id))).map_or(LEAF, of);
                    require(there.valid, there.invalid);
                }
                "allOf" => each().for_each(|part| require(part.valid, part.invalid)),
                "anyOf" | "oneOf" => require(
                    each().map(|part| part.valid).fold(NOTHING, Union::add),
                    each().map(|part| part.invalid).fold(ANYTHING, Union::and),
                ),
                "not" => each().for_each(|part| require(part.invalid, part.valid)),
                "if" => {
                    let branch = |keyword| schema.members.get(keyword).map_or(of(&Value::Bool(true)), of);
                    let (condition, then, otherwise) = (of(value), branch("then"), branch("else"));
                    require(
                        condition.valid.and(then.valid) + condition.invalid.and(otherwise.valid),
                        condition.valid.and(then.invalid) + condition.invalid.and(otherwise.invalid),
                    );
                }
                "then" | "else" => {}
                "dependentRequired" | "dependentSchemas" | "dependencies" => {
                    for (_, part) in value.as_object().into_iter().flatten() {
                        let names = part.as_array().map_or(1, Vec::len);
                        let part = if part.is_array() { asserted(names) } else { of(part) };
                        require(Union::assertion(1) + part.valid, part.invalid);
                    }
                }
                "required" => {
                    let Cost { valid, invalid, .. } = asserted(value.as_array().map_or(1, Vec::len));
                    require(valid, invalid);
                }
                keyword => match holds(schemas.draft, keyword) {
                    Some(Holds::Members) if keyword != "properties" => {}
                    Some(Holds::Anything | Holds::Text | Holds::Identifier | Holds::Dialect) if keyword != "const" => {}
                    None => {}
                    Some(Holds::Patterns) => {
                        // Each pattern divides the names into two sets.
                        each().for_each(|part| require(part.valid.inside().factor(), part.invalid.inside().factor()));
                    }
                    Some(_) if each().next().is_some() => {
                        each().for_each(|part| require(part.valid.inside(), part.invalid.inside()));
                    }
                    Some(_) => require(Union::assertion(1), Union::assertion(1)),
                },
            }
        }
        let mut branches = true;
        for part in parts.iter().filter_map(|&part| self.costs[part]) {
            cost.work += part.work;
            cost.levels = cost.levels.max(1 + part.levels);
            branches &= cost.valid.cases > part.valid.cases;
        }
        if branches && cost.valid.cases > 1.0 {
            cost.work += cost.valid.work();
        }
        cost
    }
}

/// The cost of an assertion with several parts, any of which can fail.
fn asserted(parts: usize) -> Cost {
    let invalid = Union { cases: parts as f64, size: parts as f64, factors: i32::from(parts > 1) };
    Cost { valid: Union::assertion(parts), invalid, ..LEAF }
}

/// The parents of each node.
fn wholes(parts: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut wholes = vec![Vec::new(); parts.len()];
    for (node, parts) in parts.iter().enumerate() {
        parts.iter().for_each(|&part| wholes[part].push(node));
    }
    wholes
}

/// The nodes, each after its parts, without nodes that lie on circles or have parts on circles.
fn innermost_first(parts: &[Vec<usize>]) -> Vec<usize> {
    let wholes = wholes(parts);
    let mut missing: Vec<usize> = parts.iter().map(Vec::len).collect();
    let mut order: Vec<usize> = (0..parts.len()).filter(|&node| missing[node] == 0).collect();
    let mut next = 0;
    while let Some(&node) = order.get(next) {
        next += 1;
        for &whole in &wholes[node] {
            missing[whole] -= 1;
            if missing[whole] == 0 {
                order.push(whole);
            }
        }
    }
    order
}
