//! Dumps: on the other side every chain is intact, and goes on; and what was edited on the way is named.

use crate::support::dump::{dump, dump_for, empty, load, newer, restored, restored_from_custom, restored_with_jobs};
use crate::support::{Cluster, Database, Session};

/// Chained tables of every kind. Hashes in hexadecimal, and in bytes; a chain across partitions; and values whose text
/// depends on settings.
const TABLES: &str = "
    CREATE TABLE entity_events (
        event_id uuid PRIMARY KEY DEFAULT gen_random_uuid(), entity_id uuid NOT NULL, payload jsonb NOT NULL,
        valid_from timestamptz NOT NULL, transaction_time timestamptz NOT NULL DEFAULT now(),
        event_hash text NOT NULL, previous_event_hash text,
        CONSTRAINT unique_event_for_entity UNIQUE (entity_id, event_hash));
    SELECT add_chain('entity_events', '{entity_id}', recorded => 'transaction_time');

    CREATE TABLE measured (day date NOT NULL, sensor int NOT NULL, value float8) PARTITION BY RANGE (day);
    CREATE TABLE measured_1 PARTITION OF measured FOR VALUES FROM ('2026-01-01') TO ('2026-01-02');
    CREATE TABLE measured_2 (sensor int NOT NULL, value float8, day date NOT NULL);
    ALTER TABLE measured ATTACH PARTITION measured_2 FOR VALUES FROM ('2026-01-02') TO ('2026-01-03');
    SELECT add_chain('measured', '{sensor}');

    CREATE TYPE mood AS ENUM ('sad', 'glad');
    CREATE TYPE pair AS (a numeric, b timestamptz);
    CREATE DOMAIN label AS text CHECK (VALUE <> '');
    CREATE SCHEMA \"Other\";
    CREATE TABLE \"Other\".\"Every kind\" (
        \"The Entity\" label NOT NULL, f4 real, f8 float8, n numeric, b bytea, j json, i interval,
        r tstzrange, m int4multirange, a text[], c pair, feeling mood, ip inet, seen bool,
        doubled numeric GENERATED ALWAYS AS (n * 2) STORED);
    SELECT add_chain('\"Other\".\"Every kind\"', '{The Entity}', seq => 'Place', exclude => '{seen}')";

const ROWS: &str = "
    INSERT INTO entity_events (entity_id, payload, valid_from)
    SELECT lpad((n % 3)::text, 32, '0')::uuid, jsonb_build_object('n', n), timestamptz '2026-01-01' + n * interval '1 day'
    FROM generate_series(1, 30) AS n;
    INSERT INTO measured SELECT date '2026-01-01' + n % 2, n % 3, n / 7.0 FROM generate_series(1, 30) AS n;
    INSERT INTO \"Other\".\"Every kind\"
    SELECT 'entity ' || n % 2, n / 7.0, n / 7.0, n / 7.0, int8send(n), '{\"n\" :  1}', n * '1 hour'::interval,
           tstzrange('2026-01-01', 'infinity'), '{[1,3)}', ARRAY[n::text, NULL], ROW(n, '2026-01-01')::pair, 'glad',
           '::1', true
    FROM generate_series(1, 30) AS n";

const SEEN: &str = "90 events in 8 chains of 3 tables";
const SEEN_AFTER: &str = "180 events in 8 chains of 3 tables";

const CHAINS: &str = "SELECT * FROM veritable.chains ORDER BY target::text";

/// A database with chained tables in it.
fn source() -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLES);
    session.run(ROWS);
    session.verifies(SEEN);
    (database, session)
}

/// What was restored is whole and goes on.
fn check(original: &mut Session, restored: &Database) {
    let mut session = restored.superuser();
    session.verifies(SEEN);
    assert_eq!(session.rows(CHAINS), original.rows(CHAINS));
    session.run(ROWS);
    session.verifies(SEEN_AFTER);
    assert_eq!(session.value("SELECT max(seq) FROM entity_events"), "20");
    session.refused("UPDATE entity_events SET payload = '0'").with_code("23001");
    session.refused("DELETE FROM measured").with_code("23001");
}

#[test]
fn a_plain_dump_restores() {
    let (database, mut session) = source();
    check(&mut session, &restored(&database, &[]));
}

#[test]
fn a_dump_as_inserts_restores() {
    let (database, mut session) = source();
    check(&mut session, &restored(&database, &["--inserts"]));
}

#[test]
fn a_custom_dump_restores() {
    let (database, mut session) = source();
    check(&mut session, &restored_from_custom(&database, &["--single-transaction"]));
}

#[test]
fn a_directory_dump_restores_with_jobs() {
    let (database, mut session) = source();
    // With jobs, a partitioned table's triggers may be there before the rows of its partitions, which come in any order.
    check(&mut session, &restored_with_jobs(&database, "-c session_replication_role=replica"));
}

#[test]
fn an_altered_chain_restores_with_its_beginning() {
    let (database, mut session) = source();
    session.run(
        "ALTER TABLE measured ADD COLUMN remark text; SELECT alter_chain('measured', exclude => '{remark}');
         ALTER TABLE \"Other\".\"Every kind\" RENAME COLUMN seen TO \"Seen by 'us'\"",
    );
    session.verifies(SEEN);
    for restored in [restored(&database, &[]), restored_from_custom(&database, &[])] {
        let mut other = restored.superuser();
        other.verifies(SEEN);
        assert_eq!(other.rows(CHAINS), session.rows(CHAINS));
        other.run("UPDATE measured SET remark = 'seen'");
        other.verifies(SEEN);
    }
}

#[test]
fn data_alone_restores_into_prepared_tables() {
    let (database, _session) = source();
    let restored = Database::new();
    restored.superuser().run(TABLES);
    // A dump goes from one partition to the next, and a chain back and forth between them: see the next test.
    load(&restored, &dump(&database, &["--data-only", "--exclude-table-data=measured*"]));
    restored.superuser().verifies("60 events in 5 chains of 2 tables");
}

#[test]
fn data_alone_restores_in_any_order_where_the_session_replicates() {
    let (database, mut session) = source();
    let restored = Database::new();
    restored.superuser().run(TABLES);
    let data = dump(&database, &["--data-only"]);
    load(&restored, &format!("SET session_replication_role = replica;\n{data}"));
    check(&mut session, &restored);
}

#[test]
fn data_alone_restores_with_triggers_disabled() {
    let (database, mut session) = source();
    let restored = Database::new();
    restored.superuser().run(TABLES);
    load(&restored, &dump(&database, &["--data-only", "--disable-triggers"]));
    check(&mut session, &restored);
}

#[test]
fn rows_that_are_stored_out_of_order_restore() {
    let cluster = Cluster::shared();
    let database = cluster.database();
    let mut session = database.superuser();
    let table = "CREATE TABLE t (n int, filler text); SELECT add_chain('t')";
    session.run(table);
    // The room of rows that never were is given to the last ones, before the first.
    session.run("BEGIN; INSERT INTO t SELECT n, repeat('x', 1000) FROM generate_series(1, 50) AS n; ROLLBACK");
    session.run("INSERT INTO t SELECT n, repeat('x', 1000) FROM generate_series(1, 50) AS n");
    session.run("VACUUM t");
    session.run("INSERT INTO t SELECT n, repeat('x', 1000) FROM generate_series(51, 100) AS n");
    assert_eq!(session.value("SELECT array_agg(seq ORDER BY ctid) = array_agg(seq ORDER BY seq) FROM t"), "f");

    let restored = restored(&database, &[]);
    restored.superuser().verifies("100 events in 1 chain of 1 table");

    let prepared = cluster.database();
    prepared.superuser().run(table);
    let data = dump(&database, &["--data-only"]);
    load(&prepared, &format!("SET session_replication_role = replica;\n{data}"));
    prepared.superuser().verifies("100 events in 1 chain of 1 table");
}

#[test]
fn the_extension_may_be_in_a_schema_of_its_own() {
    let database = empty();
    let mut session = database.superuser();
    session.run("CREATE SCHEMA audit; CREATE EXTENSION veritable SCHEMA audit CASCADE");
    session.run(&TABLES.replace("add_", "audit.add_"));
    session.run(ROWS);
    session.verifies(SEEN);
    let restored = restored(&database, &[]);
    check(&mut session, &restored);
    let mut session = restored.superuser();
    assert_eq!(
        session.value("SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'veritable'"),
        "audit"
    );
    assert_eq!(session.rows("SELECT * FROM audit.verify_chain() WHERE fault IS NOT NULL"), [""; 0]);
}

#[test]
fn a_dump_edited_by_hand_is_caught() {
    let (database, _session) = source();
    let sql = dump(&database, &[]);
    let line = |with: &str| sql.lines().find(|line| line.contains(with)).expect("a row in the dump");
    // The fifth event of an entity, and a value in a partition.
    let fifth = line("{\"n\": 14}");
    let (value, other) = ("2\t0.7142857142857143\t2026-01-02", "2\t0.7142857142857144\t2026-01-02");
    for (edited, fault) in [
        (sql.replace("{\"n\": 14}", "{\"n\": 41}"), "entity_events|{00000000-0000-0000-0000-000000000002}|5|altered"),
        (sql.replace(&format!("{fifth}\n"), ""), "entity_events|{00000000-0000-0000-0000-000000000002}|5|missing"),
        (sql.replace(value, other), "measured|{2}|2|altered"),
    ] {
        assert_ne!(edited, sql, "nothing was edited for {fault}");
        let restored = empty();
        load(&restored, &edited);
        assert_eq!(restored.superuser().faults(""), [fault]);
    }
}

#[test]
fn a_dump_moves_to_a_newer_version() {
    let Some(newer) = newer() else { return };
    let (database, mut session) = source();
    let restored = newer.bare_database("");
    load(&restored, &dump_for(&newer, &database));
    check(&mut session, &restored);
}
