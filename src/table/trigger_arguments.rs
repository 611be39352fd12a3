//! `pg_trigger.tgargs` in SQL, for the views and for the features' queries of definitions.

use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::report::Result;

sql_function! {
    /// `veritable.trigger_arguments(bytea) → text[]`
    veritable_trigger_arguments = trigger_arguments
}
sql_function! {
    /// `veritable.trigger_argument(bytea, text) → text[]`
    veritable_trigger_argument = trigger_argument
}

fn trigger_arguments(call: &Call) -> Result<Answer> {
    Ok(taken_apart(call.bytes(0).unwrap_or_default()).into())
}

/// The values of a key. This function must not fail, because any user may have written the arguments.
fn trigger_argument(call: &Call) -> Result<Answer> {
    let key = call.text(1)?.unwrap_or_default();
    let arguments = taken_apart(call.bytes(0).unwrap_or_default());
    let pairs = arguments.iter().filter_map(|argument| argument.split_once('='));
    Ok(pairs.filter(|(name, _)| *name == key).map(|(_, value)| value.to_string()).collect::<Vec<_>>().into())
}

/// Splits `tgargs` into the arguments, each of which ends with a NUL.
pub fn taken_apart(arguments: &[u8]) -> Vec<String> {
    arguments
        .split_inclusive(|byte| *byte == 0)
        .map(|argument| String::from_utf8_lossy(argument.strip_suffix(&[0]).unwrap_or(argument)).into_owned())
        .collect()
}
