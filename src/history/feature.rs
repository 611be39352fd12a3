//! The history, as described to the layers that know all features.

use crate::pg::trigger::{Event, TriggerInfo};
use crate::table::feature::{Feature, Function, Part};

/// The position of `veritable.history()` among the functions.
pub const HISTORY: usize = 0;
/// The position of `veritable.record()` among the functions.
pub const RECORD: usize = 1;

/// The trigger that names the history's table.
pub const NAMES_HISTORY: Part = Part {
    name: "ab_veritable_history",
    function: HISTORY,
    timing: "AFTER DELETE",
    rows: "FOR EACH ROW WHEN (false)",
    always: false,
    refers: true,
    fits: TriggerInfo::refers,
    role: "names the history",
};

/// The trigger that records inserted rows. The triggers fire after those that pack rows, and before those of the user.
pub const AFTER_INSERT: Part = Part {
    name: "ab_veritable_history_insert",
    timing: "AFTER INSERT",
    rows: "REFERENCING NEW TABLE AS veritable_new FOR EACH STATEMENT",
    fits: follows_insert,
    role: "records inserted rows",
    ..RECORDS
};
/// The trigger that records updated rows.
pub const AFTER_UPDATE: Part = Part {
    name: "ab_veritable_history_update",
    timing: "AFTER UPDATE",
    rows: "REFERENCING OLD TABLE AS veritable_old NEW TABLE AS veritable_new FOR EACH STATEMENT",
    fits: follows_update,
    role: "records updated rows",
    ..RECORDS
};
/// The trigger that records deleted rows.
pub const AFTER_DELETE: Part = Part {
    name: "ab_veritable_history_delete",
    timing: "AFTER DELETE",
    rows: "REFERENCING OLD TABLE AS veritable_old FOR EACH STATEMENT",
    fits: follows_delete,
    role: "records deleted rows",
    ..RECORDS
};
/// The trigger that records the rows that a TRUNCATE will remove. It fires after all others, when nothing can refuse any
/// more.
pub const BEFORE_TRUNCATE: Part = Part {
    name: "zz_veritable_history_truncate",
    timing: "BEFORE TRUNCATE",
    rows: "FOR EACH STATEMENT",
    fits: TriggerInfo::guards_table,
    role: "records truncated rows",
    ..RECORDS
};

/// What the recording triggers have in common. They do not fire for changes that another server sends: that server's own
/// history comes with them.
const RECORDS: Part =
    Part { name: "", function: RECORD, timing: "", rows: "", always: false, refers: false, fits: |_| false, role: "" };

/// Histories.
pub static FEATURE: Feature = Feature {
    name: "history",
    participle: "recorded",
    verb: "record",
    verified_by: "verify_history",
    counts: ("row", None),
    functions: &[
        Function { name: c"history", usage: "by no event: AFTER DELETE ON … FROM … FOR EACH ROW WHEN (false)" },
        Function {
            name: c"record",
            usage: "AFTER INSERT, UPDATE or DELETE FOR EACH STATEMENT, with the rows as tables, or BEFORE TRUNCATE",
        },
    ],
    parts: &[NAMES_HISTORY, AFTER_INSERT, AFTER_UPDATE, AFTER_DELETE, BEFORE_TRUNCATE],
    fills: &[],
    late: None,
    no_children: Some("Changes of rows of a child would not be recorded."),
};

fn follows_insert(trigger: &TriggerInfo) -> bool {
    trigger.follows(Event::Insert, true)
}

fn follows_update(trigger: &TriggerInfo) -> bool {
    trigger.follows(Event::Update, true)
}

fn follows_delete(trigger: &TriggerInfo) -> bool {
    trigger.follows(Event::Delete, true)
}
