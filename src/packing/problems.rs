//! What guards a packing, and what goes around it: each problem a sentence, for a row `unguarded`.

use super::attach::{index_of, scan_of};
use super::layout::Layout;
use super::triggers::Packing;
use crate::pg::relation::Relation;
use crate::pg::report::{Error, Result};
use crate::pg::spi::{self, Fetched};

/// Triggers of the packing that the catalog hides from whoever looks for them.
pub fn hidden(relation: &Relation) -> Result<Vec<String>> {
    sentences(
        relation,
        "SELECT pg_catalog.format('The trigger \"%s\" is %s.', t.tgname,
                    CASE WHEN NOT c.relhastriggers THEN 'on a table that is marked as one without triggers'
                         WHEN t.tgisinternal THEN 'marked as internal'
                         ELSE 'marked as one of a partition' END)
         FROM pg_catalog.pg_trigger t
         JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
         WHERE t.tgrelid = $1
           AND t.tgfoid IN ('veritable.pack'::pg_catalog.regproc, 'veritable.pack_early'::pg_catalog.regproc)
           AND (NOT c.relhastriggers OR t.tgisinternal OR t.tgparentid <> 0 AND NOT c.relispartition)
         ORDER BY t.tgname",
    )
}

/// What is wrong with the triggers of a packed table, with its constraint, and what goes around them.
pub fn of(relation: &Relation, layout: &Layout, packing: Packing) -> Result<Vec<String>> {
    let mut problems = packing.problems;
    if index_of(relation, layout).and_then(|index| scan_of(relation, layout, &index)).is_none() {
        problems.push("The exclusion constraint of the packing is missing.".to_string());
    }
    problems.extend(sentences(
        relation,
        "SELECT pg_catalog.format('The rule \"%s\" does something else instead of %s.', r.rulename,
                    CASE r.ev_type WHEN '3' THEN 'an INSERT' WHEN '2' THEN 'an UPDATE' ELSE 'a DELETE' END)
         FROM pg_catalog.pg_rewrite r
         WHERE r.ev_class = $1 AND r.is_instead AND r.ev_enabled <> 'D' AND r.ev_type IN ('2', '3', '4')
         ORDER BY r.rulename",
    )?);
    Ok(problems)
}

fn sentences(relation: &Relation, sql: &str) -> Result<Vec<String>> {
    spi::connect(|session| {
        let found = session.query_as_caller(sql, &[relation.oid().into()])?;
        let sentence = |row: Fetched| row.get(0).ok_or_else(|| Error::damaged("the catalog of a packing"));
        found.rows().map(sentence).collect()
    })
}
