//! A proof that every value that some facts describe meets a goal.
//!
//! Soundness. Each rule shows its goal from goals that together imply it: for the values in a value (`object`, `array`),
//! for each of several cases that cover all values (`cases`), or because there is no such value (`absurd`). What is not
//! shown is not claimed to be false.
//!
//! A goal may be used within its own proof, for values within the value: this is induction on the size of the value. So
//! an open goal counts as shown only further inside than where it was opened. What was shown with the help of open goals
//! stands while these are open, and only further inside than all of them (`Shown::needs`); it stands for ever once
//! they are shown.

mod absurd;
mod array;
mod cases;
mod object;
mod text;

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use super::facts::{Facts, Known, Number, Theory};
use super::form::{Condition, FALSE, Id, Kinds, TRUE, Values};
use super::number::Decimal;
use crate::bounds::{charge, charge_deeper};

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Goal {
    Kinds(Kinds),
    Condition(Number),
}

/// What became of a goal.
#[derive(Debug, Clone, Copy)]
enum State {
    /// Its proof is under way, opened as deep inside.
    Open {
        position: usize,
        inside: usize,
    },
    /// It was shown. With the help of open goals: the first of them, and how deep inside the innermost was opened.
    Shown {
        needs: Option<(usize, usize)>,
    },
    NotShown,
}

/// The open goals that a proof has used: the first of them, and how deep inside the innermost was opened.
#[derive(Debug, Clone, Copy)]
struct Used {
    first: usize,
    inside: usize,
}

const NOTHING: Used = Used { first: usize::MAX, inside: 0 };

impl Used {
    fn and(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), inside: self.inside.max(other.inside) }
    }
}

pub(super) struct Proof {
    pub(super) theory: Theory,
    states: HashMap<(Known, Goal), State>,
    open: usize,
    used: Used,
    /// The goals that were shown with the help of open ones, in their order.
    conditional: Vec<(Known, Goal)>,
    /// The cases of each condition that was split, beside what is known.
    splits: HashMap<(Known, Number), Vec<Known>>,
    /// How many steps inside the value this is.
    inside: usize,
    /// How many cases are around this one.
    cases: usize,
    /// How many cases there may be within one another, without those of kinds.
    cases_max: usize,
    /// How many attempts are around this one, each of which may fail.
    attempts: usize,
    /// The place in the new schema where the proof first failed.
    stuck: Option<String>,
}

impl Proof {
    pub(super) fn of(theory: Theory, cases_max: usize) -> Self {
        Self {
            theory,
            cases_max,
            states: HashMap::new(),
            open: 0,
            used: NOTHING,
            conditional: Vec::new(),
            splits: HashMap::new(),
            inside: 0,
            cases: 0,
            attempts: 0,
            stuck: None,
        }
    }

    /// The place in the new schema where the proof first failed, as a JSON Pointer.
    pub(super) fn stuck(&self) -> Option<&str> {
        self.stuck.as_deref()
    }

    /// Whether every such value matches a schema.
    pub(super) fn matches(&mut self, known: Known, id: Id) -> bool {
        charge_deeper();
        let facts = self.theory.facts(known);
        if id == TRUE || facts.kinds.is_empty() || facts.matched.contains(&id) {
            return true;
        }
        if id == FALSE {
            return self.is_absurd(known);
        }
        let kinds = Goal::Kinds(self.theory.graph.nodes[id].kinds);
        let own = self.theory.own(id).to_vec();
        for goal in std::iter::once(kinds).chain(own.into_iter().map(Goal::Condition)) {
            if !self.shows(known, goal) {
                if self.attempts == 0 && self.stuck.is_none() {
                    self.stuck = Some(format!("{}/{}", self.theory.graph.nodes[id].place, self.keyword(goal)));
                }
                return false;
            }
        }
        true
    }

    /// Whether every such value meets a condition.
    pub(super) fn meets(&mut self, known: Known, number: Number) -> bool {
        self.shows(known, Goal::Condition(number))
    }

    /// Whether there is no such value.
    pub(super) fn is_absurd(&mut self, known: Known) -> bool {
        self.shows(known, Goal::Kinds(Kinds::NONE))
    }

    /// Runs an attempt that may fail without being the reason of a failure.
    fn attempt(&mut self, attempt: impl FnOnce(&mut Self) -> bool) -> bool {
        self.attempts += 1;
        let shown = attempt(self);
        self.attempts -= 1;
        shown
    }

    /// Runs a proof about values in the value.
    fn inside(&mut self, proof: impl FnOnce(&mut Self) -> bool) -> bool {
        self.inside += 1;
        let shown = proof(self);
        self.inside -= 1;
        shown
    }

    fn shows(&mut self, known: Known, goal: Goal) -> bool {
        charge_deeper();
        let mut known = known;
        let mut facts = self.theory.facts(known);
        match goal {
            Goal::Kinds(kinds) if facts.kinds.within(kinds) => return true,
            Goal::Kinds(kinds) if kinds.meets(facts.kinds) => {
                // Only the other kinds are in question.
                let others = self.theory.and_kinds(known, !kinds);
                return self.is_absurd(others);
            }
            Goal::Kinds(_) => {}
            Goal::Condition(number) => {
                let condition = self.theory.condition(number);
                if facts.conditions.contains(&number) || !condition.kinds().meets(facts.kinds) {
                    return true;
                }
                if !facts.kinds.within(condition.kinds()) {
                    known = self.theory.and_kinds(known, condition.kinds());
                    facts = self.theory.facts(known);
                    if facts.conditions.contains(&number) || facts.kinds.is_empty() {
                        return true;
                    }
                }
            }
        }
        let key = (known, goal);
        match self.states.get(&key).copied() {
            Some(State::Open { position, inside }) => {
                let smaller = self.inside > inside;
                if smaller {
                    self.used = self.used.and(Used { first: position, inside });
                }
                return smaller;
            }
            Some(State::Shown { needs: None }) => return true,
            Some(State::Shown { needs: Some((first, inside)) }) if self.inside > inside => {
                self.used = self.used.and(Used { first, inside });
                return true;
            }
            Some(State::NotShown) => return false,
            _ => {}
        }
        self.open(key, &facts)
    }

    /// Tries to show a goal, and keeps the answer.
    fn open(&mut self, key: (Known, Goal), facts: &Rc<Facts>) -> bool {
        let position = self.open;
        let around = std::mem::replace(&mut self.used, NOTHING);
        let before = self.conditional.len();
        self.open += 1;
        self.states.insert(key, State::Open { position, inside: self.inside });
        let shown = self.finite(facts, key.1).unwrap_or_else(|| {
            let (known, goal) = key;
            let divided = self.is_divided(facts, goal);
            divided && self.by_cases(known, facts, goal)
                || self.direct(known, facts, goal)
                || !divided && self.by_cases(known, facts, goal)
                || self.by_absurdity(key, facts)
        });
        self.open = position;
        let used = self.used;
        let since = self.conditional.split_off(before);
        charge(1 + since.len() as u64);
        if shown && used.first >= position {
            // It needed nothing but itself: it stands, and so does what needed nothing else.
            self.states.insert(key, State::Shown { needs: None });
            for key in since {
                match self.states.get(&key) {
                    Some(State::Shown { needs: Some((first, _)) }) if *first >= position => {
                        self.states.insert(key, State::Shown { needs: None });
                    }
                    _ => self.conditional.push(key),
                }
            }
            self.used = around;
        } else if shown {
            for key in since {
                if let Some(State::Shown { needs: Some((first, inside)) }) = self.states.get(&key).copied() {
                    let all = used.and(Used { first, inside });
                    self.states.insert(key, State::Shown { needs: Some((all.first, all.inside)) });
                    self.conditional.push(key);
                }
            }
            self.states.insert(key, State::Shown { needs: Some((used.first, used.inside)) });
            self.conditional.push(key);
            self.used = around.and(used);
        } else {
            // What was shown with its help was not.
            for key in since {
                self.states.remove(&key);
            }
            self.states.insert(key, State::NotShown);
            self.used = around;
        }
        shown
    }

    fn by_absurdity(&mut self, (known, goal): (Known, Goal), facts: &Facts) -> bool {
        match goal {
            Goal::Kinds(_) => self.attempt(|proof| proof.absurd(facts)),
            Goal::Condition(_) => self.attempt(|proof| proof.is_absurd(known)),
        }
    }

    /// The answer where only some values are possible: each is tried.
    fn finite(&mut self, facts: &Facts, goal: Goal) -> Option<bool> {
        let held = self.theory.held(facts);
        let values = held.iter().filter_map(|(_, condition)| match &**condition {
            Condition::Values(values) => Some(values),
            _ => None,
        });
        let values = values.min_by_key(|values| values.all().len())?.clone();
        let condition = match goal {
            Goal::Kinds(_) => None,
            Goal::Condition(number) => Some(self.theory.condition(number)),
        };
        for value in values.all() {
            charge(2);
            if self.theory.admits(facts, value) == Some(false) {
                continue;
            }
            let met = match &condition {
                Some(condition) => self.theory.meets_condition(condition, value),
                None => Some(false),
            };
            match met {
                Some(true) => {}
                Some(false) => return Some(false),
                None => return None,
            }
        }
        Some(true)
    }

    fn direct(&mut self, known: Known, facts: &Rc<Facts>, goal: Goal) -> bool {
        let Goal::Condition(number) = goal else { return false };
        let condition = self.theory.condition(number);
        let held = self.theory.held(facts);
        let mut held = held.iter().map(|(_, condition)| &**condition);
        match &*condition {
            Condition::Values(values) => is_every(facts.kinds, values) || self.is_listed(facts, values),
            Condition::AtLeast(bound) => self.theory.bounds(facts).0.is_some_and(|(low, _)| low >= *bound),
            Condition::Above(bound) => {
                self.theory.bounds(facts).0.is_some_and(|(low, without)| low > *bound || without && low == *bound)
            }
            Condition::AtMost(bound) => self.theory.bounds(facts).1.is_some_and(|(high, _)| high <= *bound),
            Condition::Below(bound) => {
                self.theory.bounds(facts).1.is_some_and(|(high, without)| high < *bound || without && high == *bound)
            }
            Condition::MultipleOf(of) => {
                let whole = facts.kinds.within(Kinds::INTEGERS) && of.small() == Some(1);
                whole || held.any(|held| matches!(held, Condition::MultipleOf(held) if is_multiple(held, of)))
            }
            Condition::All(id) => self.matches(known, *id),
            Condition::Any(all) => {
                facts.matches_one(all) || {
                    let likely = self.theory.likely(facts, all);
                    self.attempt(|proof| likely.into_iter().any(|place| proof.matches(known, all[place])))
                }
            }
            Condition::One(all) => self.attempt(|proof| proof.exactly_one(known, facts, all)),
            Condition::Not(id) => {
                facts.unmatched.contains(id) || {
                    let with = self.theory.and(known, *id);
                    self.is_absurd(with)
                }
            }
            Condition::If(condition, then, otherwise) => {
                let (with, without) = (self.theory.and(known, *condition), self.theory.and_not(known, *condition));
                self.matches(with, *then) && self.matches(without, *otherwise)
            }
            Condition::Unevaluated { members, inner, beside, draft } => {
                let inners: Vec<Id> = held
                    .filter_map(|held| match held {
                        Condition::Unevaluated { members: of, inner, beside: held, draft: by }
                            if of == members && held == beside && by == draft =>
                        {
                            Some(*inner)
                        }
                        _ => None,
                    })
                    .collect();
                inners.into_iter().any(|held| {
                    let held = self.theory.matching([held]);
                    self.inside(|proof| proof.matches(held, *inner))
                })
            }
            condition if condition.kinds() == Kinds::STRING => self.text(facts, condition),
            condition if condition.kinds() == Kinds::ARRAY => self.array(facts, condition),
            condition => self.object(known, facts, condition),
        }
    }

    /// Whether exactly one of the schemas is matched.
    fn exactly_one(&mut self, known: Known, facts: &Facts, all: &[Id]) -> bool {
        for position in self.theory.likely(facts, all) {
            if !self.matches(known, all[position]) {
                continue;
            }
            // Another that is matched is matched beside this one.
            return all.iter().enumerate().all(|(other, &id)| {
                other == position || facts.unmatched.contains(&id) || {
                    let both = self.theory.and(known, id);
                    self.is_absurd(both)
                }
            });
        }
        false
    }

    /// The keyword of a goal.
    fn keyword(&self, goal: Goal) -> &'static str {
        match goal {
            Goal::Kinds(_) => "type",
            Goal::Condition(number) => self.theory.condition(number).keyword(),
        }
    }
}

/// Whether these are all values of the kinds.
fn is_every(kinds: Kinds, values: &Values) -> bool {
    let has = |value: &Value| values.has(value);
    kinds.within(Kinds::NULL | Kinds::BOOLEAN)
        && (!kinds.meets(Kinds::NULL) || has(&Value::Null))
        && (!kinds.meets(Kinds::BOOLEAN) || has(&Value::Bool(true)) && has(&Value::Bool(false)))
}

fn is_multiple(number: &Decimal, of: &Decimal) -> bool {
    number == of || matches!((number.small(), of.small()), (Some(number), Some(of)) if of != 0 && number % of == 0)
}
