//! The guard of what was detached: pruned events are not changed as long as the table may come back as a partition.
//!
//! The triggers are the owner's to drop. Whoever changes pruned events then can no longer attach the table, because its runs
//! differ from those that were pruned.

use crate::pg::acting::as_owner_of;
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

/// Adds the guard to a detached table and to its partitions. Acts as the owner of each.
pub fn add(session: &Session, table: Oid) -> Result<()> {
    let _own = command::own_commands();
    let mut tables = vec![table];
    tables.extend(topology::below(session, table)?);
    for (place, table) in tables.into_iter().enumerate() {
        let name = Relation::open(table, Lock::AccessShare)?.qualified_name();
        as_owner_of(table, |_| -> Result<()> {
            // PostgreSQL clones triggers for rows to partitions, and no other.
            if place == 0 {
                create(session, &name, ROWS, "INSERT OR UPDATE OR DELETE", "ROW")?;
            }
            create(session, &name, TABLE, "TRUNCATE", "STATEMENT")
        })??;
    }
    Ok(())
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
