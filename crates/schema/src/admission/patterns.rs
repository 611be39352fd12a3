//! The admitted patterns: those that the linear-time engine accepts, in bounded number and size.

use std::collections::HashSet;

use super::syntax;
use crate::Patterns as Engines;
use crate::compile::{Refused, SIZE, tried};

/// The maximum number of different patterns in a schema: each keeps up to 4 MiB beside its program in use.
const COUNT: usize = 200;

/// The patterns of a schema found so far.
pub(super) struct Patterns<'s> {
    seen: HashSet<&'s str>,
    size: usize,
    limit: usize,
}

impl<'s> Patterns<'s> {
    /// The maximum number of bytes of all patterns together.
    pub(super) fn new(limit: usize) -> Self {
        Self { seen: HashSet::new(), size: 0, limit }
    }

    /// The reason why a pattern is refused. After one report of too many patterns, no more are tried.
    pub(super) fn refusal(&mut self, pattern: &'s str) -> Option<String> {
        if self.seen.len() > COUNT || self.is_full() || !self.seen.insert(pattern) {
            return None;
        }
        if self.seen.len() > COUNT {
            return Some(format!("is one too many: a schema has {COUNT} different ones at most"));
        }
        match tried(pattern, Engines::Linear) {
            Ok(tried) => {
                self.size += tried.size;
                None
            }
            Err(refused) => {
                // The refusal took as long as compiling the largest accepted pattern.
                Some(match refused {
                    Refused::TooLarge => {
                        self.size += SIZE;
                        "is too large when it is compiled".to_owned()
                    }
                    Refused::Syntax => syntax::reason(pattern),
                })
            }
        }
    }

    /// Whether the patterns take too many bytes together.
    pub(super) fn is_full(&self) -> bool {
        self.size > self.limit
    }
}
