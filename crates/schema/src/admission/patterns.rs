//! The admitted patterns: those that the engine accepts, in bounded number and size.

use std::collections::HashSet;
use std::fmt::{self, Display};

use super::syntax;
use crate::Patterns as Engines;
use crate::compile::{Refused, SIZE, tried};

/// The reason why a pattern is refused.
pub(super) enum Refusal {
    TooMany,
    TooLarge,
    /// The sentence of the syntax.
    Syntax(String),
}

impl Refusal {
    /// Whether the other engine might accept the pattern.
    pub(super) fn is_unbounded(&self) -> bool {
        matches!(self, Self::Syntax(reason) if reason.ends_with(syntax::UNBOUNDED))
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(f, "is one too many: a schema has {COUNT} different ones at most"),
            Self::TooLarge => f.write_str("is too large when it is compiled"),
            Self::Syntax(reason) => f.write_str(reason),
        }
    }
}

/// The maximum number of different patterns in a schema: each keeps up to 64 kB beside its program in use.
const COUNT: usize = 200;

/// The patterns of a schema found so far.
pub(super) struct Patterns<'s> {
    engines: Engines,
    seen: HashSet<&'s str>,
    size: usize,
    limit: usize,
}

impl<'s> Patterns<'s> {
    /// The maximum number of bytes of all patterns together.
    pub(super) fn new(limit: usize, engines: Engines) -> Self {
        Self { engines, seen: HashSet::new(), size: 0, limit }
    }

    /// The reason why a pattern is refused. After one report of too many patterns, no more are tried.
    pub(super) fn refusal(&mut self, pattern: &'s str) -> Option<Refusal> {
        if self.seen.len() > COUNT || self.is_full() || !self.seen.insert(pattern) {
            return None;
        }
        if self.seen.len() > COUNT {
            return Some(Refusal::TooMany);
        }
        match tried(pattern, self.engines) {
            Ok(tried) => {
                self.size += tried.size;
                syntax::has_stacked_quantifiers(pattern).then(|| Refusal::Syntax(syntax::STACKED.to_owned()))
            }
            Err(refused) => {
                // The refusal took as long as compiling the largest accepted pattern.
                Some(match refused {
                    Refused::TooLarge => {
                        self.size += SIZE;
                        Refusal::TooLarge
                    }
                    Refused::Syntax => Refusal::Syntax(self.reason(pattern)),
                })
            }
        }
    }

    fn reason(&self, pattern: &str) -> String {
        let reason = syntax::reason(pattern);
        // The backtracking engine accepts all of that: it refuses something else.
        let other = self.engines == Engines::Backtracking && reason.ends_with(syntax::UNBOUNDED);
        if other { syntax::NONE.to_owned() } else { reason }
    }

    /// Whether the patterns take too many bytes together.
    pub(super) fn is_full(&self) -> bool {
        self.size > self.limit
    }
}
