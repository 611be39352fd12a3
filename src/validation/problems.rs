//! Problems of a table's validating triggers, and ways around them: each a sentence, for a row `unguarded`.

use super::arguments::Arguments;
use super::feature::{FEATURE, VALIDATES};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::Result;
use crate::pg::trigger::TriggerInfo;
use crate::table::{problems, topology, triggers};

/// The problems of the validating triggers on a table and its partitions, and the ways around these triggers.
pub fn of(relation: &Relation) -> Result<Vec<String>> {
    let tables = topology::with_leaves(relation)?;
    let ours = FEATURE.triggers(relation)?;
    let mut found = Vec::new();
    for &table in &tables {
        let table = Relation::open(table, Lock::AccessShare)?;
        let theirs = FEATURE.triggers(&table)?;
        let mut told = Vec::new();
        for trigger in &ours {
            let problem = problem_on(&table, trigger, &theirs);
            found.extend(problem.iter().filter(|problem| !told.contains(*problem)).cloned());
            told.extend(problem);
        }
        // A later trigger on any table is late for each validating trigger; the first that it follows is enough.
        let first = theirs.iter().map(|trigger| &trigger.name).min();
        let late = first.map(|first| FEATURE.late(&table, first)).transpose()?.unwrap_or_default();
        found.extend(late.into_iter().find(TriggerInfo::enabled).map(|late| {
            format!(
                "The trigger \"{}\" on \"{}\" may change documents after they are validated.",
                late.name,
                table.name()
            )
        }));
    }
    found.extend(children(&tables)?);
    Ok(found)
}

/// The problem of one of the validations on the table itself, or on a partition of it.
fn problem_on(table: &Relation, trigger: &TriggerInfo, theirs: &[TriggerInfo]) -> Option<String> {
    let document = |trigger: &TriggerInfo| Some(Arguments::parse(&trigger.arguments).ok()?.document);
    let is_same = |other: &&TriggerInfo| document(other).is_some() && document(other) == document(trigger);
    let of_document: Vec<_> = theirs.iter().filter(is_same).collect();
    match of_document[..] {
        // Arguments that cannot be read are reported as a configuration that cannot be read.
        [] if document(trigger).is_none() => None,
        [] => Some(format!(
            "Partition \"{}\" has no trigger that validates column \"{}\".",
            table.name(),
            document(trigger)?
        )),
        [one] if !(VALIDATES.fits)(one) && !one.conditional => {
            Some(format!("The trigger \"{}\" on \"{}\" does not fire for all new rows.", one.name, table.name()))
        }
        [one] => triggers::problem_of(table, one, VALIDATES.role, &trigger.arguments),
        [one, ..] => Some(format!("Column \"{}\" has several triggers, such as \"{}\".", document(trigger)?, one.name)),
    }
}

/// Children other than partitions, for whose rows the triggers do not fire.
fn children(tables: &[Oid]) -> Result<Vec<String>> {
    problems::sentences(
        "SELECT pg_catalog.format('Documents in the rows of \"%s\", which inherits from \"%s\", are not validated.',
                    c.relname, p.relname)
         FROM pg_catalog.pg_inherits i
         JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
         JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
         WHERE i.inhparent = ANY ($1) AND NOT c.relispartition
         ORDER BY 1",
        &[tables.to_vec().into()],
    )
}
