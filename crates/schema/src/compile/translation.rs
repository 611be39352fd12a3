//! Patterns in the engine's own syntax, and what it takes to translate and to read them, found from their text: the library
//! and the engine cannot be stopped.

use std::borrow::Cow;

use super::Refused;
use crate::bounds::charge;

/// The most steps of one pattern: some hundred milliseconds.
const STEPS: u64 = 1 << 19;
/// The bytes that are parsed in one step. Measured: 90 nanoseconds a byte.
const PARSED: u64 = 3;
/// The characters whose other cases are looked up in one step. Measured: 20 nanoseconds a character.
const FOLDED: u64 = 12;
/// The steps of a class of Unicode, and the characters that it may have. Measured: `\pL` takes 25 microseconds and 5 kB.
const CLASS: u64 = 100;
const CLASS_CHARACTERS: u64 = 1 << 19;
/// The comparisons of names of groups in one step. Measured: a second for 20,000 groups.
const NAMED: u64 = 100;

/// The pattern in the engine's own syntax.
pub(crate) fn translated(pattern: &str) -> Result<Cow<'_, str>, Refused> {
    let steps = steps(pattern);
    if steps > STEPS {
        return Err(Refused::TooLarge);
    }
    charge(steps);
    jsonschema_regex::to_rust_regex(pattern).map_err(|()| Refused::Syntax)
}

/// The approximate steps of translating and reading a pattern once.
pub(super) fn steps(pattern: &str) -> u64 {
    translation(pattern) + reading(pattern)
}

/// The library replaces one class or control character after the other, and parses the whole pattern again after each.
fn translation(pattern: &str) -> u64 {
    let (mut passes, mut longer) = (1, 0);
    let mut bytes = pattern.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            continue;
        }
        longer += match bytes.next() {
            Some(b'd' | b'D' | b'c') => 4,
            Some(b'w' | b'W') => 12,
            Some(b's' | b'S') => 160,
            _ => continue,
        };
        passes += 1;
    }
    passes * (pattern.len() as u64 + longer / 2) / PARSED
}

/// The steps of telling the groups of a regular expression apart by their names, which its syntax asks: the library compares
/// each name with all before it, and each reference with all names.
pub(crate) fn naming(pattern: &str) -> u64 {
    let count = |opening| pattern.matches(opening).count() as u64;
    let groups = count("(?<");
    groups * (groups + count(r"\k<")) / NAMED
}

/// The engine reads ranges of characters one by one where upper and lower case are the same.
fn reading(pattern: &str) -> u64 {
    let folds = flags(pattern, 'i');
    let spaced = flags(pattern, 'x');
    let (mut classes, mut folded) = (0, 0);
    for (at, character) in pattern.char_indices() {
        let rest = &pattern[at + character.len_utf8()..];
        match character {
            '\\' if rest.starts_with(['p', 'P']) => {
                classes += 1;
                folded += CLASS_CHARACTERS;
            }
            '-' if spaced => folded += u64::from(u32::from(char::MAX)),
            '-' => folded += end(rest),
            _ => {}
        }
    }
    pattern.len() as u64 + CLASS * classes + if folds { folded / FOLDED } else { 0 }
}

/// Whether the pattern sets a flag somewhere: `(?i)`, or `(?s-x:…)`.
fn flags(pattern: &str, flag: char) -> bool {
    pattern.split("(?").skip(1).any(|group| group.split([')', ':']).next().is_some_and(|flags| flags.contains(flag)))
}

/// The number of characters up to the end of a range, at most.
fn end(rest: &str) -> u64 {
    let mut characters = rest.chars();
    match characters.next() {
        Some('\\') if characters.next().is_some_and(|escape| matches!(escape, 'x' | 'u' | 'U')) => {
            let digits = characters.as_str().trim_start_matches('{');
            let length = digits.bytes().take(8).take_while(u8::is_ascii_hexdigit).count();
            u64::from_str_radix(&digits[..length], 16).unwrap_or(0).min(u64::from(u32::from(char::MAX)))
        }
        character => u64::from(character.map_or(0, u32::from)),
    }
}
