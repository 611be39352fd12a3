//! The event triggers: refuse commands that would silently break a guarantee.
//!
//! The event triggers judge the effect of a command, not its form. Each feature's `definitions.sql` reads the
//! definitions that touched tables depend on, as they were before the command and are after it. So it does not matter
//! how a command reaches a column, a type or an index, and only reached tables count (`touched.sql`).
//! This is a guard against accidents. An owner can end any guarantee, and a superuser can do anything; verification tells.
//! This layer is above the features, which do not know it. It names no feature: `src/features.rs` lists them.

mod definitions;
mod early;
mod inheritance;
mod judge;
mod recording;
mod refusal;
mod running;
mod touched;

use definitions::Definitions;
use touched::{Functions, Objects, Touched};

use crate::pg::command::{self, Command};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::report::Result;
use crate::pg::spi::{self, Session};

sql_function! {
    /// `veritable.before_ddl()`: the event trigger on `ddl_command_start`.
    veritable_before_ddl = before_ddl
}
sql_function! {
    /// `veritable.note_dropped()`: the event trigger on `sql_drop`.
    veritable_note_dropped = note_dropped
}
sql_function! {
    /// `veritable.after_ddl()`: the event trigger on `ddl_command_end`.
    veritable_after_ddl = after_ddl
}

fn before_ddl(call: &Call) -> Result<Answer> {
    let command = call.command()?;
    if !command::is_own() {
        early::judge(&command)?;
        running::start(&command);
    }
    Ok(Answer::VOID)
}

fn note_dropped(call: &Call) -> Result<Answer> {
    let command = call.command()?;
    if !command::is_own() {
        let dropped = spi::connect(command::dropped_objects)?;
        running::note_dropped(&command, dropped);
    }
    Ok(Answer::VOID)
}

fn after_ddl(call: &Call) -> Result<Answer> {
    let command = call.command()?;
    if !command::is_own()
        && let Some(running) = running::end(&command)
        && let Some(functions) = Functions::find()?
    {
        spi::connect(|session| judge_command(session, &command, &running, &functions))?;
    }
    Ok(Answer::VOID)
}

fn judge_command(
    session: &Session,
    command: &Command,
    running: &running::Running,
    functions: &Functions,
) -> Result<()> {
    let tag = command.tag();
    let objects = Objects::of(session, &tag, running)?;
    if objects.is_empty() {
        return Ok(());
    }
    let start = running.start;
    let mut touched = Touched::default();
    start.during(|| touched.find(session, functions, &objects))?;
    running::now().during(|| touched.find(session, functions, &objects))?;
    if !touched.is_empty() {
        let before = start.during(|| Definitions::read(session, functions, &touched, &[]))?;
        let after = running::now().during(|| Definitions::read(session, functions, &touched, &[]))?;
        judge::what_was(&before, &after, &touched)?;
        judge::what_is_new(session, functions, &before, &after, &touched)?;
        judge::partitions(session, &tag, &before, &after, &touched)?;
        judge::configurations(&touched)?;
    }
    inheritance::check(session, functions, start, objects.relations())?;
    recording::record(session, command, functions, start, &touched, &objects)
}
