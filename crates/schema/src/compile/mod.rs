//! The cost of compiling a schema, found before the compilation: the compiling library has no bounds of its own and cannot
//! be stopped. So this module first rehearses the library's work, in counted steps and without the library's memory.

mod depth;
mod lost;
mod pattern;
mod rehearsal;
mod spelling;
mod text;
mod translation;

use referencing::{Draft, Registry, Resolver};
use serde_json::Value;

use crate::bounds::{Bounds, Exceeded, Load, Matched, steps_taken, within};
use crate::walk::pointer_to;
use crate::{Patterns, Problem};
use depth::Depth;
pub(crate) use depth::room;
pub(crate) use pattern::{CACHE, Refused, SIZE, Table, tried};
use rehearsal::Rehearsal;
pub(crate) use spelling::respelled;
pub(crate) use translation::{naming, translated};

/// The resources for compiling a schema.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The stack, the steps, and whether to stop. A step takes about 250 nanoseconds and 100 bytes; a sub-schema takes
    /// some ten steps each time that it is compiled.
    pub bounds: Bounds,
    /// The maximum bytes of the schema's patterns together, compiled.
    pub patterns: usize,
}

impl Limits {
    /// Enough steps for any usual schema, within a second and 200 MB.
    pub const STEPS: u64 = 2_000_000;
    /// Enough room for the patterns of any usual schema, compiled within half a second.
    pub const PATTERNS: usize = 32 << 20;
}

/// The reason why a schema is not compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The schema has a problem.
    Problem(Problem),
    /// Compiling the schema would take too much.
    Excess {
        /// The exceeded resource.
        of: Excess,
        /// The place in the schema, as a JSON Pointer; empty if the place is unknown, or in a referenced schema.
        location: String,
    },
}

/// The exceeded resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// The steps.
    Work,
    /// The bytes for patterns.
    Patterns,
    /// The stack.
    Stack,
    /// Time: the caller asked the compilation to stop.
    Interrupted,
    /// The bytes that recursive schemas may keep for ever on this thread.
    Lost,
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

/// Refuses a schema with texts that would be too much for any walk, written out in each location and URI that contains them,
/// and one that the meta-schemas would take too long to check.
///
/// # Errors
/// The texts, or the check, would take too much.
pub fn check_texts(schema: &Value, limits: &Limits) -> Result<(), Refusal> {
    let mut here = String::new();
    let walk =
        within(&limits.bounds, Load::default(), || text::walk(schema, &mut Depth::new(&limits.bounds), &mut here));
    walk.map_err(|exceeded| Refusal::Excess { of: exceeded.into(), location: here })
}

/// Refuses patterns that take too many bytes together.
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

/// The cost of compiling a schema.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Work {
    /// The steps.
    pub steps: u64,
    /// Whether the compiled value holds itself.
    pub circular: bool,
    /// The patterns that `unevaluatedProperties` matches a property name with in one step.
    pub names: Matched,
}

/// Returns the cost of a schema. Refuses a schema that would take too many steps, or too much of the stack. The
/// compiler reports the schema's problems.
pub(crate) fn check_work<'r>(
    schema: &'r Value,
    draft: Draft,
    base: &str,
    registry: &Registry<'r>,
    patterns: &Table,
    limits: &Limits,
) -> Result<Work, Refusal> {
    let none = Ok(Work::default());
    let Ok(base) = referencing::uri::from_str(base) else { return none };
    let with_schema = registry.add(base.as_str(), draft.create_resource_ref(schema));
    let Ok(registry) = with_schema.and_then(|registry| registry.draft(draft).prepare()) else { return none };
    if !registry.contains_resource(base.as_str()) {
        return none;
    }
    let resolver: Resolver<'_> = registry.resolver(base);
    let mut rehearsal = Rehearsal::new(patterns, Depth::new(&limits.bounds));
    let run = within(&limits.bounds, Load::default(), || rehearsal.run(&resolver, draft, schema));
    run.map_err(|exceeded| Refusal::Excess { of: exceeded.into(), location: pointer_to(schema, rehearsal.here()) })?;
    Ok(Work { steps: steps_taken(&limits.bounds), circular: rehearsal.is_circular(), names: rehearsal.names() })
}

/// Refuses a schema with memory that would not be freed, if too much was lost in this way already.
pub(crate) fn check_lost(work: Work, footprint: usize) -> Result<(), Refusal> {
    // Measured: up to three times the usual memory for a text of its length.
    if work.circular && !lost::take(3 * footprint) {
        return Err(Refusal::Excess { of: Excess::Lost, location: String::new() });
    }
    Ok(())
}
