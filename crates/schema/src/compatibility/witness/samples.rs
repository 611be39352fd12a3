//! Values that are likely to match: small ones, at the bounds that conditions set.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::weight::{Room, fits};
use super::{BRANCHES, DEPTH, SAMPLES, Search};
use crate::bounds::{charge, charge_deeper};
use crate::compatibility::facts::{Facts, Known};
use crate::compatibility::form::{Condition, Kinds};
use crate::compatibility::number::Decimal;
use crate::compatibility::texts;

/// Usual texts: a word, the least, one with a space, one of several kinds of characters, a number and no regular expression.
const USUAL: [&str; 6] = ["a", "", "x y", "A1", "1", "("];

impl Search {
    /// Values that may be among those known, the least first.
    pub(in crate::compatibility) fn samples(&mut self, known: Known, depth: usize) -> Vec<Value> {
        charge_deeper();
        let facts = self.proof.theory.facts(known);
        if depth == 0 || facts.kinds.is_empty() {
            return Vec::new();
        }
        if let Some(samples) = self.samples.get(&(known, depth)) {
            return samples.iter().filter(|sample| fits(sample)).cloned().collect();
        }
        let mut found = Vec::new();
        let held = self.proof.theory.held(&facts);
        for (_, condition) in &held {
            if let Condition::Values(values) = &**condition {
                found.extend(values.all().iter().take(4 * SAMPLES).filter(|value| fits(value)).cloned());
            }
        }
        if found.is_empty() {
            for kind in Kinds::APART.into_iter().filter(|kind| kind.meets(facts.kinds)) {
                let of = self.proof.theory.and_kinds(known, kind);
                let of = self.proof.theory.facts(of);
                found.extend(self.of_kind(&of, kind, depth));
            }
        }
        // While these are looked for, there are none.
        self.samples.insert((known, depth), Vec::new());
        let mut kept = self.kept(&facts, found, |_, _| Some(false));
        if self.wants_more(&kept) && !facts.unmatched.is_empty() && self.depth < DEPTH {
            kept.values.append(&mut self.unmatched(&facts));
            kept = self.kept(&facts, kept.values, |_, _| Some(false));
        }
        if self.wants_more(&kept) {
            let mut branched = self.in_branches(known, &facts, &[], |search, case| search.samples(case, depth));
            branched.append(&mut kept.values);
            kept = self.kept(&facts, branched, |_, _| Some(false));
        }
        kept.values.truncate(2 * SAMPLES);
        kept.values.retain(fits);
        if self.samples.len() < 10_000 {
            self.samples.insert((known, depth), kept.values.clone());
        } else {
            self.samples.remove(&(known, depth));
        }
        kept.values
    }

    /// Values that break what they must not match.
    fn unmatched(&mut self, facts: &Facts) -> Vec<Value> {
        let mut found = Vec::new();
        self.depth += 1;
        for &id in facts.unmatched.iter().take(BRANCHES) {
            let mut others = facts.clone();
            others.unmatched.remove(&id);
            let others = self.proof.theory.know(others);
            found.extend(self.breaking(others, id));
        }
        self.depth -= 1;
        found
    }

    fn of_kind(&mut self, facts: &Facts, kind: Kinds, depth: usize) -> Vec<Value> {
        match kind {
            Kinds::NULL => vec![Value::Null],
            Kinds::BOOLEAN => vec![Value::Bool(true), Value::Bool(false)],
            Kinds::NUMBERS => self.numbers(facts),
            Kinds::STRING => self.strings(facts),
            Kinds::ARRAY => {
                let least = self.proof.items(facts).least;
                let arrays: Vec<Value> =
                    (least..least + 2).filter_map(|length| self.array(facts, length, depth)).collect();
                arrays
            }
            _ => {
                let mut all: Vec<Value> = self.object(facts, 0, depth).into_iter().collect();
                for (number, condition) in self.proof.theory.held(facts) {
                    if matches!(*condition, Condition::Any(_) | Condition::One(_) | Condition::If(..)) {
                        for case in self.proof.split(facts, number).into_iter().take(BRANCHES) {
                            let case = self.proof.theory.facts(case);
                            if case.kinds.meets(Kinds::OBJECT) && depth > 1 {
                                all.extend(self.object(&case, 0, depth - 1));
                            }
                        }
                    }
                }
                all
            }
        }
    }

    fn numbers(&mut self, facts: &Facts) -> Vec<Value> {
        let (low, high) = self.proof.theory.bounds(facts);
        if !facts.kinds.meets(Kinds::INTEGER | Kinds::FRACTION) {
            // Integers that are none in draft 4.
            return ["0.0", "1.0"].iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        }
        let mut found = vec![json!(0), json!(1), json!(-1)];
        if facts.kinds.meets(Kinds::FRACTION) {
            found.extend([json!(0.5), json!(-0.5), json!(1.5)]);
        }
        for bound in low.into_iter().chain(high).map(|(bound, _)| bound) {
            found.extend(around(&bound));
        }
        for (_, condition) in self.proof.theory.held(facts) {
            if let Condition::MultipleOf(of) = &*condition {
                found.push(of.to_value());
            }
        }
        found
    }

    fn strings(&mut self, facts: &Facts) -> Vec<Value> {
        let mut found: Vec<String> = USUAL.map(str::to_owned).to_vec();
        for (_, condition) in self.proof.theory.held(facts) {
            match &*condition {
                Condition::LengthMin(length) | Condition::LengthMax(length) => found.extend(texts::of_length(*length)),
                Condition::Pattern(pattern) => found.extend(texts::of_pattern(pattern)),
                Condition::Format(format, _) => {
                    found.splice(0..0, texts::of_format(format).iter().map(|text| (*text).to_owned()));
                }
                _ => {}
            }
        }
        found.into_iter().map(Value::String).collect()
    }

    pub(super) fn array(&mut self, facts: &Facts, length: u64, depth: usize) -> Option<Value> {
        let length = usize::try_from(length).ok().filter(|length| *length <= 256)?;
        let items = self.proof.items(facts);
        let mut all = Vec::new();
        let mut room = Room::new();
        for place in 0..length {
            let mut at = self.proof.theory.matching(items.at(place));
            let held = self.proof.theory.held(facts);
            let contained = held.iter().find_map(|(_, condition)| match **condition {
                Condition::ContainsMin(id, count) if (place as u64) < count => Some(id),
                _ => None,
            });
            if let Some(contained) = contained {
                at = self.proof.theory.and(at, contained);
            }
            let samples = self.samples(at, depth - 1);
            charge(all.len() as u64);
            let sample = samples.iter().find(|sample| !all.contains(*sample)).or(samples.first())?;
            if !room.take(sample) {
                return None;
            }
            all.push(sample.clone());
        }
        Some(Value::Array(all))
    }

    /// The least object, or one with this many members.
    pub(super) fn object(&mut self, facts: &Facts, count: u64, depth: usize) -> Option<Value> {
        let held = self.proof.theory.held(facts);
        let mut least = count;
        let mut members = Map::new();
        let mut room = Room::new();
        for (_, condition) in &held {
            match &**condition {
                Condition::Required(name) => {
                    let member = self.proof.member(facts, name);
                    let value = self.samples(member, depth - 1).into_iter().next()?;
                    if !room.member(name, &value) {
                        return None;
                    }
                    members.insert(name.clone(), value);
                }
                Condition::MembersMin(count) if least == 0 => least = *count,
                _ => {}
            }
        }
        let (names, _) = self.proof.named(facts, None);
        let fresh = (0..least.min(64)).map(|place| format!("z{place}"));
        let mut patterned = BTreeSet::new();
        held.iter().for_each(|(_, condition)| self.add_names(condition, &mut patterned));
        for name in names.into_iter().chain(patterned).chain(fresh) {
            if members.len() as u64 >= least {
                break;
            }
            if !members.contains_key(&name) {
                let member = self.proof.member(facts, &name);
                if let Some(value) = self.samples(member, depth - 1).into_iter().next() {
                    if !room.member(&name, &value) {
                        return None;
                    }
                    members.insert(name, value);
                }
            }
        }
        Some(Value::Object(members))
    }
}

/// Numbers at a bound.
pub(super) fn around(bound: &Decimal) -> Vec<Value> {
    let mut all = vec![bound.to_value()];
    if let Some(floor) = bound.floor() {
        all.extend([floor - 1, floor, floor + 1].map(|value| Decimal::integer(value).to_value()));
    }
    all.extend([bound.beside(true).to_value(), bound.beside(false).to_value()]);
    all
}
