//! Merging equal nodes, by refining a partition: at first all nodes of one shape are together, and those are parted
//! whose conditions differ, until no more are.

use std::collections::{HashMap, HashSet};

use super::{Condition, FALSE, Graph, Id, Kinds, Node, TRUE};
use crate::bounds::charge;

/// Merges the nodes that the two roots reach, or says why they cannot be compared.
pub(super) fn merge(nodes: Vec<Node>, old: Id, new: Id) -> Result<Graph, String> {
    let reached = reached(&nodes, old, new);
    check_circles(&nodes, &reached)?;
    let same = aliases(&nodes);
    let mut reached: Vec<Id> = reached.into_iter().map(|id| same[id]).chain([TRUE, FALSE]).collect();
    reached.sort_unstable();
    reached.dedup();
    let shaped = shaped(&nodes, &reached, &same);
    let mut class = vec![0; nodes.len()];
    let mut count = 0;
    loop {
        let mut conditions = HashMap::new();
        let mut classes = HashMap::new();
        let mut next = vec![0; nodes.len()];
        for (&id, shaped) in reached.iter().zip(&shaped) {
            charge(1);
            let mut all: Vec<usize> = Vec::with_capacity(shaped.len());
            for condition in shaped {
                charge(1 + condition.ids.len() as u64 / 4);
                let number = conditions.len();
                all.push(*conditions.entry(condition.among(&class)).or_insert(number));
            }
            all.sort_unstable();
            all.dedup();
            let number = classes.len();
            // The former class is part of it, so that classes are only ever parted.
            next[id] = *classes.entry((class[id], nodes[id].kinds, all)).or_insert(number);
        }
        class = next;
        if classes.len() == count {
            break;
        }
        count = classes.len();
    }
    Ok(quotient(&nodes, &reached, &class, &same, old, new, count))
}

/// A condition as a number for all but its nodes, and the nodes. Each round compares these, and no names.
struct Shaped {
    shape: usize,
    ids: Vec<Id>,
    /// Whether the order of the nodes, and how often each is there, says something.
    ordered: bool,
    repeated: bool,
}

impl Shaped {
    /// The condition with the classes of its nodes.
    fn among(&self, class: &[usize]) -> (usize, Vec<usize>) {
        let mut ids: Vec<usize> = self.ids.iter().map(|&id| class[id]).collect();
        if !self.ordered {
            ids.sort_unstable();
        }
        if !self.repeated {
            ids.dedup();
        }
        (self.shape, ids)
    }
}

fn shaped(nodes: &[Node], reached: &[Id], same: &[Id]) -> Vec<Vec<Shaped>> {
    let mut shapes: HashMap<Condition, usize> = HashMap::new();
    let mut of = |condition: &Condition| {
        let (own, inner) = condition.nodes();
        let ids: Vec<Id> = own.into_iter().chain(inner).map(|id| same[id]).collect();
        charge(1 + ids.len() as u64);
        let number = shapes.len();
        let shape = *shapes.entry(condition.renamed(|_| TRUE)).or_insert(number);
        let union = matches!(condition, Condition::Any(_) | Condition::One(_));
        Shaped { shape, ids, ordered: !union, repeated: !matches!(condition, Condition::Any(_)) }
    };
    reached.iter().map(|&id| nodes[id].conditions.iter().map(&mut of).collect()).collect()
}

/// The graph of the classes: `reached` begins with the two constant nodes, so that these keep their numbers.
fn quotient(nodes: &[Node], reached: &[Id], class: &[usize], same: &[Id], old: Id, new: Id, count: usize) -> Graph {
    let mut merged: Vec<Option<Node>> = vec![None; count];
    for &id in reached {
        let place = &mut merged[class[id]];
        if place.is_none() {
            let mut seen: HashSet<Condition> = HashSet::new();
            let conditions = nodes[id].conditions.iter().map(|condition| condition.renamed(|id| class[same[id]]));
            let conditions = conditions.inspect(|_| charge(1)).filter(|it| seen.insert(it.clone())).collect();
            *place = Some(Node { kinds: nodes[id].kinds, conditions, place: nodes[id].place.clone() });
        }
    }
    Graph { nodes: merged.into_iter().flatten().collect(), old: class[same[old]], new: class[same[new]] }
}

fn reached(nodes: &[Node], old: Id, new: Id) -> Vec<Id> {
    let mut seen = vec![false; nodes.len()];
    let mut pending = vec![new, old];
    let mut reached = Vec::new();
    while let Some(id) = pending.pop() {
        if std::mem::replace(&mut seen[id], true) {
            continue;
        }
        charge(1);
        reached.push(id);
        for (same, inner) in nodes[id].conditions.iter().map(Condition::nodes) {
            pending.extend(same.into_iter().chain(inner));
        }
    }
    reached
}

/// Refuses circles of conditions on one value: such a schema has no meaning.
fn check_circles(nodes: &[Node], reached: &[Id]) -> Result<(), String> {
    let inner = |id: Id| nodes[id].conditions.iter().flat_map(|condition| condition.nodes().0).collect::<Vec<_>>();
    let mut left = vec![0_usize; nodes.len()];
    reached.iter().flat_map(|&id| inner(id)).for_each(|id| left[id] += 1);
    let mut free: Vec<Id> = reached.iter().copied().filter(|&id| left[id] == 0).collect();
    let mut sorted = 0;
    while let Some(id) = free.pop() {
        charge(1);
        sorted += 1;
        for id in inner(id) {
            left[id] -= 1;
            if left[id] == 0 {
                free.push(id);
            }
        }
    }
    if sorted == reached.len() {
        return Ok(());
    }
    let place = reached.iter().find(|&&id| left[id] > 0).map_or("", |&id| &nodes[id].place);
    Err(format!("the schema at {place:?} refers to itself for the same value"))
}

/// The node that each node stands for: a schema with nothing but a reference is what the reference leads to.
fn aliases(nodes: &[Node]) -> Vec<Id> {
    let one = |id: Id| match (&nodes[id].kinds, nodes[id].conditions.as_slice()) {
        (&Kinds::ALL, []) => TRUE,
        (&Kinds::NONE, _) => FALSE,
        (&Kinds::ALL, [Condition::All(there)]) => *there,
        (_, conditions) if conditions.contains(&Condition::Not(TRUE)) => FALSE,
        _ => id,
    };
    let mut same: Vec<Id> = (0..nodes.len()).map(one).collect();
    for id in 0..same.len() {
        let mut there = id;
        // There is no circle among those that are reached; the others do not matter.
        for _ in 0..nodes.len() {
            if same[there] == there {
                break;
            }
            charge(1);
            there = same[there];
        }
        same[id] = there;
    }
    same
}
