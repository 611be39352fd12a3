//! Time and memory: what takes long can be cancelled, and more rows take no more memory than they must.

use crate::support::Database;
use crate::support::session::Survivor;

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
    session.is_packed("100000 periods in 1000 keys of 1 table");
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
    session.is_packed("50000 periods in 1000 keys of 1 table");
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
    session.is_packed("2 periods in 2 keys of 1 table");
}
