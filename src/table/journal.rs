//! The journal: what was done to protected tables, in a chained table of the extension.
//!
//! An entry is part of what it records. It is in the same transaction, and a rollback takes both back. Open
//! transactions with entries about the same table append to series of their own, so that none waits for another. No entry
//! depends on the snapshot of the transaction: also a transaction of REPEATABLE READ or SERIALIZABLE appends to the
//! newest entry.

use std::cell::Cell;
use std::ffi::CStr;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::pg::acting::{as_owner_of, with_settings};
use crate::pg::clock;
use crate::pg::extension;
use crate::pg::lock::{self, Key, Kind, Mode};
use crate::pg::oid::Oid;
use crate::pg::relation::{self, Lock, Relation};
use crate::pg::report::{Class, Error, Result, notice, warning};
use crate::pg::spi::{self, Session};
use crate::pg::trigger::{TriggerInfo, is_replica};
use crate::pg::{database, role, transaction};

/// The longest wait for a lock to record a verification, in milliseconds.
const WAIT_MAX: i32 = 1_000;

/// The most series of one kind about one table.
const SERIES_MAX: usize = 100;

thread_local! {
    static RECORDING: Cell<bool> = const { Cell::new(false) };
}

/// A mark that an entry is being written, as long as the value lives.
struct Recording {
    before: bool,
}

impl Recording {
    fn begin() -> Recording {
        Recording { before: RECORDING.replace(true) }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        RECORDING.set(self.before);
    }
}

/// Runs `body`, which writes to a table of the extension what was done: after all that was done before, whatever the snapshot of
/// the transaction shows.
pub fn recording<T>(body: impl FnOnce() -> T) -> T {
    let _recording = Recording::begin();
    body()
}

/// Whether an entry of the journal, or another record of what was done, is being written.
pub fn is_recording() -> bool {
    RECORDING.get()
}

/// Runs `body`, which writes into a chained table that the extension alone writes.
pub fn while_recording<T>(body: impl FnOnce() -> T) -> T {
    let _recording = Recording::begin();
    body()
}

/// The oid of the journal's table.
pub fn table() -> Result<Oid> {
    table_of_extension(c"journal")
}

/// The oid of a table of the extension.
pub fn table_of_extension(name: &CStr) -> Result<Oid> {
    relation::named(c"veritable", name)
        .ok_or_else(|| Error::new(Class::State, "extension veritable is not installed in this database"))
}

/// Records what was done to `about`: a table's [`stable_name`](relation::Relation::stable_name), or another thing such
/// as `event schema "name"`. `action` is a function or a command tag, `command` the masked text of a command, and
/// `detail` the text of a JSON value. Call this as the role that has done it: not within `as_owner`.
///
/// The script that creates or updates the extension leaves no entries: a restored dump brings its own. Temporary tables
/// have none either, since nothing is left of them to ask about.
pub fn record(session: &Session, about: &str, action: &str, command: Option<&str>, detail: Option<&str>) -> Result<()> {
    let entry = Entry { about, action, command, detail, series: database::identity(), acting: role::acting() };
    entry.write(session)
}

/// Records as [`record`] does, in a function that runs with its owner's rights: the acting role is the function's caller.
pub fn record_for_caller(session: &Session, about: &str, action: &str, detail: Option<&str>) -> Result<()> {
    let entry = Entry { about, action, command: None, detail, series: database::identity(), acting: role::outer() };
    entry.write(session)
}

/// Records a verification, unless the transaction cannot write. Never fails, and waits a second at most: a NOTICE tells
/// that there is no entry. Each role has a series of its own, so that verifications keep no command waiting.
pub fn record_verification(about: &str, action: &str, verified: Verified) {
    if !transaction::may_write() {
        return;
    }
    let series = format!("{}/{}", database::identity(), role::acting());
    let Verified { guarantee, faults, rows } = verified;
    let detail = format!("{{\"guarantee\": {}, \"faults\": {faults}, \"rows\": {rows}}}", json_string(guarantee));
    let entry = Entry { about, action, command: None, detail: Some(&detail), series, acting: role::acting() };
    let attempt = transaction::attempt(|| {
        with_settings(|acting| {
            let own = clock::lock_timeout();
            let wait = if own > 0 { own.min(WAIT_MAX) } else { WAIT_MAX };
            acting.set_number(c"lock_timeout", wait);
            spi::connect(|session| if entry.is_repeated(session, &verified)? { Ok(()) } else { entry.write(session) })
        })
    });
    if let Err(failure) = attempt {
        notice(format!("the journal has no entry of this verification of {about}: {}", failure.message));
    }
}

/// The result of the verification of a table.
#[derive(Clone, Copy)]
pub struct Verified {
    /// The name of the feature.
    pub guarantee: &'static str,
    /// The number of faults.
    pub faults: u64,
    /// The number of rows that were verified.
    pub rows: u64,
}

/// The detail of an entry about an attached feature: the arguments of its triggers.
pub fn arguments(arguments: &[String]) -> String {
    format!("{{\"arguments\": {}}}", json_list(arguments))
}

/// A JSON array of strings.
pub fn json_list(members: &[String]) -> String {
    let members: Vec<_> = members.iter().map(|member| json_string(member)).collect();
    format!("[{}]", members.join(", "))
}

/// A JSON string. A server's text has no NUL character, which `jsonb` could not hold.
pub fn json_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            control if control < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => json.push(other),
        }
    }
    json.push('"');
    json
}

/// Whether a trigger seals what is inserted here.
pub fn is_sealed(journal: &Relation) -> bool {
    let fires = |trigger: &TriggerInfo| trigger.state_sql() == "ENABLE ALWAYS" || trigger.enabled() && !is_replica();
    journal.triggers().iter().any(|trigger| trigger.before_insert_row() && fires(trigger))
}

/// The series itself, or one beside it if another open transaction appends to that in this table: two commands that hold
/// locks on a table, such as two CREATE INDEX, must not wait for each other here.
pub fn free_series(table: Oid, about: &str, series: &str) -> String {
    let beside = (1..SERIES_MAX).map(|number| format!("{series}#{number}"));
    let mut all = std::iter::once(series.to_string()).chain(beside);
    let is_free = |series: &String| {
        // The hasher has no key of the process: all sessions lock the same.
        let mut hasher = DefaultHasher::new();
        (about, series).hash(&mut hasher);
        let key = Key { kind: Kind::Series, relation: table, hash: hasher.finish() };
        lock::acquire(key, Mode::Exclusive, false)
    };
    all.find(is_free).unwrap_or_else(|| series.to_string())
}

struct Entry<'a> {
    about: &'a str,
    series: String,
    action: &'a str,
    command: Option<&'a str>,
    detail: Option<&'a str>,
    acting: String,
}

impl Entry<'_> {
    /// Whether the role has an entry of the last minute about the same verification, with as many faults. Whoever may read
    /// a table can verify it any number of times, and must not fill the journal, which nobody empties.
    fn is_repeated(&self, session: &Session, verified: &Verified) -> Result<bool> {
        as_owner_of(table()?, |_| {
            let found = session.query(
                "SELECT FROM (SELECT j.at, j.detail ->> 'faults' AS faults
                              FROM (SELECT seq, at, detail FROM veritable.journal
                                    WHERE about = $1 AND series = $2 ORDER BY seq DESC LIMIT 8) AS j
                              WHERE j.detail ->> 'guarantee' = $3 ORDER BY j.seq DESC LIMIT 1) AS last
                 WHERE at > pg_catalog.clock_timestamp() - '1 minute'::pg_catalog.interval AND faults = $4",
                &[
                    self.about.into(),
                    self.series.as_str().into(),
                    verified.guarantee.into(),
                    verified.faults.to_string().into(),
                ],
            )?;
            Ok(!found.is_empty())
        })?
    }

    fn write(&self, session: &Session) -> Result<()> {
        if extension::is_scripted(c"veritable") || self.about.starts_with("pg_temp_") {
            return Ok(());
        }
        let journal = table()?;
        // While a dump of data alone is restored with triggers disabled, the journal has no triggers either. The command
        // that enables them again has an entry.
        if !is_sealed(&Relation::open(journal, Lock::AccessShare)?) {
            warning(
                "the triggers of the journal are disabled".to_string(),
                format!("It has no entry about {}: {}.", self.about, self.action),
            );
            return Ok(());
        }
        let by = role::session();
        let series = free_series(journal, self.about, &self.series);
        let _recording = Recording::begin();
        as_owner_of(journal, |_| {
            // The sealing trigger replaces the time; without the trigger, the missing hash is an error.
            session.run(
                "INSERT INTO veritable.journal (about, series, at, action, by, acting, command, detail)
                 VALUES ($1, $2, pg_catalog.clock_timestamp(), $3, $4::pg_catalog.name, $5::pg_catalog.name, $6,
                         $7::pg_catalog.jsonb)",
                &[
                    self.about.into(),
                    series.as_str().into(),
                    self.action.into(),
                    by.as_str().into(),
                    self.acting.as_str().into(),
                    self.command.into(),
                    self.detail.into(),
                ],
            )
        })?
        .map(drop)
    }
}
