//! Tables that pg_partman maintains, and jobs of pg_cron: both as Debian packages them. Where the PostgreSQL at hand has no such
//! extension, these tests say that they have tested nothing.

#[path = "../support/mod.rs"]
mod support;

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use support::{Cluster, Database, OWNER, SUPERUSER, Session};

/// `examples/billing.sql` runs on an empty database, and answers what `examples/billing.out` says.
#[test]
fn the_example_of_a_billing_table_works() {
    let database = Cluster::shared().bare_database("");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut psql = database.cluster.program("psql");
    let program = psql.get_program().to_owned();
    psql.env("PSQL", program).env("PGDATABASE", &database.name);
    // Errors among the answers, where they belong.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "exec \"$PSQL\" --no-psqlrc --quiet --echo-all <\"$1\" 2>&1", "sh"])
        .arg(examples.join("billing.sql"));
    for (name, value) in psql.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    let answered = support::succeed(&mut shell);
    let expected = std::fs::read_to_string(examples.join("billing.out")).expect("examples/billing.out");
    if answered != expected {
        panic!("examples/billing.sql answers something else than billing.out:\n{answered}");
    }
}

/// Whether the PostgreSQL at hand has the extension, in a version that begins so.
fn is_at_hand(extension: &str, version: &str) -> bool {
    let query =
        format!("SELECT default_version LIKE '{version}%' FROM pg_available_extensions WHERE name = '{extension}'");
    let found = Cluster::shared().connect("postgres", SUPERUSER).rows(&query);
    let is_at_hand = found == ["t"];
    if !is_at_hand {
        // Written past the test harness, which would keep it to itself.
        let package = extension.strip_prefix("pg_").unwrap_or(extension);
        let message =
            format!("NOT TESTED: {extension} {version}. Debian has it for its own PostgreSQL: postgresql-N-{package}");
        writeln!(std::io::stderr(), "{message}").expect("standard error");
    }
    is_at_hand
}

/// Lets the owner of tables use pg_partman, as its documentation says for roles that are no superusers.
fn install_partman(database: &Database) {
    database.superuser().run(&format!(
        "CREATE SCHEMA partman;
         CREATE EXTENSION pg_partman SCHEMA partman;
         GRANT ALL ON SCHEMA partman TO {OWNER};
         GRANT ALL ON ALL TABLES IN SCHEMA partman TO {OWNER};
         GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA partman TO {OWNER};
         GRANT EXECUTE ON ALL PROCEDURES IN SCHEMA partman TO {OWNER};
         GRANT TEMPORARY, CREATE ON DATABASE {0} TO {OWNER};
         GRANT EXECUTE ON FUNCTION register_schema, retire_schema TO {OWNER}",
        database.name
    ));
}

/// Daily partitions of a chained and validated table with a log, from five days ago until two days ahead.
const EVENTS: &str = r#"
    SELECT register_schema('call', '{"required": ["seconds"]}');
    CREATE TABLE events (customer text NOT NULL, code text NOT NULL, properties jsonb NOT NULL, version int, at timestamptz NOT NULL)
        PARTITION BY RANGE (at);
    SELECT add_validation('events', 'properties', type => 'code', version => 'version');
    SELECT add_chain('events', '{customer}');
    SELECT add_log('events');
    SELECT partman.create_parent('public.events', 'at', 'native', 'daily', p_premake := 2,
                                 p_start_partition := (current_date - 5)::text);
"#;

fn database() -> Option<(Database<'static>, Session)> {
    if !is_at_hand("pg_partman", "4.") {
        return None;
    }
    let database = Database::new();
    install_partman(&database);
    let mut owner = database.owner();
    owner.run(EVENTS);
    Some((database, owner))
}

/// Adds an event of each of three customers, that many days from now.
fn add(owner: &mut Session, days: i32) {
    owner.run(&format!(
        "INSERT INTO events (customer, code, properties, at)
         SELECT customer, 'call', jsonb_build_object('seconds', {days}), current_date + {days} + time '12:00'
         FROM unnest('{{ada,bob,cyd}}'::text[]) AS customer"
    ));
}

/// The days, from now, of the partitions of the table.
fn days(owner: &mut Session) -> Vec<String> {
    owner.rows(
        "SELECT to_date(right(inhrelid::regclass::text, 10), 'YYYY_MM_DD') - current_date AS day
         FROM pg_inherits WHERE inhparent = 'events'::regclass AND inhrelid::regclass::text ~ '_p[0-9_]+$' ORDER BY day",
    )
}

fn in_default(owner: &mut Session) -> String {
    owner.value("SELECT count(*) FROM events_default")
}

fn is_whole(owner: &mut Session) {
    owner.run("SELECT checkpoint('events')");
    assert_eq!(owner.rows("SELECT * FROM verify_chain('events')"), [""; 0]);
    assert_eq!(owner.rows("SELECT * FROM verify_log('events')"), [""; 0]);
}

#[test]
fn rows_of_the_default_partition_are_moved_by_partition_data() {
    let Some((_database, mut owner)) = database() else { return };
    // In order, late, far too late, and from the future.
    for day in [0, -3, -8, -1, -9, 5, -8] {
        add(&mut owner, day);
    }
    assert_eq!(in_default(&mut owner), "12");
    owner.refused("DELETE FROM events_default").with_code("23001");
    let before = owner.rows("SELECT * FROM events ORDER BY position");
    // Documents that were valid stay, whatever has become of their schema.
    owner.run(r#"SELECT retire_schema('call')"#);
    owner.run("CALL partman.partition_data_proc('public.events', p_wait := 0)");
    assert_eq!(in_default(&mut owner), "0");
    assert_eq!(owner.rows("SELECT * FROM events ORDER BY position"), before);
    assert_eq!(days(&mut owner), ["-9", "-8", "-5", "-4", "-3", "-2", "-1", "0", "1", "2", "5"]);
    is_whole(&mut owner);
    // The chains go on.
    owner.run(r#"SELECT register_schema('mail', '{"maxProperties": 0}')"#);
    owner.run("INSERT INTO events (customer, code, properties, at) VALUES ('ada', 'mail', '{}', current_date - 8)");
    assert_eq!(owner.value("SELECT max(seq) FROM events WHERE customer = 'ada'"), "8");
    let refused = owner
        .refused(r#"INSERT INTO events (customer, code, properties, at) VALUES ('ada', 'mail', '{"a": 1}', now())"#);
    refused.with_code("23514");
    is_whole(&mut owner);
}

#[test]
fn maintenance_makes_partitions_also_where_the_default_partition_had_rows() {
    let Some((_database, mut owner)) = database() else { return };
    add(&mut owner, 3);
    add(&mut owner, 2);
    // A row of tomorrow's partition is in the way of that, until it is moved.
    assert_eq!(in_default(&mut owner), "3");
    owner.refused("SELECT partman.run_maintenance('public.events')");
    owner.run("SELECT partman.partition_data_time('public.events', p_batch_count := 10)");
    owner.run("SELECT partman.run_maintenance('public.events')");
    assert_eq!(days(&mut owner), ["-5", "-4", "-3", "-2", "-1", "0", "1", "2", "3", "4", "5"]);
    add(&mut owner, 4);
    assert_eq!(in_default(&mut owner), "0");
    is_whole(&mut owner);
}

/// What became of the partition of that day: whether it still belongs to the table, and its rows.
fn rows_of_day(owner: &mut Session, day: i32) -> Vec<String> {
    let name = owner.value(&format!("SELECT 'events_p' || to_char(current_date + {day}, 'YYYY_MM_DD')"));
    if owner.value(&format!("SELECT to_regclass('{name}') IS NULL")) == "t" {
        return Vec::new();
    }
    owner.rows(&format!("SELECT customer, seq FROM {name} ORDER BY customer, seq"))
}

fn retain(owner: &mut Session, days: i32) {
    owner.run(&format!(
        "UPDATE partman.part_config SET retention = '{days} days', retention_keep_table = true
         WHERE parent_table = 'public.events';
         SELECT partman.run_maintenance('public.events')"
    ));
}

#[test]
fn retention_prunes_and_the_chains_of_what_stays_are_whole() {
    let Some((_database, mut owner)) = database() else { return };
    for day in [-5, -4, -4, -5, -3, -1, 0] {
        add(&mut owner, day);
    }
    // Kept: detached, guarded, and good for being attached again.
    retain(&mut owner, 3);
    assert_eq!(days(&mut owner), ["-3", "-2", "-1", "0", "1", "2"]);
    assert_eq!(rows_of_day(&mut owner, -5), ["ada|1", "ada|4", "bob|1", "bob|4", "cyd|1", "cyd|4"]);
    is_whole(&mut owner);
    let name = owner.value("SELECT 'events_p' || to_char(current_date - 4, 'YYYY_MM_DD')");
    owner.refused(&format!("DELETE FROM {name}")).with_code("23001");
    owner.run(&format!(
        "DO $$ BEGIN EXECUTE format('ALTER TABLE events ATTACH PARTITION {name} FOR VALUES FROM (%L) TO (%L)',
                                    current_date - 4, current_date - 3); END $$"
    ));
    is_whole(&mut owner);
    assert_eq!(days(&mut owner), ["-4", "-3", "-2", "-1", "0", "1", "2"]);
    // pg_partman drops what is not kept without detaching it, which is refused: nothing would note what has left.
    owner.run("UPDATE partman.part_config SET retention = '2 days', retention_keep_table = false");
    owner.refused("SELECT partman.run_maintenance('public.events')").with_code("P0001");
    assert_eq!(days(&mut owner), ["-4", "-3", "-2", "-1", "0", "1", "2"]);
    // With a schema of its own for what is old, it detaches; what is there can be dropped.
    owner
        .run("CREATE SCHEMA old; UPDATE partman.part_config SET retention_schema = 'old', retention_keep_table = true");
    owner.run("SELECT partman.run_maintenance('public.events')");
    owner.run("DROP SCHEMA old CASCADE");
    assert_eq!(days(&mut owner), ["-2", "-1", "0", "1", "2"]);
    assert_eq!(rows_of_day(&mut owner, -4), [""; 0]);
    is_whole(&mut owner);
    // What is left goes on.
    add(&mut owner, 1);
    assert_eq!(owner.value("SELECT max(seq) FROM events WHERE customer = 'bob'"), "8");
    is_whole(&mut owner);
}

#[test]
fn jobs_verify_and_maintain() {
    if !is_at_hand("pg_cron", "1.") || !is_at_hand("pg_partman", "4.") {
        return;
    }
    // Jobs run in background workers: the server has no port to connect to.
    let cluster = Cluster::new(&[
        "shared_preload_libraries=pg_cron",
        "cron.use_background_workers=on",
        "max_worker_processes=20",
    ]);
    let mut superuser = cluster.connect("postgres", SUPERUSER);
    superuser.run(&format!(
        "CREATE ROLE {OWNER} LOGIN; GRANT CREATE ON SCHEMA public TO PUBLIC; CREATE EXTENSION veritable CASCADE"
    ));
    let database = Database { cluster: &cluster, name: "postgres".into() };
    install_partman(&database);
    superuser.run(&format!("CREATE EXTENSION pg_cron; GRANT USAGE ON SCHEMA cron TO {OWNER}"));
    let mut owner = database.owner();
    owner.run(EVENTS);
    add(&mut owner, 0);
    add(&mut owner, 2);
    owner.run(
        "CREATE TABLE audit_log (at timestamptz NOT NULL DEFAULT now(), target regclass, entity text[], seq bigint, fault text, detail text);
         SELECT cron.schedule('verify', '* * * * *', 'INSERT INTO audit_log (target, entity, seq, fault, detail) SELECT * FROM verify_chain()');
         SELECT cron.schedule('maintain', '* * * * *', 'SELECT partman.run_maintenance(''public.events'')');
         ALTER TABLE events DISABLE TRIGGER USER;
         UPDATE events SET properties = '{\"seconds\": 1000}' WHERE customer = 'bob' AND seq = 1;
         ALTER TABLE events ENABLE TRIGGER USER;
         ALTER TABLE events ENABLE ALWAYS TRIGGER zz_veritable_chain;
         ALTER TABLE events ENABLE ALWAYS TRIGGER zz_veritable_chain_guard;
         ALTER TABLE events ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate",
    );
    let start = Instant::now();
    // A job begins with a minute.
    while owner.rows("SELECT FROM audit_log WHERE target = 'events'::regclass").is_empty()
        || days(&mut owner).last().is_none_or(|day| day != "4")
    {
        assert!(
            start.elapsed() < Duration::from_secs(150),
            "{:?}",
            superuser.rows("SELECT status, return_message FROM cron.job_run_details")
        );
        std::thread::sleep(Duration::from_millis(500));
    }
    let found =
        owner.rows("SELECT DISTINCT target, entity, seq, fault FROM audit_log WHERE target = 'events'::regclass");
    assert_eq!(found, ["events|{bob}|1|altered"]);
}
