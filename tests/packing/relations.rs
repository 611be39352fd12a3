//! A packing made by hand, past the event triggers, on any kind of relation: an error or a packed table, never the end
//! of the server.

use crate::support::{Database, explain};

/// What a statement may be refused with: the wrong kind of relation, an unsupported one, a wrong type, a state, a
/// constraint, a missing column, a literal of another type.
const REFUSALS: [&str; 14] = [
    "42809", "0A000", "42804", "55000", "23P01", "42703", "42P17", "42883", "42704", "23514", "22023", "42P01",
    "22P02", "23502",
];

/// Ways to make `t`, with columns `k`, `v` and `during`, that is not a plain table of one's own.
const TABLES: [&str; 21] = [
    "CREATE TEMP TABLE t (k int NOT NULL, v int, during daterange NOT NULL) PARTITION BY LIST (k);
     CREATE TEMP TABLE t1 PARTITION OF t DEFAULT",
    "CREATE TABLE t (k int NOT NULL, v int, during daterange NOT NULL) PARTITION BY LIST (k);
     CREATE TABLE t1 PARTITION OF t DEFAULT",
    "CREATE TABLE t (k int NOT NULL, v int, during daterange NOT NULL) PARTITION BY LIST (k)",
    "CREATE TABLE r (k int NOT NULL, v int, during daterange NOT NULL) PARTITION BY LIST (k);
     CREATE TABLE t PARTITION OF r DEFAULT",
    "CREATE TABLE r (k int NOT NULL, v int, during daterange NOT NULL) PARTITION BY LIST (k);
     CREATE TABLE t PARTITION OF r DEFAULT PARTITION BY LIST (k); CREATE TABLE t1 PARTITION OF t DEFAULT",
    "CREATE TABLE t (k int NOT NULL, v int, during daterange NOT NULL); CREATE TABLE child () INHERITS (t)",
    "CREATE TABLE parent (k int NOT NULL, v int, during daterange NOT NULL); CREATE TABLE t () INHERITS (parent)",
    "CREATE UNLOGGED TABLE t (k int NOT NULL, v int, during daterange NOT NULL)",
    "CREATE TYPE shape AS (k int, v int, during daterange); CREATE TABLE t OF shape",
    "CREATE TABLE base (k int NOT NULL, v int, during daterange NOT NULL); CREATE VIEW t AS TABLE base",
    "CREATE MATERIALIZED VIEW t AS SELECT 1 AS k, 1 AS v, '[2020-01-01,2020-02-01)'::daterange AS during",
    "CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
     CREATE FOREIGN TABLE t (k int NOT NULL, v int, during daterange NOT NULL) SERVER nowhere",
    "CREATE ACCESS METHOD alias TYPE TABLE HANDLER heap_tableam_handler;
     CREATE TABLE t (k int NOT NULL, v int, during daterange NOT NULL) USING alias",
    "CREATE DOMAIN span AS daterange; CREATE TABLE t (k int NOT NULL, v int, during span NOT NULL)",
    "CREATE TYPE words AS RANGE (subtype = text, subtype_opclass = text_pattern_ops, collation = \"C\");
     CREATE TABLE t (k int NOT NULL, v int, during words NOT NULL)",
    "CREATE TYPE pair AS (a int, b text); CREATE TYPE pairs AS RANGE (subtype = pair);
     CREATE TABLE t (k int NOT NULL, v int, during pairs NOT NULL)",
    "CREATE TABLE t (k int NOT NULL, v int, during datemultirange NOT NULL)",
    "CREATE TABLE t (k int NOT NULL, v int, during text NOT NULL)",
    "CREATE TABLE t (k text COLLATE \"C\" NOT NULL, v int, during daterange NOT NULL)",
    "CREATE TABLE t (k int NOT NULL, v point, during daterange NOT NULL)",
    "CREATE TABLE t (k int NOT NULL, v int, during daterange NOT NULL);
     CREATE RULE r AS ON UPDATE TO t DO INSTEAD NOTHING; CREATE RULE s AS ON DELETE TO t DO ALSO SELECT 1",
];

/// Ways to index it.
const INDEXES: [&str; 7] = [
    "CREATE INDEX i ON t USING gist (k, during)",
    "CREATE INDEX i ON ONLY t USING gist (k, during)",
    "ALTER TABLE t ADD CONSTRAINT i EXCLUDE USING gist (k WITH =, during WITH &&, v WITH <>)",
    "ALTER TABLE t ADD CONSTRAINT i EXCLUDE USING gist (k WITH =, during WITH -|-)",
    "CREATE INDEX i ON t USING gist (k COLLATE \"POSIX\", during)",
    "CREATE INDEX i ON t USING gist (k, during) WHERE k > 0",
    "CREATE INDEX i ON t USING spgist (during)",
];

/// What is done then.
const STATEMENTS: [&str; 13] = [
    "INSERT INTO t VALUES ('1', NULL, '[2020-01-01,2020-02-01)')",
    "INSERT INTO t VALUES ('1', NULL, '[2020-02-01,2020-03-01)')",
    "INSERT INTO t SELECT '1', NULL, daterange('2020-03-01'::date + n, '2020-03-01'::date + n + 1)
     FROM generate_series(1, 20) AS n",
    "UPDATE t SET v = NULL",
    "UPDATE t SET during = during",
    "SELECT set_period(NULL::t, '{\"k\": \"1\", \"v\": null, \"during\": \"[2020-01-01,2020-02-01)\"}')",
    "SELECT update_period(NULL::t, '{\"k\": \"1\", \"v\": null, \"during\": \"[2020-01-05,2020-01-06)\"}')",
    "SELECT clear_period(NULL::t, '{\"k\": \"1\", \"during\": \"[2020-01-11,2020-01-12)\"}')",
    "SELECT pack('t')",
    "SELECT * FROM verify_packing('t')",
    "SELECT * FROM verify_packing()",
    "MERGE INTO t USING (VALUES (1)) AS s (k) ON t.k::text = s.k::text WHEN MATCHED THEN UPDATE SET v = NULL",
    "SELECT drop_packing('t')",
];

/// Runs what may be refused, and says whether it was not. Any other error, above all the loss of the session, ends the
/// test.
#[track_caller]
fn attempt(session: &mut postgres::Client, sql: &str, case: &str) -> bool {
    let Err(error) = session.batch_execute(sql) else { return true };
    let Some(code) = error.code() else { panic!("{case}\n{sql}\n{error}") };
    assert!(REFUSALS.contains(&code.code()), "{case}\n{sql}\n{}", explain(&error));
    false
}

#[test]
fn a_packing_by_hand_on_any_relation_never_ends_the_server() {
    let database = Database::new();
    let mut superuser = database.superuser();
    superuser.run(
        "ALTER EVENT TRIGGER veritable_before_ddl DISABLE; ALTER EVENT TRIGGER veritable_after_ddl DISABLE;
         ALTER EVENT TRIGGER veritable_note_dropped DISABLE;",
    );
    let postmaster = "SELECT pg_postmaster_start_time()";
    let started = superuser.value(postmaster);
    for table in TABLES {
        for index in INDEXES {
            for value in ["", ", 'value=v'"] {
                let case = format!("{table};\n{index};\n{value}");
                let mut session = database.superuser();
                session.run("BEGIN");
                session.run(table);
                let mut attempts = vec![index.to_string()];
                attempts.push(format!(
                    "CREATE TRIGGER e BEFORE INSERT ON t FOR EACH ROW
                     EXECUTE FUNCTION veritable.pack_early('period=during', 'key=k'{value})"
                ));
                for (name, event, old) in [("n", "INSERT", ""), ("u", "UPDATE", "OLD TABLE AS o ")] {
                    attempts.push(format!(
                        "CREATE TRIGGER {name} AFTER {event} ON t REFERENCING {old}NEW TABLE AS n FOR EACH STATEMENT
                         EXECUTE FUNCTION veritable.pack('period=during', 'key=k'{value})"
                    ));
                }
                attempts.extend(STATEMENTS.map(str::to_string));
                for statement in attempts {
                    session.run("SAVEPOINT s");
                    if !attempt(&mut session, &statement, &case) {
                        session.run("ROLLBACK TO s");
                    }
                }
                session.run("ROLLBACK");
            }
        }
    }
    assert_eq!(superuser.value(postmaster), started);
}
