//! What compiling a schema takes, told before it is done: the library that compiles has no bounds of its own and cannot be
//! stopped. So all that it would do is done here first, in steps that count, and without its memory.

mod depth;
mod pattern;
mod rehearsal;
mod text;

use referencing::{Draft, Registry, Resolver};
use serde_json::Value;

use crate::bounds::{Bounds, Exceeded, Load, steps_taken, within};
use crate::walk::pointer_to;
use crate::{Patterns, Problem};
use depth::Depth;
pub(crate) use depth::room;
pub(crate) use pattern::{Engine, Refused, SIZE, Table, tried};
use rehearsal::Rehearsal;

/// What compiling a schema may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The stack, the steps, and whether to stop. A step takes about 250 nanoseconds and 100 bytes; a sub-schema takes some
    /// ten steps each time that it is compiled.
    pub bounds: Bounds,
    /// How many bytes its patterns may take together, compiled.
    pub patterns: usize,
}

impl Limits {
    /// Steps enough for any usual schema, within a second and 200 MB.
    pub const STEPS: u64 = 2_000_000;
    /// Room enough for the patterns of any usual schema, compiled within half a second.
    pub const PATTERNS: usize = 32 << 20;
}

/// Why a schema is not compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Something is wrong with it.
    Problem(Problem),
    /// It would take too much.
    Excess {
        /// Of what.
        of: Excess,
        /// Where in the schema, as a JSON Pointer; empty where that is not known, or in a schema that it refers to.
        location: String,
    },
}

/// What there is not enough of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// The steps.
    Work,
    /// The bytes for patterns.
    Patterns,
    /// The stack.
    Stack,
    /// Time: it was asked to stop.
    Interrupted,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Exceeded> for Excess {
    fn from(exceeded: Exceeded) -> Self {
        match exceeded {
            Exceeded::Steps => Self::Work,
            Exceeded::Stack => Self::Stack,
            Exceeded::Interrupted => Self::Interrupted,
        }
    }
}

/// Refuses a schema whose texts, written out wherever a location or a URI holds them, are too much for any walk through it.
///
/// # Errors
/// It would take too much.
pub fn check_texts(schema: &Value, limits: &Limits) -> Result<(), Refusal> {
    let mut here = String::new();
    let walk =
        within(&limits.bounds, Load::default(), || text::walk(schema, &mut Depth::new(&limits.bounds), &mut here));
    walk.map_err(|exceeded| Refusal::Excess { of: exceeded.into(), location: here })
}

/// Refuses patterns that take too much together.
pub(crate) fn check_patterns<'s>(
    schemas: impl Iterator<Item = &'s Value>,
    engine: Patterns,
    limits: &Limits,
) -> Result<Table<'s>, Refusal> {
    let mut table = Table::new(engine, limits.patterns);
    for schema in schemas {
        let mut here = String::new();
        let read = within(&limits.bounds, Load::default(), || table.read(schema, &mut here));
        let excess = match read {
            Ok(true) => continue,
            Ok(false) => Excess::Patterns,
            Err(exceeded) => exceeded.into(),
        };
        return Err(Refusal::Excess { of: excess, location: here });
    }
    Ok(table)
}

/// Refuses a schema that would take too many steps, or too much of the stack; otherwise, how many steps. What is wrong with it is
/// left to the compiler.
pub(crate) fn check_work<'r>(
    schema: &'r Value,
    draft: Draft,
    base: &str,
    registry: &Registry<'r>,
    patterns: &Table,
    limits: &Limits,
) -> Result<u64, Refusal> {
    let Ok(base) = referencing::uri::from_str(base) else { return Ok(0) };
    let with_schema = registry.add(base.as_str(), draft.create_resource_ref(schema));
    let Ok(registry) = with_schema.and_then(|registry| registry.draft(draft).prepare()) else { return Ok(0) };
    if !registry.contains_resource(base.as_str()) {
        return Ok(0);
    }
    let resolver: Resolver<'_> = registry.resolver(base);
    let mut rehearsal = Rehearsal::new(patterns, Depth::new(&limits.bounds));
    let run = within(&limits.bounds, Load::default(), || rehearsal.run(&resolver, draft, schema));
    run.map_err(|exceeded| Refusal::Excess { of: exceeded.into(), location: pointer_to(schema, rehearsal.here()) })?;
    Ok(steps_taken(&limits.bounds))
}
