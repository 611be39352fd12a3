//! The event triggers: refuse commands that would silently break a guarantee.
//!
//! The event triggers judge the effect of a command, not its form. Each feature's `definitions.sql` reads the
//! definitions that touched tables depend on, as they were before the command and are after it. So it does not matter
//! how a command reaches a column, a type or an index, and only reached tables count (`touched.sql`).
//! This is a guard against accidents. An owner can end any guarantee, and a superuser can do anything; verification tells.
//! This layer is above the features, which do not know it. It names no feature: `src/features.rs` lists them.

mod checks;
mod definitions;
mod early;
mod follow;
mod generated;
mod judge;
mod lost;
mod partitions;
mod recording;
mod refusal;
mod running;
mod touched;
mod values;

use checks::Demands;
use definitions::Definitions;
use running::Foreseen;
use touched::{Functions, Objects, Touched};

use crate::pg::acting::with_settings;
use crate::pg::command::{self, Command};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::relation::exists;
use crate::pg::report::Result;
use crate::pg::snapshot::{Latest, Mark};
use crate::pg::spi::{self, Session};
use crate::table::feature::Kind;
use crate::table::{keepers, loosened};

sql_function! {
    /// `veritable.before_ddl()`: the event trigger on `ddl_command_start`.
    veritable_before_ddl = before_ddl
}
sql_function! {
    /// `veritable.note_dropped()`: the event trigger on `sql_drop`.
    veritable_note_dropped = note_dropped
}
sql_function! {
    /// `veritable.note_rewritten()`: the event trigger on `table_rewrite`.
    veritable_note_rewritten = note_rewritten
}
sql_function! {
    /// `veritable.after_ddl()`: the event trigger on `ddl_command_end`.
    veritable_after_ddl = after_ddl
}

fn before_ddl(call: &Call) -> Result<Answer> {
    let command = call.command()?;
    if !command.begins_as_own() {
        let departure = early::departure(&command)?;
        early::judge(&command, departure.as_ref())?;
        let (sequence, empty) = (early::sequence(&command)?, early::dropped_without_rows(&command)?);
        running::start(&command, Foreseen { sequence, departure, empty });
    }
    Ok(Answer::VOID)
}

fn note_dropped(call: &Call) -> Result<Answer> {
    let command = call.command()?;
    if !command.is_own() {
        let dropped = spi::connect(command::dropped_objects)?;
        running::note_dropped(&command, dropped);
    }
    Ok(Answer::VOID)
}

fn note_rewritten(call: &Call) -> Result<Answer> {
    let command = call.command()?;
    if !command.is_own() {
        running::note_rewritten(&command, spi::connect(command::rewritten_table)?);
    }
    Ok(Answer::VOID)
}

fn after_ddl(call: &Call) -> Result<Answer> {
    let command = call.command()?;
    if !command.is_own()
        && let Some(running) = running::end(&command)
        && let Some(functions) = Functions::find()?
    {
        spi::connect(|session| {
            Latest::during(|latest| judge_command(session, &command, &running, &functions, latest))
        })?;
    }
    Ok(Answer::VOID)
}

/// Judges a command that is about to end. `latest` is one snapshot for all readings of the catalogs that are compared: what
/// another session commits meanwhile must not look like the work of this command.
fn judge_command(
    session: &Session,
    command: &Command,
    running: &running::Running,
    functions: &Functions,
    latest: &Latest,
) -> Result<()> {
    let tag = command.tag();
    if matches!(tag.as_str(), "ALTER SCHEMA" | "ALTER EXTENSION" | "ALTER OPERATOR") {
        generated::follow_all(session)?;
    }
    let objects = Objects::of(session, &tag, running)?;
    if objects.is_empty() {
        return recording::record_renamed_schemas(session, command, functions, running.start, &objects);
    }
    let mut touched = Touched::default();
    few_rows(|| {
        running.start.during_on(latest, || touched.find(session, functions, &objects))?;
        running::now().during_on(latest, || touched.find(session, functions, &objects))
    })?;
    if touched.is_empty() {
        return Ok(());
    }
    let read = |at: Mark| few_rows(|| at.during_on(latest, || Definitions::read(session, functions, &touched, &[])));
    let (mut before, mut after) = (read(running.start)?, read(running::now())?);
    let cleared = lost::tables(session, command, running, &before, &after)?;
    if !cleared.is_empty() {
        after = read(running::now())?;
        [&mut before, &mut after].into_iter().for_each(|definitions| definitions.leave_out(&cleared));
    }
    judge::what_was(Kind::Trigger, &before, &after, &touched)?;
    // The checks read the catalogs as the command has left them.
    running::now().during(|| checks::made_by_hand(&before, &after))?;
    if follow::columns(session, &before, &after, &touched)? {
        after = read(running::now())?;
    }
    generated::follow(session, running.start, latest, &touched)?;
    judge::what_was(Kind::Index, &before, &after, &touched)?;
    judge::what_was(Kind::Sequence, &before, &after, &touched)?;
    judge::numbers(&after, running, &touched)?;
    judge::places(&before, command, running, &touched)?;
    if !tag.starts_with("DROP ") {
        follow::belongings(session, running.start, latest, &touched)?;
    }
    partitions::removed(session, &before, &after, running, &touched)?;
    let known = running::now().during(|| partitions::check(session, &before, &after))?;
    partitions::guard(session, &before, &after)?;
    // Nothing becomes worse for a table by the drop of what is judged above or matters to no guarantee: such a command can
    // be one of several that repair the table.
    let demands = if tag.starts_with("DROP ") { Demands::Configuration } else { Demands::All };
    running::now().during(|| checks::tables(&touched, demands))?;
    values::verify(&before, &after, &running.rewritten, &touched, &known)?;
    judge::tell_of_columns(&before, &after);
    if command.switches_triggers() || values::may_differ(&before, &after, &running.rewritten)? {
        loosened::tell(&touched.tables().into_iter().filter(|table| exists(*table)).collect::<Vec<_>>())?;
    }
    let gone: Vec<_> = touched.tables().into_iter().filter(|table| !exists(*table)).collect();
    let forgotten = keepers::forget(session, &gone)?;
    recording::record(session, command, functions, running.start, touched.tables(), &objects, &forgotten)
}

/// Runs statements that find few rows of the catalogs by indexes, even if the catalogs were small when the statements were
/// planned: each is planned once, without JIT, and with small hash tables, because planning, compiling and clearing memory
/// for many rows takes longer than all the rest. Verification runs with the settings of the session.
fn few_rows<T>(body: impl FnOnce() -> T) -> T {
    with_settings(|settings| {
        settings.set(c"plan_cache_mode", c"force_generic_plan");
        settings.set(c"work_mem", c"64kB");
        for method in [c"jit", c"enable_seqscan", c"enable_hashjoin", c"enable_mergejoin"] {
            settings.set(method, c"off");
        }
        body()
    })
}
