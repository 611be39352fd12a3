//! Which branch of a union is likely to be matched. This is for the order of attempts alone: nothing relies on it.

use std::rc::Rc;

use super::facts::{Facts, Theory};
use super::form::{Id, Tags, Values, tags};
use crate::bounds::charge;

impl Theory {
    fn tags(&mut self, id: Id) -> Rc<Tags> {
        charge(1);
        let nodes = &self.graph.nodes;
        Rc::clone(self.tags.entry(id).or_insert_with(|| Rc::new(tags(nodes, id))))
    }

    /// The places of the branches that the value could match, the likely ones first: those that it is known to match, and
    /// then those without a member that is known to have other values.
    pub(super) fn likely(&mut self, facts: &Facts, branches: &[Id]) -> Vec<usize> {
        let known: Vec<Rc<Tags>> = facts.matched.iter().map(|&id| self.tags(id)).collect();
        let mut is_unlikely = |id: Id| {
            let tags = self.tags(id);
            let is_other = |(name, values): (&String, &Values)| {
                known.iter().filter_map(|known| known.get(name)).any(|known| !known.meet(values))
            };
            tags.iter().any(is_other)
        };
        let mut order: Vec<(u8, usize)> = Vec::with_capacity(branches.len());
        for (place, id) in branches.iter().enumerate() {
            charge(1 + known.len() as u64);
            let is_known = facts.matched.contains(id);
            order.push((if is_known { 0 } else { 1 + u8::from(is_unlikely(*id)) }, place));
        }
        order.sort_unstable();
        order.into_iter().map(|(_, place)| place).collect()
    }
}
