//! The reference, as described to the layers that know all features. Both tables have triggers of the feature.

use crate::pg::trigger::{Event, TriggerInfo};
use crate::table::feature::{Feature, Function, Part};

/// The position of `veritable.refer()` among the functions: the triggers of the table that refers.
pub const REFER: usize = 0;
/// The position of `veritable.guard_referenced()` among the functions: the triggers of the table that is referred to.
pub const GUARD: usize = 1;

/// What every trigger has that is not said otherwise.
const PLAIN: Part = Part {
    name: "veritable_reference_",
    function: REFER,
    timing: "",
    rows: "FOR EACH STATEMENT",
    always: false,
    refers: false,
    fits: TriggerInfo::refers,
    role: "",
};

const DEFERRABLE: &str = "DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW";
const DEFERRED: &str = "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW";
const NEVER: &str = "FOR EACH ROW WHEN (false)";

/// Names the table that is referred to.
pub const LINK: Part =
    Part { timing: "AFTER DELETE", rows: NEVER, refers: true, role: "names the other table", ..PLAIN };
/// Checks inserted rows. Its name sorts after those of packing's triggers, so that it finds both tables packed.
pub const INSERTED: Part = Part {
    timing: "AFTER INSERT",
    rows: "REFERENCING NEW TABLE AS veritable_new FOR EACH STATEMENT",
    fits: |trigger| trigger.follows(Event::Insert, false),
    role: "checks inserted rows",
    ..PLAIN
};
/// Checks updated rows. The old rows show which of the new rows the UPDATE has changed.
pub const UPDATED: Part = Part {
    timing: "AFTER UPDATE",
    rows: "REFERENCING OLD TABLE AS veritable_old NEW TABLE AS veritable_new FOR EACH STATEMENT",
    fits: |trigger| trigger.follows(Event::Update, true),
    role: "checks updated rows",
    ..PLAIN
};
/// Checks inserted and updated rows, one by one, when the constraint is due.
pub const ROWS: Part = Part {
    timing: "AFTER INSERT OR UPDATE",
    rows: DEFERRABLE,
    fits: |trigger| trigger.follows_rows(&[Event::Insert, Event::Update]) && !trigger.deferral.1,
    role: "checks new rows",
    ..PLAIN
};
/// As [`ROWS`], at the end of the transaction.
pub const ROWS_DEFERRED: Part = Part {
    rows: DEFERRED,
    fits: |trigger| trigger.follows_rows(&[Event::Insert, Event::Update]) && trigger.deferral.1,
    ..ROWS
};

/// Names the table that refers.
pub const GUARD_LINK: Part = Part { function: GUARD, name: "veritable_referenced_", ..LINK };
/// Guards against updates.
pub const GUARDS_UPDATED: Part = Part {
    function: GUARD,
    name: "veritable_referenced_",
    role: "guards the rows of the other table against updates",
    ..UPDATED
};
/// Guards against deletions.
pub const GUARDS_DELETED: Part = Part {
    function: GUARD,
    name: "veritable_referenced_",
    timing: "AFTER DELETE",
    rows: "REFERENCING OLD TABLE AS veritable_old FOR EACH STATEMENT",
    fits: |trigger| trigger.follows(Event::Delete, false),
    role: "guards the rows of the other table against deletions",
    ..PLAIN
};
/// Guards against TRUNCATE. It fires when all tables of the command are empty, so that both can be emptied together.
pub const GUARDS_TRUNCATED: Part = Part {
    function: GUARD,
    name: "veritable_referenced_",
    timing: "AFTER TRUNCATE",
    fits: |trigger| trigger.follows(Event::Truncate, false),
    role: "guards the rows of the other table against TRUNCATE",
    ..PLAIN
};
/// Guards against updates and deletions, row by row, when the constraint is due.
pub const GUARDS_ROWS: Part = Part {
    function: GUARD,
    name: "veritable_referenced_",
    timing: "AFTER UPDATE OR DELETE",
    rows: DEFERRABLE,
    fits: |trigger| trigger.follows_rows(&[Event::Update, Event::Delete]) && !trigger.deferral.1,
    role: "guards the rows of the other table",
    ..PLAIN
};
/// As [`GUARDS_ROWS`], at the end of the transaction.
pub const GUARDS_ROWS_DEFERRED: Part = Part {
    rows: DEFERRED,
    fits: |trigger| trigger.follows_rows(&[Event::Update, Event::Delete]) && trigger.deferral.1,
    ..GUARDS_ROWS
};

/// References.
pub static FEATURE: Feature = Feature {
    name: "reference",
    participle: "linked",
    verb: "link",
    verified_by: "verify_references",
    counts: ("reference", None),
    functions: &[
        Function {
            name: c"refer",
            usage: "AFTER INSERT or AFTER UPDATE, REFERENCING all their rows, FOR EACH STATEMENT, or deferrable FOR EACH ROW",
        },
        Function {
            name: c"guard_referenced",
            usage: "AFTER UPDATE or AFTER DELETE, REFERENCING all their rows, or AFTER TRUNCATE, FOR EACH STATEMENT, or deferrable FOR EACH ROW",
        },
    ],
    parts: &[
        LINK,
        INSERTED,
        UPDATED,
        ROWS,
        ROWS_DEFERRED,
        GUARD_LINK,
        GUARDS_UPDATED,
        GUARDS_DELETED,
        GUARDS_TRUNCATED,
        GUARDS_ROWS,
        GUARDS_ROWS_DEFERRED,
    ],
    fills: &[],
    late: None,
    no_children: None,
};

/// The triggers of a table for a reference: those of one function, and for a reference that can be deferred, and maybe is so
/// at first. The first of them names the other table.
pub fn kit(function: usize, (deferrable, deferred): (bool, bool)) -> &'static [Part] {
    match (function, deferrable, deferred) {
        (REFER, false, _) => &[LINK, INSERTED, UPDATED],
        (REFER, true, false) => &[ROWS],
        (REFER, true, true) => &[ROWS_DEFERRED],
        (_, false, _) => &[GUARD_LINK, GUARDS_UPDATED, GUARDS_DELETED, GUARDS_TRUNCATED],
        (_, true, false) => &[GUARDS_ROWS, GUARDS_TRUNCATED],
        (_, true, true) => &[GUARDS_ROWS_DEFERRED, GUARDS_TRUNCATED],
    }
}
