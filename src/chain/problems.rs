//! What guards a chain, and what goes around it: each problem a sentence, for a row `unguarded`.

use super::triggers::{Chain, is_late};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Error, Result};
use crate::pg::spi::{self, Fetched};

/// Triggers of the chain that the catalog hides from whoever looks for them.
pub fn hidden(relation: &Relation) -> Result<Vec<String>> {
    let tables = with_leaves(relation)?;
    sentences(
        "SELECT pg_catalog.format('The trigger \"%s\" on \"%s\" is %s.', t.tgname, c.relname,
                    CASE WHEN NOT c.relhastriggers THEN 'on a table that is marked as one without triggers'
                         WHEN t.tgisinternal THEN 'marked as internal'
                         ELSE 'marked as one of a partition' END)
         FROM pg_catalog.pg_trigger t
         JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
         WHERE t.tgrelid = ANY ($1)
           AND t.tgfoid IN ('veritable.seal'::pg_catalog.regproc, 'veritable.guard'::pg_catalog.regproc)
           AND (NOT c.relhastriggers OR t.tgisinternal OR t.tgparentid <> 0 AND NOT c.relispartition)
         ORDER BY c.relname, t.tgname",
        tables,
    )
}

/// What is wrong with the triggers of a chained table and of its partitions, and what goes around them.
pub fn of(relation: &Relation, chain: &Chain) -> Result<Vec<String>> {
    let tables = with_leaves(relation)?;
    let mut problems = chain.problems.clone();
    for &table in &tables {
        let table = Relation::open(table, Lock::AccessShare)?;
        if table.oid() != relation.oid() {
            match Chain::of(&table)? {
                None => problems.push(format!("Partition \"{}\" has none of the chain's triggers.", table.name())),
                Some(own) => problems.extend(own.problems),
            }
        }
        let late = table.triggers().into_iter().find(|trigger| trigger.enabled() && is_late(&table, trigger));
        problems.extend(late.map(|late| {
            format!("The trigger \"{}\" on \"{}\" may change rows after they are sealed.", late.name, table.name())
        }));
    }
    problems.extend(sentences(
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
         WHERE i.inhrelid = ANY ($1) AND NOT c.relispartition AND t.tgfoid = 'veritable.seal'::pg_catalog.regproc
         UNION ALL
         SELECT pg_catalog.format('The rule \"%s\" on \"%s\" does something else instead of %s.', r.rulename, c.relname,
                    CASE r.ev_type WHEN '3' THEN 'an INSERT' WHEN '2' THEN 'an UPDATE' ELSE 'a DELETE' END)
         FROM pg_catalog.pg_rewrite r
         JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
         WHERE r.ev_class = ANY ($1) AND r.is_instead AND r.ev_enabled <> 'D' AND r.ev_type IN ('2', '3', '4')
         ORDER BY 1",
        tables,
    )?);
    Ok(problems)
}

/// The relation, and the partitions below it that hold rows.
fn with_leaves(relation: &Relation) -> Result<Vec<Oid>> {
    let mut tables = relation.leaves()?;
    if relation.is_partitioned() {
        tables.insert(0, relation.oid());
    }
    Ok(tables)
}

fn sentences(sql: &str, tables: Vec<Oid>) -> Result<Vec<String>> {
    spi::connect(|session| {
        let found = session.query_as_caller(sql, &[tables.into()])?;
        let sentence = |row: Fetched| row.get(0).ok_or_else(|| Error::damaged("the catalog of a chain"));
        found.rows().map(sentence).collect()
    })
}
