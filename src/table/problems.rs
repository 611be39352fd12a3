//! Ways around the triggers of a feature: each problem is a sentence, for a row `unguarded`.

use super::feature::Feature;
use crate::pg::oid::Oid;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Fetched, Parameter};

/// Triggers of the feature that the catalog hides from the table's trigger list.
pub fn hidden_triggers(feature: &Feature, tables: &[Oid]) -> Result<Vec<String>> {
    sentences(
        "SELECT pg_catalog.format('The trigger \"%s\" on \"%s\" is %s.', t.tgname, c.relname,
                    CASE WHEN NOT c.relhastriggers THEN 'on a table that is marked as one without triggers'
                         WHEN t.tgisinternal THEN 'marked as internal'
                         ELSE 'marked as one of a partition' END)
         FROM pg_catalog.pg_trigger t
         JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
         WHERE t.tgrelid = ANY ($1) AND t.tgfoid = ANY ($2)
           AND (NOT c.relhastriggers OR t.tgisinternal OR t.tgparentid <> 0 AND NOT c.relispartition)
         ORDER BY c.relname, t.tgname",
        &[tables.to_vec().into(), feature.oids()?.into()],
    )
}

/// Rules that divert commands from the triggers.
pub fn rules(tables: &[Oid]) -> Result<Vec<String>> {
    sentences(
        "SELECT pg_catalog.format('The rule \"%s\" on \"%s\" does something else instead of %s.', r.rulename, c.relname,
                    CASE r.ev_type WHEN '3' THEN 'an INSERT' WHEN '2' THEN 'an UPDATE' ELSE 'a DELETE' END)
         FROM pg_catalog.pg_rewrite r
         JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
         WHERE r.ev_class = ANY ($1) AND r.is_instead AND r.ev_enabled <> 'D' AND r.ev_type IN ('2', '3', '4')
         ORDER BY 1",
        &[tables.to_vec().into()],
    )
}

/// Refuses rules that divert commands from the triggers of a feature, and says what the rows then are not: "sealed".
pub fn refuse_rules(tables: &[Oid], what: &str) -> Result<()> {
    match rules(tables)?.into_iter().next() {
        None => Ok(()),
        Some(rule) => Err(Error::new(Class::State, format!("a rule of the table keeps its rows from being {what}"))
            .detail(rule)
            .hint("Drop the rule, or use a trigger that fires before those of the guarantee.")),
    }
}

/// The sentences that a query returns.
pub fn sentences(sql: &str, parameters: &[Parameter]) -> Result<Vec<String>> {
    spi::connect(|session| {
        let found = session.query_as_caller(sql, parameters)?;
        let sentence = |row: Fetched| row.get(0).ok_or_else(|| Error::damaged("the catalogs"));
        found.rows().map(sentence).collect()
    })
}
