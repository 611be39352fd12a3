//! The resources of a validation: stack, steps, and time until a request to stop.
//!
//! The reader of the document pays here. A stop is an unwinding of our own, which runs no panic hook and is caught in
//! one place; any other panic propagates.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;

/// The resources that a validation may use.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The lowest address that the stack may reach; 0 for no bound.
    pub floor: usize,
    /// The maximum work, in reads of a node; `u64::MAX` for no bound. Work that takes more time, or memory, costs more.
    pub steps: u64,
    /// Whether to stop. The validation calls this every few hundred steps.
    pub interrupted: fn() -> bool,
}

impl Bounds {
    /// Enough steps to list the violations of any usual document, within about 100 ms and 50 MB.
    pub const LISTING: u64 = 1 << 20;
}

/// The bound that was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exceeded {
    /// The steps. Also if a single step would take too much: a long string and a large pattern, or a long string that
    /// should be a regular expression or a JSON text.
    Steps,
    /// The stack: the document is too deep for this schema.
    Stack,
    /// `interrupted` returned true.
    Interrupted,
}

/// The number of steps between two calls of `interrupted`. Between two steps the validator looks up properties, tries
/// patterns and follows references, as many as the schema has: a step may take 50 microseconds.
const STRETCH: u64 = 1 << 8;

/// The properties of a schema that make reads of a document longer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Load {
    /// The bytes of the schema's longest pointer: errors write one pointer for each level of the document.
    pub(crate) way: u64,
    /// The bytes of the schema that an error copies.
    pub(crate) copy: u64,
    /// The digits of the schema's longest number, which the document's numbers are compared with.
    pub(crate) digits: u64,
    /// The bytes of the schema's largest pattern, compiled.
    pub(crate) pattern: u64,
    /// The patterns that a property name is matched with in one step.
    pub(crate) names: Matched,
}

/// Patterns that a text is matched with, one after the other.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Matched {
    /// Their number.
    pub(crate) count: u64,
    /// The bytes of all of them, compiled.
    pub(crate) size: u64,
}

impl Matched {
    pub(crate) fn and(self, other: Self) -> Self {
        Self { count: self.count.saturating_add(other.count), size: self.size.saturating_add(other.size) }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self { count: self.count.max(other.count), size: self.size.max(other.size) }
    }
}

/// The maximum product of a text's length and a pattern's size. A match goes through the text in one step, at worst in
/// a time proportional to the product: half a second, measured.
pub(crate) const MATCH: u64 = 1 << 40;

/// The maximum length of a text under a schema with patterns that backtrack, in bytes: each time that a match goes back may
/// take a time proportional to the length.
pub(crate) const BACKTRACKED: u64 = 1 << 14;

/// The bounds of the validation that runs on this thread.
struct Meter {
    load: Cell<Load>,
    floor: Cell<usize>,
    /// The steps left in this stretch.
    left: Cell<u64>,
    /// The steps left after this stretch.
    later: Cell<u64>,
    interrupted: Cell<fn() -> bool>,
}

thread_local! {
    static METER: Meter = const {
        Meter {
            load: Cell::new(Load { way: 0, copy: 0, digits: 0, pattern: 0, names: Matched { count: 0, size: 0 } }),
            floor: Cell::new(0),
            left: Cell::new(0),
            later: Cell::new(u64::MAX),
            interrupted: Cell::new(|| false),
        }
    };
}

impl Meter {
    fn set(&self, bounds: &Bounds, load: Load) {
        self.load.set(load);
        self.floor.set(bounds.floor);
        self.left.set(0);
        self.later.set(bounds.steps);
        self.interrupted.set(bounds.interrupted);
    }

    #[cold]
    fn next_stretch(&self, steps: u64) {
        if (self.interrupted.get())() {
            stop(Exceeded::Interrupted);
        }
        let missing = steps - self.left.get();
        let Some(later) = self.later.get().checked_sub(missing) else { stop(Exceeded::Steps) };
        let stretch = later.min(STRETCH);
        self.left.set(stretch);
        self.later.set(later - stretch);
    }
}

/// Charges `steps`.
#[inline]
pub(crate) fn charge(steps: u64) {
    METER.with(|meter| match meter.left.get().checked_sub(steps) {
        Some(left) => meter.left.set(left),
        None => meter.next_stretch(steps),
    });
}

/// Charges one step that may go one level further down the stack.
#[inline]
pub(crate) fn charge_deeper() {
    charge(1);
    let here = 0_u8;
    if ptr::from_ref(&here).addr() < METER.with(|meter| meter.floor.get()) {
        stop(Exceeded::Stack);
    }
}

/// The most digits of a number that the validator computes with in full.
pub(crate) const DIGITS: u64 = 10_000;

/// Charges a comparison of a number with this many digits: quadratic arithmetic up to [`DIGITS`], linear above.
#[inline]
pub(crate) fn charge_number(digits: u64) {
    let digits = digits.max(METER.with(|meter| meter.load.get().digits));
    if digits > 64 {
        charge(if digits <= DIGITS { digits * digits / 256 } else { digits / 4 });
    }
}

/// Charges one pass through a text.
#[inline]
pub(crate) fn charge_text(text: &str) {
    let length = text.len() as u64;
    charge(1 + length / 8);
    // No pattern is large enough to matter for a shorter text.
    if length > BACKTRACKED {
        charge_long_text(length);
    }
}

#[cold]
fn charge_long_text(length: u64) {
    if length.saturating_mul(METER.with(|meter| meter.load.get().pattern)) > MATCH {
        stop(Exceeded::Steps);
    }
}

/// Charges one pass through a property name: the validator takes a name and matches it with all patterns beside
/// `additionalProperties`, or below `unevaluatedProperties`, before it reads on.
#[inline]
pub(crate) fn charge_name(name: &str) {
    charge_text(name);
    let (length, names) = (name.len() as u64, METER.with(|meter| meter.load.get().names));
    if names.count > 0 {
        if length.saturating_mul(names.size) > MATCH {
            stop(Exceeded::Steps);
        }
        charge(length * names.count / 8);
    }
}

/// Charges an error about a node with this many levels, and bytes of names, above it: mostly memory.
pub(crate) fn charge_error(depth: u32, names: u32) {
    let load = METER.with(|meter| meter.load.get());
    let bytes = u64::from(names) + load.way * (u64::from(depth) + 1) + load.copy;
    charge(24 + bytes / 32);
}

/// Stops the validation on this thread.
#[cold]
pub(crate) fn stop(why: Exceeded) -> ! {
    resume_unwind(Box::new(why))
}

/// The steps that the last run within `bounds` on this thread has used.
pub(crate) fn steps_taken(bounds: &Bounds) -> u64 {
    METER.with(|meter| bounds.steps - meter.later.get() - meter.left.get())
}

/// Does something that may panic in the library, for what it does not expect of a schema; `None` if it does. A stop goes on.
pub(crate) fn caught<R>(work: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => Some(done),
        Err(panic) if panic.is::<Exceeded>() => resume_unwind(panic),
        Err(_) => None,
    }
}

/// Runs a validation within `bounds`.
pub(crate) fn within<R>(bounds: &Bounds, load: Load, work: impl FnOnce() -> R) -> Result<R, Exceeded> {
    METER.with(|meter| meter.set(bounds, load));
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| match panic.downcast::<Exceeded>() {
        Ok(why) => *why,
        Err(panic) => resume_unwind(panic),
    })
}
