//! Verification of tables whose owners do not want it: each is a row, and none keeps the others from being verified.

use std::time::{Duration, Instant};

use crate::support::{Cluster, Database, Session};

/// A database where `bank` has been tampered with.
fn tampered() -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(
        "CREATE TABLE bank (id int NOT NULL, amount int);
         SELECT add_chain('bank', '{id}');
         INSERT INTO bank VALUES (1, 1), (1, 2);
         ALTER TABLE bank DISABLE TRIGGER zz_veritable_chain_guard;
         UPDATE bank SET amount = 3 WHERE seq = 2;
         ALTER TABLE bank ENABLE ALWAYS TRIGGER zz_veritable_chain_guard",
    );
    (database, session)
}

const ALL: &str = "SELECT target, fault FROM verify_chain() ORDER BY target::text, fault";

/// A session of an owner, with a chained table `mine` that has one event.
fn owner_of_mine(database: &Database) -> Session {
    let mut owner = database.owner();
    owner.run(
        "CREATE FUNCTION hostile(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';
         CREATE TABLE mine (id int NOT NULL, amount int);
         SELECT add_chain('mine', '{id}');
         INSERT INTO mine VALUES (1, 1);
         CREATE INDEX mine_amount ON mine (hostile(1), amount)",
    );
    owner
}

#[test]
fn a_locked_table_is_a_row_and_holds_nobody_up() {
    let (database, mut session) = tampered();
    let mut owner = owner_of_mine(&database);
    for lock in ["LOCK TABLE mine", "REINDEX INDEX mine_amount"] {
        owner.run(&format!("BEGIN; {lock}"));
        let began = Instant::now();
        assert_eq!(session.rows(ALL), ["bank|altered", "mine|unread"], "{lock}");
        assert!(began.elapsed() < Duration::from_secs(8), "{lock}");
        owner.run("ROLLBACK");
        assert_eq!(session.rows(ALL), ["bank|altered"], "{lock}");
    }
}

#[test]
fn many_locked_tables_hold_nobody_up_for_long() {
    let (database, mut session) = tampered();
    let mut owner = database.owner();
    for number in 0..40 {
        owner.run(&format!("CREATE TABLE t{number} (id int NOT NULL); SELECT add_chain('t{number}', '{{id}}')"));
    }
    owner.run("BEGIN");
    for number in 0..40 {
        owner.run(&format!("LOCK TABLE t{number}"));
    }
    let began = Instant::now();
    let rows = session.rows(ALL);
    assert_eq!(rows.len(), 41);
    assert_eq!(rows[0], "bank|altered");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn a_shorter_lock_timeout_of_the_caller_stays() {
    let (database, mut session) = tampered();
    let mut owner = owner_of_mine(&database);
    owner.run("BEGIN; LOCK TABLE mine");
    session.run("SET lock_timeout = '20ms'");
    let began = Instant::now();
    assert_eq!(session.rows(ALL), ["bank|altered", "mine|unread"]);
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!(session.value("SHOW lock_timeout"), "20ms");
    session.refused("SELECT * FROM verify_chain('mine')").with_code("55P03");
}

#[test]
fn the_statement_ends_when_it_has_to() {
    let (database, mut session) = tampered();
    let mut owner = owner_of_mine(&database);
    // The owner's function does not end, and then does not even let itself be cancelled.
    for body in ["LOOP PERFORM pg_sleep(0.01); END LOOP;", "LOOP END LOOP;"] {
        owner.run(&format!(
            "CREATE OR REPLACE FUNCTION hostile(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN {body} END'"
        ));
        let mut session = database.superuser();
        session.run("SET statement_timeout = '500ms'");
        let began = Instant::now();
        session.refused(ALL).with_code("57014");
        assert!(began.elapsed() < Duration::from_secs(5));
    }
    owner.run(
        "CREATE OR REPLACE FUNCTION hostile(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
         BEGIN LOOP PERFORM pg_sleep(0.01); END LOOP; EXCEPTION WHEN query_canceled THEN RETURN $1; END $$",
    );
    let mut second = database.superuser();
    second.run("CREATE TABLE z (id int NOT NULL); SELECT add_chain('z', '{id}'); SET statement_timeout = '500ms'");
    second.refused(ALL).with_code("57014");
    // What an owner's function raises is no cancellation.
    owner.run(
        "CREATE OR REPLACE FUNCTION hostile(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
         BEGIN RAISE EXCEPTION 'canceled' USING ERRCODE = 'admin_shutdown'; END $$",
    );
    session.run("DISCARD ALL");
    assert_eq!(session.rows(ALL), ["bank|altered", "mine|unread"]);
}

#[test]
fn tables_that_come_and_go_meanwhile_are_no_errors() {
    let (database, mut session) = tampered();
    let stop = &std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut owner = database.owner();
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                owner.run("CREATE TABLE brief (id int NOT NULL); SELECT add_chain('brief', '{id}'); DROP TABLE brief");
            }
        });
        for _ in 0..60 {
            let rows = session.rows("SELECT fault FROM verify_chain() WHERE target = 'bank'::regclass");
            assert_eq!(rows, ["altered"]);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn temporary_tables_of_other_sessions_are_passed_over_by_name() {
    let (database, mut session) = tampered();
    let mut owner = database.owner();
    // As one could be left by a superuser who has disabled the event triggers.
    session.run("ALTER EVENT TRIGGER veritable_after_ddl DISABLE");
    owner.run(
        "CREATE TEMP TABLE fleeting (id int NOT NULL, seq bigint, p bytea, h bytea);
         CREATE TRIGGER zz BEFORE INSERT ON fleeting FOR EACH ROW
             EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=p', 'hash=h')",
    );
    owner.refused("INSERT INTO fleeting VALUES (1)").with_code("42809");
    session.take_notices();
    assert_eq!(session.rows(ALL), ["bank|altered"]);
    let notices = session.take_notices();
    assert!(notices.contains(&"skipped temporary table \"fleeting\" of another session".to_string()), "{notices:?}");
}

#[test]
fn a_row_that_cannot_be_hashed_is_altered_and_hides_no_other() {
    let (database, mut session) = tampered();
    let mut owner = database.owner();
    owner.run(
        "CREATE TABLE big (note text, id int NOT NULL);
         SELECT add_chain('big', '{id}');
         INSERT INTO big VALUES ('x', 1), ('y', 2);
         ALTER TABLE big DISABLE TRIGGER USER;
         INSERT INTO big SELECT repeat(E'\\x01', 200000000), 1, 2, decode(repeat('00', 32), 'hex'), '\\x00';
         UPDATE big SET note = 'z' WHERE id = 2",
    );
    let faults = session
        .rows("SELECT target, entity, seq, fault FROM verify_chain() WHERE fault <> 'unguarded' ORDER BY 1, 2, 3, 4");
    assert_eq!(faults, ["bank|{1}|2|altered", "big|{1}|2|altered", "big|{1}|2|unlinked", "big|{2}|1|altered"]);
}

#[test]
fn no_backtrace_is_told_to_a_client() {
    for variable in ["RUST_BACKTRACE=1", "RUST_BACKTRACE=full", "RUST_LIB_BACKTRACE=1"] {
        let cluster = Cluster::with_variable(variable);
        let database = cluster.database();
        let mut session = database.superuser();
        session.run("CREATE TABLE t (id int NOT NULL, n int GENERATED ALWAYS AS (1 / (id - 7)) STORED)");
        // Our own errors, those of PostgreSQL that our code meets, and those that PL/pgSQL catches in between.
        session.refused("SELECT * FROM verify_chain('pg_class')").detail("");
        session.refused("SELECT veritable.seal()").detail("");
        session.run("SELECT add_chain('t', '{id}')");
        session.refused("INSERT INTO t (id) VALUES (7)").with_code("22012").detail("");
        session.refused("DELETE FROM t WHERE false; SELECT add_chain('t')").with_code("42710").detail("");
        session.refused("SELECT * FROM verify_chain('t', '{seven}')").with_code("22P02").detail("");
        session.run(
            "DO $$ DECLARE told text; BEGIN
                 PERFORM add_chain('t');
             EXCEPTION WHEN duplicate_object THEN
                 GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL; ASSERT told = '', told;
             END $$",
        );
        let refusal = session.refused("SELECT jsonb_matches_schema('1', '1')");
        assert!(refusal.detail.is_none_or(|detail| !detail.contains("::")));
        // The environment is that of the server, for whatever else is in it.
        let value = session.value(
            "CREATE TEMP TABLE environment (line text);
             COPY environment FROM PROGRAM 'env | grep BACKTRACE=';
             SELECT string_agg(line, ' ') FROM environment",
        );
        assert_eq!(value, variable);
    }
}
