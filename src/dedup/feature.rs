//! The deduplication, as described to the layers that know all features.

use crate::pg::trigger::TriggerInfo;
use crate::table::feature::{Feature, Function, Late, Part};

/// The position of `veritable.deduplicate()` among the functions.
pub const DEDUPLICATE: usize = 0;

/// The trigger that looks a row's key up. Its name sorts before those of the validating and the sealing triggers: a skipped row
/// is neither validated nor sealed. For the changes that a subscription applies, it looks nothing up, because
/// their publisher has, and only puts their keys into the filter.
pub const DEDUPLICATES: Part = Part {
    name: "veritable_dedup",
    function: DEDUPLICATE,
    timing: "BEFORE INSERT OR UPDATE",
    rows: "FOR EACH ROW",
    always: true,
    refers: false,
    fits: deduplicates,
    role: "looks for duplicates",
};

/// Deduplications.
pub static FEATURE: Feature = Feature {
    name: "dedup",
    participle: "deduplicated",
    verb: "deduplicate",
    verified_by: "verify_dedup",
    counts: ("deduplicated row", None),
    functions: &[Function {
        name: c"deduplicate",
        usage: "BEFORE INSERT OR UPDATE FOR EACH ROW, without a condition or a list of columns",
    }],
    parts: &[DEDUPLICATES],
    fills: &[],
    late: Some(Late { harm: "change the key of a row after it is looked up", on_update: true }),
    no_children: Some("The keys of rows in a child would not be looked up."),
};

fn deduplicates(trigger: &TriggerInfo) -> bool {
    trigger.before_insert_row() && trigger.before_update_row() && !trigger.conditional
}
