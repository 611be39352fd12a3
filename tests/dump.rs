//! Dumps: on the other side every chain is intact and every packing packed, and both go on; and what was edited on the
//! way is named.

mod support;

use std::io::Write;
use std::path::PathBuf;

use support::{Cluster, Database, SUPERUSER, Session, succeed};

/// Chained tables of every kind, and packed ones. Hashes in hexadecimal, and in bytes; a chain across partitions; values whose text
/// depends on settings; and rows that are stored in another order than they were appended.
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
    SELECT add_chain('\"Other\".\"Every kind\"', '{The Entity}', seq => 'Place', exclude => '{seen}');

    CREATE TABLE tariffs (
        id serial PRIMARY KEY, place int NOT NULL, kind text NOT NULL, price numeric NOT NULL, since daterange NOT NULL);
    SELECT add_packing('tariffs', 'since', '{place,kind}');
    CREATE TABLE \"Other\".\"States\" (
        \"The Place\" label NOT NULL, feeling mood, c pair, a text[], seen tstzrange, remark json);
    SELECT add_packing('\"Other\".\"States\"', 'seen', '{The Place}', exclude => '{remark}');";

const ROWS: &str = "
    INSERT INTO entity_events (entity_id, payload, valid_from)
    SELECT lpad((n % 3)::text, 32, '0')::uuid, jsonb_build_object('n', n), timestamptz '2026-01-01' + n * interval '1 day'
    FROM generate_series(1, 30) AS n;
    INSERT INTO measured SELECT date '2026-01-01' + n % 2, n % 3, n / 7.0 FROM generate_series(1, 30) AS n;
    INSERT INTO \"Other\".\"Every kind\"
    SELECT 'entity ' || n % 2, n / 7.0, n / 7.0, n / 7.0, int8send(n), '{\"n\" :  1}', n * '1 hour'::interval,
           tstzrange('2026-01-01', 'infinity'), '{[1,3)}', ARRAY[n::text, NULL], ROW(n, '2026-01-01')::pair, 'glad',
           '::1', true
    FROM generate_series(1, 30) AS n;
    INSERT INTO tariffs (place, kind, price, since)
    SELECT n % 3, 'kind ' || n % 3, n / 12, daterange('2026-01-01'::date + n / 3, '2026-01-01'::date + n / 3 + 1)
    FROM generate_series(0, 29) AS n;
    INSERT INTO \"Other\".\"States\"
    SELECT place, CASE WHEN price > 0 THEN 'glad'::mood END, ROW(price, '2026-01-01')::pair, ARRAY[kind, NULL],
           tstzrange(lower(since), upper(since)), '{}'
    FROM tariffs;";

const SEEN: &str = "90 events in 8 chains of 3 tables";
const SEEN_AFTER: &str = "180 events in 8 chains of 3 tables";

const PACKED: &str = "18 periods of 6 keys in 2 tables";

const PERIODS: &str =
    "SELECT id::text, t::text FROM tariffs AS t UNION ALL SELECT '', s::text FROM \"Other\".\"States\" AS s
    ORDER BY 1, 2";

const PACKINGS: &str = "SELECT * FROM veritable.packings ORDER BY target::text";

const CHAINS: &str = "SELECT * FROM veritable.chains ORDER BY target::text";

/// A database with chained tables in it.
fn source(cluster: &Cluster) -> (Database<'_>, Session) {
    let database = cluster.database();
    let mut session = database.superuser();
    session.run(TABLES);
    session.run(ROWS);
    session.verifies(SEEN);
    session.is_packed(PACKED);
    (database, session)
}

/// What was restored is whole and goes on.
fn check(original: &mut Session, restored: &Database) {
    let mut session = restored.superuser();
    session.verifies(SEEN);
    assert_eq!(session.rows(CHAINS), original.rows(CHAINS));
    session.is_packed(PACKED);
    assert_eq!(session.rows(PACKINGS), original.rows(PACKINGS));
    assert_eq!(session.rows(PERIODS), original.rows(PERIODS));
    session.run(ROWS);
    session.verifies(SEEN_AFTER);
    // The same periods once more change nothing; one between two of them makes them one.
    session.is_packed(PACKED);
    assert_eq!(session.rows(PERIODS), original.rows(PERIODS));
    session.run("UPDATE tariffs SET price = 1 WHERE price < 2");
    session.is_packed("15 periods of 6 keys in 2 tables");
    session
        .refused("INSERT INTO tariffs (place, kind, price, since) VALUES (1, 'kind 1', 9, '(,)')")
        .with_code("23P01");
    session.refused("ALTER TABLE tariffs DROP CONSTRAINT tariffs_packing").with_code("55000");
    assert_eq!(session.value("SELECT max(seq) FROM entity_events"), "20");
    session.refused("UPDATE entity_events SET payload = '0'").with_code("23001");
    session.refused("DELETE FROM measured").with_code("23001");
}

/// A name for a file or folder of the test, gone with the cluster.
fn path(database: &Database, name: &str) -> PathBuf {
    database.cluster.folder.join(format!("{}-{name}", database.name))
}

fn dump(database: &Database, options: &[&str]) -> String {
    succeed(database.cluster.program("pg_dump").args(options).arg(&database.name))
}

/// Runs the SQL of a dump.
fn load(database: &Database, dump: &str) {
    let file = path(database, "dump.sql");
    std::fs::write(&file, dump).expect("a file");
    let mut psql = database.cluster.program("psql");
    psql.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", &database.name, "--file"]).arg(file);
    succeed(&mut psql);
}

fn empty() -> Database<'static> {
    Cluster::shared().bare_database("")
}

#[test]
fn a_plain_dump_restores() {
    let (database, mut session) = source(Cluster::shared());
    let restored = empty();
    load(&restored, &dump(&database, &[]));
    check(&mut session, &restored);
}

#[test]
fn a_dump_as_inserts_restores() {
    let (database, mut session) = source(Cluster::shared());
    let restored = empty();
    load(&restored, &dump(&database, &["--inserts"]));
    check(&mut session, &restored);
}

#[test]
fn a_custom_dump_restores() {
    let (database, mut session) = source(Cluster::shared());
    let restored = empty();
    let file = path(&database, "custom");
    succeed(database.cluster.program("pg_dump").args(["--format=custom", "--file"]).arg(&file).arg(&database.name));
    let mut restore = restored.cluster.program("pg_restore");
    succeed(restore.args(["--exit-on-error", "--single-transaction", "--dbname", &restored.name]).arg(&file));
    check(&mut session, &restored);
}

#[test]
fn a_directory_dump_restores_with_jobs() {
    let (database, mut session) = source(Cluster::shared());
    let restored = empty();
    let folder = path(&database, "directory");
    let mut dump = database.cluster.program("pg_dump");
    succeed(dump.args(["--format=directory", "--jobs=2", "--file"]).arg(&folder).arg(&database.name));
    // With jobs, a partitioned table's triggers may be there before the rows of its partitions, which come in any order.
    let mut restore = restored.cluster.program("pg_restore");
    restore.env("PGOPTIONS", "-c session_replication_role=replica");
    succeed(restore.args(["--exit-on-error", "--jobs=2", "--dbname", &restored.name]).arg(&folder));
    check(&mut session, &restored);
}

#[test]
fn data_alone_restores_into_prepared_tables() {
    let (database, _session) = source(Cluster::shared());
    let restored = Cluster::shared().database();
    restored.superuser().run(TABLES);
    // A dump goes from one partition to the next, and a chain back and forth between them: see the next test.
    load(&restored, &dump(&database, &["--data-only", "--exclude-table-data=measured*"]));
    restored.superuser().is_packed(PACKED);
    restored.superuser().verifies("60 events in 5 chains of 2 tables");
}

#[test]
fn data_alone_restores_in_any_order_where_the_session_replicates() {
    let (database, mut session) = source(Cluster::shared());
    let restored = Cluster::shared().database();
    restored.superuser().run(TABLES);
    let data = dump(&database, &["--data-only"]);
    load(&restored, &format!("SET session_replication_role = replica;\n{data}"));
    check(&mut session, &restored);
}

#[test]
fn data_alone_restores_with_triggers_disabled() {
    let (database, mut session) = source(Cluster::shared());
    let restored = Cluster::shared().database();
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

    let restored = empty();
    load(&restored, &dump(&database, &[]));
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
    let restored = empty();
    load(&restored, &dump(&database, &[]));
    check(&mut session, &restored);
    let mut session = restored.superuser();
    assert_eq!(
        session.value("SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'veritable'"),
        "audit"
    );
    assert_eq!(session.rows("SELECT * FROM audit.verify_chain() WHERE fault IS NOT NULL"), [""; 0]);
    assert_eq!(session.rows("SELECT * FROM audit.verify_packing()"), [""; 0]);
}

#[test]
fn a_dump_edited_by_hand_is_caught() {
    let (database, _session) = source(Cluster::shared());
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
fn a_packed_table_is_filled_in_any_order() {
    let (database, mut session) = source(Cluster::shared());
    let restored = Cluster::shared().database();
    restored.superuser().run(TABLES);
    // Rows as they were before they were packed, in another order, and cut into statements otherwise.
    restored.superuser().run(
        "SELECT setval('tariffs_id_seq', 1000);
         INSERT INTO tariffs (place, kind, price, since)
         SELECT n % 3, 'kind ' || n % 3, n / 12, daterange('2026-01-01'::date + n / 3, '2026-01-01'::date + n / 3 + 1)
         FROM generate_series(29, 7, -2) AS n",
    );
    load(&restored, &dump(&database, &["--data-only", "--inserts", "--table=tariffs"]));
    let periods = "SELECT place, kind, price, since FROM tariffs ORDER BY place, since";
    assert_eq!(restored.superuser().rows(periods), session.rows(periods));
}

/// The move to a newer PostgreSQL, as its documentation tells: dumped by the programs of the newer one.
#[test]
fn a_dump_moves_to_a_newer_version() {
    let Ok(newer) = std::env::var("VERITABLE_PG_CONFIG_NEWER") else {
        // Written past the test harness, which would keep it to itself.
        let message = "NOT TESTED: the move to a newer PostgreSQL. Name its pg_config in VERITABLE_PG_CONFIG_NEWER.";
        writeln!(std::io::stderr(), "{message}").expect("standard error");
        return;
    };
    let (database, mut session) = source(Cluster::shared());
    let cluster = Cluster::of_version(&newer, &[]);
    assert_ne!(
        cluster.connect("postgres", SUPERUSER).value("SHOW server_version"),
        session.value("SHOW server_version"),
        "the newer PostgreSQL is the one at hand"
    );
    let dump = succeed(cluster.program("pg_dump").arg("--host").arg(&database.cluster.folder).arg(&database.name));
    // PostgreSQL 15.20 notes a version of its own at each column, chained or not, as an option that the programs of
    // newer versions write out and their servers refuse.
    let dump: Vec<_> = dump.lines().filter(|line| !line.contains(" SET (pg_attver=")).collect();
    let restored = cluster.bare_database("");
    load(&restored, &dump.join("\n"));
    check(&mut session, &restored);
}
