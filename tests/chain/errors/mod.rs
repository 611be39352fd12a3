//! What chains refuse, and how: SQLSTATE, message, DETAIL and HINT as a client receives them.

mod add_chain;
mod alter_chain;
mod chain_line;
mod command;
mod drop_chain;
mod insert;
mod sealed_row;
mod trigger_by_hand;
mod verify_chain;

use crate::support::session::Refusal;
use crate::support::{Database, Session};

/// A session of an owner, with a chained table `t`.
fn chained() -> (Database<'static>, Session) {
    let (database, mut session) = plain();
    session.run("SELECT add_chain('t', '{id}')");
    (database, session)
}

/// A session of an owner, with a table `t` that is not chained.
fn plain() -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.owner();
    session.run("CREATE TABLE t (id int NOT NULL, payload jsonb)");
    (database, session)
}

const COVERED: &str = "The hashes of the table's rows cover it.";
const END_OR_BEGIN_ANEW: &str = "drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one.";
const END_OR_BEGIN_ANEW_OR_VERIFY: &str = "drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one. \
    What verify_chain() finds now was there before this command.";
const CORRECT: &str = "Insert a new event that corrects the old one.";
const CORRECT_OR_LET_PASS: &str = "Insert a new event that corrects the old one. In a test database, a superuser can let \
    this pass: ALTER DATABASE … SET veritable.guard = off.";
const READ_AGAIN: &str =
    "Somebody else may have appended first: read the newest event again and retry, or leave the column out.";
const LATE_TRIGGER: &str =
    "CREATE OR REPLACE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER zzz BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION change()";
