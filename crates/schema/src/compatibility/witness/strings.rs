//! Texts and names by patterns.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{BRANCHES, SAMPLED, Search};
use crate::compatibility::facts::Facts;
use crate::compatibility::form::{Condition, Kinds};
use crate::compatibility::patterns::{Texts, Wanted};
use crate::compatibility::texts;

impl Search {
    /// Texts that may meet the facts and not match the pattern.
    pub(super) fn mismatched(&mut self, facts: &Facts, pattern: &str) -> Vec<Value> {
        let all = self.proof.texts(facts);
        let alone: Vec<Texts> = all.patterns.iter().map(|pattern| Texts::of(pattern)).collect();
        let mut found = Vec::new();
        for texts in [all].into_iter().chain(alone).chain([Texts::of("")]) {
            let broken = self.proof.theory.difference(texts.clone(), Wanted::Pattern(pattern.to_owned()));
            found.extend(broken.flatten().or_else(|| self.proof.theory.far(&texts, pattern)));
        }
        if self.proof.theory.matches_pattern(pattern, "").is_none() {
            // A pattern with look-arounds: with what it must not find.
            found.extend(texts::of_pattern(pattern));
        }
        found.into_iter().map(Value::String).collect()
    }

    /// A text that meets the facts and not the condition on its length.
    pub(super) fn mismeasured(&mut self, facts: &Facts, condition: &Condition) -> Option<Value> {
        let texts = self.proof.texts(facts);
        let wanted = match condition {
            Condition::LengthMin(count) => Wanted::Least(*count),
            Condition::LengthMax(count) => Wanted::Most(*count),
            _ => return None,
        };
        let is_known = !texts.patterns.is_empty();
        is_known.then(|| self.proof.theory.difference(texts, wanted).flatten().map(Value::String))?
    }

    /// Adds names that match none of the patterns, and names as the facts say that they are.
    pub(super) fn add_other_names(&mut self, facts: &Facts, goal: &Condition, names: &mut BTreeSet<String>) {
        let held = self.proof.theory.held(facts);
        for condition in held.iter().map(|(_, condition)| &**condition).chain([goal]) {
            match condition {
                Condition::Members { patterns, .. } => {
                    for pattern in patterns.keys().take(BRANCHES) {
                        names.extend(self.proof.theory.far(&Texts::of(""), pattern));
                    }
                }
                Condition::Names(id) => {
                    let name = self.proof.theory.matching([*id]);
                    let name = self.proof.theory.and_kinds(name, Kinds::STRING);
                    let samples = self.samples(name, SAMPLED - 1);
                    names.extend(samples.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                _ => {}
            }
        }
    }
}
