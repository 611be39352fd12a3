//! What validations and the registry refuse, and how: SQLSTATE, message, DETAIL and HINT as a client receives them.

mod add_validation;
mod document;
mod pg_jsonschema;
mod register_schema;

use crate::support::{Database, Session};

/// A session of an owner, with a table `t`.
fn plain() -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.owner();
    session.run("CREATE TABLE t (id int NOT NULL, payload jsonb)");
    (database, session)
}

/// A session of an owner who may register, with a table `t` that is not validated and a schema `order`.
fn unvalidated() -> (Database<'static>, Session) {
    let (database, mut session) = plain();
    database.superuser().run("GRANT EXECUTE ON FUNCTION register_schema, retire_schema TO owner");
    session.run("ALTER TABLE t ADD kind text, ADD version int");
    session.run(
        r#"SELECT register_schema('order', '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}')"#,
    );
    (database, session)
}

/// The same, validated by the column `kind`, with a row.
fn validated() -> (Database<'static>, Session) {
    let (database, mut session) = unvalidated();
    session.run(ADD);
    session.run(r#"INSERT INTO t (id, kind, payload) VALUES (1, 'order', '{"id": 1}')"#);
    (database, session)
}

const ADD: &str = "SELECT add_validation('t', 'payload', type => 'kind', version => 'version')";
const NOT_VALID: &str = "schema is not valid";
