//! Conditions on objects.
//!
//! A member is one that a condition names, or another. What applies to a named member is found by its name. What applies
//! to all others is found by cases: the patterns of the facts match the name, or none does and the rest applies. Patterns that
//! are wider than one that the name matches match it as well, and so does none that is narrower than one that it does not.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value;

use super::Proof;
use crate::bounds::charge;
use crate::compatibility::facts::{Facts, Known};
use crate::compatibility::form::{Condition, FALSE, Id, TRUE};

/// The maximum number of cases for members that are not named.
const CASES: usize = 64;

impl Proof {
    pub(super) fn object(&mut self, known: Known, facts: &Rc<Facts>, goal: &Condition) -> bool {
        match goal {
            Condition::MembersMin(count) => self.members_least(facts) >= *count,
            Condition::MembersMax(count) => self.members_most(facts).is_some_and(|most| most <= *count),
            Condition::Required(name) => self.requires(facts, name),
            Condition::RequiredWith(name, with) => {
                self.requires(facts, with) || self.is_missing(facts, name) || {
                    let there = self.theory.and_condition(known, Condition::Required(name.clone()));
                    let facts = self.theory.facts(there);
                    self.requires(&facts, with)
                }
            }
            Condition::With(name, id) => {
                self.is_missing(facts, name) || {
                    let there = self.theory.and_condition(known, Condition::Required(name.clone()));
                    self.matches(there, *id)
                }
            }
            Condition::Names(id) => self.names_match(facts, *id),
            Condition::Members { .. } => self.members(facts, goal),
            _ => false,
        }
    }

    fn requires(&mut self, facts: &Facts, name: &str) -> bool {
        let required = self.theory.number(Condition::Required(name.to_owned()));
        facts.conditions.contains(&required)
    }

    /// Whether there is no member of this name.
    fn is_missing(&mut self, facts: &Facts, name: &str) -> bool {
        let member = self.member(facts, name);
        self.theory.facts(member).kinds.is_empty()
    }

    /// What is known of the member of this name.
    pub(in crate::compatibility) fn member(&mut self, facts: &Facts, name: &str) -> Known {
        let mut all = Vec::new();
        for (_, condition) in self.theory.held(facts) {
            match &*condition {
                Condition::Members { .. } => all.extend(self.theory.under(&condition, name).0),
                Condition::Names(id) if self.theory.accepts(*id, &Value::String(name.to_owned())) == Some(false) => {
                    all.push(FALSE);
                }
                _ => {}
            }
        }
        self.theory.matching(all)
    }

    /// The names that facts and a goal speak of, and whether there can be others.
    pub(in crate::compatibility) fn named(
        &mut self,
        facts: &Facts,
        goal: Option<&Condition>,
    ) -> (BTreeSet<String>, bool) {
        let mut names = BTreeSet::new();
        let mut others = true;
        let held = self.theory.held(facts);
        for condition in held.iter().map(|(_, condition)| &**condition).chain(goal) {
            match condition {
                Condition::Members { named, patterns, rest } => {
                    charge(named.len() as u64);
                    names.extend(named.keys().cloned());
                    others &= goal == Some(condition) || *rest != Some(FALSE) || !patterns.is_empty();
                }
                Condition::Required(name) => drop(names.insert(name.clone())),
                Condition::Names(id) => {
                    let known = self.theory.matching([*id]);
                    let facts = self.theory.facts(known);
                    for (_, condition) in self.theory.held(&facts) {
                        if let Condition::Values(values) = &*condition {
                            names.extend(values.all().iter().filter_map(Value::as_str).map(str::to_owned));
                            others = false;
                        }
                    }
                    others &= !facts.kinds.is_empty();
                }
                _ => {}
            }
        }
        (names, others)
    }

    fn members_least(&self, facts: &Facts) -> u64 {
        let held = self.theory.held(facts);
        let required =
            held.iter().filter(|(_, condition)| matches!(**condition, Condition::Required(_))).count() as u64;
        let least = held.iter().filter_map(|(_, condition)| match **condition {
            Condition::MembersMin(count) => Some(count),
            _ => None,
        });
        least.max().unwrap_or(0).max(required)
    }

    pub(super) fn members_most(&mut self, facts: &Facts) -> Option<u64> {
        let held = self.theory.held(facts);
        let most = held.iter().filter_map(|(_, condition)| match **condition {
            Condition::MembersMax(count) => Some(count),
            _ => None,
        });
        let most = most.min();
        let (names, others) = self.named(facts, None);
        if others {
            return most;
        }
        let there = names.iter().filter(|name| !self.is_missing(facts, name)).count() as u64;
        Some(most.map_or(there, |most| most.min(there)))
    }

    /// Whether the facts leave no room: more members are required than there may be.
    pub(super) fn is_crowded(&mut self, facts: &Facts) -> bool {
        let least = self.members_least(facts);
        least > 0 && self.members_most(facts).is_some_and(|most| most < least)
    }

    fn members(&mut self, facts: &Rc<Facts>, goal: &Condition) -> bool {
        let Condition::Members { patterns, rest, .. } = goal else { return false };
        let (names, others) = self.named(facts, Some(goal));
        for name in &names {
            charge(1);
            let (sure, possible) = self.theory.under(goal, name);
            let goals: Vec<Id> = sure.into_iter().chain(possible).filter(|&id| id != TRUE).collect();
            if goals.is_empty() {
                continue;
            }
            let known = self.member(facts, name);
            if !self.inside(|proof| goals.iter().all(|&id| proof.matches(known, id))) {
                return false;
            }
        }
        if !others {
            return true;
        }
        let among = |id: &Id| *id != TRUE;
        patterns.iter().all(|(pattern, id)| !among(id) || self.others(facts, goal, Some(pattern), *id))
            && rest.iter().all(|id| !among(id) || self.others(facts, goal, None, *id))
    }

    /// Whether all members that are not named, and match the pattern or no pattern of the goal, match the schema.
    fn others(&mut self, facts: &Facts, goal: &Condition, pattern: Option<&String>, id: Id) -> bool {
        let before = self.stuck.clone();
        // Patterns are compared only where equal ones do not tell.
        self.others_by(facts, goal, pattern, id, |_, narrower, wider| narrower == wider) || {
            let is_within = |proof: &mut Self, narrower: &str, wider: &str| {
                charge(1);
                narrower == wider || proof.theory.is_within(narrower, wider)
            };
            let shown = self.attempt(|proof| proof.others_by(facts, goal, pattern, id, is_within));
            if shown {
                self.stuck = before;
            }
            shown
        }
    }

    fn others_by(
        &mut self,
        facts: &Facts,
        goal: &Condition,
        pattern: Option<&String>,
        id: Id,
        is_within: fn(&mut Self, &str, &str) -> bool,
    ) -> bool {
        let Condition::Members { patterns: refused, .. } = goal else { return false };
        let is_among = |proof: &mut Self, narrower: &str| refused.keys().any(|wider| is_within(proof, narrower, wider));
        if pattern.is_none() && self.patterns_of_names(facts).iter().any(|narrower| is_among(self, narrower)) {
            return true;
        }
        // One list for each condition: one of its schemas applies.
        let mut choices: Vec<Vec<Id>> = Vec::new();
        for (_, condition) in self.theory.held(facts) {
            let Condition::Members { patterns, rest, .. } = &*condition else { continue };
            let rest = rest.unwrap_or(TRUE);
            // A name that matches the goal's pattern matches a wider one; any name matches the empty one.
            let narrower = pattern.map_or("", String::as_str);
            let sure: Vec<Id> =
                patterns.iter().filter(|(wider, _)| is_within(self, narrower, wider)).map(|(_, &id)| id).collect();
            if sure.is_empty() {
                // A name that matches none of the goal's patterns matches no narrower one.
                let others = patterns.iter().filter(|(it, _)| pattern.is_some() || !is_among(self, it));
                choices.push(others.map(|(_, &id)| id).chain([rest]).collect());
            }
            choices.extend(sure.into_iter().map(|id| vec![id]));
        }
        let count = choices.iter().try_fold(1_usize, |count, choice| count.checked_mul(choice.len()));
        if count.is_none_or(|count| count > CASES) {
            return false;
        }
        let mut cases = vec![Vec::new()];
        for choice in choices {
            cases = cases
                .iter()
                .flat_map(|case: &Vec<Id>| choice.iter().map(|&id| [case.as_slice(), &[id]].concat()))
                .collect();
        }
        cases.into_iter().all(|case| {
            let known = self.theory.matching(case);
            self.inside(|proof| proof.matches(known, id))
        })
    }

    /// Patterns that all names match.
    fn patterns_of_names(&mut self, facts: &Facts) -> BTreeSet<String> {
        let mut patterns = BTreeSet::new();
        for (_, condition) in self.theory.held(facts) {
            if let Condition::Names(id) = *condition {
                let name = self.theory.matching([id]);
                let name = self.theory.facts(name);
                patterns.append(&mut self.texts(&name).patterns);
            }
        }
        patterns
    }

    fn names_match(&mut self, facts: &Rc<Facts>, id: Id) -> bool {
        let held: Vec<Id> = self
            .theory
            .held(facts)
            .iter()
            .filter_map(|(_, condition)| match **condition {
                Condition::Names(id) => Some(id),
                _ => None,
            })
            .collect();
        let known = self.theory.matching(held);
        let known = self.theory.and_kinds(known, crate::compatibility::form::Kinds::STRING);
        if self.inside(|proof| proof.attempt(|proof| proof.matches(known, id))) {
            return true;
        }
        let (names, others) = self.named(facts, None);
        !others
            && names.iter().all(|name| {
                self.is_missing(facts, name) || self.theory.accepts(id, &Value::String(name.clone())) == Some(true)
            })
    }
}
