//! Time and memory: what takes long can be cancelled, and more rows take no more memory, or no more than they must.

mod support;

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use support::session::Survivor;
use support::{Database, Session, wait_until};

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

/// A thousand timelines of these many periods, all of one value; half of them adjoin the next.
fn periods(each: u32) -> String {
    format!(
        "INSERT INTO p SELECT place, 7, int4range(n * 10 + n % 2, n * 10 + 10)
         FROM generate_series(1, {each}) AS n, generate_series(0, 999) AS place"
    )
}

const PERIODS: &str = "CREATE TABLE p (place int NOT NULL, price int NOT NULL, period int4range NOT NULL)";

#[test]
fn packing_takes_little_memory_for_each_row_that_it_changes() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(&format!("{PERIODS}; {}", periods(200)));
    // What sorts, and the index, take as much as they are given.
    session.run("SET work_mem = '1MB'; SET maintenance_work_mem = '1MB'");
    let packed = session.memory_growth("SELECT 1", "SELECT add_packing('p', 'period', '{place}')");
    // The places of a hundred thousand pairs of rows, and their periods.
    assert!(packed < 64 << 10, "{packed} kB to pack 200,000 rows");
    session.is_packed("100000 periods of 1000 keys in 1 table");
    let verified = session.memory_growth("SELECT 1", "SELECT count(*) FROM verify_packing('p')");
    assert!(verified < 4 << 10, "{verified} kB to verify 100,000 periods");
}

#[test]
fn packing_can_be_cancelled() {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    session.run(&format!(
        "{PERIODS}; SELECT add_packing('p', 'period', '{{place}}');
         SET session_replication_role = replica; {}; RESET session_replication_role",
        periods(100)
    ));
    for milliseconds in [1, 20, 100] {
        session.run(&format!("SET statement_timeout = {milliseconds}"));
        session.refused("SELECT pack('p')").with_code("57014");
        session.refused("SELECT * FROM verify_packing('p')").with_code("57014");
        session.refused("INSERT INTO p SELECT place, 7, period FROM p").with_code("57014");
        session.refused("UPDATE p SET price = 8").with_code("57014");
    }
    session.run("RESET statement_timeout");
    assert_eq!(session.value("SELECT count(*) FROM p"), "100000");
    assert_eq!(session.value("SELECT pack('p')"), "50000");
    session.is_packed("50000 periods of 1000 keys in 1 table");
}

#[test]
fn a_wait_for_a_key_can_be_cancelled_or_run_out() {
    let database = Database::new();
    let mut first = database.superuser();
    first.run("CREATE TABLE p (place int NOT NULL, price int, period int4range); SELECT add_packing('p', 'period', '{place}')");
    first.run("INSERT INTO p VALUES (1, 7, '[100,110)')");
    let mut session = Survivor::new(&database);
    // The first waits for the key, the second for the row.
    for open in ["INSERT INTO p VALUES (1, 7, '[10,20)')", "SELECT * FROM p WHERE lower(period) = 100 FOR UPDATE"] {
        first.run(&format!("BEGIN; {open}"));
        let insert = "INSERT INTO p VALUES (1, 7, '[110,120)')";
        let set = "SELECT set_period(NULL::p, '{\"place\": 1, \"price\": 8, \"period\": \"[105,110)\"}')";
        for (setting, code) in [("statement_timeout", "57014"), ("lock_timeout", "55P03")] {
            for statement in [insert, set] {
                session.run(&format!("SET {setting} = 100"));
                session.refused(statement).with_code(code);
                session.run("BEGIN; SAVEPOINT here");
                session.refused(statement).with_code(code);
                session.run("ROLLBACK TO here; INSERT INTO p VALUES (2, 7, '[1,2)'); COMMIT");
                session.run(&format!("RESET {setting}"));
            }
        }
        first.run("ROLLBACK");
        session.run("BEGIN; INSERT INTO p VALUES (1, 7, '[110,120)'); ROLLBACK");
    }
    session.is_packed("2 periods of 2 keys in 1 table");
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
