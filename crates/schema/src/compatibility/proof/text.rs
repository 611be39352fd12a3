//! Conditions on texts.
//!
//! Soundness. What the facts say of texts is that they match patterns and have lengths. If no text of that kind breaks a goal
//! (`patterns`), the goal holds. Patterns, lengths, lists and some formats are goals that a text breaks or meets as a pattern
//! or a length says. What a format says as a pattern is a table (`texts`).

use super::Proof;
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
            Condition::Format(format, _) => {
                let is_wider = |held: &Condition| matches!(held, Condition::Format(held, _) if WIDER.contains(&(held.as_str(), format.as_str())));
                self.theory.held(facts).iter().any(|(_, held)| is_wider(held))
                    || matches!(pattern_of_format(format), Some((pattern, true)) if self.are(&texts, Wanted::Pattern(pattern.to_owned())))
            }
            _ => false,
        }
    }

    /// Whether all texts are in the list.
    pub(super) fn is_listed(&mut self, facts: &Facts, values: &Values) -> bool {
        let listed = || values.all().iter().filter_map(|value| value.as_str());
        let size = listed().map(|text| text.len() + 1).sum::<usize>();
        if !facts.kinds.within(Kinds::STRING) || size == 0 || size > LISTED {
            return false;
        }
        let texts = self.texts(facts);
        let all: Vec<String> = listed().map(regex_syntax::escape).collect();
        !texts.patterns.is_empty() && self.are(&texts, Wanted::Pattern(format!("^(?:{})$", all.join("|"))))
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
