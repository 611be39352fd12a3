//! The chain, as described to the layers that know all features.

use crate::pg::trigger::TriggerInfo;
use crate::table::feature::{Feature, Function, Late, Part};

/// The position of `veritable.seal()` among the functions.
pub const SEAL: usize = 0;
/// The position of `veritable.guard()` among the functions.
pub const GUARD: usize = 1;

/// The sealing trigger. It fires after all other BEFORE triggers, because a later trigger could change the row after hashing.
pub const SEALS: Part = Part {
    name: "zz_veritable_chain",
    function: SEAL,
    timing: "BEFORE INSERT",
    rows: "FOR EACH ROW",
    always: true,
    refers: false,
    fits: TriggerInfo::precedes_insert,
    role: "seals inserted rows",
};
/// The trigger that refuses UPDATE and DELETE.
pub const GUARDS_ROWS: Part = Part {
    name: "zz_veritable_chain_guard",
    function: GUARD,
    timing: "BEFORE UPDATE OR DELETE",
    rows: "FOR EACH ROW",
    always: true,
    refers: false,
    fits: TriggerInfo::guards_rows,
    role: "refuses UPDATE and DELETE",
};
/// The trigger that refuses TRUNCATE.
pub const GUARDS_TABLE: Part = Part {
    name: "zz_veritable_chain_truncate",
    function: GUARD,
    timing: "BEFORE TRUNCATE",
    rows: "FOR EACH STATEMENT",
    always: true,
    refers: false,
    fits: TriggerInfo::guards_table,
    role: "refuses TRUNCATE",
};

/// Chains.
pub static FEATURE: Feature = Feature {
    name: "chain",
    participle: "chained",
    verb: "chain",
    verified_by: "verify_chain",
    counts: ("event", Some("chain")),
    functions: &[
        Function { name: c"seal", usage: "BEFORE INSERT FOR EACH ROW" },
        Function {
            name: c"guard",
            usage: "BEFORE UPDATE OR DELETE FOR EACH ROW or BEFORE TRUNCATE FOR EACH STATEMENT",
        },
    ],
    parts: &[SEALS, GUARDS_ROWS, GUARDS_TABLE],
    fills: &["seq", "previous", "hash", "recorded", "position"],
    late: Some(Late { harm: "change rows after they are sealed", on_update: false }),
    no_children: Some("Rows of a child would be neither sealed nor verified."),
};
