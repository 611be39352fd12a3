//! Verifying tables one by one: privileges, the acting role, and isolation of one table's failure from the others.
//!
//! The caller's privileges are checked first. Then verification reads the table as its owner, restricted. Without a target,
//! each table has its own subtransaction: an unreadable table is reported, for whatever reason, and the others go on.

use super::attempts::Attempts;
use super::faults::Faults;
use super::feature::Feature;
use super::journal::{self, Verified};
use super::{problems, records};
use crate::pg::acting::{Acting, as_owner};
use crate::pg::function::{Answer, Call};
use crate::pg::oid::Oid;
use crate::pg::relation::{self, Lock, Relation};
use crate::pg::report::{Error, Result, notice};
use crate::pg::snapshot::Latest;
use crate::pg::spi;

/// The verification of the rows and the structure of one open table: see [`as_its_owner`].
pub type Verify<'v> = &'v mut dyn FnMut(&Relation, &mut Faults) -> Result<()>;

/// Verifies the table that a caller names, or all tables of the feature: a function whose argument is the table.
pub fn answer(call: &Call, feature: &'static Feature, verify: Verify) -> Result<Answer> {
    let mut faults = Faults::answer(call.rows());
    match call.oid(0) {
        Some(target) => {
            one(target, feature, &mut faults, verify)?;
            faults.tables = 1;
        }
        None => all(feature, &mut faults, verify)?,
    }
    faults.close(&faults.verified(feature));
    Ok(Answer::NULL)
}

/// Verifies one table for a caller, whose privileges are checked. The journal tells of it.
pub fn one(target: Oid, feature: &'static Feature, faults: &mut Faults, verify: Verify) -> Result<()> {
    let before = (faults.count(), faults.rows);
    part(target, feature, faults, verify)?;
    record(&Relation::open(target, Lock::AccessShare)?.stable_name(), feature, faults, before);
    Ok(())
}

/// Verifies a part of one table for a caller, whose privileges are checked. The journal does not tell of it.
pub fn part(target: Oid, feature: &'static Feature, faults: &mut Faults, verify: Verify) -> Result<()> {
    let relation = Relation::open(target, Lock::AccessShare)?;
    require_readable(&relation, feature)?;
    faults.about(feature.name);
    verify(&relation, faults)
}

/// Refuses a caller who may not read all rows of a table. Everybody may verify the journal and its like: their faults say
/// nothing of their contents, and who may not read an entry must learn that it was altered.
pub fn require_readable(relation: &Relation, feature: &Feature) -> Result<()> {
    if records::is_record(relation.oid()) { Ok(()) } else { relation.require_readable(feature.name) }
}

/// Records the verification of a table. `before` are the numbers of faults and rows before it.
fn record(about: &str, feature: &Feature, faults: &Faults, before: (u64, u64)) {
    let verified =
        Verified { guarantee: feature.name, faults: faults.count() - before.0, rows: faults.rows - before.1 };
    journal::record_verification(about, &faults.action(feature), verified);
}

/// Runs the verification of a table as the table's owner, restricted, under a snapshot that sees all committed rows and
/// all changes of this transaction. The caller's privileges have been checked. Rows must be read [`without_indexes`].
pub fn as_its_owner<T>(relation: &Relation, body: impl FnOnce(&Acting) -> Result<T>) -> Result<T> {
    // An older snapshot of the transaction is not used: it may predate the triggers, and rows sealed since then would
    // look unsealed.
    as_owner(relation, |acting| Latest::during(|_| body(acting)))
}

/// Reports the triggers of a feature that the catalog hides, and returns whether there are any.
pub fn report_hidden(feature: &Feature, faults: &mut Faults, target: Oid, tables: &[Oid]) -> Result<bool> {
    let hidden = problems::hidden_triggers(feature, tables)?;
    hidden.iter().for_each(|problem| faults.unguarded(target, problem));
    Ok(!hidden.is_empty())
}

/// The configuration of a table. If the triggers do not fit the table, reports this as a fault and returns `None`.
pub fn configuration<T>(feature: &Feature, faults: &mut Faults, target: Oid, found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_misconfiguration() => {
            faults.misconfigured(target, feature, error.message());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Makes the rest of an operation read tables without indexes: an index may lack rows of its table, because of a damaged
/// catalog, a changed text order, or an error of PostgreSQL. Nor are its queries compiled: they call few expressions, and
/// before PostgreSQL 18 a plan that cannot do without a disabled method counts as dear enough for all optimizations.
pub fn without_indexes(acting: &Acting) {
    for setting in [c"enable_indexscan", c"enable_indexonlyscan", c"enable_bitmapscan", c"jit"] {
        acting.set(setting, c"off");
    }
    acting.set(c"enable_seqscan", c"on");
}

/// Verifies all tables of the feature. Unreadable tables are reported.
pub fn all(feature: &'static Feature, faults: &mut Faults, verify: Verify) -> Result<()> {
    all_of(tables(feature)?, feature, faults, verify)
}

/// Verifies these tables of the feature. Unreadable tables are reported.
pub fn all_of(tables: Vec<Table>, feature: &'static Feature, faults: &mut Faults, verify: Verify) -> Result<()> {
    faults.about(feature.name);
    let mut attempts = Attempts::begin();
    for table in tables {
        if table.is_of_other_session {
            notice(format!("skipped temporary table \"{}\" of another session", table.name));
            continue;
        }
        let (before, counts) = ((faults.count(), faults.rows), faults.counts());
        let mut about = None;
        let attempt = attempts.next(|| {
            let relation = Relation::open(table.oid, Lock::AccessShare)?;
            require_readable(&relation, feature)?;
            about = Some(relation.stable_name());
            verify(&relation, faults)
        })?;
        // A table that was dropped meanwhile needs no report.
        if let Some(failure) = attempt.err().filter(|_| relation::exists(table.oid)) {
            faults.tables = counts.0 + 1;
            faults.unread(table.oid, &format!("The table cannot be read: {}.", failure.message));
        }
        if let Some(about) = about {
            record(&about, feature, faults, before);
        }
        // The journal and its like belong to the extension, and what they hold depends on what others do: only faults count.
        if records::is_record(table.oid) {
            faults.set_counts(counts);
        }
    }
    Ok(())
}

/// A table of a feature.
pub struct Table {
    /// The table.
    pub oid: Oid,
    /// The table's name.
    pub name: String,
    /// Whether the table is a temporary table of another session, whose rows nobody else can read.
    pub is_of_other_session: bool,
}

/// The tables that have triggers with the feature's functions, however broken. A partition is verified with the table
/// above it if that table has such triggers, too.
pub fn tables(feature: &Feature) -> Result<Vec<Table>> {
    let oids = feature.oids()?;
    let read = |session: &spi::Session| {
        let found = session.query_as_caller(
            "SELECT c.oid, c.relname::pg_catalog.text,
                    c.relpersistence = 't' AND c.relnamespace <> pg_catalog.pg_my_temp_schema()
             FROM pg_catalog.pg_class c
             WHERE c.oid IN (SELECT tgrelid FROM pg_catalog.pg_trigger WHERE tgfoid = ANY ($1))
               AND NOT (c.relispartition AND EXISTS (
                   SELECT FROM pg_catalog.pg_partition_ancestors(c.oid) AS above
                   JOIN pg_catalog.pg_trigger t ON t.tgrelid = above.relid
                   WHERE above.relid <> c.oid AND t.tgfoid = ANY ($1)))
             ORDER BY c.oid",
            &[oids.into()],
        )?;
        let table =
            |row: spi::Fetched| Some(Table { oid: row.get(0)?, name: row.get(1)?, is_of_other_session: row.get(2)? });
        found.rows().map(|row| table(row).ok_or_else(|| Error::damaged("pg_class"))).collect()
    };
    Latest::during(|_| spi::connect(read))
}
