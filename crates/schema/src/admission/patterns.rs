//! Which patterns are admitted: those that the linear-time engine takes, in bounded number and size.

use std::collections::HashSet;

use crate::Patterns as Engines;
use crate::compile::{Refused, SIZE, tried};

/// How many different patterns a schema may have: each keeps up to 4 MiB beside its program when it is used.
const COUNT: usize = 200;

/// The patterns of a schema so far.
pub(super) struct Patterns<'s> {
    seen: HashSet<&'s str>,
    size: usize,
    limit: usize,
}

impl<'s> Patterns<'s> {
    /// They may take so many bytes together.
    pub(super) fn new(limit: usize) -> Self {
        Self { seen: HashSet::new(), size: 0, limit }
    }

    /// Why a pattern is refused. Once there are too many, that is said and no more are tried.
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
                // To find that out took as long as with the largest that is not refused.
                self.size += if refused == Refused::TooLarge { SIZE } else { 0 };
                Some(reason(refused))
            }
        }
    }

    /// Whether they take too much together.
    pub(super) fn is_full(&self) -> bool {
        self.size > self.limit
    }
}

fn reason(refused: Refused) -> String {
    const NONE: &str = "is not a regular expression";
    match refused {
        Refused::TooLarge => "is too large when it is compiled".to_owned(),
        Refused::Syntax(Some(text)) if text.contains("look-around") => {
            "uses look-around, whose time has no bound".to_owned()
        }
        Refused::Syntax(Some(text)) if text.contains("backreferences") => {
            "uses a back-reference, whose time has no bound".to_owned()
        }
        Refused::Syntax(Some(text)) => match text.rsplit_once("error: ") {
            Some((_, reason)) => format!("{NONE}: {reason}"),
            None => NONE.to_owned(),
        },
        Refused::Syntax(None) => NONE.to_owned(),
    }
}
