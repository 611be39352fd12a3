//! Conditions on texts.
//!
//! Soundness. What the facts say of texts is that they match patterns and have lengths. If no text of that kind breaks a goal
//! (`patterns`), the goal holds. Patterns, lengths, lists and some formats are goals that a text breaks or meets as a pattern
//! or a length says. What a format says as a pattern is a table (`texts`).

use super::Proof;
use crate::bounds::charge;
use crate::compatibility::facts::Facts;
use crate::compatibility::form::{Condition, Kinds, Values};
use crate::compatibility::patterns::{Texts, Wanted};
use crate::compatibility::texts::pattern_of_format;

/// Formats, and others that all their texts are of: the validator's parsers of both are one, and only the first requires a
/// scheme.
const WIDER: [(&str, &str); 2] = [("uri", "uri-reference"), ("iri", "iri-reference")];

/// The maximum size of a list of texts that becomes a pattern.
const LISTED: usize = 2048;

impl Proof {
    /// What the facts say of texts.
    pub(in crate::compatibility) fn texts(&self, facts: &Facts) -> Texts {
        let mut texts = Texts { patterns: Default::default(), least: 0, most: u64::MAX };
        for (_, condition) in self.theory.held(facts) {
            match &*condition {
                Condition::Pattern(pattern) => drop(texts.patterns.insert(pattern.clone())),
                Condition::Format(format, _) => {
                    texts.patterns.extend(pattern_of_format(format).map(|(pattern, _)| pattern.to_owned()));
                }
                Condition::LengthMin(count) => texts.least = texts.least.max(*count),
                Condition::LengthMax(count) => texts.most = texts.most.min(*count),
                _ => {}
            }
        }
        texts
    }

    pub(super) fn text(&mut self, facts: &Facts, goal: &Condition) -> bool {
        let texts = self.texts(facts);
        match goal {
            Condition::LengthMin(count) => texts.least >= *count || self.are(&texts, Wanted::Least(*count)),
            Condition::LengthMax(count) => texts.most <= *count || self.are(&texts, Wanted::Most(*count)),
            Condition::Pattern(pattern) => self.are(&texts, Wanted::Pattern(pattern.clone())),
            Condition::Format(format, _) => self.are_of(facts, &texts, format),
            _ => false,
        }
    }

    /// Whether all texts are of the format.
    fn are_of(&mut self, facts: &Facts, texts: &Texts, format: &str) -> bool {
        let is_narrower = |held: &Condition| match held {
            Condition::Format(held, _) => WIDER.contains(&(held.as_str(), format)),
            _ => false,
        };
        if self.theory.held(facts).iter().any(|(_, held)| is_narrower(held)) {
            return true;
        }
        match pattern_of_format(format) {
            Some((pattern, true)) => self.are(texts, Wanted::Pattern(pattern.to_owned())),
            _ => false,
        }
    }

    /// Whether all texts are in the list.
    pub(super) fn is_listed(&mut self, facts: &Facts, values: &Values) -> bool {
        if !facts.kinds.within(Kinds::STRING) {
            return false;
        }
        let texts = self.texts(facts);
        charge(values.all().len() as u64);
        let listed: Vec<&str> = values.all().iter().filter_map(|value| value.as_str()).collect();
        let size: usize = listed.iter().map(|text| text.len() + 1).sum();
        if texts.patterns.is_empty() || size == 0 || size > LISTED {
            return false;
        }
        let listed: Vec<String> = listed.into_iter().map(regex_syntax::escape).collect();
        self.are(&texts, Wanted::Pattern(format!("^(?:{})$", listed.join("|"))))
    }

    /// Whether all texts are what is wanted: those of one pattern alone, or those of all patterns and lengths.
    fn are(&mut self, texts: &Texts, wanted: Wanted) -> bool {
        let has_length = texts.least > 0 || texts.most < u64::MAX;
        if texts.patterns.is_empty() && (!has_length || !matches!(wanted, Wanted::Pattern(_))) {
            return false;
        }
        texts.patterns.iter().any(|pattern| self.theory.difference(Texts::of(pattern), wanted.clone()) == Some(None))
            || (has_length || texts.patterns.len() > 1) && self.theory.difference(texts.clone(), wanted) == Some(None)
    }
}
