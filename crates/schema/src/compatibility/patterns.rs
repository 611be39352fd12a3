//! Whether one pattern matches all that another one matches, and a text that shows where it does not.
//!
//! Soundness. Each pattern becomes a deterministic automaton over bytes, which matches a text exactly if the pattern does,
//! anywhere in the text. A walk through all three automata at once (the third takes all texts in UTF-8) meets every
//! combination of states that some text leads to. If no combination is found at whose end the left pattern has matched and
//! the right one has not, there is no such text.

use std::collections::{HashMap, HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use regex_automata::Input;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::primitives::StateID;

use crate::bounds::charge;
use crate::compile::translated;

/// The maximum size of an automaton in bytes, as it is read and made deterministic, and that of all that are kept.
const READ: usize = 1 << 20;
const SIZE: usize = 1 << 19;
const KEPT: usize = 1 << 24;
/// The bytes of an automaton that are built in one step.
const BUILT: usize = 16;
/// The maximum number of combinations of states.
const COMBINATIONS: usize = 20_000;

type Deterministic = dense::DFA<Vec<u32>>;

/// The state of each automaton; `None` once it has matched.
type Place = (Option<StateID>, StateID, StateID);

/// A text that matches one pattern and not another; `Some(None)` if there is none, and `None` if that is unknown.
pub(super) type Difference = Option<Option<String>>;

/// The automata of patterns, each built once; `None` for one that is too large.
#[derive(Default)]
pub(super) struct Automata {
    of: HashMap<String, Option<Rc<Deterministic>>>,
    /// That of all texts in UTF-8.
    texts: Option<Rc<Deterministic>>,
    size: usize,
}

impl Automata {
    /// A text that matches `left` and not `right`.
    pub(super) fn difference(&mut self, left: &str, right: &str) -> Difference {
        let (left, right) = (self.of(left)?, self.of(right)?);
        if self.texts.is_none() {
            self.texts = built(r"\A(?s:.)*\z").map(Rc::new);
        }
        walk(&left, &right, self.texts.as_deref()?)
    }

    fn of(&mut self, pattern: &str) -> Option<Rc<Deterministic>> {
        if let Some(known) = self.of.get(pattern) {
            return known.clone();
        }
        let built = translated(pattern).ok().filter(|_| self.size < KEPT).and_then(|text| built(&text)).map(Rc::new);
        self.size += built.as_ref().map_or(0, |automaton| automaton.memory_usage());
        self.of.insert(pattern.to_owned(), built.clone());
        built
    }
}

fn walk(left: &Deterministic, right: &Deterministic, text: &Deterministic) -> Difference {
    let bytes = representatives([left, right, text]);
    let start = |automaton: &Deterministic| automaton.start_state_forward(&Input::new("")).ok();
    let first: Place = (Some(start(left)?), start(right)?, start(text)?);
    let ends = |automaton: &Deterministic, state| automaton.is_match_state(automaton.next_eoi_state(state));
    let mut from: HashMap<Place, (Place, u8)> = HashMap::new();
    let mut seen = HashSet::from([first]);
    let mut pending = VecDeque::from([first]);
    while let Some(place) = pending.pop_front() {
        charge(8 + bytes.len() as u64);
        let (l, r, t) = place;
        if l.is_none_or(|l| ends(left, l)) && !ends(right, r) && ends(text, t) {
            return Some(Some(way(&from, place)?));
        }
        for &byte in &bytes {
            let next_left = match l {
                None => None,
                Some(l) => {
                    let next = left.next_state(l, byte);
                    if left.is_quit_state(next) {
                        return None;
                    }
                    if left.is_dead_state(next) {
                        continue;
                    }
                    if left.is_match_state(next) { None } else { Some(next) }
                }
            };
            let (next_right, next_text) = (right.next_state(r, byte), text.next_state(t, byte));
            if right.is_quit_state(next_right) {
                return None;
            }
            // Once it has matched, the right pattern has matched whatever follows.
            if right.is_match_state(next_right) || text.is_dead_state(next_text) {
                continue;
            }
            let next = (next_left, next_right, next_text);
            if seen.insert(next) {
                if seen.len() > COMBINATIONS {
                    return None;
                }
                from.insert(next, (place, byte));
                pending.push_back(next);
            }
        }
    }
    Some(None)
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

/// One byte for each way in which the automata tell bytes apart, letters and digits first.
fn representatives(automata: [&Deterministic; 3]) -> Vec<u8> {
    let mut seen = HashSet::new();
    let usual = (b'a'..=b'z').chain(b'0'..=b'9').chain(b'A'..=b'Z').chain(b' '..=b'~').chain(0..=255);
    usual.filter(|&byte| seen.insert(automata.map(|automaton| automaton.byte_classes().get(byte)))).collect()
}

/// The text that leads to a place.
fn way(from: &HashMap<Place, (Place, u8)>, mut place: Place) -> Option<String> {
    let mut bytes = Vec::new();
    while let Some(&(before, byte)) = from.get(&place) {
        bytes.push(byte);
        place = before;
    }
    bytes.reverse();
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(left: &str, right: &str) -> Difference {
        Automata::default().difference(left, right)
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
        assert_eq!(difference("(?=a)", "a"), None);
    }

    #[test]
    fn an_automaton_is_built_once_and_charged_by_its_size_even_in_vain() {
        use crate::bounds::{Bounds, Load, steps_taken, within};

        let bounds = Bounds { floor: 0, steps: 1 << 40, interrupted: || false };
        let mut automata = Automata::default();
        let mut steps = |left: &str, right: &str| {
            let found = within(&bounds, Load::default(), || automata.difference(left, right)).unwrap();
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
}
