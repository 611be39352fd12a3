//! Patterns that backtrack: look-around and back-references. Their matches are limited, and a match that meets the limit is
//! neither a match nor none.
//!
//! The validator goes on after such a match, and accepts a document only if both answers accept it. If it refuses, this module
//! finds whether a limit was met: then nobody can say whether the document is valid.

use fancy_regex::{Regex, RegexBuilder};
use jsonschema::json::{Array, Node, Object};

use crate::bounded::BoundedNode;
use crate::bounds::{BACKTRACKED, Exceeded, charge, stop};
use crate::compile::{CACHE, SIZE};
use crate::document::Digits;

/// The maximum number of times that a match goes back: several times for each character of the longest text
/// ([`BACKTRACKED`]). A match of that text takes a second or two at worst, measured.
pub(crate) const LIMIT: usize = 1 << 16;

/// The patterns of a schema that backtrack.
#[derive(Default)]
pub(crate) struct Backtracking(Vec<Regex>);

impl Backtracking {
    /// Compiles patterns as the validator does.
    pub(crate) fn of<'p>(patterns: impl Iterator<Item = &'p str>) -> Self {
        let compiled = patterns.filter_map(|pattern| {
            let translated = jsonschema_regex::to_rust_regex(pattern).ok()?;
            RegexBuilder::new(&translated)
                .backtrack_limit(LIMIT)
                .delegate_size_limit(SIZE)
                .delegate_dfa_size_limit(CACHE)
                .build()
                .ok()
        });
        Self(compiled.collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Stops if a text or a name of the document cannot be matched within the limit.
    // The nodes charge for the stack as they are read.
    pub(crate) fn check<J: Digits>(&self, node: &BoundedNode<'_, J>) {
        if let Some(object) = node.as_object() {
            for (name, node) in object.members() {
                self.check_text(name.as_ref());
                self.check(&node);
            }
        } else if let Some(array) = node.as_array() {
            array.elements().for_each(|node| self.check(&node));
        } else if let Some(text) = node.as_string() {
            self.check_text(&text);
        }
    }

    fn check_text(&self, text: &str) {
        if text.len() as u64 > BACKTRACKED {
            stop(Exceeded::Steps);
        }
        for pattern in &self.0 {
            // A match may take long, so the caller may want to stop before each.
            charge(256);
            if pattern.is_match(text).is_err() {
                stop(Exceeded::Steps);
            }
        }
    }
}
