//! The journal's entries about commands that touched guarded tables: one for each table and name.
//!
//! An entry tells the effect on the triggers, too: the text of a command can hide it in a function or a DO block.

use std::collections::BTreeMap;

use super::running;
use super::touched::{Functions, Objects};
use crate::pg::command::Command;
use crate::pg::oid::Oid;
use crate::pg::report::{Error, Result};
use crate::pg::snapshot::Mark;
use crate::pg::spi::{Fetched, Kept, Session};
use crate::table::journal;

/// The longest text of a command that an entry holds, in bytes.
const TEXT_MAX: usize = 8 * 1024;
/// The most objects that an entry names.
const OBJECTS_MAX: usize = 50;

thread_local! {
    /// The tables $1 and their triggers with functions $2, at one moment. No entry is about a partition if one is about a
    /// table above it, nor about a temporary table.
    static STATES: Kept = Kept::new(
        "SELECT c.oid,
                pg_catalog.concat(pg_catalog.quote_ident(n.nspname), '.', pg_catalog.quote_ident(c.relname)),
                ARRAY (SELECT pg_catalog.concat(t.tgenabled, t.tgname)
                       FROM pg_catalog.pg_trigger t
                       WHERE t.tgrelid = c.oid AND t.tgfoid = ANY ($2)
                       ORDER BY t.tgname)
         FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE c.oid = ANY ($1)
           AND c.relpersistence <> 't'
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid AND i.inhparent = ANY ($1))"
            .to_string(),
    );
}

/// A guarded table at one moment: its name, and for each of its triggers whether and when the trigger fires.
struct State {
    name: String,
    triggers: BTreeMap<String, char>,
}

/// Records a renamed schema for each guarded table in it, whose name the schema is part of.
pub fn record_renamed_schemas(
    session: &Session,
    command: &Command,
    functions: &Functions,
    start: Mark,
    objects: &Objects,
) -> Result<()> {
    if command.tag() != "ALTER SCHEMA" || objects.schemas().is_empty() {
        return Ok(());
    }
    let tables: Vec<Oid> = {
        let found = session.query(
            "SELECT oid FROM pg_catalog.pg_class
             WHERE relnamespace = ANY ($1)
               AND oid IN (SELECT tgrelid FROM pg_catalog.pg_trigger WHERE tgfoid = ANY ($2))",
            &[objects.schemas().to_vec().into(), functions.all().into()],
        )?;
        found.rows().map(|row| row.get(0).ok_or_else(|| Error::damaged("pg_class"))).collect::<Result<_>>()?
    };
    record(session, command, functions, start, tables, objects, &[])
}

/// Records a command that is about to end, for each table that it has touched. `forgotten` is what else is to be told of some
/// tables: members of a JSON object.
pub fn record(
    session: &Session,
    command: &Command,
    functions: &Functions,
    start: Mark,
    tables: Vec<Oid>,
    objects: &Objects,
    forgotten: &[(Oid, String)],
) -> Result<()> {
    if tables.is_empty() {
        return Ok(());
    }
    let before = start.during(|| states(session, functions, &tables))?;
    let after = running::now().during(|| states(session, functions, &tables))?;
    if before.is_empty() && after.is_empty() {
        return Ok(());
    }
    let (tag, text) = (command.tag(), command.text().map(|text| veritable_command::masked(&text, TEXT_MAX)));
    // In one order, so that two commands do not wait for each other.
    let mut tables: Vec<_> = before.keys().chain(after.keys()).collect();
    tables.sort();
    tables.dedup();
    for table in tables {
        let (old, new) = (before.get(table), after.get(table));
        let (was, is) = (old.map(|state| &state.name), new.map(|state| &state.name));
        let renamed = was.zip(is).filter(|(was, is)| was != is);
        let more = forgotten.iter().filter(|(of, _)| u32::from(*of) == *table).map(|(_, member)| member.clone());
        let detail = detail(objects, renamed, &changes(old, new), more);
        for about in was.into_iter().chain(is.filter(|is| Some(*is) != was)) {
            journal::record(session, about, &tag, text.as_deref(), Some(&detail))?;
        }
    }
    Ok(())
}

fn states(session: &Session, functions: &Functions, tables: &[Oid]) -> Result<BTreeMap<u32, State>> {
    let parameters = [tables.to_vec().into(), functions.all().into()];
    let found = STATES.with(|states| states.query_as_caller(session, &parameters))?;
    let trigger = |text: String| {
        let mut letters = text.chars();
        letters.next().map(|enabled| (letters.collect(), enabled))
    };
    let state = |row: Fetched| {
        let triggers = row.get::<Vec<String>>(2)?.into_iter().map(trigger).collect::<Option<_>>()?;
        Some((u32::from(row.get::<Oid>(0)?), State { name: row.get(1)?, triggers }))
    };
    found.rows().map(|row| state(row).ok_or_else(|| Error::damaged("pg_class"))).collect()
}

/// What the command did to the triggers, each with its name.
fn changes(old: Option<&State>, new: Option<&State>) -> Vec<(String, &'static str)> {
    let none = BTreeMap::new();
    let (old, new) = (old.map_or(&none, |state| &state.triggers), new.map_or(&none, |state| &state.triggers));
    let gone = old.keys().filter(|name| !new.contains_key(*name)).map(|name| (name.clone(), "dropped"));
    let other = new.iter().filter(|(name, enabled)| old.get(*name) != Some(*enabled));
    let change = |(name, enabled): (&String, &char)| {
        let what = match enabled {
            _ if !old.contains_key(name) => "created",
            'A' => "enabled always",
            'O' => "enabled",
            'R' => "enabled for replicas only",
            _ => "disabled",
        };
        (name.clone(), what)
    };
    gone.chain(other.map(change)).collect()
}

fn detail(
    objects: &Objects,
    renamed: Option<(&String, &String)>,
    triggers: &[(String, &str)],
    more: impl Iterator<Item = String>,
) -> String {
    let mut names = objects.names().to_vec();
    let left_out = names.len().saturating_sub(OBJECTS_MAX);
    names.truncate(OBJECTS_MAX);
    let mut members = vec![format!("\"objects\": {}", journal::json_list(&names))];
    if left_out > 0 {
        members.push(format!("\"objects_left_out\": {left_out}"));
    }
    if !triggers.is_empty() {
        let each = triggers.iter().map(|(name, what)| format!("{}: \"{what}\"", journal::json_string(name)));
        members.push(format!("\"triggers\": {{{}}}", each.collect::<Vec<_>>().join(", ")));
    }
    if let Some((was, is)) = renamed {
        members.push(format!("\"from\": {}, \"to\": {}", journal::json_string(was), journal::json_string(is)));
    }
    members.extend(more);
    format!("{{{}}}", members.join(", "))
}
