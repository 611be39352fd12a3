//! Bulk loads over many more keys than there is room for locks.

use crate::support::{Database, Session, wait_until};

const TABLE: &str = "CREATE TABLE t (id bigserial PRIMARY KEY, place int NOT NULL, price int, period int4range);
    SELECT add_packing('t', 'period', '{place}')";

/// Two periods of each of these places, of which every other place's are adjacent.
fn load(places: u32) -> String {
    format!(
        "INSERT INTO t (place, price, period)
         SELECT n / 2, 7, int4range(n % 2 * (10 + n / 2 % 2), n % 2 * (10 + n / 2 % 2) + 10)
         FROM generate_series(0, 2 * {places} - 1) AS n"
    )
}

/// One row for each place from `first` to before `end`, each by a statement of its own.
fn insert_one_by_one(first: u32, end: u32) -> String {
    format!(
        "DO $$ BEGIN FOR n IN {first}..{end} - 1 LOOP
             INSERT INTO t (place, price, period) VALUES (n, 7, int4range(20, 30));
         END LOOP; END $$"
    )
}

fn locks(session: &mut Session) -> u32 {
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()";
    session.value(locks).parse().expect("a number")
}

#[test]
fn a_statement_may_have_any_number_of_keys() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLE);
    session.run("BEGIN");
    session.run(&load(100_000));
    assert_eq!(session.value("SELECT count(*) FROM t"), "150000");
    assert!(locks(&mut session) <= 2);
    session.run("COMMIT");
    session.is_packed("150000 periods in 100000 keys of 1 table");
}

#[test]
fn a_transaction_may_have_any_number_of_keys() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLE);
    session.run("BEGIN");
    session.run(&insert_one_by_one(0, 20_000));
    assert!(locks(&mut session) < 100);
    session.run("COMMIT");
    session.is_packed("20000 periods in 20000 keys of 1 table");
}

#[test]
fn bulk_loads_and_ordinary_writers_work_at_once() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLE);
    std::thread::scope(|scope| {
        let run = |sql: String| {
            let mut session = database.superuser();
            scope.spawn(move || session.run(&sql))
        };
        // Of those that pass the limit in several statements, two could end in a deadlock.
        let bulk = [run(load(20_000)), run(insert_one_by_one(20_000, 40_000))];
        let writers = [70_000, 80_000].map(|first| {
            let mut session = database.superuser();
            scope.spawn(move || {
                for place in first..first + 500 {
                    session.run(&insert_one_by_one(place, place + 1));
                }
            })
        });
        for thread in bulk.into_iter().chain(writers) {
            thread.join().expect("no error");
        }
    });
    session.is_packed("51000 periods in 41000 keys of 1 table");
}

/// What has been loaded is whole for whoever waited.
#[test]
fn a_writer_waits_for_a_bulk_load_and_packs_with_it() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLE);
    session.run("BEGIN");
    session.run(&load(1_000));
    let mut writer = database.superuser();
    let backend = writer.backend();
    std::thread::scope(|scope| {
        let insert = scope.spawn(move || {
            writer.run("INSERT INTO t (place, price, period) VALUES (0, 7, '[20,30)'), (5000, 7, '[1,2)')");
        });
        let mut observer = database.superuser();
        let waits = format!("SELECT wait_event_type FROM pg_stat_activity WHERE pid = {backend}");
        wait_until("the writer waits", || observer.value(&waits) == "Lock");
        session.run("COMMIT");
        insert.join().expect("no error");
    });
    assert_eq!(session.rows("SELECT period FROM t WHERE place = 0"), ["[0,30)"]);
    session.is_packed("1501 periods in 1001 keys of 1 table");
}
