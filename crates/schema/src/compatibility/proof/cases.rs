//! Proofs by cases.
//!
//! Soundness. The cases cover all values that the facts describe: a value is of one of its kinds; it matches one of the
//! branches of `anyOf` and `oneOf`, and none of the others of `oneOf`; it matches the condition of `if`, or does not; an
//! object has a member, or does not.

use std::collections::BTreeMap;

use super::{Goal, Proof};
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
        let split = held.iter().filter_map(|(number, condition)| Some((order(condition)?, *number)));
        let Some((_, number)) = split.min() else { return false };
        let cases = self.split(facts, number);
        self.cases += 1;
        let shown = self.attempt(|proof| cases.into_iter().all(|case| proof.shows(case, goal)));
        self.cases -= 1;
        shown
    }

    /// The cases of a condition, which is not among the facts of any.
    pub(in crate::compatibility) fn split(&mut self, facts: &Facts, number: Number) -> Vec<Known> {
        let mut rest = facts.clone();
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
            _ => vec![self.theory.know(facts.clone())],
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
