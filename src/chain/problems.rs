//! Problems of a chain's triggers, and ways around them: each a sentence, for a row `unguarded`.

use super::arguments::Arguments;
use super::feature::FEATURE;
use super::triggers::{Chain, sealing_function, sealing_name};
use crate::pg::acting::as_owner_of;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::Result;
use crate::pg::spi;
use crate::table::{journal, problems, topology};

/// The problems of the triggers on a chained table and its partitions, and the ways around these triggers.
pub fn of(relation: &Relation, chain: &Chain) -> Result<Vec<String>> {
    let tables = topology::with_leaves(relation)?;
    let mut found = chain.problems.clone();
    for &table in &tables {
        let table = Relation::open(table, Lock::AccessShare)?;
        if table.oid() != relation.oid() {
            match FEATURE.attached(&table)? {
                None => found.push(format!("Partition \"{}\" has none of the chain's triggers.", table.name())),
                Some(own) => found.extend(own.problems),
            }
        }
        let late = FEATURE.late(&table, &sealing_name(&table)?)?.into_iter().find(|trigger| trigger.enabled());
        found.extend(late.map(|late| {
            format!("The trigger \"{}\" on \"{}\" may change rows after they are sealed.", late.name, table.name())
        }));
    }
    found.extend(problems::sentences(
        "SELECT pg_catalog.format('The rows of \"%s\", which inherits from \"%s\", are neither sealed nor verified.',
                    c.relname, p.relname)
         FROM pg_catalog.pg_inherits i
         JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
         JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
         WHERE i.inhparent = ANY ($1) AND NOT c.relispartition
         UNION ALL
         SELECT pg_catalog.format('\"%s\" inherits from \"%s\", whose chain it is no part of.', c.relname, p.relname)
         FROM pg_catalog.pg_inherits i
         JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
         JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
         JOIN pg_catalog.pg_trigger t ON t.tgrelid = p.oid
         WHERE i.inhrelid = ANY ($1) AND NOT c.relispartition AND t.tgfoid = $2
         ORDER BY 1",
        &[tables.clone().into(), sealing_function()?.into()],
    )?);
    found.extend(problems::rules(&tables)?);
    if !is_told(relation, &chain.arguments)? {
        found.push(
            "The chain was altered, and the journal does not tell of it, as alter_chain() would have.".to_string(),
        );
    }
    Ok(found)
}

/// Whether the journal tells of the alteration to this configuration, if the chain was altered. Not all callers may read the
/// journal, so its owner does.
fn is_told(relation: &Relation, arguments: &Arguments) -> Result<bool> {
    if arguments.founded.is_none() {
        return Ok(true);
    }
    let (about, founded, present) = (relation.stable_name(), arguments.line()?, arguments.present_line()?);
    let finds = |condition: &str| -> Result<bool> {
        spi::connect(|session| {
            let sql = format!(
                "SELECT FROM veritable.journal
                 WHERE detail -> 'founded' = $1::jsonb AND detail -> 'configuration' = $2::jsonb AND {condition} LIMIT 1"
            );
            let parameters = [founded.as_str().into(), present.as_str().into(), about.as_str().into()];
            Ok(!session.query_as_caller(&sql, &parameters)?.is_empty())
        })
    };
    // The index finds the entries about the present name; the table may have had another name.
    as_owner_of(journal::table()?, |_| Ok(finds("about = $3")? || finds("about <> $3")?))?
}
