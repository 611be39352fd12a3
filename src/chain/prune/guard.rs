//! The guard of what was detached: pruned events are not changed as long as the table may come back as a partition.
//!
//! The triggers are the owner's to drop. Whoever changes pruned events then can no longer attach the table, because its runs
//! differ from those that were pruned.

use std::collections::HashSet;

use crate::pg::acting::{as_owner_of, as_system};
use crate::pg::command;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;
use crate::pg::trigger::{Event, is_replica};
use crate::table::{topology, triggers};

sql_function! {
    /// `veritable.guard_pruned()`: BEFORE INSERT, UPDATE, DELETE or TRUNCATE.
    veritable_guard_pruned = guard_pruned
}

const ROWS: &str = "veritable_pruned";
const TABLE: &str = "veritable_pruned_truncate";

/// Adds the guard to a detached table and to its partitions. Who detaches need not own them, and who owns them must not be able to
/// prevent it: by a trigger of this name, or without a privilege.
pub fn add(session: &Session, table: Oid) -> Result<()> {
    let _own = command::own_commands();
    let mut tables = vec![table];
    tables.extend(topology::below(session, table)?);
    let (rows, whole) = (free_name(session, &tables, ROWS)?, free_name(session, &tables, TABLE)?);
    as_system(|| {
        for (place, &table) in tables.iter().enumerate() {
            let name = Relation::open(table, Lock::AccessShare)?.qualified_name();
            // PostgreSQL clones triggers for rows to partitions, and no other.
            if place == 0 {
                create(session, &name, &rows, "INSERT OR UPDATE OR DELETE", "ROW")?;
            }
            create(session, &name, &whole, "TRUNCATE", "STATEMENT")?;
        }
        Ok(())
    })
}

/// The name for a trigger that none of these tables has: with a number, if it must be.
fn free_name(session: &Session, tables: &[Oid], name: &str) -> Result<String> {
    let found = session.query(
        "SELECT DISTINCT t.tgname::pg_catalog.text FROM pg_catalog.pg_trigger t WHERE t.tgrelid = ANY ($1)",
        &[tables.to_vec().into()],
    )?;
    let taken: HashSet<String> = found.rows().filter_map(|row| row.get(0)).collect();
    let mut numbered = (1..).map(|number| format!("{name}_{number}"));
    let first = (!taken.contains(name)).then(|| name.to_owned());
    first.or_else(|| numbered.find(|name| !taken.contains(name))).ok_or_else(|| Error::damaged("pg_trigger"))
}

fn create(session: &Session, table: &str, name: &str, events: &str, each: &str) -> Result<()> {
    session.run(
        &format!(
            "CREATE TRIGGER {name} BEFORE {events} ON {table} FOR EACH {each} EXECUTE FUNCTION veritable.guard_pruned()"
        ),
        &[],
    )?;
    session.run(&format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"), &[]).map(drop)
}

/// Drops the guard of a table that is a partition again, and of its partitions. Returns whether there was one.
pub fn remove(session: &Session, table: Oid) -> Result<bool> {
    let _own = command::own_commands();
    let mut tables = vec![table];
    tables.extend(topology::below(session, table)?);
    let guarded = session.query(
        "SELECT t.tgrelid, t.tgname::pg_catalog.text
         FROM pg_catalog.pg_trigger t
         WHERE t.tgrelid = ANY ($1) AND t.tgfoid = 'veritable.guard_pruned'::pg_catalog.regproc AND t.tgparentid = 0",
        &[tables.into()],
    )?;
    for row in guarded.rows() {
        let (Some(table), Some(trigger)) = (row.get(0), row.get::<String>(1)) else {
            return Err(Error::damaged("pg_trigger"));
        };
        let name = Relation::open(table, Lock::AccessShare)?.qualified_name();
        as_owner_of(table, |_| triggers::drop(session, &name, [trigger]))??;
    }
    Ok(!guarded.is_empty())
}

fn guard_pruned(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    // A subscription copies what was detached to a replica, where its guard came with the table.
    if firing.event() == Event::Insert && is_replica() && firing.is_before_row() {
        return Ok(firing.pass_row());
    }
    let verb = match firing.event() {
        Event::Insert => "insert into",
        Event::Update => "update",
        Event::Delete => "delete from",
        Event::Truncate => "truncate",
    };
    let table = firing.relation().name();
    Err(Error::new(Class::AppendOnly, format!("cannot {verb} table \"{table}\", which holds pruned events"))
        .hint("Drop the table, or attach it again."))
}
