//! Which patterns are admitted: those that the linear-time engine takes, in bounded number and size.

use std::collections::HashSet;

use regex::RegexBuilder;

/// The most that one compiled pattern may take: the engine's own default. `^[\p{L}\p{N}]{1,200}$` takes 9 MiB.
const SIZE: usize = 10 << 20;
/// What the compiled patterns of a schema may take together.
const SIZE_TOTAL: usize = 64 << 20;
/// How many different patterns a schema may have: each keeps up to 4 MiB beside its program when it is used.
const COUNT: usize = 200;

/// The patterns of a schema so far.
pub(super) struct Patterns<'s> {
    seen: HashSet<&'s str>,
    size: usize,
}

impl<'s> Patterns<'s> {
    pub fn new() -> Self {
        Self { seen: HashSet::new(), size: 0 }
    }

    /// Why a pattern is refused. Once there are too many, that is said and no more are tried.
    pub fn refusal(&mut self, pattern: &'s str) -> Option<String> {
        if self.seen.len() > COUNT || self.size > SIZE_TOTAL || !self.seen.insert(pattern) {
            return None;
        }
        if self.seen.len() > COUNT {
            return Some(format!("is one too many: a schema has {COUNT} different ones at most"));
        }
        match size(pattern) {
            Ok(size) => {
                self.size += size;
                (self.size > SIZE_TOTAL).then(|| "is too large together with those before it".to_owned())
            }
            Err(refusal) => Some(refusal),
        }
    }
}

/// About how much memory a compiled pattern takes, at most twice too much.
fn size(pattern: &str) -> Result<usize, String> {
    const NONE: &str = "is not a regular expression";
    let translated = jsonschema_regex::to_rust_regex(pattern).map_err(|()| NONE.to_owned())?;
    // The engine does not say what it takes; it says whether it stays below a limit.
    let mut limit = 1 << 14;
    loop {
        return match RegexBuilder::new(&translated).size_limit(limit).build() {
            Ok(_) => Ok(limit),
            Err(regex::Error::CompiledTooBig(_)) if limit < SIZE => {
                limit = SIZE.min(limit * 2);
                continue;
            }
            Err(regex::Error::CompiledTooBig(_)) => Err("is too large when it is compiled".to_owned()),
            Err(regex::Error::Syntax(text)) if text.contains("look-around") => {
                Err("uses look-around, whose time has no bound".to_owned())
            }
            Err(regex::Error::Syntax(text)) if text.contains("backreferences") => {
                Err("uses a back-reference, whose time has no bound".to_owned())
            }
            Err(error) => Err(match error.to_string().rsplit_once("error: ") {
                Some((_, reason)) => format!("{NONE}: {reason}"),
                None => NONE.to_owned(),
            }),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_all_patterns_is_bounded() {
        let mut patterns = Patterns { seen: HashSet::new(), size: SIZE_TOTAL - (1 << 15) };
        assert_eq!(patterns.refusal("^[A-Z]{3}$"), None);
        assert_eq!(patterns.refusal("^[a-z]{3}$"), None);
        assert_eq!(patterns.refusal("^[a-z]{3}$"), None, "it is counted once");
        assert_eq!(patterns.refusal("^[0-9]{3}$").as_deref(), Some("is too large together with those before it"));
        assert_eq!(patterns.refusal("("), None, "no more are tried");
    }

    #[test]
    fn the_size_is_that_of_the_compiled_pattern() {
        let (small, large) = (size("^[A-Z]{3}$").unwrap(), size("^(a{1,100}){1,30}$").unwrap());
        assert!(small <= 1 << 14 && (1 << 17..1 << 20).contains(&large), "{small} {large}");
    }
}
