//! The walk through the automata of patterns.

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use regex_automata::Input;
use regex_automata::dfa::Automaton;
use regex_automata::util::primitives::StateID;

use super::{Deterministic, Difference, PATTERNS};
use crate::bounds::charge;

/// The maximum number of combinations of states.
const COMBINATIONS: usize = 20_000;

/// What is wanted.
pub(super) enum Right {
    Pattern(Rc<Deterministic>),
    Least(u32),
    Most(u32),
}

/// The state of each automaton, and the characters so far; `None` for one on the left that has matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    left: [Option<StateID>; PATTERNS],
    right: StateID,
    text: StateID,
    length: u32,
}

/// A walk through automata at once.
pub(super) struct Walk {
    pub(super) left: Vec<Rc<Deterministic>>,
    pub(super) right: Right,
    pub(super) text: Rc<Deterministic>,
    pub(super) least: u32,
    pub(super) most: u32,
    /// As many characters are told apart.
    pub(super) counted: u32,
}

impl Walk {
    pub(super) fn search(&self, bytes: &[u8]) -> Difference {
        let first = self.start()?;
        let mut from: HashMap<Place, (Place, u8)> = HashMap::new();
        let mut seen = HashSet::from([first]);
        let mut pending = VecDeque::from([first]);
        while let Some(place) = pending.pop_front() {
            charge(8 + (bytes.len() * self.left.len().max(1)) as u64);
            if self.is_found(&place) {
                return Some(Some(way(&from, place)?));
            }
            for &byte in bytes {
                if let Some(next) = self.next(&place, byte)?
                    && seen.insert(next)
                {
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

    fn start(&self) -> Option<Place> {
        let start = |automaton: &Deterministic| automaton.start_state_forward(&Input::new("")).ok();
        let text = start(&self.text)?;
        let mut place = Place { left: [None; PATTERNS], right: text, text, length: 0 };
        for (state, automaton) in place.left.iter_mut().zip(&self.left) {
            *state = Some(start(automaton)?);
        }
        if let Right::Pattern(right) = &self.right {
            place.right = start(right)?;
        }
        Some(place)
    }

    /// Whether a text that ends here is one of those that are looked for.
    fn is_found(&self, place: &Place) -> bool {
        let ends = |automaton: &Deterministic, state| automaton.is_match_state(automaton.next_eoi_state(state));
        let broken = match &self.right {
            Right::Pattern(right) => !ends(right, place.right),
            Right::Least(count) => place.length < *count,
            Right::Most(count) => place.length > *count,
        };
        let mut left = self.left.iter().zip(place.left);
        broken
            && (self.least..=self.most).contains(&place.length)
            && left.all(|(automaton, state)| state.is_none_or(|state| ends(automaton, state)))
            && ends(&self.text, place.text)
    }

    /// The place after one more byte; `Some(None)` if nothing that is looked for follows, and `None` if that is unknown.
    fn next(&self, place: &Place, byte: u8) -> Option<Option<Place>> {
        let mut next = *place;
        for (state, automaton) in next.left.iter_mut().zip(&self.left) {
            let Some(known) = *state else { continue };
            let after = automaton.next_state(known, byte);
            if automaton.is_quit_state(after) {
                return None;
            }
            if automaton.is_dead_state(after) {
                return Some(None);
            }
            *state = (!automaton.is_match_state(after)).then_some(after);
        }
        next.text = self.text.next_state(place.text, byte);
        // A character is counted by its first byte.
        let begins = byte & 0xC0 != 0x80;
        next.length = (place.length + u32::from(begins)).min(self.counted);
        if self.text.is_dead_state(next.text) || next.length > self.most {
            return Some(None);
        }
        // Once it has matched, or is long enough, it is so whatever follows.
        let holds = match &self.right {
            Right::Pattern(right) => {
                next.right = right.next_state(place.right, byte);
                if right.is_quit_state(next.right) {
                    return None;
                }
                right.is_match_state(next.right)
            }
            Right::Least(count) => next.length >= *count,
            Right::Most(_) => false,
        };
        Some((!holds).then_some(next))
    }

    /// One byte for each way in which the automata tell bytes apart: letters and digits first, and 0 last.
    pub(super) fn representatives(&self) -> Vec<u8> {
        let right = if let Right::Pattern(right) = &self.right { Some(right) } else { None };
        let all: Vec<_> = self.left.iter().chain(right).chain([&self.text]).collect();
        let mut seen = HashSet::new();
        let usual = (b'a'..=b'z').chain(b'0'..=b'9').chain(b'A'..=b'Z').chain(b' '..=b'~').chain(1..=255).chain([0]);
        let classes = |byte| all.iter().map(|automaton| automaton.byte_classes().get(byte)).collect::<Vec<_>>();
        usual.filter(|&byte| seen.insert(classes(byte))).collect()
    }
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
