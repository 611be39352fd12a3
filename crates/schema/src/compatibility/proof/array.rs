//! Conditions on arrays.

use std::rc::Rc;

use super::Proof;
use crate::bounds::charge;
use crate::compatibility::facts::{Facts, Known};
use crate::compatibility::form::{Condition, FALSE, Id, TRUE};

/// What is known of the length, and of the items at each place: at the first ones, and at all others.
pub(in crate::compatibility) struct Items {
    pub(in crate::compatibility) least: u64,
    pub(in crate::compatibility) most: Option<u64>,
    held: Vec<(Vec<Id>, Option<Id>)>,
}

impl Items {
    /// The number of places with items of their own.
    pub(in crate::compatibility) fn first(&self) -> usize {
        self.held.iter().map(|(first, _)| first.len()).max().unwrap_or(0)
    }

    /// Whether there can be an item at this place.
    pub(in crate::compatibility) fn has(&self, place: usize) -> bool {
        self.most.is_none_or(|most| (place as u64) < most)
    }

    /// What the item at this place matches.
    pub(in crate::compatibility) fn at(&self, place: usize) -> Vec<Id> {
        let all = self.held.iter().filter_map(|(first, rest)| first.get(place).copied().or(*rest));
        if self.has(place) { all.collect() } else { vec![FALSE] }
    }
}

impl Proof {
    /// What the facts say of items.
    pub(in crate::compatibility) fn items(&self, facts: &Facts) -> Items {
        let mut items = Items { least: 0, most: None, held: Vec::new() };
        for (_, condition) in self.theory.held(facts) {
            let most = match &*condition {
                Condition::ItemsMin(count) => {
                    items.least = items.least.max(*count);
                    None
                }
                Condition::ItemsMax(count) => Some(*count),
                Condition::Items { first, rest } => {
                    items.held.push((first.clone(), *rest));
                    let end = first.iter().position(|&id| id == FALSE);
                    end.or((*rest == Some(FALSE)).then_some(first.len())).map(|count| count as u64)
                }
                Condition::ContainsMin(_, count) => {
                    items.least = items.least.max(*count);
                    None
                }
                _ => None,
            };
            items.most = items.most.into_iter().chain(most).min();
        }
        items
    }

    pub(super) fn array(&mut self, facts: &Rc<Facts>, goal: &Condition) -> bool {
        let items = self.items(facts);
        match goal {
            Condition::ItemsMin(count) => items.least >= *count,
            Condition::ItemsMax(count) => items.most.is_some_and(|most| most <= *count),
            Condition::Unique => items.most.is_some_and(|most| most <= 1),
            Condition::Items { first, rest } => {
                let places = items.first().max(first.len());
                // The last of these places stands for all that follow.
                (0..=places).take_while(|&place| items.has(place)).all(|place| {
                    charge(1);
                    let goal = first.get(place).copied().or(*rest).unwrap_or(TRUE);
                    goal == TRUE || {
                        let known = self.theory.matching(items.at(place));
                        self.inside(|proof| proof.matches(known, goal))
                    }
                })
            }
            Condition::ContainsMin(id, count) => *count == 0 || self.contains_min(facts, &items, *id, *count),
            Condition::ContainsMax(id, count) => self.contains_max(facts, &items, *id, *count),
            _ => false,
        }
    }

    /// Enough items match: those that match a narrower schema, or all of them.
    fn contains_min(&mut self, facts: &Facts, items: &Items, id: Id, count: u64) -> bool {
        for (_, condition) in self.theory.held(facts) {
            if let Condition::ContainsMin(held, least) = *condition
                && least >= count
            {
                // What is contained is an item as well, and the same holds of items at every place.
                let known = if items.first() == 0 {
                    self.theory.matching(items.at(0).into_iter().chain([held]))
                } else {
                    self.theory.matching([held])
                };
                if self.inside(|proof| proof.attempt(|proof| proof.matches(known, id))) {
                    return true;
                }
            }
        }
        items.least >= count
            && (0..=items.first()).take_while(|&place| items.has(place)).all(|place| {
                let known: Known = self.theory.matching(items.at(place));
                self.inside(|proof| proof.attempt(|proof| proof.matches(known, id)))
            })
    }

    /// Few enough items match: no more than match a wider schema, or than there are.
    fn contains_max(&mut self, facts: &Facts, items: &Items, id: Id, count: u64) -> bool {
        if items.most.is_some_and(|most| most <= count) {
            return true;
        }
        let known = self.theory.matching([id]);
        self.theory.held(facts).into_iter().any(|(_, condition)| match *condition {
            Condition::ContainsMax(held, most) if most <= count => {
                self.inside(|proof| proof.attempt(|proof| proof.matches(known, held)))
            }
            _ => false,
        })
    }
}
