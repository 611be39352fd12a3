//! Line 0 of a chain: its configuration, to which each entity's first event links.

use super::arguments::Arguments;
use super::triggers::Chain;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::Result;
use crate::table::trigger_arguments::taken_apart;

sql_function! {
    /// `veritable.configuration_line(bytea) → text`
    veritable_configuration_line = configuration_line
}
sql_function! {
    /// `veritable.chain_genesis(regclass) → text`
    veritable_chain_genesis = chain_genesis
}

/// Line 0 of the chain with these trigger arguments; NULL for arguments of no chain, so that one bad trigger does not
/// break the view of all chains.
fn configuration_line(call: &Call) -> Result<Answer> {
    let line = Arguments::parse(&taken_apart(call.bytes(0).unwrap_or_default())).and_then(|chain| chain.line());
    Ok(line.ok().into())
}

fn chain_genesis(call: &Call) -> Result<Answer> {
    let Some(target) = call.oid(0) else { return Ok(Answer::NULL) };
    let relation = Relation::open(target, Lock::AccessShare)?;
    Ok(Chain::required(&relation)?.arguments.line()?.into())
}
