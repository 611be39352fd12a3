//! Values by the branches of unions.

use serde_json::Value;

use super::{BRANCHES, BROKEN, DEPTH, SAMPLED, Search};
use crate::bounds::charge;
use crate::compatibility::facts::{Facts, Known};
use crate::compatibility::form::{Condition, Id};

impl Search {
    /// The values for each branch of a condition of the facts. The branches that the goal does not have come first: what
    /// they accept is most likely to break it.
    pub(super) fn in_branches(
        &mut self,
        known: Known,
        facts: &Facts,
        goal: &[Id],
        mut values: impl FnMut(&mut Self, Known) -> Vec<Value>,
    ) -> Vec<Value> {
        let held = self.proof.theory.held(facts);
        let branching = held.iter().filter(|(_, condition)| {
            matches!(**condition, Condition::Any(_) | Condition::One(_) | Condition::If(..) | Condition::With(..))
        });
        let shared = |condition: &Condition| condition.branches().iter().any(|id| goal.contains(id));
        let Some((number, condition)) = branching.min_by_key(|(_, condition)| !shared(condition)) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        self.depth += 1;
        if self.depth <= DEPTH {
            let ids = condition.branches();
            let mut cases: Vec<_> = self.proof.split(facts, *number).into_iter().enumerate().collect();
            cases.sort_by_key(|(place, _)| ids.get(*place).is_some_and(|id| goal.contains(id)));
            for case in cases.into_iter().map(|(_, case)| case).filter(|case| *case != known).take(BRANCHES) {
                found.extend(values(self, case));
                if found.len() >= BROKEN {
                    break;
                }
            }
        }
        self.depth -= 1;
        found
    }

    /// Values that may match none of the branches, or not exactly one of them.
    pub(super) fn no_branch(&mut self, known: Known, facts: &Facts, all: &[Id], goal: &Condition) -> Vec<Value> {
        let held = self.proof.theory.held(facts);
        // The branches that the facts do not have come first.
        let mut order: Vec<Id> = all.to_vec();
        charge(order.len() as u64);
        order.sort_by_key(|id| held.iter().any(|(_, condition)| condition.branches().contains(id)));
        let breaking = |search: &mut Self, case: Known| {
            let mut found = Vec::new();
            for &id in order.iter().take(BRANCHES) {
                found.extend(search.breaking(case, id));
            }
            found
        };
        // What changed in a union that both have: a branch of the old one against a branch of the new one.
        let is_held = |id: &Id| held.iter().any(|(_, condition)| condition.branches().contains(id));
        let new: Vec<Id> = order.iter().copied().take_while(|id| !is_held(id)).take(BRANCHES).collect();
        if !new.is_empty() && new.len() < all.len() {
            let found = self.in_branches(known, facts, all, |search, case| {
                new.iter().flat_map(|&id| search.breaking(case, id)).collect()
            });
            let kept = self.kept(facts, found, |proof, value| proof.theory.meets_condition(goal, value));
            if !self.wants_more(&kept) {
                return kept.values;
            }
        }
        let mut found = breaking(self, known);
        if matches!(goal, Condition::One(_)) {
            let pairs = new.iter().flat_map(|&id| order.iter().map(move |&other| (id, other)));
            let pairs = pairs.chain(all.windows(2).map(|pair| (pair[0], pair[1])));
            for (one, other) in pairs.filter(|(one, other)| one != other).take(2 * BRANCHES) {
                let both = self.proof.theory.and(known, one);
                let both = self.proof.theory.and(both, other);
                found.extend(self.samples(both, SAMPLED));
            }
        }
        let mut kept = self.kept(facts, found, |proof, value| proof.theory.meets_condition(goal, value));
        if self.wants_more(&kept) {
            let mut more = self.in_branches(known, facts, all, |search, case| {
                let mut found = search.samples(case, SAMPLED);
                found.extend(breaking(search, case));
                found
            });
            more.append(&mut kept.values);
            kept.values = more;
        }
        kept.values
    }
}
