//! Values by the branches of unions.

use serde_json::Value;

use super::weight::with_member;
use super::{BRANCHES, BROKEN, DEPTH, SAMPLED, Search};
use crate::bounds::charge;
use crate::compatibility::facts::{Facts, Known, Number};
use crate::compatibility::form::{Condition, Id};

/// The maximum number of names that are tried, and of schemas that are looked at for them.
const MENTIONED: usize = 32;

impl Search {
    /// The values for each branch of a condition of the facts. The branches that the goal does not have come first: what
    /// they accept is most likely to break it.
    pub(super) fn in_branches(
        &mut self,
        known: Known,
        facts: &Facts,
        goal: &[Id],
        values: impl FnMut(&mut Self, Known) -> Vec<Value>,
    ) -> Vec<Value> {
        self.in_open_branches(known, facts, (goal, None), values)
    }

    /// The same, without the branches of which the goal is shown.
    fn in_open_branches(
        &mut self,
        known: Known,
        facts: &Facts,
        (goal, open): (&[Id], Option<Number>),
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
            let mut left = BRANCHES;
            for case in cases.into_iter().map(|(_, case)| case).filter(|case| *case != known) {
                if left == 0 || found.len() >= BROKEN {
                    break;
                }
                if open.is_none_or(|goal| !self.proof.meets(case, goal)) {
                    left -= 1;
                    found.extend(values(self, case));
                }
            }
        }
        self.depth -= 1;
        found
    }

    /// Values that may match none of the branches, or not exactly one of them.
    pub(super) fn no_branch(&mut self, known: Known, facts: &Facts, number: Number) -> Vec<Value> {
        let goal = self.proof.theory.condition(number);
        let goal = &*goal;
        let all = goal.branches();
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
        // What changed in a union that both have: a branch of the old one alone, and against a branch of the new one.
        let is_held = |id: &Id| held.iter().any(|(_, condition)| condition.branches().contains(id));
        let new: Vec<Id> = order.iter().copied().take_while(|id| !is_held(id)).take(BRANCHES).collect();
        if new.len() < all.len() {
            let found = self.in_open_branches(known, facts, (all, Some(number)), |search, case| {
                let mut found = search.samples(case, SAMPLED);
                found.retain(|value| search.proof.theory.meets_condition(goal, value) != Some(true));
                found.extend(new.iter().flat_map(|&id| search.breaking(case, id)));
                found
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

    /// Objects with a member that does not match what is unevaluated, of each name that the facts speak of, or a schema
    /// which may evaluate.
    pub(super) fn unevaluated(&mut self, known: Known, facts: &Facts, inner: Id, beside: Id) -> Vec<Value> {
        let (mut names, _) = self.proof.named(facts, None);
        let cases = facts.matched.iter().copied().chain([beside]);
        let nodes = &self.proof.theory.graph.nodes;
        let mut pending: Vec<Id> = cases.flat_map(|id| &nodes[id].conditions).flat_map(|it| it.nodes().0).collect();
        pending.truncate(MENTIONED);
        for id in pending {
            charge(1);
            for condition in &nodes[id].conditions {
                if let Condition::Members { named, .. } = condition {
                    names.extend(named.keys().take(MENTIONED).cloned());
                }
            }
        }
        let names = ["z", "zz1"].into_iter().map(str::to_owned).chain(names).take(MENTIONED);
        let held = self.proof.theory.held(facts).into_iter().filter_map(|(_, condition)| match *condition {
            Condition::Unevaluated { members: true, inner, .. } => Some(inner),
            _ => None,
        });
        let held: Vec<Id> = held.collect();
        let base = self.samples(known, SAMPLED);
        let mut found = Vec::new();
        for name in names {
            charge(1);
            let member = self.proof.member(facts, &name);
            // Unevaluated in the facts as well, or not.
            let also = held.iter().fold(member, |also, &id| self.proof.theory.and(also, id));
            for member in [also, member] {
                let value = self.breaking(member, inner).into_iter().next();
                found.extend(
                    value.iter().flat_map(|value| base.iter().filter_map(|base| with_member(base, &name, value))),
                );
            }
        }
        found
    }
}
