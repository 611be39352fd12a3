//! Time and memory: what takes long can be cancelled, and more rows take no more memory.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::support::session::Survivor;
use crate::support::tampering::with_triggers_off;
use crate::support::{Database, Session, wait_until};

/// A chain of many events in many entities, of which one is broken.
fn big() -> MutexGuard<'static, Database<'static>> {
    static BIG: OnceLock<Mutex<Database>> = OnceLock::new();
    let big = BIG.get_or_init(|| {
        let database = Database::new();
        database.superuser().run(
            "CREATE TABLE t (id int NOT NULL, payload jsonb);
             SELECT add_chain('t', '{id}');
             INSERT INTO t
             SELECT n % 1000, jsonb_build_object('n', n, 'text', 'an event of the usual length, more or less')
             FROM generate_series(1, 500000) AS n",
        );
        Mutex::new(database)
    });
    big.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn verification_takes_no_more_memory_for_more_events() {
    let database = big();
    let mut session = database.superuser();
    let intact = memory_growth(&mut session, "SELECT count(*) FROM verify_chain()");
    assert!(intact < 32 << 10, "{intact} kB for intact chains");
    session.run(
        "BEGIN; ALTER TABLE t DISABLE TRIGGER ALL; UPDATE t SET payload = '0';
         ALTER TABLE t ENABLE TRIGGER ALL; SAVEPOINT broken",
    );
    let broken = memory_growth(&mut session, "SELECT count(*) FROM verify_chain()");
    session.run("ROLLBACK");
    assert!(broken < 32 << 10, "{broken} kB where every event is altered");
}

#[test]
fn sealing_existing_rows_takes_no_more_memory_for_more_of_them() {
    let database = big();
    let mut session = database.superuser();
    session.run("CREATE TABLE copy AS SELECT id, payload, seq AS n FROM t; ALTER TABLE copy ALTER id SET NOT NULL");
    // The index takes as much as it is given.
    session.run("SET maintenance_work_mem = '1MB'");
    let growth = memory_growth(&mut session, "SELECT add_chain('copy', '{id}', order_by => '{n}')");
    session.run("DROP TABLE copy");
    assert!(growth < 32 << 10, "{growth} kB");
}

#[test]
fn what_a_transaction_remembers_of_heads_takes_a_share_of_work_mem() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run("CREATE TABLE many (id int NOT NULL); SELECT add_chain('many', '{id}')");
    let mut growth = |work_mem: &str, from: u32| {
        session.run(&format!("SET work_mem = '{work_mem}'"));
        let insert = format!("INSERT INTO many SELECT generate_series({from}, {from} + 79999)");
        session.memory_growth(&format!("INSERT INTO many SELECT generate_series({from} - 100, {from} - 1)"), &insert)
    };
    // Four times as much: 1 MB, and half of that again while it grows.
    let bounded = growth("256kB", 1_000);
    // The entities have 6 MB.
    let free = growth("64MB", 101_000);
    assert!(bounded < 4 << 10, "{bounded} kB");
    assert!(free > bounded + (4 << 10), "{free} kB with more to take, and {bounded} kB with less");
}

#[test]
fn what_reads_many_large_rows_has_few_of_them_at_once() {
    let database = Database::new();
    let mut session = database.superuser();
    // 40 values of 24 MB that compress to little, and 30 of 8 MB that do not.
    session.run(
        "CREATE TABLE large (part int NOT NULL, id int NOT NULL, payload text, PRIMARY KEY (part, id)) PARTITION BY LIST (part);
         CREATE TABLE large_1 PARTITION OF large FOR VALUES IN (1);
         CREATE TABLE facts (id int PRIMARY KEY, payload text);
         CREATE TABLE stored (id int NOT NULL, payload text);
         ALTER TABLE stored ALTER payload SET STORAGE EXTERNAL;
         SELECT add_chain('large', '{id}', erasable => '{payload}');
         SELECT add_log('large');
         INSERT INTO large SELECT 1, n, repeat('x', 24 << 20) FROM generate_series(1, 40) AS n;
         SELECT checkpoint('large');
         INSERT INTO facts SELECT id, payload FROM large;
         INSERT INTO stored SELECT n, repeat('x', 8 << 20) FROM generate_series(1, 30) AS n;
         SET work_mem = '1MB'",
    );
    let tampered = with_triggers_off(
        "large_1",
        "UPDATE large_1 SET seq = seq + 1, event_hash = CASE id WHEN 1 THEN sha256(event_hash) ELSE event_hash END",
    );
    let differs = with_triggers_off("facts", "UPDATE facts SET payload = payload || '.'");
    for (before, act) in [
        ("SELECT 1", "SELECT add_chain('stored', '{id}', order_by => '{id}')"),
        ("SELECT 1", "SELECT add_history('facts', 'facts_history')"),
        (&differs, "SELECT count(*) FROM verify_history('facts')"),
        ("SELECT 1", "ALTER TABLE large DETACH PARTITION large_1"),
        ("SELECT 1", "ALTER TABLE large ATTACH PARTITION large_1 FOR VALUES IN (1)"),
        (&tampered, "SELECT count(*) FROM verify_chain('large')"),
        ("SELECT 1", "SELECT count(*) FROM verify_log('large')"),
    ] {
        let grown = session.memory_growth(before, act);
        assert!(grown < 160 << 10, "{grown} kB for {act}");
    }
}

#[test]
fn a_search_leaves_nothing_behind() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(
        "CREATE TYPE pair AS (a int, b text);
         CREATE TABLE pairs (id pair NOT NULL, n int);
         SELECT add_chain('pairs', '{id}');",
    );
    let insert = |from: u32| {
        format!(
            "DO $$ BEGIN FOR n IN {from} .. {from} + 10000 LOOP INSERT INTO pairs VALUES (ROW(n % 10, 'x')::pair, n); COMMIT; END LOOP; END $$"
        )
    };
    session.run(&insert(0));
    let kept = "SELECT total_bytes / 1024 FROM pg_backend_memory_contexts WHERE name = 'TopMemoryContext'";
    let before: u64 = session.value(kept).parse().expect("kB");
    session.run(&insert(100_000));
    let after: u64 = session.value(kept).parse().expect("kB");
    assert!(after < before + 200, "{before} kB, and {after} kB after 10,000 searches");
}

/// By how many kB the backend's own memory grows while it runs a query, at most.
fn memory_growth(session: &mut Session, sql: &str) -> u64 {
    session.memory_growth("SELECT count(*) FROM verify_chain('t', '{1}')", sql)
}

#[test]
fn verification_can_be_cancelled() {
    let database = big();
    let mut session = Survivor::new(&database);
    for milliseconds in [1, 20, 100] {
        session.run(&format!("SET statement_timeout = {milliseconds}"));
        session.refused("SELECT * FROM verify_chain()").with_code("57014");
    }
    session.run("RESET statement_timeout");
    assert_eq!(session.rows("SELECT * FROM verify_chain('t', '{1}')"), [""; 0]);
    session.verifies("500000 events in 1000 chains of 1 table");
}

#[test]
fn sealing_of_existing_rows_can_be_cancelled() {
    let database = big();
    let mut session = Survivor::new(&database);
    session.run("CREATE TABLE copy AS SELECT id, payload, seq AS n FROM t WHERE id < 200");
    session.run("ALTER TABLE copy ALTER id SET NOT NULL");
    session.run("SET statement_timeout = 200");
    session.refused("SELECT add_chain('copy', '{id}', order_by => '{n}')").with_code("57014");
    session.run("RESET statement_timeout");
    session.refused("SELECT * FROM verify_chain('copy')").with_code("55000");
    assert_eq!(session.value("SELECT add_chain('copy', '{id}', order_by => '{n}')"), "100000");
    assert_eq!(session.rows("SELECT * FROM verify_chain('copy')"), [""; 0]);
    session.run("DROP TABLE copy");
}

#[test]
fn a_wait_can_be_cancelled_or_run_out() {
    let database = Database::new();
    let mut first = database.superuser();
    first.run("CREATE TABLE t (id int NOT NULL); SELECT add_chain('t', '{id}')");
    let mut session = Survivor::new(&database);
    // The first waits for its lock, the second for its transaction, since the lock is at another entity then.
    for open in ["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1), (2)"] {
        first.run(&format!("BEGIN; {open}"));
        for (setting, code) in [("statement_timeout", "57014"), ("lock_timeout", "55P03")] {
            session.run(&format!("SET {setting} = 100"));
            session.refused("INSERT INTO t VALUES (1)").with_code(code);
            session.run("BEGIN; SAVEPOINT here");
            session.refused("INSERT INTO t VALUES (1)").with_code(code);
            session.run("ROLLBACK TO here; INSERT INTO t VALUES (3); COMMIT");
            session.run(&format!("RESET {setting}"));
        }
        // By another session, and by the end of the client.
        let backend = session.backend;
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| session.refused("INSERT INTO t VALUES (1)"));
            let mut other = database.superuser();
            let waits = format!("SELECT wait_event_type FROM pg_stat_activity WHERE pid = {backend}");
            wait_until("the session waits", || other.value(&waits) == "Lock");
            other.run(&format!("SELECT pg_cancel_backend({backend})"));
            waiter.join().expect("an answer").with_code("57014");
        });
        first.run("COMMIT");
        session.run("INSERT INTO t VALUES (1)");
    }
    session.verifies("9 events in 3 chains of 1 table");
}

#[test]
fn a_cancelled_insert_leaves_the_chain_as_it_was() {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    session.run("CREATE TABLE t (id int NOT NULL); SELECT add_chain('t', '{id}')");
    session.run("SET statement_timeout = 100");
    for _ in 0..3 {
        session.refused("INSERT INTO t SELECT n % 10 FROM generate_series(1, 10000000) AS n").with_code("57014");
    }
    session.run("RESET statement_timeout; INSERT INTO t SELECT n % 10 FROM generate_series(1, 1000) AS n");
    session.verifies("1000 events in 10 chains of 1 table");
}
