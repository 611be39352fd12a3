//! What a packing is to the layers that know all features.

use super::triggers;
use crate::pg::trigger::{Event, TriggerInfo};
use crate::table::feature::{Feature, Function, Inheritance, Kind, Part, Reason};

/// The place of `veritable.pack()` among the functions.
pub const PACK: usize = 0;
/// The place of `veritable.pack_early()`.
pub const PACK_EARLY: usize = 1;

const STATEMENT: &str = "REFERENCING NEW TABLE AS veritable_new FOR EACH STATEMENT";

/// The trigger that packs after an INSERT fires first of all AFTER triggers, so that others find the table packed.
pub const AFTER_INSERT: Part = Part {
    name: "aa_veritable_packing_insert",
    function: PACK,
    timing: "AFTER INSERT",
    rows: STATEMENT,
    always: false,
    fits: follows_insert,
    role: "packs after an INSERT",
};
/// The one after an UPDATE: by the old rows it is seen which of the new ones the UPDATE has changed.
pub const AFTER_UPDATE: Part = Part {
    name: "aa_veritable_packing_update",
    function: PACK,
    timing: "AFTER UPDATE",
    rows: "REFERENCING OLD TABLE AS veritable_old NEW TABLE AS veritable_new FOR EACH STATEMENT",
    always: false,
    fits: follows_update,
    role: "packs after an UPDATE",
};
/// The trigger that takes the lock of a row's key. It fires last, when the row is what it will be.
pub const LOCKS: Part = Part {
    name: "zz_veritable_packing",
    function: PACK_EARLY,
    timing: "BEFORE INSERT",
    rows: "FOR EACH ROW",
    always: false,
    fits: TriggerInfo::precedes_insert,
    role: "takes the locks of new rows",
};

/// Packings.
pub static FEATURE: Feature = Feature {
    name: "packing",
    participle: "packed",
    verb: "pack",
    functions: &[
        Function { name: c"pack", usage: "AFTER INSERT or AFTER UPDATE, REFERENCING NEW TABLE, FOR EACH STATEMENT" },
        Function { name: c"pack_early", usage: "BEFORE INSERT FOR EACH ROW" },
    ],
    parts: &[AFTER_INSERT, AFTER_UPDATE, LOCKS],
    late: None,
    inheritance: Inheritance::None(
        "Rows that come through another table would not be packed.",
        "Rows of a child would not be packed with those of the table.",
    ),
    definitions: include_str!("definitions.sql"),
    reason,
    check_configuration: triggers::check_configuration,
    check_by_hand: triggers::check_by_hand,
    on_new_column: Some(not_compared),
    partitions: None,
};

fn follows_insert(trigger: &TriggerInfo) -> bool {
    trigger.follows(Event::Insert)
}

fn follows_update(trigger: &TriggerInfo) -> bool {
    trigger.follows(Event::Update)
}

fn reason(kind: Kind) -> Reason {
    let detail = match kind {
        Kind::Trigger => "The trigger is part of the packing.",
        Kind::Index => "The rows that overlap or touch a new one are found by it.",
        Kind::NotNull => "Rows with a null in it would escape the packing.",
        Kind::Type => "Values of the packing are compared as text.",
        _ => "The table is packed by it.",
    };
    Reason { detail: Some(detail), hint: "Use drop_packing() to end the packing; add_packing() can begin a new one." }
}

/// A new column is no part of what a packing compares, which may not be what was meant.
fn not_compared(column: &str, table: &str) -> (String, &'static str) {
    (
        format!("{column} of packed table \"{table}\" is not compared: rows that differ only in it are packed"),
        "To compare it, use drop_packing() and then add_packing().",
    )
}
