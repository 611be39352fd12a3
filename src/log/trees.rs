//! The origin of each log: the name under which its checkpoints are known, so no two logs of a database have the same.
//!
//! The configuration of a log names its origin, and its owner can write any. So the origin belongs to the table that has
//! claimed it first, in a table of the extension; all that others may trust is kept for that pair.

use super::found::Found;
use crate::pg::acting::as_owner_of;
use crate::pg::extension;
use crate::pg::lock::{self, Key, Kind, Mode};
use crate::pg::oid::{INVALID, Oid};
use crate::pg::quote;
use crate::pg::relation::{self, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{Fetched, Kept, Session};
use crate::table::journal;
use crate::table::keepers::Told;

/// The tables of the extension that have logs.
const OWN: [&str; 2] = ["event_schemas", "journal"];

/// Runs `body` as the owner of the extension's tables. The caller's privileges have been checked.
pub fn as_extension<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    let trees = relation::named(c"veritable", c"trees")
        .ok_or_else(|| Error::new(Class::State, "extension veritable is not installed in this database"))?;
    as_owner_of(trees, |_| body())?
}

/// Claims the origin of a table's log, if the table has not claimed one, and refuses an origin that is not the table's.
pub fn claim(session: &Session, relation: &Relation, found: &Found) -> Result<()> {
    let (target, origin) = (relation.oid(), found.log.origin.as_str());
    let is_own = is_own(relation);
    if is_reserved(origin) && !is_own {
        return Err(taken(origin));
    }
    let mut claimed = claimed(session, target)?;
    if claimed.is_none() {
        hold(session, origin, true)?;
        // Anybody can name any origin in a trigger, and a dropped table can be restored with its triggers.
        if !is_own && is_known(session, origin, target)? {
            return Err(taken(origin));
        }
        as_extension(|| {
            session.run(
                "INSERT INTO veritable.trees (target, origin) VALUES ($1::pg_catalog.oid, $2) ON CONFLICT DO NOTHING",
                &[target.into(), origin.into()],
            )
        })?;
        claimed = self::claimed(session, target)?;
    }
    match claimed {
        Some(claimed) if claimed.origin == origin => Ok(()),
        Some(_) => Err(changed(relation)),
        None => Err(taken(origin)),
    }
}

/// The origin that a table has claimed.
pub struct Claimed {
    /// The origin.
    pub origin: String,
    /// The largest size of which the log has a checkpoint.
    pub size: i64,
}

/// The origin that a table has claimed, if it has.
pub fn claimed(session: &Session, target: Oid) -> Result<Option<Claimed>> {
    as_extension(|| {
        let sql = "SELECT origin, size FROM veritable.trees WHERE target = $1::pg_catalog.oid";
        let found = session.query(sql, &[target.into()])?;
        Ok(found.rows().next().and_then(|row| Some(Claimed { origin: row.get(0)?, size: row.get(1)? })))
    })
}

/// The error of a log whose triggers name another origin than the table has claimed.
pub fn changed(relation: &Relation) -> Error {
    Error::new(Class::State, format!("origin of the log of table \"{}\" was changed", relation.name()))
        .detail("The triggers name another origin than the one under which the log is known.")
        .hint("Use drop_log() and add_log() to begin another log.")
}

/// The error of an origin that another log has, had, or is about to have.
pub fn taken(origin: &str) -> Error {
    Error::new(Class::Duplicate, format!("origin \"{origin}\" is that of another log"))
        .detail("Who trusts the checkpoints of an origin trusts that they are all of one log.")
        .hint("Use another origin.")
}

/// Whether a log may have this origin: none has it, none had it and a checkpoint, and no other transaction is about to claim it. It
/// then stays free for this transaction.
pub fn is_free(session: &Session, origin: &str) -> Result<bool> {
    // Whoever asks has locked a table, and waits for nobody.
    Ok(!is_reserved(origin) && hold(session, origin, false)? && !is_known(session, origin, INVALID)?)
}

/// Keeps other transactions from claiming the origin, until the end of this one. Returns whether it does: always, if it may wait.
fn hold(session: &Session, origin: &str, wait: bool) -> Result<bool> {
    let found =
        session.query("SELECT pg_catalog.hashtextextended($1 COLLATE pg_catalog.\"C\", 0)", &[origin.into()])?;
    let hash: Option<i64> = found.rows().next().and_then(|row| row.get(0));
    let (Some(hash), Some(relation)) = (hash, relation::named(c"veritable", c"trees")) else {
        return Err(Error::damaged("veritable.trees"));
    };
    Ok(lock::acquire(Key { kind: Kind::Origin, relation, hash: hash.cast_unsigned() }, Mode::Exclusive, wait))
}

/// Whether another table than `target` has claimed the origin, or a log had it that had a checkpoint and was dropped.
fn is_known(session: &Session, origin: &str, target: Oid) -> Result<bool> {
    as_extension(|| {
        let found = session.query(
            "SELECT FROM veritable.trees WHERE origin = $1 AND target <> $2::pg_catalog.oid
             UNION ALL
             SELECT FROM veritable.journal
             WHERE action = 'drop_log' AND detail ->> 'origin' = $1 AND (detail ->> 'size')::pg_catalog.int8 > 0
                OR detail -> 'log' ->> 'origin' = $1 AND (detail -> 'log' ->> 'size')::pg_catalog.int8 > 0
             LIMIT 1",
            &[origin.into(), target.into()],
        )?;
        Ok(!found.is_empty())
    })
}

/// Deletes the trees of tables, and all that is kept for these logs. No foreign key does that: pg_restore with several jobs loads
/// the tables of an extension in any order.
const FORGET: &str = "
    WITH tiles AS (DELETE FROM veritable.tiles WHERE target = ANY ($1)),
         notes AS (DELETE FROM veritable.notes WHERE target = ANY ($1)),
         keys AS (DELETE FROM veritable.log_keys WHERE target = ANY ($1)),
         members AS (DELETE FROM veritable.consumer_members WHERE target = ANY ($1))
    DELETE FROM veritable.trees WHERE target = ANY ($1) RETURNING target::pg_catalog.oid, origin, size";

/// Forgets the logs of tables with all that is kept for them, and returns what the journal tells of each: its origin, which no
/// other log may have if it had a checkpoint.
pub fn forget(session: &Session, tables: &[Oid]) -> Result<Vec<Told>> {
    as_extension(|| {
        let found = session.query(FORGET, &[tables.to_vec().into()])?;
        let told = |row: Fetched| {
            let (origin, size) = (row.get::<String>(1)?, row.get::<i64>(2)?);
            let member = format!("\"log\": {{\"origin\": {}, \"size\": {size}}}", journal::json_string(&origin));
            Some((row.get(0)?, member))
        };
        found.rows().map(|row| told(row).ok_or_else(|| Error::damaged("veritable.trees"))).collect()
    })
}

thread_local! {
    static COVERED: Kept = Kept::new("SELECT position FROM veritable.trees WHERE target = $1".to_string());
}

/// The greatest position that a checkpoint of the log covers.
pub fn covered(session: &Session, target: Oid) -> Result<i64> {
    // Each call that reads events asks.
    as_extension(|| {
        COVERED.with(|query| {
            let found = query.query(session, &[target.into()])?;
            Ok(found.rows().next().and_then(|row| row.get(0)).unwrap_or(0))
        })
    })
}

/// The origin of a table's log that is by default the first choice: the database and the table.
fn default_origin(session: &Session, relation: &Relation) -> Result<String> {
    let found = session.query("SELECT pg_catalog.current_database()::pg_catalog.text", &[])?;
    let database: String = found.rows().next().and_then(|row| row.get(0)).unwrap_or_default();
    // A name in a signed note has no spaces and no plus.
    let plain = |name: &str| name.replace(|c: char| c.is_whitespace() || c.is_control() || c == '+', "_");
    Ok(format!("{}/{}.{}", plain(&database), plain(&relation.schema()), plain(&relation.name())))
}

/// The default origin of a table's log: the database and the table, or with a number what no log has had.
pub fn free_origin(session: &Session, relation: &Relation) -> Result<String> {
    let base = default_origin(session, relation)?;
    let mut origin = base.clone();
    for number in 2.. {
        if is_free(session, &origin)? {
            break;
        }
        origin = format!("{base}/{number}");
    }
    Ok(origin)
}

/// Whether the table is one of the extension's. A dump restores such a table with its rows, but without its triggers: those have
/// what the script of the extension has given them, in whichever database.
pub fn is_own(relation: &Relation) -> bool {
    extension::has_relation(c"veritable", relation.oid())
}

/// Whether an origin can only be that of a table of the extension, in whichever database.
fn is_reserved(origin: &str) -> bool {
    OWN.iter().any(|table| origin.strip_suffix(table).is_some_and(|database| database.ends_with("/veritable.")))
}

/// The origin of the log of a table of the extension: the one that it has claimed, here or in the database that was dumped, or
/// else the default.
pub fn own_origin(session: &Session, relation: &Relation) -> Result<String> {
    let claimed = claimed(session, relation.oid())?.map(|claimed| claimed.origin);
    claimed.map_or_else(|| default_origin(session, relation), Ok)
}

/// The qualified name of a sequence for the positions of a table.
pub fn sequence_name(relation: &Relation) -> String {
    let name = relation.new_index_name(c"position_seq");
    format!("{}.{}", quote::identifier(relation.schema()), quote::identifier(name))
}
