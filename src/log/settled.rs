//! `settled()`: the position at and below which nobody can add an event any more.

use super::found::Found;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Session};
use crate::pg::transaction;

sql_function! {
    /// `settled(regclass) → bigint`
    veritable_settled = settled
}

fn settled(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let relation = Relation::open(target, Lock::AccessShare)?;
    relation.require_table()?;
    relation.require_select()?;
    let found = Found::of(&relation, |root| format!("SELECT settled({root});"))?;
    let settled = spi::connect(|session| of(session, target, &found))?;
    Ok(Answer::from(settled))
}

/// The settled position of a log. A standby does not know which transactions are open on its primary: what a checkpoint covers
/// is settled, and the standby may know that late.
pub fn of(session: &Session, target: Oid, found: &Found) -> Result<i64> {
    if transaction::is_on_standby() {
        return super::trees::covered(session, target);
    }
    let (extent, covered) = (found.extent()?, super::trees::covered(session, target)?);
    // What is settled stays settled, so this tells of a sequence that was set back; positions above the checkpoint do not.
    if extent.last < covered {
        return Err(set_back(found, extent.last, covered));
    }
    // An event that is brought to a position that the tree has passed is not in the tree.
    Ok(extent.settled.max(covered))
}

/// The error of a sequence that will give positions which a checkpoint covers.
fn set_back(found: &Found, last: i64, covered: i64) -> Error {
    let sequence = Relation::open_sequence(found.positions.sequence).map(|sequence| sequence.qualified_name());
    let sequence = sequence.unwrap_or_default();
    Error::new(Class::State, "sequence of the log is behind the newest checkpoint")
        .detail(format!("The checkpoint covers position {covered}, and the sequence gives positions after {last}."))
        .hint(format!("SELECT setval({}, {covered});", quote::literal(sequence)))
}
