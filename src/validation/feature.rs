//! The validation, as described to the layers that know all features.

use crate::pg::trigger::TriggerInfo;
use crate::table::feature::{Feature, Function, Late, Part};

/// The position of `veritable.validate()` among the functions.
pub const VALIDATE: usize = 0;

/// The trigger that validates a column; the column's name completes the trigger's name. The name sorts before those of
/// the sealing and packing triggers, which need the final row.
pub const VALIDATES: Part = Part {
    name: "veritable_validate_",
    function: VALIDATE,
    timing: "BEFORE INSERT OR UPDATE",
    rows: "FOR EACH ROW",
    always: false,
    refers: false,
    fits: validates,
    role: "validates documents",
};

/// Validations.
pub static FEATURE: Feature = Feature {
    name: "validation",
    participle: "validated",
    verb: "validate",
    verified_by: "verify_validation",
    counts: ("document", None),
    functions: &[Function {
        name: c"validate",
        usage: "BEFORE INSERT OR UPDATE FOR EACH ROW, without a condition or a list of columns",
    }],
    parts: &[VALIDATES],
    fills: &["version"],
    late: Some(Late { harm: "change documents after they are validated", on_update: true }),
    no_children: Some("Documents in the rows of a child would not be validated."),
};

fn validates(trigger: &TriggerInfo) -> bool {
    trigger.before_insert_row() && trigger.before_update_row() && !trigger.conditional
}
