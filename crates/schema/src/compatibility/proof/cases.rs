//! Proofs by cases.
//!
//! Soundness. The cases cover all values that the facts describe: a value is of one of its kinds; it matches one of the
//! branches of `anyOf` and `oneOf`, and none of the others of `oneOf`; it matches the condition of `if`, or does not; an
//! object has a member, or does not.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use super::{Goal, Proof};
use crate::bounds::charge;
use crate::compatibility::facts::{Facts, Known, Number};
use crate::compatibility::form::{Condition, FALSE, Id, Kinds};

impl Proof {
    pub(super) fn by_cases(&mut self, known: Known, facts: &Facts, goal: Goal) -> bool {
        let kinds: Vec<Kinds> = Kinds::APART.into_iter().filter(|kinds| kinds.meets(facts.kinds)).collect();
        if kinds.len() > 1 {
            return self.attempt(|proof| {
                kinds.into_iter().all(|kinds| {
                    let case = proof.theory.and_kinds(known, kinds);
                    proof.shows(case, goal)
                })
            });
        }
        if self.cases >= self.cases_max {
            return false;
        }
        let held = self.theory.held(facts);
        let order = |condition: &Condition| match condition {
            Condition::One(_) => Some(0),
            Condition::Any(_) => Some(1),
            Condition::If(..) => Some(2),
            Condition::With(..) => Some(3),
            _ => None,
        };
        // A union that has branches of the goal comes first.
        let union = self.union(goal);
        let branches: HashSet<Id> = union.iter().flat_map(|union| union.branches()).copied().collect();
        let is_other = |condition: &Condition| {
            charge(1 + condition.branches().len() as u64);
            !condition.branches().iter().any(|id| branches.contains(id))
        };
        let split = held
            .iter()
            .filter_map(|(number, held)| Some((order(held)?, *number, held)))
            .map(|(order, number, held)| (!branches.is_empty() && is_other(held), order, number));
        let Some((.., number)) = split.min() else { return false };
        let cases = self.split(facts, number);
        self.cases += 1;
        let shown = self.attempt(|proof| cases.into_iter().all(|case| proof.shows(case, goal)));
        self.cases -= 1;
        shown
    }

    /// Whether a union is to be shown from a union: its cases are more promising than any of its branches alone.
    pub(super) fn is_divided(&self, facts: &Facts, goal: Goal) -> bool {
        let is_union = |condition: &Condition| !condition.branches().is_empty();
        self.union(goal).is_some_and(|union| {
            !facts.matches_one(union.branches()) && self.theory.held(facts).iter().any(|(_, held)| is_union(held))
        })
    }

    /// The goal, if it is a union.
    fn union(&self, goal: Goal) -> Option<Rc<Condition>> {
        let Goal::Condition(number) = goal else { return None };
        Some(self.theory.condition(number)).filter(|condition| !condition.branches().is_empty())
    }

    /// The cases of a condition, which is not among the facts of any.
    pub(in crate::compatibility) fn split(&mut self, facts: &Facts, number: Number) -> Vec<Known> {
        let known = self.theory.know(facts.clone());
        if let Some(cases) = self.splits.get(&(known, number)) {
            charge(1 + cases.len() as u64 / 8);
            return cases.clone();
        }
        let cases = self.cases_of(known, number);
        self.splits.insert((known, number), cases.clone());
        cases
    }

    fn cases_of(&mut self, known: Known, number: Number) -> Vec<Known> {
        let mut rest = Facts::clone(&self.theory.facts(known));
        rest.conditions.remove(&number);
        let rest = self.theory.know(rest);
        match &*self.theory.condition(number) {
            Condition::Any(all) => all.iter().map(|&id| self.theory.and(rest, id)).collect(),
            Condition::One(all) => (0..all.len()).map(|position| self.only(rest, all, position)).collect(),
            &Condition::If(condition, then, otherwise) => {
                let (with, without) = (self.theory.and(rest, condition), self.theory.and_not(rest, condition));
                vec![self.theory.and(with, then), self.theory.and(without, otherwise)]
            }
            Condition::With(name, id) => {
                let there = self.theory.and_condition(rest, Condition::Required(name.clone()));
                let named = BTreeMap::from([(name.clone(), FALSE)]);
                let missing = Condition::Members { named, patterns: BTreeMap::new(), rest: None };
                vec![self.theory.and(there, *id), self.theory.and_condition(rest, missing)]
            }
            _ => vec![known],
        }
    }

    /// The facts, and that the value matches one of the schemas and no other.
    fn only(&mut self, rest: Known, all: &[Id], position: usize) -> Known {
        let mut case = Facts::clone(&self.theory.facts(rest));
        let others = all.iter().enumerate().filter(|&(other, _)| other != position);
        case.unmatched.extend(others.map(|(_, &id)| id));
        let case = self.theory.know(case);
        self.theory.and(case, all[position])
    }
}
