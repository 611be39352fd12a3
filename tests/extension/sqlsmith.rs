//! Random queries of sqlsmith over a database whose functions are mostly ours: whatever they ask, no backend crashes.
//!
//! It needs a package and takes as long as one likes, so it runs on demand, for each of three roles, with a seed that is said:
//!
//! ```sh
//! scripts/fuzz 10 sqlsmith         # ten minutes
//! SQLSMITH_SECONDS=60 SQLSMITH_SEED=7 cargo test --no-default-features --features pg15 --test extension sqlsmith -- --ignored --nocapture
//! ```

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Cluster, OWNER, STRANGER, SUPERUSER, signal};

const TABLES: &str = r#"
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
    CREATE TABLE tariffs (id serial PRIMARY KEY, location int NOT NULL, price numeric, during daterange, feeling mood);
    SELECT add_packing('tariffs', 'during', '{location}');
    INSERT INTO tariffs (location, price, during) VALUES (1, 5, '[2026-01-01,2026-02-01)'), (1, 6, '[2026-02-01,2026-03-01)');
    SELECT register_schema('thing', '{"type": "object", "properties": {"id": {"type": "integer"}}}');
    CREATE TABLE documents (id int, kind text, version int, document jsonb);
    SELECT add_validation('documents', 'document', type => 'kind', version => 'version', unknown => 'allow');
    INSERT INTO documents (id, kind, document) VALUES (1, 'thing', '{"id": 1}'), (2, 'none', '[1]');
    CREATE TABLE plain AS SELECT e AS event, entity FROM events AS e;
    CREATE VIEW lines AS SELECT chain_line(e) AS line, entity FROM events AS e;
    CREATE VIEW faults AS SELECT * FROM verify_chain();
    CREATE VIEW unpacked AS SELECT * FROM verify_packing();
    CREATE VIEW invalid AS SELECT * FROM verify_validation();
    CREATE VIEW wrong AS SELECT * FROM verify_all(true);
    -- What a function of ours may be called with: sqlsmith takes its arguments from columns of their types.
    CREATE TABLE arguments (target regclass, columns name[], one name, texts text[], schema jsonb, text_schema json, fact jsonb, key bytea);
    INSERT INTO arguments
    SELECT target, columns, columns[1], texts, schema, schema::json, fact, '\x000102030405060708090a0b0c0d0e0f'
    FROM unnest(ARRAY['events', 'measured', 'tariffs', 'documents', 'plain', 'pg_class', 'veritable.event_schemas']::regclass[]) AS target,
        (VALUES ('{entity}'::name[], '{1}'::text[]), ('{location}', '{1,x}'), ('{}', NULL), ('{id,kind}', '{}')) AS a (columns, texts),
        (VALUES ('{"type": "object", "required": ["id"]}'::jsonb), ('{"$ref": "veritable:///thing"}'), ('7'), ('{"pattern": "(?=x)"}')) AS s (schema),
        (VALUES ('{"location": 1, "price": 7, "during": "[2026-01-10,2026-02-10)"}'::jsonb), ('{"id": 1}')) AS f (fact);
    GRANT ALL ON ALL TABLES IN SCHEMA public TO owner;
    GRANT SELECT ON arguments, plain, lines, faults, unpacked, invalid, wrong TO PUBLIC;
    GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO owner;"#;

/// For each function of ours some more that call it, since sqlsmith chooses among all functions of a type alike.
const WRAPPERS: &str = r#"
    DO $$
    DECLARE f record; result text;
    BEGIN
        FOR f IN
            SELECT p.oid::regproc AS name, p.proretset, p.proname,
                   (SELECT string_agg(CASE t WHEN 'anyelement'::regtype THEN 'tariffs' WHEN 'record'::regtype THEN 'events'
                                      ELSE format_type(t, NULL) END, ', ' ORDER BY n)
                    FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n)) AS types,
                   (SELECT string_agg('$' || n, ', ' ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n)) AS arguments
            FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid AND e.extname = 'veritable' JOIN pg_proc p ON p.oid = d.objid
            WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass
              AND p.pronargs > 0 AND p.prokind = 'f' AND p.provariadic = 0
              AND NOT p.proargtypes::oid[] && ARRAY['internal'::regtype::oid] AND p.prorettype <> 'internal'::regtype
        LOOP
            FOREACH result IN ARRAY ARRAY['text', 'boolean', 'bigint', 'int', 'jsonb', 'regclass', 'numeric', 'text[]'] LOOP
                FOR i IN 1..4 LOOP
                    EXECUTE format('CREATE FUNCTION %I(%s) RETURNS %s LANGUAGE plpgsql AS %L', f.proname || '_' || replace(result, '[]', 's') || i,
                        f.types, result, format(CASE WHEN f.proretset THEN 'BEGIN PERFORM * FROM %s(%s); RETURN NULL; END'
                                                ELSE 'BEGIN PERFORM %s(%s); RETURN NULL; END' END, f.name, f.arguments));
                END LOOP;
            END LOOP;
        END LOOP;
    END $$;
    -- sqlsmith reads this instead of the catalog: our functions, and a few hundred of PostgreSQL's.
    CREATE SCHEMA smith;
    CREATE VIEW smith.pg_proc AS
    SELECT * FROM pg_catalog.pg_proc WHERE pronamespace = 'public'::regnamespace OR oid::bigint % 25 = 0;
    GRANT USAGE ON SCHEMA smith TO PUBLIC;
    GRANT SELECT ON smith.pg_proc TO PUBLIC;
    ALTER DATABASE NAME SET search_path = smith, public, pg_catalog"#;

#[test]
#[ignore = "takes as long as one likes and needs sqlsmith: see the head of this file"]
fn no_query_crashes_a_backend() {
    let seconds = std::env::var("SQLSMITH_SECONDS").map_or(60, |value| value.parse().expect("a number of seconds"));
    let seed = std::env::var("SQLSMITH_SEED").unwrap_or(std::process::id().to_string());
    // What a query may do to the server's files and to other sessions is not what is tested.
    let cluster = Cluster::new(&[
        "statement_timeout=1s",
        "log_error_verbosity=verbose",
        "log_min_error_statement=panic",
        "track_functions=pl",
    ]);
    for role in [OWNER, STRANGER] {
        cluster.connect("postgres", SUPERUSER).run(&format!("CREATE ROLE {role} LOGIN"));
    }
    for role in [OWNER, SUPERUSER, STRANGER] {
        let database = cluster.database();
        let mut session = database.superuser();
        session.run("SET statement_timeout = 0");
        session.run(TABLES);
        session.run(&WRAPPERS.replace("NAME", &database.name));
        let target = format!("host={} dbname={} user={role}", cluster.folder.display(), database.name);
        writeln!(std::io::stderr(), "sqlsmith as {role}: {seconds} s with seed {seed}").expect("standard error");
        let begun = cluster.log().len();
        let mut smith = Command::new("sqlsmith")
            .args([format!("--target={target}"), format!("--seed={seed}"), "--max-queries=100000000".to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sqlsmith is installed");
        let start = Instant::now();
        let mut ended = None;
        while ended.is_none() && start.elapsed() < Duration::from_secs(seconds) {
            std::thread::sleep(Duration::from_millis(200));
            ended = smith.try_wait().expect("a child");
        }
        signal("KILL", &[smith.id()]);
        smith.wait().expect("a child");
        let log = cluster.log().split_off(begun);
        let crash = log.lines().find(|line| line.contains("was terminated by signal") || line.contains("PANIC"));
        assert_eq!(crash, None, "as {role}, with seed {seed}; the log is in {}", cluster.folder.display());
        assert_eq!(ended, None, "sqlsmith as {role} ended by itself");
        // PostgreSQL has internal errors of its own, which come from other places.
        let mut internal = log.split("ERROR:  ").filter(|error| error.starts_with("XX"));
        let ours = internal.find(|error| {
            error
                .lines()
                .any(|line| line.contains("LOCATION:") && (line.contains(".rs:") || line.contains("veritable")))
        });
        assert_eq!(ours, None, "as {role}, with seed {seed}");
        assert!(!log.contains("panicked at"), "as {role}, with seed {seed}");
        // Somebody whose every query fails finds nothing.
        let calls: u64 = database
            .superuser()
            .value("SELECT COALESCE(sum(calls), 0) FROM pg_stat_user_functions WHERE schemaname = 'public'")
            .parse()
            .expect("a number");
        writeln!(
            std::io::stderr(),
            "sqlsmith as {role}: {} errors, {calls} calls of ours",
            log.matches("ERROR:  ").count()
        )
        .expect("standard error");
        assert!(calls > 0, "no query as {role} came to a function of ours");
    }
}
