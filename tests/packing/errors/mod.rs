//! What packings refuse, and how: SQLSTATE, message, DETAIL and HINT as a client receives them.

mod add_packing;
mod command;
mod rows;
mod set_period;
mod trigger_by_hand;
mod verify_packing;

use crate::support::{Database, Session};

const ADD: &str = "SELECT add_packing('t', 'during', '{id}', '{price}')";

/// A session of an owner, with a table `t` that is not packed.
fn unpacked() -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.owner();
    session.run("CREATE TABLE t (id int NOT NULL, price int NOT NULL, unit text, during daterange, size numrange)");
    (database, session)
}

/// The same, packed, with a row.
fn packed() -> (Database<'static>, Session) {
    let (database, mut session) = unpacked();
    session.run(ADD);
    session.run("INSERT INTO t (id, price, during) VALUES (1, 5, '[2024-01-01,2024-02-01)')");
    (database, session)
}
