//! Whether all texts of some patterns and lengths match a pattern or have a length, and a text that shows where they do not.
//!
//! Soundness. Each pattern becomes a deterministic automaton over bytes, which matches a text exactly if the pattern does,
//! anywhere in the text. A walk through all automata at once (the last takes all texts in UTF-8), which counts characters as far
//! as a length asks, meets every combination of states that some text leads to. If no combination is found at whose end
//! the patterns on the left have matched and what is wanted does not hold, there is no such text. What is on the left may be
//! wider than asked, which finds more texts: a pattern without its look-arounds (`lookaround`), or one pattern less.

mod walk;

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use regex_automata::dfa::{StartKind, dense};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};

use super::lookaround;
use crate::bounds::charge;
use crate::compile::translated;
use walk::{Right, Walk};

/// The maximum size of an automaton in bytes, as it is read and made deterministic, and that of all that are kept.
const READ: usize = 1 << 20;
const SIZE: usize = 1 << 19;
const KEPT: usize = 1 << 24;
/// The bytes of an automaton that are built in one step.
const BUILT: usize = 16;
/// The maximum number of patterns on the left, and the greatest length that is counted.
const PATTERNS: usize = 4;
const LENGTH: u64 = 256;

type Deterministic = dense::DFA<Vec<u32>>;

/// Texts that match all patterns, and have at least and at most so many characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Texts {
    pub(super) patterns: BTreeSet<String>,
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Texts {
    pub(super) fn of(pattern: &str) -> Self {
        Self { patterns: BTreeSet::from([pattern.to_owned()]), least: 0, most: u64::MAX }
    }
}

/// What texts should be: match a pattern, or have at least or at most so many characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Wanted {
    Pattern(String),
    Least(u64),
    Most(u64),
}

impl Wanted {
    /// The length of the pattern.
    pub(super) fn size(&self) -> usize {
        if let Self::Pattern(pattern) = self { pattern.len() } else { 0 }
    }
}

/// A text among some that is not what is wanted; `Some(None)` if there is none, and `None` if that is unknown.
pub(super) type Difference = Option<Option<String>>;

/// The automata of patterns, each built once; `None` for one that is too large.
#[derive(Default)]
pub(super) struct Automata {
    of: HashMap<String, Option<Rc<Deterministic>>>,
    /// Those of patterns without their look-arounds.
    wider: HashMap<String, Option<Rc<Deterministic>>>,
    /// That of all texts in UTF-8.
    texts: Option<Rc<Deterministic>>,
    size: usize,
}

impl Automata {
    /// A text that is not what is wanted. With look-arounds, it may be none of the texts; but if there is none, there is none.
    pub(super) fn difference(&mut self, texts: &Texts, wanted: &Wanted) -> Difference {
        let left = self.left(texts)?;
        let right = match wanted {
            Wanted::Pattern(pattern) => Right::Pattern(self.of(pattern)?),
            Wanted::Least(count) => Right::Least(length(*count)?),
            Wanted::Most(count) => Right::Most(length(*count)?),
        };
        self.walk(left, right, texts)
    }

    /// A text that does not match the pattern even without its look-arounds.
    pub(super) fn far(&mut self, texts: &Texts, pattern: &str) -> Option<String> {
        let left = self.left(texts)?;
        let right = Right::Pattern(self.wider(pattern)?);
        self.walk(left, right, texts)?
    }

    fn left(&mut self, texts: &Texts) -> Option<Vec<Rc<Deterministic>>> {
        let left: Vec<_> = texts.patterns.iter().filter_map(|pattern| self.wider(pattern)).take(PATTERNS).collect();
        // A pattern of which nothing is known says nothing.
        (!left.is_empty() || texts.patterns.is_empty()).then_some(left)
    }

    fn walk(&mut self, left: Vec<Rc<Deterministic>>, right: Right, texts: &Texts) -> Difference {
        if self.texts.is_none() {
            self.texts = built(r"\A(?s:.)*\z").map(Rc::new);
        }
        let least = length(texts.least).unwrap_or(0);
        let most = length(texts.most).unwrap_or(u32::MAX);
        let counted = match right {
            Right::Pattern(_) => 0,
            Right::Least(count) | Right::Most(count) => count + 1,
        };
        let counted = counted.max(least).max(most.checked_add(1).unwrap_or(0));
        let walk = Walk { left, right, text: self.texts.clone()?, least, most, counted };
        let mut bytes = walk.representatives();
        if bytes.last() == Some(&0) {
            // PostgreSQL stores 0 in no text, so others are better.
            bytes.pop();
            match walk.search(&bytes)? {
                None => bytes.push(0),
                found => return Some(found),
            }
        }
        walk.search(&bytes)
    }

    fn of(&mut self, pattern: &str) -> Option<Rc<Deterministic>> {
        if let Some(known) = self.of.get(pattern) {
            return known.clone();
        }
        let built = self.keep(translated(pattern).ok().as_deref());
        self.of.insert(pattern.to_owned(), built.clone());
        built
    }

    /// The automaton of the pattern, or else of the pattern without its look-arounds.
    fn wider(&mut self, pattern: &str) -> Option<Rc<Deterministic>> {
        if let Some(own) = self.of(pattern) {
            return Some(own);
        }
        if let Some(known) = self.wider.get(pattern) {
            return known.clone();
        }
        let wider = translated(pattern).ok().and_then(|text| lookaround::without(&text).filter(|wider| *wider != text));
        let built = self.keep(wider.as_deref());
        self.wider.insert(pattern.to_owned(), built.clone());
        built
    }

    fn keep(&mut self, text: Option<&str>) -> Option<Rc<Deterministic>> {
        let built = text.filter(|_| self.size < KEPT).and_then(built).map(Rc::new);
        self.size += built.as_ref().map_or(0, |automaton| automaton.memory_usage());
        built
    }
}

/// A length that is counted.
fn length(count: u64) -> Option<u32> {
    (count <= LENGTH).then(|| u32::try_from(count).ok())?
}

/// The automaton of a pattern in the engine's own syntax. What was built in vain is charged like the most that is kept.
fn built(pattern: &str) -> Option<Deterministic> {
    charge(200 + pattern.len() as u64);
    let thompson = thompson::Config::new().nfa_size_limit(Some(READ)).which_captures(WhichCaptures::None);
    let config = dense::Config::new()
        .start_kind(StartKind::Unanchored)
        .dfa_size_limit(Some(SIZE))
        .determinize_size_limit(Some(SIZE));
    let read = caught(|| NFA::compiler().configure(thompson).build(pattern).ok());
    charge((read.as_ref().map_or(READ, NFA::memory_usage) / BUILT) as u64);
    let built = caught(|| dense::Builder::new().configure(config).build_from_nfa(&read?).ok());
    charge((built.as_ref().map_or(SIZE, Deterministic::memory_usage) / BUILT) as u64);
    built
}

/// The library panics on some patterns.
fn caught<R>(build: impl FnOnce() -> Option<R>) -> Option<R> {
    catch_unwind(AssertUnwindSafe(build)).ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Wanted {
        Wanted::Pattern(text.to_owned())
    }

    fn difference(left: &str, right: &str) -> Difference {
        Automata::default().difference(&Texts::of(left), &pattern(right))
    }

    #[test]
    fn what_one_pattern_matches_and_another_does_not_is_found() {
        for (narrow, wide) in [
            ("^[a-z]+$", "^[a-z0-9]+$"),
            ("^a", "a"),
            ("^(a|b)*c{2,3}$", "^[ab]*cc(c)?$"),
            ("^[ab]*cc(c)?$", "^(a|b)*c{2,3}$"),
            ("^\\d{4}-\\d\\d$", "^[0-9-]*$"),
            ("x", ""),
            ("^ä$", "^\\w$"),
            ("^[^a]$", "^(?:[^a]|aa)$"),
        ] {
            let found = difference(narrow, wide);
            let matches = |pattern: &str, text: &str| {
                regex::Regex::new(&jsonschema_regex::to_rust_regex(pattern).unwrap()).unwrap().is_match(text)
            };
            if let Some(Some(text)) = &found {
                assert!(matches(narrow, text) && !matches(wide, text), "{narrow} {wide} {text}");
            }
            if narrow != "^ä$" {
                assert_eq!(found, Some(None), "{narrow} {wide}");
            }
            if let Some(Some(text)) = difference(wide, narrow) {
                assert!(matches(wide, &text) && !matches(narrow, &text), "{narrow} {wide} {text}");
            }
        }
        assert_eq!(difference("^[a-z0-9]+$", "^[a-z]+$"), Some(Some("0".to_owned())));
        assert_eq!(difference("", "x"), Some(Some(String::new())));
        assert_eq!(difference("^.$", "^[\\s\\S]{1}$"), Some(None));
        assert_eq!(difference("(?=a)", "a"), Some(Some(String::new())));
        assert_eq!(difference("a", "(?=a)"), None);
        assert_eq!(difference("^(?!admin)[a-z]+$", "^[a-z]*$"), Some(None));
        // With look-arounds, a digit is one of any script.
        assert!(matches!(difference("^(?!1)\\d$", "^[0-9]$"), Some(Some(_))));
        assert_eq!(difference("^[^b-\\uffff]*$", "^[a-z]*$").flatten().map(|text| text.contains('\0')), Some(false));
        assert_eq!(difference("^[a-z\\u0000]*$", "^[a-z]*$"), Some(Some("\0".to_owned())));
    }

    #[test]
    fn an_automaton_is_built_once_and_charged_by_its_size_even_in_vain() {
        use crate::bounds::{Bounds, Load, steps_taken, within};

        let bounds = Bounds { floor: 0, steps: 1 << 40, interrupted: || false };
        let mut automata = Automata::default();
        let mut steps = |left: &str, right: &str| {
            let found =
                within(&bounds, Load::default(), || automata.difference(&Texts::of(left), &pattern(right))).unwrap();
            (found, steps_taken(&bounds))
        };
        let large = |end: &str| r"[\p{L}\p{N}]{60}".to_owned() + end;
        let (found, first) = steps(&large("a"), &large("b"));
        assert_eq!(found, None);
        assert!(first > (READ / BUILT) as u64, "{first}");
        let (_, again) = steps(&large("a"), &large("c"));
        assert!(again < 100, "{again}");
        let (found, first) = steps("^[a-z]{2}$", "^[a-z]+$");
        assert_eq!(found, Some(None));
        let (_, again) = steps("^[a-z]+$", "^[a-z]{2}$");
        assert!(again < first, "{again} {first}");
    }

    #[test]
    fn patterns_and_lengths_are_taken_together() {
        let among = |patterns: &[&str], least, most, wanted: Wanted| {
            let patterns = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
            Automata::default().difference(&Texts { patterns, least, most }, &wanted)
        };
        let none = Some(None);
        let text = |text: &str| Some(Some(text.to_owned()));
        for (found, expected) in [
            (among(&["^[0-9]{4}$"], 0, u64::MAX, Wanted::Most(4)), none.clone()),
            (among(&["^[0-9]{4}$"], 0, u64::MAX, Wanted::Least(4)), none.clone()),
            (among(&["^[0-9]{4}$"], 0, u64::MAX, Wanted::Most(3)), text("0000")),
            (among(&["^ä*$"], 0, 3, Wanted::Most(2)), text("äää")),
            (among(&["^ä*$"], 2, 3, Wanted::Most(3)), none.clone()),
            (among(&["^[a-z]+$"], 0, 10, pattern("^[a-z]{1,10}$")), none.clone()),
            (among(&["^[a-z]+$"], 0, 11, pattern("^[a-z]{1,10}$")), text("aaaaaaaaaaa")),
            (among(&["^a", "b$"], 0, u64::MAX, pattern("^a[\\s\\S]*b$")), none.clone()),
            (among(&["^a", "b$"], 0, u64::MAX, Wanted::Least(2)), none.clone()),
            (among(&["^a"], 0, u64::MAX, pattern("^a[\\s\\S]*b$")), text("a")),
            (among(&[], 1, u64::MAX, pattern("[\\s\\S]")), none.clone()),
            (among(&[], 1, u64::MAX, pattern("^.+$")), text("\n")),
            (among(&["a"], 5000, 6000, Wanted::Least(1)), none.clone()),
            (among(&["a"], 0, u64::MAX, Wanted::Most(5000)), None),
            (among(&["^a+$"], 0, 5000, Wanted::Most(200)), text(&"a".repeat(201))),
        ] {
            assert_eq!(found, expected);
        }
    }
}
