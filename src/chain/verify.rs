//! `verify_chain()`: a row for each fault, none for an intact chain.
//!
//! An order-free aggregate, which PostgreSQL can run in parallel and spill to disk, checks every chain of the table
//! first. Only broken chains are then read in order, to name their faults (`passes`). Both reads share one snapshot and
//! use no index. The triggers of the table are checked as well (`problems`).

use veritable_core::chain::qualified_name;

use super::feature::FEATURE;
use super::passes::Table;
use super::problems;
use super::pruned::Pruned;
use super::triggers::Chain;
use super::verdict::Verdict;
use crate::pg::acting::Acting;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::line::pinned::Pinned;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi;
use crate::table::faults::Faults;
use crate::table::topology;
use crate::table::verification;

sql_function! {
    /// `verify_chain(regclass, text[]) → set of faults`
    veritable_verify_chain = verify_chain
}

/// The values of the entity to verify, if the caller names one.
fn entity(call: &Call) -> Result<Option<Vec<String>>> {
    let value = |value: Option<String>| {
        value.ok_or_else(|| Error::new(Class::Argument, "a value of an entity must not be null"))
    };
    call.texts(1).map(|values| values.into_iter().map(value).collect()).transpose()
}

fn verify_chain(call: &Call) -> Result<Answer> {
    let Some(entity) = entity(call)? else { return verification::answer(call, &FEATURE, &mut verify) };
    let Some(target) = call.oid(0) else {
        return Err(Error::new(Class::Argument, "an entity can be verified in one table only")
            .hint("Name the table: SELECT * FROM verify_chain('entity_events', '{…}')."));
    };
    // Who verifies all of a record learns nothing of others; of one series, the number of its entries.
    Relation::open(target, Lock::AccessShare)?.require_readable(FEATURE.name)?;
    let mut faults = Faults::answer(call.rows());
    let mut verify = |relation: &Relation, faults: &mut Faults| verify_entity(relation, Some(&entity), faults);
    verification::part(target, &FEATURE, &mut faults, &mut verify)?;
    faults.tables = 1;
    faults.close(&faults.verified(&FEATURE));
    Ok(Answer::NULL)
}

/// Verifies the chains of an open table as its owner; the caller's privileges have been checked.
pub fn verify(relation: &Relation, faults: &mut Faults) -> Result<()> {
    verify_entity(relation, None, faults)
}

/// Verifies the chains of an open table, or the chain of one entity.
fn verify_entity(relation: &Relation, entity: Option<&[String]>, faults: &mut Faults) -> Result<()> {
    verification::as_its_owner(relation, |acting| {
        FEATURE.refuse_partition(relation, |root| format!("SELECT * FROM verify_chain({root});"))?;
        let before = faults.rows + faults.count();
        verify_root(relation, entity, acting, faults)?;
        // A table without events does not count, such as the registry before the first registration.
        faults.tables += u64::from(faults.rows + faults.count() > before);
        Ok(())
    })
}

fn verify_root(relation: &Relation, entity: Option<&[String]>, acting: &Acting, faults: &mut Faults) -> Result<()> {
    let target = relation.oid();
    if let Some(partition) = detaching(relation)? {
        let name = relation.qualified_name();
        faults.unread(
            target,
            &format!(
                "Partition {partition} is being detached. If nobody is at it: ALTER TABLE {name} DETACH PARTITION {partition} FINALIZE."
            ),
        );
        return Ok(());
    }
    let is_hidden = verification::report_hidden(&FEATURE, faults, target, &topology::with_leaves(relation)?)?;
    if is_hidden && FEATURE.attached(relation)?.is_none() {
        faults.unread(target, "The chain cannot be read without its triggers.");
        return Ok(());
    }
    let found = Chain::required(relation).and_then(|chain| Ok((Table::of(relation, &chain)?, chain)));
    let Some((table, chain)) = verification::configuration(&FEATURE, faults, target, found)? else { return Ok(()) };
    for problem in problems::of(relation, &chain)? {
        faults.unguarded(target, &problem);
    }
    if let Some(former) = former_name(relation, chain.arguments.identity.as_deref()) {
        faults.notice(format!("table \"{}\" was chained as \"{former}\"", relation.name()));
    }
    verification::without_indexes(acting);
    // Who may read a table sees its prunings: so does its owner.
    acting.set(c"row_security", c"on");
    // Settings are pinned here for the leader; a parallel worker pins its own.
    let _pinned = Pinned::new();
    let mut verdict = Verdict { faults };
    spi::connect(|session| {
        let pruned = Pruned::of(session, target, table.layout.genesis, &mut verdict)?;
        match entity {
            Some(entity) => table.verify_entity(session, entity, pruned.as_ref(), &mut verdict),
            None => table.verify(session, pruned.as_ref(), &mut verdict),
        }
    })
}

/// The qualified name of a partition that a command has begun to detach, and not yet ended.
fn detaching(relation: &Relation) -> Result<Option<String>> {
    if !relation.is_partitioned() {
        return Ok(None);
    }
    spi::connect(|session| {
        let found = session.query_as_caller(
            "SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
             FROM pg_catalog.pg_inherits i
             JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE i.inhdetachpending AND i.inhparent = ANY ($1)
             ORDER BY c.oid LIMIT 1",
            &[relation.with_partitions().into()],
        )?;
        Ok(found.rows().next().and_then(|row| row.get(0)))
    })
}

/// The identity of the chain, if the identity is a table's name but no longer this table's name.
fn former_name<'a>(relation: &Relation, identity: Option<&'a str>) -> Option<&'a str> {
    let (schema, name) = qualified_name(identity?)?;
    if (schema, name) == (relation.schema(), relation.name()) { None } else { identity }
}
