//! The event triggers: a command that would silently break a chain is refused.
//!
//! What the lines of all chains depend on is one view, `veritable.definitions`. It is read before a command and after
//! it, and the difference judged: so it does not matter by which way a command reaches a column, a type or an index.
//! This is a guard against accidents. An owner can drop the chain, a superuser anything; `verify_chain` tells.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use pgrx::pg_sys;

use super::layout::Layout;
use super::partitions;
use super::triggers::{self, Chain};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::lock;
use crate::pg::relation::{Lock, Relation, exists, name_of};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Fetched, Session};

sql_function! {
    /// `veritable.before_ddl()`: the event trigger on `ddl_command_start`.
    veritable_before_ddl / pg_finfo_veritable_before_ddl = before_ddl
}
sql_function! {
    /// `veritable.after_ddl()`: the event trigger on `ddl_command_end`.
    veritable_after_ddl / pg_finfo_veritable_after_ddl = after_ddl
}

sql_function! {
    /// `veritable.after_create_table()`: the event trigger on `ddl_command_end` of CREATE TABLE.
    veritable_after_create_table / pg_finfo_veritable_after_create_table = after_create_table
}

/// A row of `veritable.definitions`.
struct Definition {
    chain: pg_sys::Oid,
    kind: Kind,
    /// As messages say it, such as `column "payload"`.
    name: String,
    /// All of it that matters.
    text: String,
    /// It may not come new to a chain.
    fixed: bool,
}

/// What a definition is of. What is said first when several are missing comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A trigger of the chain.
    Trigger,
    /// Another trigger, which fires after the sealing one.
    LateTrigger,
    /// A column that the lines cover.
    Column,
    /// A part of the type of such a column.
    Type,
    /// A column that they do not cover, by its name. It may go.
    ExcludedColumn,
    /// The index by which the head is found.
    Index,
    /// A partition of a chain. They may come and go.
    Partition,
}

impl Kind {
    fn of(kind: &str) -> Option<Kind> {
        match kind {
            "trigger" => Some(Kind::Trigger),
            "late trigger" => Some(Kind::LateTrigger),
            "column" => Some(Kind::Column),
            "type" => Some(Kind::Type),
            "excluded column" => Some(Kind::ExcludedColumn),
            "index" => Some(Kind::Index),
            "partition" => Some(Kind::Partition),
            _ => None,
        }
    }

    fn may_go(self) -> bool {
        matches!(self, Kind::LateTrigger | Kind::ExcludedColumn | Kind::Partition)
    }
}

/// The definitions by kind, catalog object, number within it, and chain.
type Definitions = BTreeMap<(Kind, u32, i32, u32), Definition>;

thread_local! {
    /// As they were before the command that is running. A command within a command replaces them: then the outer
    /// one's effects since are not judged.
    static BEFORE: RefCell<Option<Definitions>> = const { RefCell::new(None) };
    /// The command that is running is one of ours.
    static OWN: Cell<bool> = const { Cell::new(false) };
}

/// While this lives, commands are ours: they know what they do.
pub struct OwnCommands {
    before: bool,
}

/// Begins commands of our own.
pub fn own_commands() -> OwnCommands {
    OwnCommands { before: OWN.replace(true) }
}

impl Drop for OwnCommands {
    fn drop(&mut self) {
        OWN.set(self.before);
    }
}

fn before_ddl(call: &Call) -> Result<Answer> {
    call.command_tag()?;
    if OWN.get() {
        return Ok(Answer::VOID);
    }
    let definitions = read()?;
    BEFORE.set(Some(definitions));
    Ok(Answer::VOID)
}

fn after_ddl(call: &Call) -> Result<Answer> {
    let command = call.command_tag()?;
    if OWN.get() {
        return Ok(Answer::VOID);
    }
    let Some(before) = BEFORE.take() else { return Ok(Answer::VOID) };
    let after = read()?;
    compare(&before, &after)?;
    // ATTACH and DETACH PARTITION. Not CREATE TRIGGER: a dump creates those of the partitions itself.
    if command == "ALTER TABLE" {
        let _own = own_commands();
        spi::connect(|session| {
            refuse_children(session, &commanded(session)?)?;
            partitions::guard(session, &new_partitions(&after, &before))?;
            partitions::unguard(session, &new_partitions(&before, &after))
        })?;
    }
    Ok(Answer::VOID)
}

/// A new table may be a partition of a chain.
fn after_create_table(call: &Call) -> Result<Answer> {
    call.command_tag()?;
    let _own = own_commands();
    spi::connect(|session| {
        let created = commanded(session)?;
        refuse_children(session, &created)?;
        partitions::guard(session, &created)
    })?;
    Ok(Answer::VOID)
}

/// What the command has created or altered.
fn commanded(session: &Session) -> Result<Vec<pg_sys::Oid>> {
    let commands = session.query("SELECT objid FROM pg_catalog.pg_event_trigger_ddl_commands()", &[])?;
    Ok(commands.rows().filter_map(|row| row.get(0)).collect())
}

/// Rows of an inheritance child would be in the chained table, but neither sealed nor guarded.
fn refuse_children(session: &Session, tables: &[pg_sys::Oid]) -> Result<()> {
    let children = session.query(
        "SELECT c.oid, i.inhparent
         FROM pg_catalog.pg_inherits i
         JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
         JOIN pg_catalog.pg_trigger t ON t.tgrelid = i.inhparent
         WHERE c.oid = ANY ($1) AND NOT c.relispartition AND t.tgfoid = 'veritable.seal'::pg_catalog.regproc
         LIMIT 1",
        &[tables.to_vec().into()],
    )?;
    let Some((child, parent)) = children.rows().next().and_then(|row| Some((row.get(0)?, row.get(1)?))) else {
        return Ok(());
    };
    let (child, parent) = (name_of(child), name_of(parent));
    Err(Error::new(Class::Unsupported, format!("table \"{child}\" cannot inherit from chained table \"{parent}\""))
        .hint("Use declarative partitioning."))
}

/// The partitions that are in `some` but not in `others`, by this command.
fn new_partitions(some: &Definitions, others: &Definitions) -> Vec<pg_sys::Oid> {
    let partitions = some.iter().filter(|(key, _)| key.0 == Kind::Partition && !others.contains_key(key));
    let ours = |partition: &pg_sys::Oid| exists(*partition) && lock::is_changing(*partition);
    partitions.map(|(_, definition)| definition.chain).filter(ours).collect()
}

/// Judges the difference. What other sessions have changed meanwhile shows in it as well; they were judged there.
fn compare(before: &Definitions, after: &Definitions) -> Result<()> {
    for (key, definition) in before {
        let changed = match after.get(key) {
            Some(now) if now.text == definition.text => continue,
            Some(now) if now.name == definition.name => "change",
            Some(_) => "rename",
            // It stands among the covered columns now, since it is not excluded by its new name.
            None if after.contains_key(&(Kind::Column, key.1, key.2, key.3)) => "rename",
            None if definition.kind.may_go() || !exists(definition.chain) => continue,
            None => "drop",
        };
        let by_this_command = match definition.kind {
            // To change a type takes no lock on the tables that use it.
            Kind::Type => is_chain(after, definition.chain),
            _ => lock::is_changing(definition.chain),
        };
        if by_this_command {
            return Err(refused(definition, changed));
        }
    }
    for (key, definition) in after.iter().filter(|(key, _)| !before.contains_key(key)) {
        match key.0 {
            Kind::Trigger => check_by_hand(definition.chain)?,
            Kind::LateTrigger => return Err(triggers::fires_too_late(&definition.name, &name_of(definition.chain))),
            Kind::Column | Kind::Type if definition.fixed && is_chain(before, definition.chain) => {
                return Err(refused_addition(definition));
            }
            _ => {}
        }
    }
    Ok(())
}

fn read() -> Result<Definitions> {
    spi::connect(|session| {
        let found = session
            .query("SELECT kind, object, number, chain, name, definition, fixed FROM veritable.definitions", &[])?;
        let definition = |row: Fetched| {
            let (kind, object) = (Kind::of(&row.get::<String>(0)?)?, row.get::<pg_sys::Oid>(1)?);
            let chain: pg_sys::Oid = row.get(3)?;
            let key = (kind, u32::from(object), row.get(2)?, u32::from(chain));
            Some((key, Definition { chain, kind, name: row.get(4)?, text: row.get(5)?, fixed: row.get(6)? }))
        };
        Ok(found.rows().filter_map(definition).collect())
    })
}

/// The table has a sealing trigger: that is what makes its columns covered.
fn is_chain(definitions: &Definitions, chain: pg_sys::Oid) -> bool {
    definitions.iter().any(|(key, definition)| key.0 == Kind::Column && definition.chain == chain)
}

/// A trigger made by hand fires at the right time, and has arguments that fit its table.
fn check_by_hand(table: pg_sys::Oid) -> Result<()> {
    let relation = Relation::open(table, Lock::AccessShare)?;
    triggers::check_placement(&relation)?;
    if let Some(chain) = Chain::of(&relation)? {
        Layout::of(&relation, &chain.arguments)?;
    }
    Ok(())
}

fn refused(definition: &Definition, verb: &str) -> Error {
    let table = name_of(definition.chain);
    let error =
        Error::new(Class::AppendOnly, format!("cannot {verb} {} of chained table \"{table}\"", definition.name));
    match definition.kind {
        Kind::Trigger | Kind::LateTrigger | Kind::Partition => error.hint("Use drop_chain() to end the chain."),
        Kind::Index => error
            .detail("The newest event of an entity is found by it.")
            .hint("Create another index on the same columns first, or use drop_chain() to end the chain."),
        Kind::Column | Kind::Type => error.detail("The hashes of the table's rows cover it.").hint(BEGIN_ANEW),
        Kind::ExcludedColumn => error.detail("A column is excluded by its name.").hint(BEGIN_ANEW),
    }
}

const BEGIN_ANEW: &str = "Use drop_chain() to end the chain; add_chain() can begin a new one.";

fn refused_addition(definition: &Definition) -> Error {
    let table = name_of(definition.chain);
    let error = Error::new(Class::AppendOnly, format!("cannot add {} to chained table \"{table}\"", definition.name));
    match definition.kind {
        Kind::Column => error
            .detail("Rows that are sealed already would have a value in it.")
            .hint("Add a column without a default, and set the default for new rows afterwards."),
        _ => error.detail("The lines of rows that are sealed already would have it, too.").hint(BEGIN_ANEW),
    }
}
