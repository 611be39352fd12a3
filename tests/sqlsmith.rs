//! Random queries of sqlsmith over a database with chained tables: whatever they ask, no backend crashes.
//!
//! Some minutes long, so it runs on demand, and for as many queries as one likes (by default 20,000 as each role):
//!
//! ```sh
//! apt-get install sqlsmith
//! SQLSMITH_QUERIES=100000 cargo test --no-default-features --features pg15 --test sqlsmith -- --ignored --nocapture
//! ```

mod support;

use std::io::Write;
use std::process::{Command, Stdio};

use support::{Cluster, OWNER, SUPERUSER};

const TABLES: &str = "
    CREATE TYPE mood AS ENUM ('sad', 'glad');
    CREATE TABLE events (
        entity int NOT NULL, note text, payload jsonb, document json, n numeric, f float8, b bytea, u uuid, i interval,
        at timestamptz, d date, r tstzrange, a int[], feeling mood, seen bool);
    SELECT add_chain('events', '{entity}', exclude => '{seen}');
    INSERT INTO events SELECT n % 3, 'note ' || n, jsonb_build_object('n', n), '{}', n / 7.0, n / 7.0, int8send(n),
        gen_random_uuid(), '1 day', now(), now(), tstzrange(now(), NULL), ARRAY[n], 'glad', true
    FROM generate_series(1, 30) AS n;
    CREATE TABLE measured (day date NOT NULL, sensor int NOT NULL, value real) PARTITION BY RANGE (day);
    CREATE TABLE measured_1 PARTITION OF measured FOR VALUES FROM ('2026-01-01') TO ('2026-01-02');
    CREATE TABLE measured_2 PARTITION OF measured DEFAULT;
    SELECT add_chain('measured', '{sensor}');
    INSERT INTO measured SELECT date '2026-01-01' + n % 2, n % 3, n FROM generate_series(1, 30) AS n;
    CREATE TABLE plain AS SELECT e AS event, entity FROM events AS e;
    GRANT ALL ON events, measured, plain TO owner";

#[test]
#[ignore = "takes minutes and needs sqlsmith: see the head of this file"]
fn no_query_crashes_a_backend() {
    let queries = std::env::var("SQLSMITH_QUERIES").unwrap_or("20000".to_string());
    let seed = std::env::var("SQLSMITH_SEED").unwrap_or(std::process::id().to_string());
    // What a query may do to the server's files and to other sessions is not what is tested.
    let cluster = Cluster::new(&["statement_timeout=1s", "log_error_verbosity=verbose"]);
    let database = cluster.database();
    database.superuser().run(&format!("CREATE ROLE {OWNER} LOGIN; {TABLES}"));
    for role in [OWNER, SUPERUSER] {
        let target = format!("host={} dbname={} user={role}", cluster.folder.display(), database.name);
        writeln!(std::io::stderr(), "sqlsmith as {role}: {queries} queries with seed {seed}").expect("standard error");
        let status = Command::new("sqlsmith")
            .args([format!("--target={target}"), format!("--max-queries={queries}"), format!("--seed={seed}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("sqlsmith is installed");
        let log = cluster.log();
        let crash = log.lines().find(|line| line.contains("was terminated by signal") || line.contains("PANIC"));
        assert_eq!(crash, None, "as {role}, with seed {seed}; the queries are in the log of the server");
        assert!(status.success(), "sqlsmith as {role}: {status}");
        // PostgreSQL has internal errors of its own, which come from other places.
        let mut internal = log.split("ERROR:  ").filter(|error| error.starts_with("XX"));
        let ours = internal.find(|error| {
            error
                .lines()
                .any(|line| line.contains("LOCATION:") && (line.contains(".rs:") || line.contains("veritable")))
        });
        assert_eq!(ours, None, "as {role}, with seed {seed}");
    }
    // What the superuser's queries did to the rows is a matter of theirs.
    database.superuser().run("SELECT * FROM verify_chain()");
}
