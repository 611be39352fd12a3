//! `prune()`: detaches a partition, or deletes the oldest events.

use super::asked::Asking;
use super::delete;
use crate::chain::feature::FEATURE;
use crate::chain::triggers::Chain;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation, name_of};
use crate::pg::relatives::{ancestors_of, is_being_detached};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Session};
use crate::pg::transaction;

sql_function! {
    /// `prune(regclass, regclass, boolean) → bigint`
    veritable_prune_partition = prune_partition
}
sql_function! {
    /// `prune(regclass, timestamptz, boolean) → bigint`
    veritable_prune_before = prune_before
}

fn prune_partition(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let partition = call.oid(1).ok_or_else(|| Error::null_argument("partition"))?;
    let force = call.boolean(2).ok_or_else(|| Error::null_argument("force"))?;
    transaction::require_write("prune")?;
    let command = command(target, partition)?;
    let asking = Asking::begin(partition, force);
    spi::connect(|session| session.run(&command, &[]))?;
    let events = asking.events().ok_or_else(|| {
        Error::new(Class::State, format!("partition \"{}\" is not pruned", name_of(partition)))
            .detail("The event triggers of extension veritable are disabled.")
    })?;
    Ok(Answer::from(events.cast_signed()))
}

/// The command that detaches the partition. PostgreSQL checks whether the caller may run it.
fn command(target: Oid, partition: Oid) -> Result<String> {
    let above = ancestors_of(partition);
    let root = Relation::open(target, Lock::AccessShare)?;
    Chain::required(&root)?;
    FEATURE.refuse_partition(&root, |root| format!("SELECT prune({root}, partition => …);"))?;
    root.require_ownership()?;
    let Some(parent) = above.first().filter(|_| above.contains(&target)) else {
        return Err(Error::new(
            Class::WrongObject,
            format!("\"{}\" is not a partition of table \"{}\"", name_of(partition), root.name()),
        ));
    };
    drop(root);
    let name = |oid| Relation::open(oid, Lock::AccessShare).map(|relation| relation.qualified_name());
    let finalize = if is_being_detached(partition)? { " FINALIZE" } else { "" };
    Ok(format!("ALTER TABLE {} DETACH PARTITION {}{finalize}", name(*parent)?, name(partition)?))
}

fn prune_before(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let before = call.timestamp(1).ok_or_else(|| Error::null_argument("before"))?;
    let force = call.boolean(2).ok_or_else(|| Error::null_argument("force"))?;
    transaction::require_write("prune")?;
    let prune = |session: &Session| delete::before(session, target, before.clone(), force);
    Ok(Answer::from(spi::connect(prune)?.cast_signed()))
}
