//! Input that is huge or odd gives an answer or a clean error, and never ends a backend.

use crate::support::session::Survivor;
use crate::support::{Cluster, Database};

const TOO_LONG: &str = "54000";
const OUT_OF_MEMORY: &str = "53200";

#[test]
fn huge_values_are_sealed_or_refused() {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    for (columns, values) in [
        ("x", "repeat('x', 600000000)"),
        // Six bytes in the line for each of the value: longer than any text.
        ("x", "repeat(E'\\x01', 200000000)"),
        ("b, x", "decode(repeat('ab', 200000000), 'hex'), repeat('x', 700000000)"),
    ] {
        session.run("CREATE TABLE t (id int NOT NULL, b bytea, x text); SELECT add_chain('t', '{id}')");
        // Compressing takes longer than all else.
        session.run("ALTER TABLE t ALTER b SET STORAGE external, ALTER x SET STORAGE external");
        let refused =
            session.try_one(&format!("INSERT INTO t (id, {columns}) SELECT 1, {values}"), &[TOO_LONG, OUT_OF_MEMORY]);
        session.run("INSERT INTO t (id) VALUES (1)");
        session.verifies(if refused.is_some() {
            "1 event in 1 chain of 1 table"
        } else {
            "2 events in 1 chain of 1 table"
        });
        session.run("DROP TABLE t");
    }
}

#[test]
fn a_line_of_600_megabytes_is_that_of_the_row() {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    session.run("CREATE TABLE t (id int NOT NULL, b bytea); SELECT add_chain('t', '{id}')");
    session.run("ALTER TABLE t ALTER b SET STORAGE external");
    session.run("INSERT INTO t SELECT 1, decode(repeat('ab', 300000000), 'hex')");
    let genesis =
        session.value("SELECT genesis FROM veritable.chains WHERE target = 't'::regclass").replace("\\x", "\\\\x");
    let (start, end) = ("{\"b\":\"\\\\xab", format!("ab\",\"id\":1,\"previous_event_hash\":\"{genesis}\",\"seq\":1}}"));
    let length = start.len() + 600_000_000 - "abab".len() + end.len();
    assert_eq!(
        session.value(&format!(
            "SELECT length(line), left(line, {}), right(line, {}) FROM (SELECT chain_line(t) AS line FROM t) AS l",
            start.len(),
            end.len()
        )),
        format!("{length}|{start}|{end}")
    );
}

#[test]
fn jsonb_of_any_shape_is_written_as_postgresql_writes_it() {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    session.run("CREATE TABLE t (id int NOT NULL, j jsonb); SELECT add_chain('t', '{id}')");
    for value in [
        "(repeat('[', 5000) || repeat(']', 5000))::jsonb",
        "(repeat('{\"a\":', 5000) || '1' || repeat('}', 5000))::jsonb",
        "(repeat('[{\"a\":', 2500) || '1' || repeat('}]', 2500))::jsonb",
        "(SELECT jsonb_object_agg('key ' || n, n) FROM generate_series(1, 100000) AS n)",
        "(SELECT jsonb_agg(n) FROM generate_series(1, 1000000) AS n)",
        "to_jsonb(repeat('x', 10000000))",
        "to_jsonb(repeat('9', 100000)::numeric)",
    ] {
        session.run(&format!("INSERT INTO t SELECT 1, {value}"));
    }
    let different = "SELECT count(*) FROM t WHERE strpos(chain_line(t), '{\"id\":1,\"j\":' || j::text) <> 1";
    assert_eq!(session.value(different), "0");
    session.verifies("7 events in 1 chain of 1 table");
    // Deeper than the stack: refused by PostgreSQL on the way in, and by us or nobody where it had more stack then.
    session.try_one("INSERT INTO t SELECT 1, (repeat('[', 1000000) || repeat(']', 1000000))::jsonb", &["54001"]);
    session.run("SET max_stack_depth = '100kB'");
    session.try_one("SELECT sum(length(chain_line(t))) FROM t", &["54001"]);
    session.try_one("SELECT * FROM verify_chain()", &["54001"]);
    session.run("RESET max_stack_depth");
    session.verifies("7 events in 1 chain of 1 table");
}

#[test]
fn composites_and_arrays_of_any_depth_are_sealed_or_refused() {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    session.run("CREATE TYPE c0 AS (a int)");
    for depth in 1..200 {
        session.run(&format!("CREATE TYPE c{depth} AS (c c{}[])", depth - 1));
    }
    session.run("CREATE TABLE t (id int NOT NULL, c c199); SELECT add_chain('t', '{id}')");
    let value = (1..200).fold("ROW(1)::c0".to_string(), |value, depth| format!("ROW(ARRAY[{value}])::c{depth}"));
    session.run(&format!("INSERT INTO t SELECT 1, {value}"));
    session.run("SET max_stack_depth = '100kB'");
    session.try_one("SELECT length(chain_line(t)) FROM t", &["54001"]);
    session.run("RESET max_stack_depth");
    assert_eq!(session.value("SELECT strpos(chain_line(t), to_json(c)::text) FROM t"), "6");
    session.verifies("1 event in 1 chain of 1 table");
}

#[test]
fn long_numbers_are_written_in_full() {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    session.run("CREATE TABLE t (id int NOT NULL, n numeric); SELECT add_chain('t', '{id}')");
    session.run("INSERT INTO t SELECT 1, repeat('9', 100000)::numeric");
    session.run("INSERT INTO t SELECT 1, ('-0.' || repeat('0', 16000) || '1')::numeric");
    session.run("INSERT INTO t SELECT 1, ('1e131071')::numeric");
    assert_eq!(session.value("SELECT count(*) FROM t WHERE strpos(chain_line(t), '\"n\":' || n) = 9"), "3");
    session.verifies("3 events in 1 chain of 1 table");
}

#[test]
fn a_row_may_have_as_many_columns_as_postgresql_allows() {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    let table = |columns: u32| {
        let columns = (1..columns).map(|n| format!(", c{n} int2")).collect::<String>();
        format!("DROP TABLE IF EXISTS t; CREATE TABLE t (id int NOT NULL{columns})")
    };
    session.run(&table(1598));
    session.refused("SELECT add_chain('t', '{id}')").with_code("54011");
    session.run(&table(1597));
    session.run("SELECT add_chain('t', '{id}')");
    session.run(&format!("INSERT INTO t VALUES (1{})", ", 7".repeat(1596)));
    session.run("INSERT INTO t (id) VALUES (1)");
    session.verifies("2 events in 1 chain of 1 table");
}

#[test]
fn internal_functions_answer_or_refuse_whatever_they_are_given() {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    session.run("CREATE TABLE t (id int NOT NULL); CREATE TABLE plain (id int); SELECT add_chain('t', '{id}')");
    session.run("INSERT INTO t VALUES (1), (1), (2); INSERT INTO plain VALUES (1)");
    let key = "'\\x000102030405060708090a0b0c0d0e0f'::bytea";
    let codes = [
        "42701", "42704", "42809", "55000", "22023", "22P02", "0A000", "42883", "39P01", "39P03", "XX001", "42725",
        "42846",
    ];
    for sql in [
        "SELECT veritable.intact(NULL, NULL)",
        "SELECT veritable.intact(NULL::t, NULL)",
        "SELECT veritable.intact(t, NULL) FROM t",
        "SELECT veritable.intact(t, '') FROM t",
        "SELECT veritable.intact(t, '\\x00') FROM t",
        &format!("SELECT veritable.intact(t, {key}) FROM t WHERE false"),
        &format!("SELECT veritable.intact(t, {key}) FROM t GROUP BY id"),
        &format!("SELECT veritable.intact(t, {key}) OVER () FROM t"),
        &format!("SELECT veritable.intact(t, {key}) OVER (ORDER BY id ROWS 1 PRECEDING) FROM t"),
        &format!("SELECT veritable.intact(DISTINCT t, {key}) FROM t"),
        &format!("SELECT veritable.intact(t, {key} ORDER BY id) FILTER (WHERE id = 1) FROM t"),
        "SELECT veritable.intact(t, int8send(id) || int8send(seq)) FROM t",
        &format!("SELECT veritable.intact(p, {key}) FROM plain p"),
        &format!("SELECT veritable.intact(ROW(1, 2), {key})"),
        &format!("SELECT veritable.intact(x, {key}) FROM (SELECT 1) AS x"),
        &format!("SELECT veritable.intact(x, {key}) FROM (SELECT t FROM t UNION ALL SELECT NULL) AS x (x)"),
        "SELECT veritable.balance_add(NULL, NULL, NULL)",
        &format!("SELECT veritable.balance_add(NULL, ROW(1), {key})"),
        &format!("SELECT veritable.balance_add(NULL, t, {key}) FROM t"),
        "SELECT veritable.balance_merge(NULL, NULL)",
        "SELECT veritable.balance_save(NULL)",
        "SELECT veritable.balance_load(NULL, NULL)",
        "SELECT veritable.balance_load('', NULL)",
        "SELECT veritable.balance_load('\\x00', NULL)",
        "SELECT veritable.balance_events(NULL)",
        "SELECT veritable.seal()",
        "SELECT veritable.guard()",
        "SELECT veritable.before_ddl()",
        "SELECT veritable.after_ddl()",
        "SELECT veritable.trigger_arguments(NULL)",
        "SELECT veritable.trigger_arguments('')",
        "SELECT veritable.trigger_arguments('\\x00')",
        "SELECT veritable.trigger_arguments('\\x0000')",
        "SELECT veritable.trigger_arguments('\\xff00fe')",
        "SELECT veritable.trigger_arguments(decode(repeat('6100', 100000), 'hex'))",
        "SELECT veritable.trigger_arguments(event_hash) FROM t",
        "SELECT add_chain(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
        "SELECT add_chain('plain', NULL, '', '', '', '', '{}', '{}')",
        "SELECT add_chain('plain', '{{id},{id}}')",
        "SELECT add_chain(0)",
        "SELECT drop_chain(0)",
        "SELECT chain_line(NULL)",
        "SELECT chain_line(ROW())",
        "SELECT chain_line(ROW(1, 2))",
        "SELECT chain_line(NULL::t)",
        "SELECT chain_line(jsonb_populate_record(NULL::t, '{\"id\": 1}'))",
        "SELECT chain_line(jsonb_populate_record(NULL::t, '{}'))",
        "SELECT chain_line(c) FROM pg_class AS c LIMIT 1",
        "SELECT * FROM verify_chain(0)",
        "SELECT * FROM verify_chain('t', '{{1},{2}}')",
        "SELECT * FROM verify_chain('t', '[5:5]={1}')",
        "SELECT verify_chain('t'), verify_chain()",
        "SELECT (verify_chain('t')).seq LIMIT 1",
    ] {
        session.try_one(sql, &codes);
    }
    session.verifies("3 events in 2 chains of 1 table");
}

#[test]
fn a_line_keeps_up_with_its_table() {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    session.run(
        "CREATE TABLE t (id int NOT NULL, gone int, payload text);
         ALTER TABLE t DROP gone;
         SELECT add_chain('t', '{id}');
         INSERT INTO t VALUES (1, 'one');
         CREATE TABLE holder (event t);
         INSERT INTO holder SELECT t FROM t;
         PREPARE line AS SELECT chain_line(t) FROM t;
         PREPARE held AS SELECT chain_line(event) FROM holder;
         PREPARE whole AS SELECT count(*) FROM verify_chain('t');
         PREPARE append AS INSERT INTO t (id, payload) VALUES (1, 'two')",
    );
    let genesis =
        session.value("SELECT genesis FROM veritable.chains WHERE target = 't'::regclass").replace("\\x", "\\\\x");
    let line = &format!("{{\"id\":1,\"payload\":\"one\",\"previous_event_hash\":\"{genesis}\",\"seq\":1}}");
    let check = |session: &mut Survivor| {
        assert_eq!(session.rows("EXECUTE line")[0], *line);
        assert_eq!(session.value("EXECUTE held"), *line);
        assert_eq!(session.value("EXECUTE whole"), "0");
        session.run("EXECUTE append");
        assert_eq!(session.value("EXECUTE whole"), "0");
    };
    check(&mut session);
    session.run("ALTER TABLE t ADD note text");
    check(&mut session);
    session.run("ALTER TABLE t ALTER note SET DEFAULT 'noted'");
    check(&mut session);
    // From another session, and within a transaction that has seen it before.
    database.superuser().run("ALTER TABLE t ADD another jsonb");
    check(&mut session);
    session.run("BEGIN; EXECUTE append; ALTER TABLE t ADD third int; EXECUTE append; ROLLBACK");
    check(&mut session);
    session.run("SELECT drop_chain('t')");
    session.refused("EXECUTE line").with("55000", "table \"t\" is not chained");
    session.refused("EXECUTE held").with("55000", "table \"t\" is not chained");
    session.refused("EXECUTE whole").with("55000", "table \"t\" is not chained");
    session.run("ALTER TABLE t DROP note; SELECT add_chain('t', '{id}', order_by => '{seq}', reseal => true)");
    assert_eq!(session.value("EXECUTE held"), *line);
    check(&mut session);
    session.run("DROP TABLE holder; DROP TABLE t");
    session.refused("EXECUTE line").with_code("42P01");
    session.refused("EXECUTE whole").with_code("42P01");
}

#[test]
fn no_backend_of_this_crate_has_crashed() {
    // Whatever has run so far; each other test notices the loss of its own session.
    assert!(!Cluster::shared().log().contains("was terminated by signal"));
}
