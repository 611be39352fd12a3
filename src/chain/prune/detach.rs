//! A partition that is detached takes its events along: their runs are recorded, and what is detached gets a guard of its own.

use super::record::Record;
use super::{asked, guard, root, runs};
use crate::chain::triggers::Chain;
use crate::pg::cache;
use crate::pg::contents::has_rows;
use crate::pg::relation::{Lock, Relation, exists, name_of};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Session};
use crate::table::faults::Faults;
use crate::table::feature::Departure;
use crate::table::keepers::{self, Marking};

/// Refuses, before a command that commits midway, what the end of the command would refuse.
pub fn refuse(departure: &Departure) -> Result<()> {
    let Some(root) = root(departure.table)? else { return Ok(()) };
    if !has_rows(departure.partition)? {
        return Ok(());
    }
    let chain = Chain::required(&root)?;
    check_order(departure, &root)?;
    let partition = Relation::open(departure.partition, Lock::AccessShare)?;
    let mut faults = Faults::first();
    let read =
        |session: &Session| runs::each(session, &partition, &chain.arguments, root.oid(), &mut faults, |_, _| Ok(()));
    spi::connect(read)?;
    check_faults(&partition, &root, faults)
}

/// Records what has left with a partition.
pub fn record(session: &Session, departure: &Departure) -> Result<()> {
    let Some(root) = root(departure.table)? else { return Ok(()) };
    if !has_rows(departure.partition)? {
        asked::tell(departure.partition, 0);
        return Ok(());
    }
    let arguments = Chain::required(&root)?.arguments;
    check_order(departure, &root)?;
    let partition = Relation::open(departure.partition, Lock::AccessShare)?;
    if arguments.log.is_some() {
        keepers::settle(session, &root, Some(&partition))?;
    }
    let mut faults = Faults::first();
    let mut record = Record::begin(&root, &arguments, "detach", Some(&partition))?;
    let mut marking = Marking::begin(true);
    let amount = runs::each(session, &partition, &arguments, root.oid(), &mut faults, |runs, mut positions| {
        if !runs.is_empty() {
            record.write(session, &runs)?;
        }
        marking.add(session, &root, &mut positions)
    })?;
    check_faults(&partition, &root, faults)?;
    record.end(session, amount)?;
    marking.end(session, &root)?;
    cache::tell_of_change(root.oid());
    asked::tell(departure.partition, amount.events);
    drop(partition);
    guard::add(session, departure.partition)
}

/// Refuses to prune a partition before one with lower bounds: the chains are pruned from their beginnings.
fn check_order(departure: &Departure, root: &Relation) -> Result<()> {
    if asked::is_forced(departure.partition) {
        return Ok(());
    }
    for below in departure.below.iter().copied().filter(|below| exists(*below)) {
        if has_rows(below)? {
            let (partition, table) = (Relation::open(departure.partition, Lock::AccessShare)?, root.name());
            return Err(Error::new(
                Class::State,
                format!(
                    "cannot prune partition \"{}\" of chained table \"{table}\" before \"{}\"",
                    partition.name(),
                    name_of(below)
                ),
            )
            .detail(format!("Partition \"{}\" has lower bounds, and events.", name_of(below)))
            .hint(format!("Detach that one first, or use {}.", by_force(root, &partition))));
        }
    }
    Ok(())
}

/// Refuses to prune a partition with faults in its part of the chains: with the events, the faults would leave.
fn check_faults(partition: &Relation, root: &Relation, faults: Faults) -> Result<()> {
    if faults.count() == 0 || asked::is_forced(partition.oid()) {
        return Ok(());
    }
    let (name, table) = (partition.name(), root.name());
    let detail = faults.sentences(root.is_readable() && partition.is_readable());
    Err(Error::new(
        Class::State,
        format!("cannot prune partition \"{name}\" of chained table \"{table}\", which has faults"),
    )
    .detail(detail)
    .hint(format!(
        "SELECT * FROM verify_chain({}) names them; {} notes them.",
        root.literal(),
        by_force(root, partition)
    )))
}

fn by_force(root: &Relation, partition: &Relation) -> String {
    format!("prune({}, partition => {}, force => true)", root.literal(), partition.literal())
}
