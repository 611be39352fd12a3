//! The compatibility of schema versions, decided by their meaning and not by their text.
//!
//! A verdict is `Compatible` only with a proof, and `Incompatible` with a document wherever the search found one, which
//! both validators have checked. In this order: equal normal forms (`form`), a proof (`proof`), a document (`witness`), and
//! the validator's own canonical form (`library`). All but the last are counted in steps, which do not depend on the
//! machine, and can be interrupted at each step.

mod cost;
mod equality;
mod facts;
mod form;
mod library;
mod likely;
mod lookaround;
mod mode;
mod number;
mod patterns;
mod proof;
mod texts;
mod value;
mod values;
mod witness;

use crate::bounds::{Bounds, Exceeded, Load, steps_taken, within};
use crate::compile::Limits;
use crate::document::Parsed;
use crate::{Formats, Patterns, Rules, Validator, Value};
use facts::Theory;
use form::Graph;
use library::Answer;
pub use mode::{Mode, UnknownMode};
use proof::Proof;
use witness::{SAMPLED, Search};

/// A version of a schema, and the schemas that its references lead to, with their URIs.
#[derive(Debug, Clone, Copy)]
pub struct Version<'a> {
    /// The schema.
    pub schema: &'a Value,
    /// The targets of the schema's references.
    pub resources: &'a [(String, Value)],
}

/// The answer to whether every document that is valid under the old version is valid under the new version.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Every such document is valid under the new version.
    Compatible,
    /// At least one document becomes invalid.
    Incompatible {
        /// Such a document, if one was found: both validators have checked it.
        example: Option<Value>,
        /// The schema of these documents, if it is small enough to show.
        lost: Option<Value>,
    },
    /// The answer is unknown.
    Undecided {
        /// The reason.
        reason: String,
        /// The place in the new version where the proof failed, as a JSON Pointer, if there is one.
        place: Option<String>,
    },
}

/// The usual work of a comparison, in steps: some hundred milliseconds at most.
pub const COMPARISON: u64 = 2_000_000;
/// The nesting of cases in a first proof, before the search for a document, and in a second one.
const FEW: usize = 1;
const MANY: usize = 5;
/// The largest document that is given.
const EXAMPLE: usize = 4 << 10;
/// The maximum steps for the validation of one document.
const VALIDATION: u64 = 100_000;

/// Decides whether every document that is valid under `old` is valid under `new`, in at most `work` steps. All schemas
/// have been admitted ([`problems`](crate::problems)), and references to others have versions.
pub fn covers(new: &Version, old: &Version, formats: Formats, limits: &Limits, work: u64) -> Verdict {
    if is_same(new, old) {
        return Verdict::Compatible;
    }
    let comparison =
        Comparison { new, old, formats, limits, work, failure: None, place: None, stopped: false, unstorable: false };
    comparison.decide()
}

fn is_same(new: &Version, old: &Version) -> bool {
    equality::is_same(new.schema, old.schema)
        && new.resources.len() == old.resources.len()
        && new.resources.iter().all(|resource| old.resources.contains(resource))
}

/// A comparison under way.
struct Comparison<'c> {
    new: &'c Version<'c>,
    old: &'c Version<'c>,
    formats: Formats,
    limits: &'c Limits,
    /// The steps that are left.
    work: u64,
    /// Why there is no verdict so far.
    failure: Option<String>,
    place: Option<String>,
    /// Whether the caller asked to stop.
    stopped: bool,
    /// Whether a document that was found cannot be stored.
    unstorable: bool,
}

impl Comparison<'_> {
    fn decide(mut self) -> Verdict {
        if let Err(reason) = library::resources(self.new, self.old) {
            return self.undecided(reason);
        }
        if let Some(verdict) = self.own() {
            return verdict;
        }
        if self.stopped {
            return self.undecided(String::new());
        }
        match library::compare(self.new, self.old, self.formats, self.limits) {
            Some(Answer::Covered) => Verdict::Compatible,
            Some(Answer::Lost(lost)) => {
                let example = lost.as_ref().and_then(|lost| self.example_of(lost));
                if example.is_none() && self.unstorable {
                    return self.undecided("no document that would show it can be stored".to_owned());
                }
                Verdict::Incompatible { example, lost }
            }
            None => {
                let reason = self.inconclusive();
                self.undecided(reason)
            }
        }
    }

    /// Why there is no verdict after everything was tried.
    fn inconclusive(&self) -> String {
        let at_place = self.place.as_ref().and_then(|place| self.new.schema.pointer(place));
        let looks_around = at_place.and_then(Value::as_str).is_some_and(lookaround::is_in);
        let part = if looks_around { ": what a pattern looks for around itself is not compared" } else { "" };
        format!("there is neither a proof nor a counterexample{part}")
    }

    fn undecided(self, reason: String) -> Verdict {
        Verdict::Undecided { reason: self.failure.unwrap_or(reason), place: self.place }
    }

    /// The verdict without the library.
    fn own(&mut self) -> Option<Verdict> {
        let (new, old, formats) = (self.new, self.old, self.formats);
        let graph = match self.within(self.work, || Graph::of(new, old, formats))? {
            Ok(graph) if graph.old == graph.new => return Some(Verdict::Compatible),
            Ok(graph) => graph,
            Err(reason) => {
                self.failure = Some(reason);
                return None;
            }
        };
        let (old, new) = (graph.old, graph.new);
        let theory = self.within(self.work, || Theory::of(graph))?;
        let mut proof = Proof::of(theory, FEW);
        let known = self.within(self.work, || proof.theory.matching([old]))?;
        let shown = self.within(self.work / 2, || proof.matches(known, new));
        if shown == Some(true) {
            return Some(Verdict::Compatible);
        }
        self.place = proof.stuck().map(str::to_owned);
        let mut theory = proof.theory;
        for thorough in [false, true] {
            // If the proof ran out of steps, the search tries each goal less hard.
            let mut search = Search::of(Proof::of(theory, if shown.is_some() { FEW } else { 0 }), thorough);
            let found = self.within(self.work / 2, || search.breaking(known, new));
            if let Some(example) = found.and_then(|found| self.checked(found)) {
                self.failure = None;
                return Some(Verdict::Incompatible { example: Some(example), lost: self.lost() });
            }
            theory = search.into_theory();
        }
        let mut proof = Proof::of(theory, MANY);
        let shown = self.within(self.work, || proof.matches(known, new));
        (shown == Some(true)).then_some(Verdict::Compatible)
    }

    /// Runs a part of the comparison in at most so many steps.
    fn within<R>(&mut self, steps: u64, part: impl FnOnce() -> R) -> Option<R> {
        if self.stopped {
            return None;
        }
        let bounds = Bounds { steps, ..self.limits.bounds };
        let done = within(&bounds, Load::default(), part);
        self.work = self.work.saturating_sub(steps_taken(&bounds));
        done.map_err(|exceeded| {
            self.stopped |= exceeded == Exceeded::Interrupted;
            self.failure = Some(match exceeded {
                Exceeded::Steps => "the comparison takes too many steps".to_owned(),
                Exceeded::Stack => "the schemas are too deep to be compared".to_owned(),
                Exceeded::Interrupted => "the comparison was interrupted".to_owned(),
            });
        })
        .ok()
    }

    /// The smallest of the documents that the old version accepts and the new one refuses, by both validators.
    fn checked(&mut self, documents: Vec<Value>) -> Option<Value> {
        let all = documents.len();
        let mut documents: Vec<_> =
            documents.iter().filter_map(number::stored).map(|it| (it.to_string(), it)).collect();
        self.unstorable |= documents.len() < all;
        documents.retain(|(text, _)| text.len() <= EXAMPLE);
        // Letters are read most easily.
        let odd = |text: &str| text.chars().filter(|character| !character.is_alphabetic()).count();
        documents.sort_by_cached_key(|(text, _)| (text.len(), odd(text), text.clone()));
        if documents.is_empty() {
            return None;
        }
        let (old, new) = (self.validator(self.old)?, self.validator(self.new)?);
        let bounds = Bounds { steps: VALIDATION, ..self.limits.bounds };
        let is_lost = |document: &Value| {
            old.is_valid(document, &bounds) == Ok(true) && new.is_valid(document, &bounds) == Ok(false)
        };
        documents.into_iter().map(|(_, document)| document).find(is_lost)
    }

    fn validator(&self, version: &Version) -> Option<Validator<Parsed>> {
        let build = |patterns| {
            let rules = Rules { patterns, formats: self.formats, resources: version.resources, base: None };
            Validator::build(version.schema, &rules, self.limits).ok()
        };
        build(Patterns::Linear).or_else(|| build(Patterns::Backtracking))
    }

    /// The library's schema of the lost documents, if it has one.
    fn lost(&self) -> Option<Value> {
        library::lost(self.new, self.old, self.formats, self.limits)
    }

    /// A document of a schema of lost documents.
    fn example_of(&mut self, lost: &Value) -> Option<Value> {
        let lost = Version { schema: lost, resources: &[] };
        let formats = self.formats;
        let found = self.within(self.work / 2, || {
            let graph = Graph::of(&lost, &lost, formats).ok()?;
            let root = graph.old;
            let mut search = Search::of(Proof::of(Theory::of(graph), FEW), false);
            let known = search.matching(root);
            Some(search.samples(known, SAMPLED))
        });
        self.checked(found??)
    }
}
