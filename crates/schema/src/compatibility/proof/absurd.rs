//! Facts that describe no value.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::Proof;
use crate::bounds::charge;
use crate::compatibility::facts::Facts;
use crate::compatibility::form::{Condition, Id, Kinds};

/// The number of schemas that a value does not match, up to which each set of them is tried.
const FEW: usize = 4;

impl Proof {
    /// Whether there is no value, of one kind, that the facts describe.
    pub(super) fn absurd(&mut self, facts: &Facts) -> bool {
        let kinds: Vec<Kinds> = Kinds::APART.into_iter().filter(|kinds| kinds.meets(facts.kinds)).collect();
        if kinds.len() > 1 {
            // The proof by cases has looked at each kind.
            return false;
        }
        let alone = match facts.kinds {
            Kinds::STRING => self.no_text(facts),
            Kinds::ARRAY => self.no_array(facts),
            Kinds::OBJECT => self.no_object(facts),
            _ => false,
        };
        alone || self.refuted(facts)
    }

    /// Whether the value matches a schema that it does not match.
    fn refuted(&mut self, facts: &Facts) -> bool {
        let unmatched: Vec<Id> = facts.unmatched.iter().copied().collect();
        unmatched.into_iter().any(|id| {
            charge(1);
            let kinds = self.theory.kinds(id);
            if !facts.kinds.within(kinds) {
                return false;
            }
            // Without this fact, so that the proof ends: there are fewer of its kind each time. Of many, all are left out:
            // their sets are too many.
            let mut others = facts.clone();
            if others.unmatched.len() > FEW {
                others.unmatched.clear();
            } else {
                others.unmatched.remove(&id);
            }
            let others = self.theory.know(others);
            self.matches(others, id)
        })
    }

    fn no_text(&mut self, facts: &Facts) -> bool {
        let (mut least, mut most) = (0, u64::MAX);
        for (_, condition) in self.theory.held(facts) {
            match *condition {
                Condition::LengthMin(count) => least = least.max(count),
                Condition::LengthMax(count) => most = most.min(count),
                _ => {}
            }
        }
        least > most
    }

    fn no_array(&mut self, facts: &Facts) -> bool {
        let items = self.items(facts);
        if items.most.is_some_and(|most| most < items.least) {
            return true;
        }
        // At each of these places there is an item.
        let places = items.first().saturating_add(1).min(usize::try_from(items.least).unwrap_or(usize::MAX));
        (0..places).any(|place| {
            charge(1);
            let known = self.theory.matching(items.at(place));
            self.inside(|proof| proof.is_absurd(known))
        })
    }

    fn no_object(&mut self, facts: &Facts) -> bool {
        let held = self.theory.held(facts);
        let required: BTreeSet<&String> = held
            .iter()
            .filter_map(|(_, condition)| match &**condition {
                Condition::Required(name) => Some(name),
                _ => None,
            })
            .collect();
        let required: Vec<Rc<str>> = required.into_iter().map(|name| name.as_str().into()).collect();
        self.is_crowded(facts)
            || required.iter().any(|name| {
                charge(1);
                let member = self.member(facts, name);
                self.inside(|proof| proof.is_absurd(member))
            })
    }
}
