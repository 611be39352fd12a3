//! What patterns take, compiled. The engines do not say: they say whether a pattern stays below a limit.

use std::collections::HashMap;

use regex::RegexBuilder;
use serde_json::Value;

use crate::Patterns;
use crate::bounds::charge;
use crate::walk::step;

/// The most that one compiled pattern may take: the engine's own default. `^[\p{L}\p{N}]{1,200}$` takes 9 MiB.
pub(crate) const SIZE: usize = 10 << 20;
/// The least that is tried: about what the smallest ones take.
const SIZE_MIN: usize = 1 << 14;

/// The engine that a pattern needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// Linear time.
    Linear,
    /// Look-around or back-references.
    Backtracking,
}

/// A pattern that compiles.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tried {
    /// About how many bytes it takes, at most twice too much with the linear engine.
    pub size: usize,
    /// The engine.
    pub engine: Engine,
}

/// Why a pattern does not compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is no regular expression; why, if the engine says.
    Syntax(Option<String>),
    /// It takes more than one pattern may.
    TooLarge,
}

/// The patterns of schemas, each once, with what it takes.
pub(crate) struct Table<'s> {
    patterns: Patterns,
    /// How many bytes they take together, and may take.
    size: usize,
    limit: usize,
    tried: HashMap<&'s str, Option<Tried>>,
}

impl<'s> Table<'s> {
    pub(super) fn new(patterns: Patterns, limit: usize) -> Self {
        Self { patterns, size: 0, limit, tried: HashMap::new() }
    }

    /// How many bytes they take together, at most twice too much.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// What a pattern takes, if it compiles.
    pub(crate) fn of(&self, pattern: &str) -> Option<Tried> {
        self.tried.get(pattern).copied().flatten()
    }

    /// Tries all patterns of a schema, wherever they are: a reference may lead anywhere. Whether they fit; `here` is where not.
    pub(super) fn read(&mut self, value: &'s Value, here: &mut String) -> bool {
        let length = here.len();
        match value {
            Value::Object(members) => {
                for (keyword, value) in members {
                    here.push_str(&step(keyword));
                    let fits = match (keyword.as_str(), value) {
                        ("pattern", Value::String(pattern)) => self.fits(pattern),
                        ("patternProperties", Value::Object(members)) => {
                            members.keys().all(|pattern| self.fits(pattern))
                        }
                        _ => true,
                    };
                    if !fits || !self.read(value, here) {
                        return false;
                    }
                    here.truncate(length);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate().filter(|(_, item)| item.is_object() || item.is_array()) {
                    here.push_str(&step(&index.to_string()));
                    if !self.read(item, here) {
                        return false;
                    }
                    here.truncate(length);
                }
            }
            _ => {}
        }
        true
    }

    fn fits(&mut self, pattern: &'s str) -> bool {
        if self.tried.contains_key(pattern) {
            return true;
        }
        let tried = tried(pattern, self.patterns);
        let size = match &tried {
            Ok(tried) => tried.size,
            // That is said by the compiler, which meets it first or not at all.
            Err(Refused::Syntax(_)) => SIZE_MIN,
            Err(Refused::TooLarge) => return false,
        };
        self.tried.insert(pattern, tried.ok());
        self.size = self.size.saturating_add(size);
        self.size <= self.limit
    }
}

/// Compiles a pattern as a trial. It is forgotten again.
pub(crate) fn tried(pattern: &str, patterns: Patterns) -> Result<Tried, Refused> {
    let translated = jsonschema_regex::to_rust_regex(pattern).map_err(|()| Refused::Syntax(None))?;
    charge(8 + pattern.len() as u64 / 16);
    let linear = smallest(|limit| match RegexBuilder::new(&translated).size_limit(limit).build() {
        Ok(_) => Ok(true),
        Err(regex::Error::CompiledTooBig(_)) => Ok(false),
        Err(error) => Err(Refused::Syntax(Some(error.to_string()))),
    });
    match (linear, patterns) {
        (Ok(size), _) => Ok(Tried { size, engine: Engine::Linear }),
        (Err(Refused::Syntax(_)), Patterns::Backtracking) => backtracking(&translated),
        (Err(refused), _) => Err(refused),
    }
}

/// The linear parts of a pattern are compiled one by one; each group, alternative and back-reference may begin one.
fn backtracking(pattern: &str) -> Result<Tried, Refused> {
    let parts = 1 + pattern.bytes().filter(|byte| matches!(byte, b'(' | b'|' | b'\\')).count();
    let size = smallest(|limit| {
        let built = fancy_regex::RegexBuilder::new(pattern).delegate_size_limit(limit).build();
        // It does not always say why; what is no regular expression stays none with the largest limit.
        Ok(built.is_ok())
    });
    match size {
        Ok(size) => Ok(Tried { size: size.saturating_mul(parts), engine: Engine::Backtracking }),
        Err(_)
            if fancy_regex::Regex::new(pattern)
                .is_err_and(|error| matches!(error, fancy_regex::Error::ParseError(..))) =>
        {
            Err(Refused::Syntax(None))
        }
        Err(refused) => Err(refused),
    }
}

/// The first limit that `fits`, doubled each time.
fn smallest(fits: impl Fn(usize) -> Result<bool, Refused>) -> Result<usize, Refused> {
    let mut limit = SIZE_MIN;
    loop {
        // Large ones take milliseconds: somebody may want to stop.
        charge(if limit > 1 << 19 { 256 } else { 1 });
        if fits(limit)? {
            return Ok(limit);
        }
        if limit == SIZE {
            return Err(Refused::TooLarge);
        }
        limit = SIZE.min(limit * 2);
    }
}
