//! Documents that could be valid under the old schema and not under the new one.
//!
//! Nothing here has to be right: whoever uses a document validates it first. What counts is that likely ones come early,
//! and that the search ends. It follows the goals that the proof could not show: for each, it makes values that break the
//! goal and meet the facts, and puts them into the least value around them.

mod branches;
mod samples;
mod strings;
mod weight;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::facts::{Facts, Known, Theory};
use super::form::{Condition, FALSE, Id, Kinds, TRUE};
use super::number::Decimal;
use super::proof::Proof;
use super::texts;
use crate::bounds::{charge, charge_deeper};
use samples::around;
use weight::{Room, fits, with_member};

/// The maximum number of values for one goal, and of samples of one schema.
const BROKEN: usize = 24;
const SAMPLES: usize = 8;
/// The maximum depth of the search, and that of samples.
const DEPTH: usize = 40;
pub(super) const SAMPLED: usize = 6;
/// The maximum number of branches that are tried of one condition.
const BRANCHES: usize = 12;

/// The search.
pub(super) struct Search {
    proof: Proof,
    depth: usize,
    /// Goals whose search is under way.
    open: Vec<(Known, usize)>,
    samples: BTreeMap<(Known, usize), Vec<Value>>,
    /// Whether branches are looked into although there are values already, none of which is sure.
    thorough: bool,
}

/// Values that may be what is looked for: the sure ones come first, and whether there are such.
struct Kept {
    values: Vec<Value>,
    sure: bool,
}

impl Search {
    pub(super) fn of(proof: Proof, thorough: bool) -> Self {
        Self { proof, depth: 0, open: Vec::new(), samples: BTreeMap::new(), thorough }
    }

    pub(super) fn into_theory(self) -> Theory {
        self.proof.theory
    }

    /// What is known of a value that matches the schema.
    pub(super) fn matching(&mut self, id: Id) -> Known {
        self.proof.theory.matching([id])
    }

    /// Values that may be among those known, and not match the schema.
    pub(super) fn breaking(&mut self, known: Known, id: Id) -> Vec<Value> {
        charge_deeper();
        let facts = self.proof.theory.facts(known);
        if id == TRUE || facts.kinds.is_empty() || self.depth > DEPTH || self.proof.matches(known, id) {
            return Vec::new();
        }
        if id == FALSE {
            return self.samples(known, SAMPLED);
        }
        self.depth += 1;
        let mut found = Vec::new();
        let others = facts.kinds & !self.proof.theory.kinds(id);
        if !others.is_empty() {
            let others = self.proof.theory.and_kinds(known, others);
            found.extend(self.samples(others, SAMPLED));
        }
        for number in self.proof.theory.own(id).to_vec() {
            if found.len() >= BROKEN {
                break;
            }
            found.extend(self.against(known, number));
        }
        self.depth -= 1;
        self.kept(&facts, found, |proof, value| proof.theory.accepts(id, value)).values
    }

    /// The values, without those that surely do not meet the facts or surely do not break the goal.
    fn kept(&mut self, facts: &Facts, values: Vec<Value>, met: impl Fn(&mut Proof, &Value) -> Option<bool>) -> Kept {
        let (mut sure, mut others): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
        for value in values {
            charge(4);
            let admitted = self.proof.theory.admits(facts, &value);
            if sure.len() >= BROKEN || admitted == Some(false) {
                continue;
            }
            let kept = match met(&mut self.proof, &value) {
                Some(true) => continue,
                Some(false) if admitted == Some(true) => &mut sure,
                _ => &mut others,
            };
            if kept.len() < BROKEN && !kept.contains(&value) {
                kept.push(value);
            }
        }
        let is_sure = !sure.is_empty();
        sure.extend(others);
        sure.truncate(BROKEN);
        Kept { values: sure, sure: is_sure }
    }

    /// Whether to look further.
    fn wants_more(&self, kept: &Kept) -> bool {
        kept.values.is_empty() || self.thorough && !kept.sure
    }

    /// Values that may meet the facts and break the condition.
    fn against(&mut self, known: Known, number: usize) -> Vec<Value> {
        let condition = self.proof.theory.condition(number);
        let known = self.proof.theory.and_kinds(known, condition.kinds());
        if self.open.contains(&(known, number)) || self.proof.meets(known, number) {
            return Vec::new();
        }
        self.open.push((known, number));
        let facts = self.proof.theory.facts(known);
        let mut found = Vec::new();
        for (_, held) in self.proof.theory.held(&facts) {
            if let Condition::Values(values) = &*held {
                charge(values.all().len() as u64);
                // Those of which it is not known whether they do may break a format.
                let broken = |value: &&Value| self.proof.theory.meets_condition(&condition, value) != Some(true);
                let broken = values.all().iter().filter(broken).take(2 * BROKEN).filter(|value| fits(value));
                let broken: Vec<Value> = broken.cloned().collect();
                self.open.pop();
                return self
                    .kept(&facts, broken, |proof, value| proof.theory.meets_condition(&condition, value))
                    .values;
            }
        }
        match &*condition {
            Condition::Members { .. } => found = self.wrong_member(known, &facts, &condition),
            Condition::Items { first, rest } => {
                for place in 0..=first.len().max(self.proof.items(&facts).first()) {
                    if let Some(&goal) = first.get(place).or(rest.as_ref()) {
                        found.extend(self.wrong_item(known, &facts, place, goal));
                    }
                }
            }
            Condition::Required(name) => found = self.without(known, &facts, name),
            Condition::RequiredWith(name, with) => {
                let there = self.proof.theory.and_condition(known, Condition::Required(name.clone()));
                let facts = self.proof.theory.facts(there);
                found = self.without(there, &facts, with);
            }
            Condition::With(name, id) => {
                let there = self.proof.theory.and_condition(known, Condition::Required(name.clone()));
                found = self.breaking(there, *id);
            }
            Condition::All(id) => found = self.breaking(known, *id),
            Condition::Any(_) | Condition::One(_) => found = self.no_branch(known, &facts, number),
            Condition::Not(id) => {
                let both = self.proof.theory.and(known, *id);
                found = self.samples(both, SAMPLED);
            }
            Condition::If(condition, then, otherwise) => {
                let with = self.proof.theory.and(known, *condition);
                found = self.breaking(with, *then);
                let without = self.proof.theory.and_not(known, *condition);
                found.extend(self.breaking(without, *otherwise));
            }
            Condition::Names(id) => found = self.wrong_name(known, &facts, *id),
            Condition::Unevaluated { members: true, inner, beside, .. } => {
                found = self.unevaluated(known, &facts, *inner, *beside);
            }
            condition => {
                found = self.hinted(known, &facts, condition);
            }
        }
        found.extend(self.samples(known, SAMPLED));
        let mut kept = self.kept(&facts, found, |proof, value| proof.theory.meets_condition(&condition, value));
        if self.wants_more(&kept) {
            // Each branch of the facts on its own may show more.
            let branches = condition.branches();
            let mut more = self.in_branches(known, &facts, branches, |search, case| search.against(case, number));
            more.append(&mut kept.values);
            kept.values = more;
            kept.values.truncate(BROKEN);
        }
        self.open.pop();
        kept.values
    }

    fn wrong_member(&mut self, known: Known, facts: &Facts, goal: &Condition) -> Vec<Value> {
        let (mut names, others) = self.proof.named(facts, Some(goal));
        if others {
            names.extend(["z", "zz1"].map(str::to_owned));
            for (_, condition) in self.proof.theory.held(facts) {
                self.add_names(&condition, &mut names);
            }
            self.add_names(goal, &mut names);
            self.add_other_names(facts, goal, &mut names);
        }
        let base = self.samples(known, SAMPLED);
        let mut found = Vec::new();
        for name in names {
            charge(2);
            let (sure, possible) = self.proof.theory.under(goal, &name);
            let member = self.proof.member(facts, &name);
            for id in sure.into_iter().chain(possible) {
                for value in self.breaking(member, id) {
                    found.extend(base.iter().take(2).filter_map(|base| with_member(base, &name, &value)));
                }
            }
            if found.len() >= 2 * BROKEN {
                break;
            }
        }
        found
    }

    fn add_names(&self, condition: &Condition, names: &mut BTreeSet<String>) {
        if let Condition::Members { patterns, .. } = condition {
            names.extend(patterns.keys().take(BRANCHES).flat_map(|pattern| texts::of_pattern(pattern)));
        }
    }

    fn wrong_item(&mut self, known: Known, facts: &Facts, place: usize, goal: Id) -> Vec<Value> {
        let items = self.proof.items(facts);
        if !items.has(place) {
            return Vec::new();
        }
        let at = self.proof.theory.matching(items.at(place));
        let mut found = Vec::new();
        let broken = self.breaking(at, goal);
        let base = self.samples(known, SAMPLED).into_iter().find_map(|base| base.as_array().cloned());
        for value in broken {
            let mut all = base.clone().unwrap_or_default();
            let mut room = Room::new();
            let mut fits = room.take(&value) && all.iter().all(|item| room.take(item));
            while fits && all.len() <= place {
                let at = self.proof.theory.matching(items.at(all.len()));
                let filler = self.samples(at, SAMPLED - 1).into_iter().next().unwrap_or(Value::Null);
                fits = room.take(&filler);
                all.push(filler);
            }
            if fits {
                all[place] = value.clone();
                found.push(Value::Array(all));
            }
            found.push(json!([value]));
        }
        found
    }

    fn without(&mut self, known: Known, _facts: &Facts, name: &str) -> Vec<Value> {
        let mut found = self.samples(known, SAMPLED);
        for value in &mut found {
            if let Value::Object(members) = value {
                members.remove(name);
            }
        }
        found
    }

    fn wrong_name(&mut self, known: Known, facts: &Facts, id: Id) -> Vec<Value> {
        let names = facts.conditions.iter().filter_map(|&number| match *self.proof.theory.condition(number) {
            Condition::Names(id) => Some(id),
            _ => None,
        });
        let names: Vec<Id> = names.collect();
        let known_name = self.proof.theory.matching(names);
        let known_name = self.proof.theory.and_kinds(known_name, Kinds::STRING);
        let mut texts = self.breaking(known_name, id);
        texts.extend(self.proof.named(facts, None).0.into_iter().map(Value::String));
        let base = self.samples(known, SAMPLED);
        let mut found = Vec::new();
        for name in texts.iter().filter_map(Value::as_str) {
            let member = self.proof.member(facts, name);
            let value = self.samples(member, SAMPLED - 1).into_iter().next();
            found.extend(value.iter().flat_map(|value| base.iter().filter_map(|base| with_member(base, name, value))));
        }
        found
    }

    /// Values at the bounds that a condition sets.
    fn hinted(&mut self, known: Known, facts: &Facts, condition: &Condition) -> Vec<Value> {
        let mut found = Vec::new();
        match condition {
            Condition::AtLeast(bound)
            | Condition::AtMost(bound)
            | Condition::Above(bound)
            | Condition::Below(bound) => {
                found.extend(around(bound));
            }
            Condition::MultipleOf(of) => {
                let of = of.small().unwrap_or(1);
                found.extend((1..6).map(|value| json!(value)));
                found.extend(around(&Decimal::integer(of)));
                found.extend([json!(0.5), json!(1.25), json!(-7)]);
                let (low, _) = self.proof.theory.bounds(facts);
                found.extend(low.into_iter().flat_map(|(low, _)| around(&low)));
            }
            Condition::LengthMin(count) | Condition::LengthMax(count) => {
                let lengths = [count.saturating_sub(1), count + 1, 0];
                found.extend(lengths.into_iter().filter_map(texts::of_length).map(Value::String));
                found.extend(self.stretched(known, *count));
                found.extend(self.mismeasured(facts, condition));
            }
            Condition::ItemsMin(count) | Condition::ItemsMax(count) => {
                for length in [count.saturating_sub(1), count + 1] {
                    found.extend(self.array(facts, length, SAMPLED));
                }
            }
            Condition::Pattern(pattern) => {
                found.extend(self.mismatched(facts, pattern));
                found.extend(self.stretched(known, 1));
            }
            Condition::Unique => {
                let items = self.proof.items(facts);
                let at = self.proof.theory.matching(items.at(0));
                found.extend(self.samples(at, SAMPLED - 1).into_iter().map(|value| json!([value, value])));
            }
            Condition::ContainsMin(id, count) | Condition::ContainsMax(id, count) => {
                let items = self.proof.items(facts);
                let at = self.proof.theory.matching(items.at(0));
                let both = self.proof.theory.and(at, *id);
                let one = self.samples(both, SAMPLED - 1).into_iter().next();
                found.push(json!([]));
                let mut room = Room::new();
                let count = (*count as usize + 1).min(64);
                let one = one.filter(|one| (0..count).all(|_| room.take(one)));
                found.extend(one.map(|one| Value::Array(vec![one; count])));
                let contained =
                    self.proof.theory.held(facts).into_iter().filter_map(|(_, condition)| match *condition {
                        Condition::ContainsMin(held, _) => Some(held),
                        _ => None,
                    });
                for held in contained.chain([TRUE]) {
                    let at = self.proof.theory.and(at, held);
                    found.extend(self.breaking(at, *id).into_iter().map(|value| json!([value])));
                }
            }
            Condition::MembersMin(count) | Condition::MembersMax(count) => {
                for count in [count.saturating_sub(1), count + 1] {
                    found.extend(self.object(facts, count, SAMPLED));
                }
            }
            _ => {}
        }
        found
    }

    /// Texts among those known that are lengthened.
    fn stretched(&mut self, known: Known, count: u64) -> Vec<Value> {
        let texts = self.samples(known, SAMPLED);
        let longer = texts.iter().filter_map(Value::as_str).filter_map(|text| {
            let last = text.chars().last()?;
            let missing = (count + 1).checked_sub(text.chars().count() as u64).filter(|count| *count < 4096)?;
            Some(Value::String(text.to_owned() + &last.to_string().repeat(missing as usize)))
        });
        longer.collect()
    }
}
