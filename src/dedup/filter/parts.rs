//! What a filter can cover: relations whose trigger fires for every row, in every session.

use super::coverage::Part;
use crate::dedup::feature::{DEDUPLICATE, FEATURE};
use crate::pg::oid::Oid;
use crate::pg::report::{Error, Result};
use crate::pg::snapshot::Latest;
use crate::pg::spi;

/// What can be covered of these relations: nothing of one without such a trigger. As it is committed, or done by this transaction, and
/// without a lock on them: who has locked one exclusively is not waited for. What is read is as good as what was kept since a lock was
/// released: the backend is told of each change.
pub fn of(relations: &[Oid]) -> Result<Vec<Part>> {
    let function = FEATURE.oids()?[DEDUPLICATE];
    spi::connect(|session| {
        Latest::during(|_| {
            // As `DEDUPLICATES.fits` says: FOR EACH ROW (1) BEFORE (2) INSERT (4) OR UPDATE (16), without a condition or columns.
            let found = session.query_as_caller(
                "SELECT DISTINCT ON (t.tgrelid) t.tgrelid, t.oid, c.relfilenode
                 FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
                 WHERE t.tgrelid = ANY ($1) AND t.tgfoid = $2 AND t.tgenabled = 'A' AND NOT t.tgisinternal
                   AND t.tgtype & (1 + 2 + 4 + 16) = 1 + 2 + 4 + 16
                   AND t.tgqual IS NULL AND pg_catalog.cardinality(t.tgattr::pg_catalog.int2[]) = 0
                 ORDER BY t.tgrelid, t.tgname",
                &[relations.to_vec().into(), function.into()],
            )?;
            found
                .rows()
                .map(|row| match (row.get::<Oid>(0), row.get::<Oid>(1), row.get::<Oid>(2)) {
                    (Some(relation), Some(trigger), Some(file)) => Ok(Part::new(relation, trigger, file.into())),
                    _ => Err(Error::damaged("pg_trigger")),
                })
                .collect()
        })
    })
}
