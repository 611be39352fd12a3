//! The size of compiled patterns. The engines do not tell the size, only whether a pattern stays below a limit.

use std::collections::HashMap;

use regex_automata::meta;
use regex_syntax::hir::Hir;
use serde_json::{Map, Value};

use super::translation::{steps, translated};
use crate::Patterns;
use crate::bounds::{BACKTRACKED, MATCH, Matched, charge};
use crate::walk::step;

/// The maximum size of one compiled pattern: the engine's own default. `^[\p{L}\p{N}]{1,200}$` takes 9 MiB.
pub(crate) const SIZE: usize = 10 << 20;
/// The smallest limit to try: about the size of the smallest patterns.
const SIZE_MIN: usize = 1 << 14;
/// The memory that an engine takes for the states that it has met in texts, in bytes, as a setting and at most. Measured: 1.6
/// times the setting, for hostile patterns; usual ones have a few dozen states, in some kilobytes.
pub(crate) const CACHE: usize = 32 << 10;
const CACHE_MAX: usize = 2 * CACHE;
/// The size that a pattern that backtracks counts as.
const BACKTRACKING: u64 = MATCH / BACKTRACKED;

/// The regular expression engine that a pattern needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// Linear time.
    Linear,
    /// Look-around or back-references.
    Backtracking,
}

/// A valid pattern.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tried {
    /// The approximate size in bytes, at most twice too much with the linear engine.
    pub size: usize,
    /// The engine.
    pub engine: Engine,
    /// The memory that matches may take, in bytes.
    pub cache: usize,
}

/// The reason why a pattern does not compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The pattern is no regular expression, or none of the engine.
    Syntax,
    /// The pattern is larger than one pattern may be.
    TooLarge,
}

/// The patterns of schemas, each once, with its size.
pub(crate) struct Table<'s> {
    patterns: Patterns,
    /// The bytes of all patterns together, and their maximum.
    size: usize,
    limit: usize,
    tried: HashMap<&'s str, Option<Tried>>,
}

impl<'s> Table<'s> {
    pub(super) fn new(patterns: Patterns, limit: usize) -> Self {
        Self { patterns, size: 0, limit, tried: HashMap::new() }
    }

    /// The bytes of all patterns together, at most twice too much.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The memory that matches of all patterns together may take, in bytes.
    pub(crate) fn cache(&self) -> usize {
        self.tried.values().flatten().map(|tried| tried.cache).fold(0, usize::saturating_add)
    }

    /// The size of a pattern, if the pattern compiles.
    pub(crate) fn of(&self, pattern: &str) -> Option<Tried> {
        self.tried.get(pattern).copied().flatten()
    }

    /// The size of a pattern for matches: those that backtrack count as if only short texts were matched.
    pub(crate) fn weight(&self, pattern: &str) -> u64 {
        match self.of(pattern) {
            Some(Tried { engine: Engine::Linear, size, .. }) => size as u64,
            Some(_) => BACKTRACKING,
            None => 0,
        }
    }

    /// The patterns of a `patternProperties`, together.
    pub(crate) fn matched(&self, patterns: &Map<String, Value>) -> Matched {
        Matched { count: patterns.len() as u64, size: patterns.keys().map(|pattern| self.weight(pattern)).sum() }
    }

    /// The patterns that need the backtracking engine.
    pub(crate) fn backtracking(&self) -> impl Iterator<Item = &'s str> {
        let all = self.tried.iter();
        all.filter(|(_, tried)| tried.is_some_and(|tried| tried.engine == Engine::Backtracking)).map(|(text, _)| *text)
    }

    /// Tries all patterns of a schema, because a reference may lead anywhere. Whether they fit; `here` is the failing place.
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
            // The compiler reports this pattern, or never meets it.
            Err(Refused::Syntax) => SIZE_MIN,
            Err(Refused::TooLarge) => return false,
        };
        self.tried.insert(pattern, tried.ok());
        self.size = self.size.saturating_add(size);
        self.size <= self.limit
    }
}

/// Compiles a pattern as a trial, and drops the result.
pub(crate) fn tried(pattern: &str, patterns: Patterns) -> Result<Tried, Refused> {
    let translated = translated(pattern)?;
    // The validator does the same once more.
    charge(8 + steps(pattern));
    let linear = regex_syntax::parse(&translated).map_err(|_| Refused::Syntax).and_then(|read| linear(&read));
    match (linear, patterns) {
        (Ok(size), _) => {
            // The validator compares with literal patterns instead.
            let is_literal = jsonschema_regex::analyze_pattern(pattern).is_some();
            Ok(Tried { size, engine: Engine::Linear, cache: if is_literal { 0 } else { CACHE_MAX } })
        }
        (Err(Refused::Syntax), Patterns::Backtracking) => backtracking(&translated),
        (Err(refused), _) => Err(refused),
    }
}

/// The engine of linear time, as `regex` builds it. It is built from what was read once, because reading may take longer.
fn linear(read: &Hir) -> Result<usize, Refused> {
    smallest(|limit| {
        let config = meta::Config::new().nfa_size_limit(Some(limit)).hybrid_cache_capacity(CACHE);
        match meta::Builder::new().configure(config).build_from_hir(read) {
            Ok(_) => Ok(true),
            Err(error) if error.size_limit().is_some() => Ok(false),
            Err(_) => Err(Refused::Syntax),
        }
    })
}

/// The engine compiles the linear parts of a pattern one by one; each group, alternative and back-reference may begin one.
fn backtracking(pattern: &str) -> Result<Tried, Refused> {
    let parts = 1 + pattern.bytes().filter(|byte| matches!(byte, b'(' | b'|' | b'\\')).count();
    let read = steps(pattern);
    let size = smallest(|limit| {
        charge(read);
        let built = fancy_regex::RegexBuilder::new(pattern).delegate_size_limit(limit).build();
        // The engine does not always give a reason; a text that is no regular expression fails also with the largest limit.
        Ok(built.is_ok())
    });
    match size {
        Ok(size) => Ok(Tried {
            size: size.saturating_mul(parts),
            engine: Engine::Backtracking,
            // Compiled twice: the limit of a match is looked for apart.
            cache: (2 * CACHE_MAX).saturating_mul(parts),
        }),
        Err(_)
            if fancy_regex::Regex::new(pattern)
                .is_err_and(|error| matches!(error, fancy_regex::Error::ParseError(..))) =>
        {
            Err(Refused::Syntax)
        }
        Err(refused) => Err(refused),
    }
}

/// The first limit that `fits`, doubling from limit to limit.
fn smallest(fits: impl Fn(usize) -> Result<bool, Refused>) -> Result<usize, Refused> {
    let mut limit = SIZE_MIN;
    loop {
        // A large pattern takes milliseconds: the caller may want to stop.
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
