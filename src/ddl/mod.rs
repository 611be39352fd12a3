//! The event triggers: a command that would silently break a chain, a packing or a validation is refused.
//!
//! What they depend on is one view, `veritable.definitions`. It is read before a command and after it, and the
//! difference judged: so it does not matter by which way a command reaches a column, a type or an index.
//! This is a guard against accidents. An owner can end any of them, a superuser anything; verification tells.
//! It is the layer above the features, which know nothing of it.

mod definitions;
mod inheritance;
mod refusal;

use std::cell::RefCell;

use definitions::{Definitions, Feature, Key, Kind};

use crate::chain::{self, partitions};
use crate::packing;
use crate::pg::command;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::lock;
use crate::pg::relation::{exists, name_of};
use crate::pg::report::Result;
use crate::pg::spi;
use crate::schema;

sql_function! {
    /// `veritable.before_ddl()`: the event trigger on `ddl_command_start`.
    veritable_before_ddl / pg_finfo_veritable_before_ddl = before_ddl
}
sql_function! {
    /// `veritable.after_ddl()`: the event trigger on `ddl_command_end`.
    veritable_after_ddl / pg_finfo_veritable_after_ddl = after_ddl
}
sql_function! {
    /// `veritable.after_create_table()`: the event trigger on `ddl_command_end` of what creates tables.
    veritable_after_create_table / pg_finfo_veritable_after_create_table = after_create_table
}

thread_local! {
    /// As they were before the command that is running. A command within a command replaces them: then the outer
    /// one's effects since are not judged.
    static BEFORE: RefCell<Option<Definitions>> = const { RefCell::new(None) };
}

fn before_ddl(call: &Call) -> Result<Answer> {
    call.command_tag()?;
    if !command::is_own() {
        let definitions = Definitions::read()?;
        BEFORE.set(Some(definitions));
    }
    Ok(Answer::VOID)
}

fn after_ddl(call: &Call) -> Result<Answer> {
    let tag = call.command_tag()?;
    if command::is_own() {
        return Ok(Answer::VOID);
    }
    let Some(before) = BEFORE.take() else { return Ok(Answer::VOID) };
    let after = Definitions::read()?;
    judge_what_was(&before, &after)?;
    judge_what_is_new(&before, &after)?;
    // INHERIT, ATTACH and DETACH PARTITION. Not CREATE TRIGGER: a dump creates those of the partitions itself.
    if matches!(tag.as_str(), "ALTER TABLE" | "ALTER FOREIGN TABLE") {
        let _own = command::own_commands();
        spi::connect(|session| {
            inheritance::check(session, &command::objects(session)?)?;
            partitions::guard(session, &after.partitions_but_not(&before))?;
            partitions::unguard(session, &before.partitions_but_not(&after))
        })?;
    }
    Ok(Answer::VOID)
}

/// A new table may be a child of a guarded one, or a partition of a chain.
fn after_create_table(call: &Call) -> Result<Answer> {
    call.command_tag()?;
    let _own = command::own_commands();
    spi::connect(|session| {
        let created = command::objects(session)?;
        inheritance::check(session, &created)?;
        partitions::guard(session, &created)
    })?;
    Ok(Answer::VOID)
}

/// What was there has to be there still, as it was.
fn judge_what_was(before: &Definitions, after: &Definitions) -> Result<()> {
    for (key, definition) in before.iter() {
        let verb = match after.get(key) {
            Some(now) if now.text == definition.text => continue,
            Some(now) if now.name == definition.name => "change",
            Some(_) => "rename",
            None if after.has_renamed(key) => "rename",
            None if key.kind.may_go() || !exists(key.table()) => continue,
            None => "drop",
        };
        if is_by_this_command(key, after) {
            return Err(refusal::of_change(verb, key, definition));
        }
    }
    Ok(())
}

/// What is new has to fit what was there.
fn judge_what_is_new(before: &Definitions, after: &Definitions) -> Result<()> {
    for (key, definition) in after.but_not(before) {
        let was_guarded = || before.guards(key) && is_by_this_command(key, after);
        match key.kind {
            Kind::Trigger => match key.feature {
                Feature::Chain => chain::triggers::check_by_hand(key.table())?,
                Feature::Packing => packing::triggers::check_by_hand(key.table())?,
                Feature::Validation => schema::triggers::check_by_hand(key.table())?,
            },
            Kind::LateTrigger => {
                let (trigger, table) = (&definition.name, name_of(key.table()));
                return Err(match key.feature {
                    Feature::Validation => schema::triggers::fires_too_late(trigger, &table),
                    _ => chain::triggers::fires_too_late(trigger, &table),
                });
            }
            Kind::Column | Kind::Type if definition.fixed && was_guarded() => {
                return Err(refusal::of_addition(key, definition));
            }
            Kind::OtherColumn if key.feature == Feature::Packing && was_guarded() => {
                refusal::not_compared(key, definition)
            }
            _ => {}
        }
    }
    Ok(())
}

/// What other sessions have changed meanwhile shows in the difference as well; it was judged there.
fn is_by_this_command(key: &Key, definitions: &Definitions) -> bool {
    match key.kind {
        // To change a type takes no lock on the tables that use it.
        Kind::Type => definitions.guards(key),
        _ => lock::is_changing(key.table()),
    }
}
