//! The packing, as described to the layers that know all features.

use crate::pg::trigger::{Event, TriggerInfo};
use crate::table::feature::{Feature, Function, Part};

/// The position of `veritable.pack()` among the functions.
pub const PACK: usize = 0;
/// The position of `veritable.pack_early()` among the functions.
pub const PACK_EARLY: usize = 1;

const STATEMENT: &str = "REFERENCING NEW TABLE AS veritable_new FOR EACH STATEMENT";

/// The trigger that packs after INSERT. It fires before all other AFTER triggers, so that they find the table packed.
pub const AFTER_INSERT: Part = Part {
    name: "aa_veritable_packing_insert",
    function: PACK,
    timing: "AFTER INSERT",
    rows: STATEMENT,
    always: false,
    refers: false,
    fits: follows_insert,
    role: "packs after an INSERT",
};
/// The trigger that packs after UPDATE. The old rows show which of the new rows the UPDATE has changed.
pub const AFTER_UPDATE: Part = Part {
    name: "aa_veritable_packing_update",
    function: PACK,
    timing: "AFTER UPDATE",
    rows: "REFERENCING OLD TABLE AS veritable_old NEW TABLE AS veritable_new FOR EACH STATEMENT",
    always: false,
    refers: false,
    fits: follows_update,
    role: "packs after an UPDATE",
};
/// The trigger that takes the lock of a row's key. It fires last, when the row is final.
pub const LOCKS: Part = Part {
    name: "zz_veritable_packing",
    function: PACK_EARLY,
    timing: "BEFORE INSERT",
    rows: "FOR EACH ROW",
    always: false,
    refers: false,
    fits: TriggerInfo::precedes_insert,
    role: "takes the locks of new rows",
};

/// Packings.
pub static FEATURE: Feature = Feature {
    name: "packing",
    participle: "packed",
    verb: "pack",
    verified_by: "verify_packing",
    counts: ("period", Some("key")),
    functions: &[
        Function { name: c"pack", usage: "AFTER INSERT or AFTER UPDATE, REFERENCING NEW TABLE, FOR EACH STATEMENT" },
        Function { name: c"pack_early", usage: "BEFORE INSERT FOR EACH ROW" },
    ],
    parts: &[AFTER_INSERT, AFTER_UPDATE, LOCKS],
    fills: &[],
    late: None,
    no_children: None,
};

fn follows_insert(trigger: &TriggerInfo) -> bool {
    trigger.follows(Event::Insert, false)
}

fn follows_update(trigger: &TriggerInfo) -> bool {
    trigger.follows(Event::Update, false)
}
