//! What `DROP EXTENSION` leaves: the data. An extension that is created again goes on from it.

use crate::support::Database;

#[test]
fn dropping_the_extension_leaves_the_data_and_a_new_one_goes_on() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(
        "CREATE TABLE t (id int NOT NULL, payload text);
         SELECT add_chain('t', '{id}');
         INSERT INTO t SELECT n % 3, n FROM generate_series(1, 30) AS n",
    );
    session.refused("DROP EXTENSION veritable").with_code("2BP01");
    let rows = "SELECT id, payload, seq, previous_event_hash, event_hash FROM t ORDER BY id, seq";
    let sealed = session.rows(rows);
    session.run("DROP EXTENSION veritable CASCADE");
    assert_eq!(session.value("SELECT count(*) FROM pg_trigger WHERE tgrelid = 't'::regclass"), "0");
    assert_eq!(session.value("SELECT to_regnamespace('veritable') IS NULL"), "t");
    session.run("CREATE EXTENSION veritable CASCADE");
    session.refused("SELECT * FROM verify_chain('t')").with("55000", "table \"t\" is not chained");
    // The events are sealed already: they are verified and kept.
    assert_eq!(session.value("SELECT add_chain('t', '{id}')"), "0");
    assert_eq!(session.rows(rows), sealed);
    session.run("INSERT INTO t VALUES (0, 'new')");
    session.verifies("31 events in 3 chains of 1 table");
}

#[test]
fn dropping_the_extension_leaves_the_periods_and_a_new_one_goes_on() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(
        "CREATE TABLE t (id int NOT NULL, price int NOT NULL, period int4range);
         CREATE TABLE several (id int NOT NULL, price int, unit text, period int4range);
         SELECT add_packing('t', 'period', '{id}'), add_packing('several', 'period', '{id}');
         INSERT INTO t SELECT n % 3, 7, int4range(n / 3, n / 3 + 1) FROM generate_series(0, 29) AS n;
         INSERT INTO several SELECT id, price, NULL, period FROM t",
    );
    session.refused("DROP EXTENSION veritable").with_code("2BP01");
    let rows = "SELECT id, price, period FROM t ORDER BY id";
    let packed = session.rows(rows);
    session.run("DROP EXTENSION veritable CASCADE");
    assert_eq!(session.rows(rows), packed);
    assert_eq!(session.value("SELECT count(*) FROM several"), "3");
    let triggers = "SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('t'::regclass, 'several'::regclass)";
    assert_eq!(session.value(triggers), "0");
    // The one constraint needs nothing of the extension, and stays.
    let constraints = "SELECT conname FROM pg_constraint WHERE contype = 'x'";
    assert_eq!(session.rows(constraints), ["t_packing"]);
    session.run("CREATE EXTENSION veritable CASCADE");
    session.refused("SELECT * FROM verify_packing('t')").with("55000", "table \"t\" is not packed");
    session.run("INSERT INTO t VALUES (0, 7, '[10,20)')");
    assert_eq!(session.value("SELECT add_packing('t', 'period', '{id}')"), "1");
    assert_eq!(session.value("SELECT add_packing('several', 'period', '{id}')"), "0");
    session.is_packed("6 periods in 6 keys of 2 tables");
}
