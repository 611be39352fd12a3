//! What is known of a value: the kinds that it can be of, conditions that it meets, and schemas that it does not match.
//!
//! Soundness. Facts describe a set of values. Each step that adds to facts (`close`) adds only what every value of the set
//! meets already, so that the set stays the same: the schema of a condition that holds, the only branch that is left, what
//! comes with a required member.

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::form::{Condition, FALSE, Graph, Id, Kinds, TRUE, Tags};
use super::number::Decimal;
use super::patterns::{Automata, Difference, Texts, Wanted};
use crate::bounds::{charge, charge_deeper};
use crate::compile::{CACHE, translated};

/// A condition, by its number.
pub(super) type Number = usize;
/// Facts, by their number.
pub(super) type Known = usize;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Facts {
    pub(super) kinds: Kinds,
    pub(super) conditions: BTreeSet<Number>,
    /// Schemas that the value matches, whose conditions are among the conditions.
    pub(super) matched: BTreeSet<Id>,
    /// Schemas that the value does not match.
    pub(super) unmatched: BTreeSet<Id>,
}

impl Facts {
    /// The steps of reading and keeping the facts.
    fn size(&self) -> u64 {
        8 + (self.conditions.len() + self.matched.len() + self.unmatched.len()) as u64
    }

    /// Whether a branch of a union, whose branches are in order, is known to be matched.
    pub(super) fn matches_one(&self, branches: &[Id]) -> bool {
        charge(1 + self.matched.len() as u64);
        self.matched.iter().any(|id| branches.binary_search(id).is_ok())
    }

    pub(super) fn none() -> Self {
        Self { kinds: Kinds::ALL, conditions: BTreeSet::new(), matched: BTreeSet::new(), unmatched: BTreeSet::new() }
    }
}

/// A bound, and whether the bound itself is excluded.
type Bound = Option<(Decimal, bool)>;

/// A graph with everything that was derived from it.
pub(super) struct Theory {
    pub(super) graph: Graph,
    conditions: Vec<Rc<Condition>>,
    numbers: HashMap<Rc<Condition>, Number>,
    /// The conditions of each node.
    own: Vec<Vec<Number>>,
    /// The kinds of the values that each node can match.
    kinds: Vec<Kinds>,
    /// The tags of the nodes that were asked for.
    pub(super) tags: HashMap<Id, Rc<Tags>>,
    known: Vec<Rc<Facts>>,
    known_numbers: HashMap<Rc<Facts>, Known>,
    patterns: HashMap<String, Option<regex::Regex>>,
    automata: Automata,
    differences: HashMap<(Texts, Wanted), Difference>,
}

/// The maximum bytes of a compiled pattern, and the maximum number of patterns: larger and more ones are not tried.
const PATTERN: usize = 1 << 18;
const PATTERNS: usize = 256;

impl Theory {
    pub(super) fn of(graph: Graph) -> Self {
        let mut theory = Self {
            conditions: Vec::new(),
            numbers: HashMap::new(),
            own: Vec::new(),
            kinds: graph.nodes.iter().map(|node| node.kinds).collect(),
            tags: HashMap::new(),
            known: Vec::new(),
            known_numbers: HashMap::new(),
            patterns: HashMap::new(),
            automata: Automata::default(),
            differences: HashMap::new(),
            graph,
        };
        for id in 0..theory.graph.nodes.len() {
            let all = theory.graph.nodes[id].conditions.clone();
            let all = all.into_iter().map(|condition| theory.number(condition)).collect();
            theory.own.push(all);
        }
        let mut done = vec![false; theory.graph.nodes.len()];
        (0..done.len()).for_each(|id| theory.narrow(id, &mut done));
        theory
    }

    /// Finds the kinds of a node from those of its parts. As deep as conditions on one value are, which form no circle.
    fn narrow(&mut self, id: Id, done: &mut [bool]) {
        if std::mem::replace(&mut done[id], true) {
            return;
        }
        charge_deeper();
        let mut kinds = self.graph.nodes[id].kinds;
        for number in self.own[id].clone() {
            let condition = Rc::clone(&self.conditions[number]);
            condition.nodes().0.into_iter().for_each(|id| self.narrow(id, done));
            kinds = kinds & self.kinds_under(&condition);
        }
        self.kinds[id] = kinds;
    }

    /// The kinds of the values that can meet a condition.
    pub(super) fn kinds_under(&self, condition: &Condition) -> Kinds {
        match condition {
            Condition::Values(values) => values.kinds(),
            Condition::MultipleOf(number) if number.is_integer() => !Kinds::FRACTION,
            Condition::All(id) => self.kinds[*id],
            Condition::Any(all) | Condition::One(all) => {
                all.iter().fold(Kinds::NONE, |kinds, &id| kinds | self.kinds[id])
            }
            Condition::Not(id) if self.own[*id].is_empty() => !self.graph.nodes[*id].kinds,
            _ => Kinds::ALL,
        }
    }

    pub(super) fn kinds(&self, id: Id) -> Kinds {
        self.kinds[id]
    }

    pub(super) fn own(&self, id: Id) -> &[Number] {
        &self.own[id]
    }

    pub(super) fn condition(&self, number: Number) -> Rc<Condition> {
        Rc::clone(&self.conditions[number])
    }

    pub(super) fn facts(&self, known: Known) -> Rc<Facts> {
        Rc::clone(&self.known[known])
    }

    /// The conditions that the facts hold.
    pub(super) fn held(&self, facts: &Facts) -> Vec<(Number, Rc<Condition>)> {
        charge(facts.conditions.len() as u64);
        facts.conditions.iter().map(|&number| (number, self.condition(number))).collect()
    }

    pub(super) fn number(&mut self, condition: Condition) -> Number {
        charge(1);
        if let Some(&number) = self.numbers.get(&condition) {
            return number;
        }
        let condition = Rc::new(condition);
        self.numbers.insert(Rc::clone(&condition), self.conditions.len());
        self.conditions.push(condition);
        self.conditions.len() - 1
    }

    /// The number of facts, with everything that follows at once.
    pub(super) fn know(&mut self, mut facts: Facts) -> Known {
        self.close(&mut facts);
        charge(facts.size());
        if let Some(&known) = self.known_numbers.get(&facts) {
            return known;
        }
        let facts = Rc::new(facts);
        self.known_numbers.insert(Rc::clone(&facts), self.known.len());
        self.known.push(facts);
        self.known.len() - 1
    }

    /// What is known of a value that matches all these schemas.
    pub(super) fn matching(&mut self, ids: impl IntoIterator<Item = Id>) -> Known {
        let mut facts = Facts::none();
        ids.into_iter().for_each(|id| self.matches(&mut facts, id));
        self.know(facts)
    }

    /// The facts, and that the value matches one more schema.
    pub(super) fn and(&mut self, known: Known, id: Id) -> Known {
        let mut facts = Facts::clone(&self.known[known]);
        self.matches(&mut facts, id);
        self.know(facts)
    }

    /// The facts, and that the value does not match a schema.
    pub(super) fn and_not(&mut self, known: Known, id: Id) -> Known {
        let mut facts = Facts::clone(&self.known[known]);
        facts.unmatched.insert(id);
        self.know(facts)
    }

    /// The facts, and that the value meets one more condition.
    pub(super) fn and_condition(&mut self, known: Known, condition: Condition) -> Known {
        let mut facts = Facts::clone(&self.known[known]);
        let number = self.number(condition);
        self.meets(&mut facts, number);
        self.know(facts)
    }

    pub(super) fn and_kinds(&mut self, known: Known, kinds: Kinds) -> Known {
        let mut facts = Facts::clone(&self.known[known]);
        facts.kinds = facts.kinds & kinds;
        self.know(facts)
    }

    fn matches(&mut self, facts: &mut Facts, id: Id) {
        charge_deeper();
        if id == TRUE || !facts.matched.insert(id) {
            return;
        }
        facts.kinds = facts.kinds & self.kinds[id];
        for number in self.own[id].clone() {
            self.meets(facts, number);
        }
    }

    fn meets(&mut self, facts: &mut Facts, number: Number) {
        match &*self.condition(number) {
            Condition::All(id) => self.matches(facts, *id),
            Condition::Not(id) => {
                facts.unmatched.insert(*id);
            }
            condition => {
                facts.kinds = facts.kinds & self.kinds_under(condition);
                facts.conditions.insert(number);
            }
        }
    }

    /// Adds what follows at once, until nothing more does.
    fn close(&mut self, facts: &mut Facts) {
        loop {
            charge(facts.size());
            let before = (facts.kinds, facts.conditions.len(), facts.matched.len(), facts.unmatched.len());
            for (number, condition) in self.held(facts) {
                self.follow(facts, number, &condition);
            }
            for id in facts.unmatched.clone() {
                if self.own[id].is_empty() {
                    facts.kinds = facts.kinds & !self.graph.nodes[id].kinds;
                }
            }
            if facts.unmatched.iter().any(|id| *id == TRUE || facts.matched.contains(id))
                || facts.matched.contains(&FALSE)
            {
                facts.kinds = Kinds::NONE;
            }
            if facts.kinds.is_empty() {
                // Nothing more needs to be known of no value.
                *facts = Facts { kinds: Kinds::NONE, ..Facts::none() };
                return;
            }
            if before == (facts.kinds, facts.conditions.len(), facts.matched.len(), facts.unmatched.len()) {
                break;
            }
        }
        // What is about other kinds says nothing.
        let kinds = facts.kinds;
        facts.conditions.retain(|&number| self.conditions[number].kinds().meets(kinds));
    }

    fn follow(&mut self, facts: &mut Facts, number: Number, condition: &Condition) {
        let requires = |theory: &Self, facts: &Facts, name: &str| {
            let required = Condition::Required(name.to_owned());
            theory.numbers.get(&required).is_some_and(|number| facts.conditions.contains(number))
        };
        match condition {
            Condition::RequiredWith(name, with) if requires(self, facts, name) && facts.kinds == Kinds::OBJECT => {
                let with = self.number(Condition::Required(with.clone()));
                facts.conditions.insert(with);
            }
            Condition::With(name, id) if requires(self, facts, name) && facts.kinds == Kinds::OBJECT => {
                self.matches(facts, *id);
            }
            Condition::If(condition, then, otherwise) => {
                if facts.matched.contains(condition) || *condition == TRUE {
                    self.matches(facts, *then);
                } else if facts.unmatched.contains(condition) {
                    self.matches(facts, *otherwise);
                }
            }
            Condition::Any(all) | Condition::One(all) => {
                charge(all.len() as u64);
                let left: Vec<Id> = all.iter().copied().filter(|&id| self.is_open(facts, id)).collect();
                let kinds = left.iter().fold(Kinds::NONE, |kinds, &id| kinds | self.kinds[id]);
                facts.kinds = facts.kinds & kinds;
                if let [one] = left.as_slice() {
                    self.matches(facts, *one);
                }
                if left.len() < all.len() && matches!(condition, Condition::Any(_)) {
                    facts.conditions.remove(&number);
                    let number = self.number(Condition::Any(left));
                    facts.conditions.insert(number);
                }
            }
            Condition::AtLeast(_) | Condition::Above(_) | Condition::AtMost(_) | Condition::Below(_)
                if facts.kinds.meets(Kinds::NUMBERS) && self.has_no_number(facts) =>
            {
                facts.kinds = facts.kinds & !Kinds::NUMBERS;
            }
            _ => {}
        }
    }

    /// Whether nothing known keeps the value from matching the schema.
    fn is_open(&self, facts: &Facts, id: Id) -> bool {
        !facts.unmatched.contains(&id) && self.kinds[id].meets(facts.kinds)
    }

    fn has_no_number(&self, facts: &Facts) -> bool {
        let (low, high) = self.bounds(facts);
        let (Some((low, without)), Some((high, also_without))) = (low, high) else { return false };
        low > high || low == high && (without || also_without)
    }

    /// The greatest lower and the smallest upper bound, and whether the bound itself is excluded.
    pub(super) fn bounds(&self, facts: &Facts) -> (Bound, Bound) {
        let (mut low, mut high): (Bound, Bound) = (None, None);
        let mut is_low = |bound: Decimal, without: bool| {
            let bound = (bound, without);
            if low.as_ref().is_none_or(|low| *low < bound) {
                low = Some(bound);
            }
        };
        let mut is_high = |bound: Decimal, without: bool| {
            let smaller = high.as_ref().is_none_or(|(high, also)| bound < *high || bound == *high && without && !also);
            if smaller {
                high = Some((bound, without));
            }
        };
        // Integers have their bounds among themselves.
        let whole = !facts.kinds.meets(Kinds::FRACTION);
        for (_, condition) in self.held(facts) {
            match &*condition {
                Condition::AtLeast(bound) | Condition::Above(bound) => {
                    charge(bound.size());
                    let above = matches!(*condition, Condition::Above(_));
                    match bound.floor().filter(|_| whole) {
                        Some(floor) if above || !bound.is_integer() => is_low(Decimal::integer(floor + 1), false),
                        _ => is_low(bound.clone(), above),
                    }
                }
                Condition::AtMost(bound) | Condition::Below(bound) => {
                    charge(bound.size());
                    let below = matches!(*condition, Condition::Below(_));
                    match bound.floor().filter(|_| whole) {
                        Some(floor) if below && bound.is_integer() => is_high(Decimal::integer(floor - 1), false),
                        Some(floor) => is_high(Decimal::integer(floor), false),
                        None => is_high(bound.clone(), below),
                    }
                }
                _ => {}
            }
        }
        (low, high)
    }

    /// Whether a text matches a pattern; `None` if that is not known here.
    pub(super) fn matches_pattern(&mut self, pattern: &str, text: &str) -> Option<bool> {
        charge(4 + text.len() as u64 / 8);
        if !self.patterns.contains_key(pattern) {
            charge(2000 + 4 * pattern.len() as u64);
            let translated = (self.patterns.len() < PATTERNS).then(|| translated(pattern).ok());
            let built = translated.flatten();
            let build =
                |text: &str| regex::RegexBuilder::new(text).size_limit(PATTERN).dfa_size_limit(CACHE).build().ok();
            // The library panics on some patterns.
            let built = built.and_then(|text| catch_unwind(AssertUnwindSafe(|| build(&text))).ok().flatten());
            self.patterns.insert(pattern.to_owned(), built);
        }
        let pattern = self.patterns.get(pattern)?.as_ref()?;
        catch_unwind(AssertUnwindSafe(|| pattern.is_match(text))).ok()
    }

    /// Whether all texts that match the one pattern match the other.
    pub(super) fn is_within(&mut self, left: &str, right: &str) -> bool {
        self.difference(Texts::of(left), Wanted::Pattern(right.to_owned())) == Some(None)
    }

    /// A text that is not what is wanted.
    pub(super) fn difference(&mut self, texts: Texts, wanted: Wanted) -> Difference {
        let asked = texts.patterns.iter().map(String::len).sum::<usize>() + wanted.size();
        let key = (texts, wanted);
        charge(1 + asked as u64 / 16);
        if let Some(known) = self.differences.get(&key) {
            return known.clone();
        }
        let difference = self.automata.difference(&key.0, &key.1);
        self.differences.insert(key, difference.clone());
        difference
    }

    /// A text that does not match the pattern, even without its look-arounds.
    pub(super) fn far(&mut self, texts: &Texts, pattern: &str) -> Option<String> {
        self.automata.far(texts, pattern)
    }
}
