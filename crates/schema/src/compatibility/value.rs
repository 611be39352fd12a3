//! Whether a value matches a schema: yes, no, or not known here.
//!
//! Soundness. An answer is given only where it is the same for every spelling of the value's numbers, and by every draft
//! that the condition can come from; most formats, contents and what is unevaluated are left to the validator.

use serde_json::Value;

use super::facts::{Facts, Theory};
use super::form::{Condition, FALSE, Id, Kinds, TRUE};
use super::number::{Decimal, plain};
use crate::bounds::{charge, charge_deeper};
use crate::formats::is_of;

/// The answer of several parts that must all hold: a part that fails decides.
fn all(parts: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut answer = Some(true);
    for part in parts {
        match part {
            Some(false) => return Some(false),
            None => answer = None,
            Some(true) => {}
        }
    }
    answer
}

fn not(answer: Option<bool>) -> Option<bool> {
    answer.map(|yes| !yes)
}

impl Theory {
    /// Whether the value matches the node.
    pub(super) fn accepts(&mut self, id: Id, value: &Value) -> Option<bool> {
        charge_deeper();
        match id {
            TRUE => return Some(true),
            FALSE => return Some(false),
            _ => {}
        }
        let kinds = self.is_of(self.graph.nodes[id].kinds, value);
        if kinds == Some(false) {
            return kinds;
        }
        let own = self.own(id).to_vec();
        all(std::iter::once(kinds).chain(own.into_iter().map(|number| self.meets_number(number, value))))
    }

    /// Whether the value is among those that the facts describe.
    pub(super) fn admits(&mut self, facts: &Facts, value: &Value) -> Option<bool> {
        let kinds = self.is_of(facts.kinds, value);
        if kinds == Some(false) {
            return kinds;
        }
        let numbers: Vec<_> = facts.conditions.iter().copied().collect();
        let held = all(numbers.into_iter().map(|number| self.meets_number(number, value)));
        if held == Some(false) {
            return held;
        }
        let unmatched: Vec<_> = facts.unmatched.iter().copied().collect();
        all(std::iter::once(held).chain(unmatched.into_iter().map(|id| not(self.accepts(id, value)))))
    }

    pub(super) fn is_of(&self, kinds: Kinds, value: &Value) -> Option<bool> {
        let of = Kinds::of(value);
        if of.within(kinds) {
            Some(true)
        } else if of.meets(kinds) {
            None
        } else {
            Some(false)
        }
    }

    fn meets_number(&mut self, number: usize, value: &Value) -> Option<bool> {
        let condition = self.condition(number);
        self.meets_condition(&condition, value)
    }

    /// Whether the value meets the condition.
    pub(super) fn meets_condition(&mut self, condition: &Condition, value: &Value) -> Option<bool> {
        charge_deeper();
        if !condition.kinds().meets(Kinds::of(value)) {
            return Some(true);
        }
        match condition {
            Condition::All(id) => return self.accepts(*id, value),
            Condition::Any(ids) => return not(all(ids.iter().map(|&id| not(self.accepts(id, value))))),
            Condition::One(ids) => return self.exactly_one(ids, value),
            Condition::Not(id) => return not(self.accepts(*id, value)),
            Condition::If(condition, then, otherwise) => {
                return match self.accepts(*condition, value) {
                    Some(true) => self.accepts(*then, value),
                    Some(false) => self.accepts(*otherwise, value),
                    None => {
                        let both = (self.accepts(*then, value), self.accepts(*otherwise, value));
                        if both.0 == both.1 { both.0 } else { None }
                    }
                };
            }
            Condition::Values(values) => return Some(values.has(value)),
            _ => {}
        }
        match value {
            Value::Number(number) => meets(condition, &Decimal::of(number)?),
            Value::String(text) => self.text_meets(condition, text),
            Value::Array(items) => self.items_meet(condition, items),
            Value::Object(members) => self.members_meet(condition, value, members),
            _ => None,
        }
    }

    fn exactly_one(&mut self, ids: &[Id], value: &Value) -> Option<bool> {
        let (mut yes, mut unknown) = (0, 0);
        for &id in ids {
            match self.accepts(id, value) {
                Some(true) => yes += 1,
                None => unknown += 1,
                Some(false) => {}
            }
        }
        match (yes, unknown) {
            (0, 0) | (2.., _) => Some(false),
            (1, 0) => Some(true),
            _ => None,
        }
    }

    fn text_meets(&mut self, condition: &Condition, text: &str) -> Option<bool> {
        charge(text.len() as u64 / 8);
        let length = text.chars().count() as u64;
        match condition {
            Condition::LengthMin(count) => Some(length >= *count),
            Condition::LengthMax(count) => Some(length <= *count),
            Condition::Pattern(pattern) => self.matches_pattern(pattern, text),
            Condition::Format(format, _) => is_of(format, text),
            _ => None,
        }
    }

    fn items_meet(&mut self, condition: &Condition, items: &[Value]) -> Option<bool> {
        let length = items.len() as u64;
        match condition {
            Condition::ItemsMin(count) => Some(length >= *count),
            Condition::ItemsMax(count) => Some(length <= *count),
            Condition::Unique => {
                let mut texts: Vec<String> = items.iter().map(|item| plain(item).to_string()).collect();
                charge(texts.iter().map(|text| 8 + text.len() as u64 / 16).sum());
                texts.sort_unstable();
                Some(texts.windows(2).all(|pair| pair[0] != pair[1]))
            }
            Condition::Items { first, rest } => all(items.iter().enumerate().map(|(position, item)| {
                first.get(position).or(rest.as_ref()).map_or(Some(true), |&id| self.accepts(id, item))
            })),
            Condition::ContainsMin(id, count) | Condition::ContainsMax(id, count) => {
                let answers: Vec<_> = items.iter().map(|item| self.accepts(*id, item)).collect();
                let yes = answers.iter().filter(|answer| **answer == Some(true)).count() as u64;
                let possible = answers.iter().filter(|answer| **answer != Some(false)).count() as u64;
                let (least, most) = if matches!(condition, Condition::ContainsMin(..)) {
                    (yes >= *count, possible >= *count)
                } else {
                    (yes <= *count, possible <= *count)
                };
                (least == most).then_some(least)
            }
            _ => None,
        }
    }

    fn members_meet(
        &mut self,
        condition: &Condition,
        value: &Value,
        object: &serde_json::Map<String, Value>,
    ) -> Option<bool> {
        let length = object.len() as u64;
        match condition {
            Condition::MembersMin(count) => Some(length >= *count),
            Condition::MembersMax(count) => Some(length <= *count),
            Condition::Required(name) => Some(object.contains_key(name)),
            Condition::RequiredWith(name, with) => Some(!object.contains_key(name) || object.contains_key(with)),
            Condition::With(name, id) if object.contains_key(name) => self.accepts(*id, value),
            Condition::With(..) => Some(true),
            Condition::Names(id) => all(object.keys().map(|name| self.accepts(*id, &Value::String(name.clone())))),
            Condition::Members { .. } => all(object.iter().map(|(name, value)| {
                let (sure, possible) = self.under(condition, name);
                let sure = all(sure.into_iter().map(|id| self.accepts(id, value)));
                if sure == Some(false) {
                    return sure;
                }
                let possible = all(possible.into_iter().map(|id| self.accepts(id, value)));
                all([sure, possible.filter(|yes| *yes)])
            })),
            _ => None,
        }
    }

    /// The schemas of the member of this name: those that surely apply, and those that perhaps do.
    pub(super) fn under(&mut self, condition: &Condition, name: &str) -> (Vec<Id>, Vec<Id>) {
        let Condition::Members { named, patterns, rest } = condition else { return (Vec::new(), Vec::new()) };
        let mut sure: Vec<Id> = named.get(name).copied().into_iter().collect();
        let mut possible = Vec::new();
        for (pattern, &id) in patterns {
            match self.matches_pattern(pattern, name) {
                Some(true) => sure.push(id),
                Some(false) => {}
                None => possible.push(id),
            }
        }
        match rest {
            Some(rest) if sure.is_empty() && possible.is_empty() => sure.push(*rest),
            Some(rest) if sure.is_empty() => possible.push(*rest),
            _ => {}
        }
        (sure, possible)
    }
}

fn meets(condition: &Condition, number: &Decimal) -> Option<bool> {
    match condition {
        Condition::AtLeast(bound) => Some(number >= bound),
        Condition::Above(bound) => Some(number > bound),
        Condition::AtMost(bound) => Some(number <= bound),
        Condition::Below(bound) => Some(number < bound),
        Condition::MultipleOf(of) => {
            let (number, of) = (number.small()?, of.small()?);
            (of != 0).then(|| number % of == 0)
        }
        _ => None,
    }
}
