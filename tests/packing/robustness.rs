//! Input that is huge or odd gives an answer or a clean error, and never ends a backend.

use crate::support::session::Survivor;
use crate::support::{Cluster, Database};

const TOO_LONG: &str = "54000";
const OUT_OF_MEMORY: &str = "53200";

#[test]
fn values_of_a_packing_may_be_huge() {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    session.run("CREATE TABLE t (id int NOT NULL, x text, b bytea, period int4range); SELECT add_packing('t', 'period', '{id}')");
    // Values that differ in their last character alone.
    let value = |last: &str| format!("repeat('x', 1000000) || '{last}', decode(repeat('ab', 1000000), 'hex')");
    session
        .run(&format!("INSERT INTO t SELECT 1, {}, int4range(n, n + 1) FROM generate_series(1, 20) AS n", value("y")));
    session.run(&format!("INSERT INTO t SELECT 1, {}, '[21,22)'", value("z")));
    assert_eq!(session.rows("SELECT right(x, 1), period FROM t ORDER BY period"), ["y|[1,21)", "z|[21,22)"]);
    session.refused(&format!("INSERT INTO t SELECT 1, {}, '[20,21)'", value("z"))).with_code("23P01");
    session.run("UPDATE t SET x = x || 'z'");
    session
        .run("SELECT set_period(NULL::t, jsonb_build_object('id', 1, 'x', repeat('x', 1000000), 'period', '[5,6)'))");
    session.is_packed("4 periods in 1 key of 1 table");
    // As many bytes as a text can hold, and more as JSON.
    for huge in ["repeat('x', 600000000)", "repeat(E'\\x01', 200000000)"] {
        let insert = format!("INSERT INTO t SELECT 2, {huge}, NULL, '[1,2)'");
        session.run("ALTER TABLE t ALTER x SET STORAGE external");
        session.try_one(&insert, &[TOO_LONG, OUT_OF_MEMORY]);
        session.run("DELETE FROM t WHERE id = 2");
    }
    session.is_packed("4 periods in 1 key of 1 table");
}

#[test]
fn a_key_of_a_packing_may_be_too_long_for_its_index_and_is_refused_then() {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    session
        .run("CREATE TABLE t (id text NOT NULL, x int, period int4range); SELECT add_packing('t', 'period', '{id}')");
    session.run("INSERT INTO t VALUES (repeat('k', 100000), 1, '[1,2)'), (repeat('k', 100000), 1, '[2,3)')");
    let random = "(SELECT string_agg(md5(n::text), '') FROM generate_series(1, 1000) AS n)";
    session.try_one(&format!("INSERT INTO t SELECT {random}, 1, '[1,2)'"), &[TOO_LONG]);
    assert_eq!(session.rows("SELECT * FROM verify_packing()"), [""; 0]);
}

#[test]
fn values_of_a_packing_may_be_of_any_depth() {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    session.run(
        "CREATE TABLE t (id int NOT NULL, j jsonb, a int[], period int4range);
         SELECT add_packing('t', 'period', '{id}')",
    );
    for (id, value) in [
        "(repeat('[', 5000) || repeat(']', 5000))::jsonb, NULL",
        "(repeat('{\"a\":', 5000) || '1' || repeat('}', 5000))::jsonb, NULL",
        "(SELECT jsonb_object_agg('key ' || n, n) FROM generate_series(1, 100000) AS n), NULL",
        "NULL, (SELECT array_agg(n) FROM generate_series(1, 1000000) AS n)",
        "'1', ARRAY[[[[[[1]]]]]]",
    ]
    .into_iter()
    .enumerate()
    {
        let insert = |period: &str| format!("INSERT INTO t SELECT {id}, {value}, '{period}'");
        session.run(&insert("[1,2)"));
        session.run(&insert("[2,3)"));
        session.refused(&format!("INSERT INTO t VALUES ({id}, '7', '{{8}}', '[1,2)')")).with_code("23P01");
    }
    session.is_packed("5 periods in 5 keys of 1 table");
    session.run("SET max_stack_depth = '100kB'");
    session.try_one("INSERT INTO t SELECT 9, j, a, period FROM t WHERE id = 0", &["54001"]);
    session.try_one("SELECT * FROM verify_packing()", &["54001"]);
    session.run("RESET max_stack_depth");
    assert_eq!(session.rows("SELECT * FROM verify_packing()"), [""; 0]);
    session.run("DELETE FROM t");
    session.try_one(
        "INSERT INTO t SELECT 1, (repeat('[', 1000000) || repeat(']', 1000000))::jsonb, NULL, '[1,2)'",
        &["54001"],
    );
}

#[test]
fn a_statement_may_have_many_periods_of_one_key() {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    session.run("CREATE TABLE t (id int NOT NULL, x int, period int4range); SELECT add_packing('t', 'period', '{id}')");
    // Every other one adjoins the next, in no order.
    session.run(
        "INSERT INTO t SELECT 1, 7, int4range(n * 10 + n % 2, n * 10 + 10) FROM generate_series(1, 100000) AS n
         ORDER BY hashint4(n)",
    );
    session.is_packed("50000 periods in 1 key of 1 table");
    session.run("UPDATE t SET period = int4range(lower(period) - 1, upper(period))");
    session.is_packed("1 period in 1 key of 1 table");
    session
        .run("DELETE FROM t; INSERT INTO t SELECT 1, n % 2, int4range(n, n + 1) FROM generate_series(1, 20000) AS n");
    session.is_packed("20000 periods in 1 key of 1 table");
    // All at once.
    session.run("SELECT set_period(NULL::t, '{\"id\": 1, \"x\": 5, \"period\": \"[2,20000)\"}')");
    session.is_packed("3 periods in 1 key of 1 table");
}

#[test]
fn a_packing_may_have_as_many_columns_as_postgresql_allows() {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    let columns = (1..=1500).map(|n| format!(", c{n} int2")).collect::<String>();
    session.run(&format!("CREATE TABLE t (id int NOT NULL, period int4range{columns})"));
    // The constraint's expression has all columns of the value, and PostgreSQL allows a function 100 arguments.
    let code = session.try_one("SELECT add_packing('t', 'period', '{id}')", &["54023", TOO_LONG]);
    if code.is_none() {
        session.run("INSERT INTO t (id, period) VALUES (1, '[1,2)'), (1, '[2,3)')");
        session.is_packed("1 period in 1 key of 1 table");
    }
    // A key has as many as an index, but for the value and the period.
    let key: Vec<String> = (1..=30).map(|n| format!("k{n}")).collect();
    let columns = key.iter().map(|name| format!(", {name} int NOT NULL")).collect::<String>();
    session.run(&format!("CREATE TABLE keys (x int, period int4range{columns})"));
    session.run(&format!("SELECT add_packing('keys', 'period', '{{{}}}')", key.join(",")));
    session.run(&format!("INSERT INTO keys VALUES (1, '[1,2)'{0}), (1, '[2,3)'{0})", ", 7".repeat(30)));
    assert_eq!(session.value("SELECT period FROM keys"), "[1,3)");
    session.run("ALTER TABLE keys ADD k31 int NOT NULL DEFAULT 1; SELECT drop_packing('keys')");
    session.refused(&format!("SELECT add_packing('keys', 'period', '{{{},k31}}')", key.join(","))).with_code("54011");
}

#[test]
fn functions_of_packings_answer_or_refuse_whatever_they_are_given() {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    session.run(
        "CREATE TABLE t (id int NOT NULL, x int, period int4range); CREATE TABLE plain (id int);
         SELECT add_packing('t', 'period', '{id}'); INSERT INTO t VALUES (1, 7, '[1,10)'), (2, 7, '[1,10)')",
    );
    let codes = [
        "42704", "42809", "55000", "22023", "22P02", "22004", "0A000", "42883", "42701", "42703", "39P01", "42804",
        "42601", "23514", "23502", "23P01", "27000",
    ];
    for sql in [
        "SELECT veritable.value_key(NULL)",
        "SELECT veritable.value_key(NULL, NULL)",
        "SELECT veritable.value_key('x', 1.50, 'NaN'::float8, ARRAY[1, NULL], '[1,2)'::int4range, now(), t) FROM t",
        "SELECT veritable.value_key(VARIADIC ARRAY[1, 2])",
        "SELECT veritable.value_key(VARIADIC NULL::int[])",
        "SELECT veritable.value_key(ROW(1, 2))",
        "SELECT veritable.value_key(ROW())",
        "SELECT veritable.value_key(NULL::t)",
        "SELECT veritable.value_key('{}'::json)",
        "SELECT veritable.value_key('(1,2)'::point)",
        "SELECT veritable.value_key((SELECT array_agg(n) FROM generate_series(1, 1000000) AS n))",
        "SELECT veritable.value_key(repeat('x', 100000000))",
        "SELECT veritable.pack()",
        "SELECT veritable.pack_early()",
        "SELECT add_packing(NULL, NULL, NULL, NULL, NULL)",
        "SELECT add_packing(0, 'period', '{id}')",
        "SELECT add_packing('plain', '', '{}', '{}', '{}')",
        "SELECT add_packing('plain', 'id', '{{id},{id}}')",
        "SELECT add_packing('plain', 'ctid', '{id}')",
        "SELECT add_packing('plain', 'id', '{tableoid}')",
        "SELECT drop_packing(0)",
        "SELECT pack(0)",
        "SELECT verify_packing(0)",
        "SELECT verify_packing('t'), verify_packing()",
        "SELECT (verify_packing('t')).fault LIMIT 1",
        "SELECT set_period(NULL, '{}')",
        "SELECT set_period(NULL::record, '{}')",
        "SELECT set_period(NULL::int, '{}')",
        "SELECT set_period(NULL::t[], '{}')",
        "SELECT set_period(NULL::plain, '{}')",
        "SELECT set_period(NULL::pg_class, '{}')",
        "SELECT set_period(ROW(1, 2), '{}')",
        "SELECT set_period(NULL::t, NULL)",
        "SELECT set_period(NULL::t, '{}')",
        "SELECT set_period(NULL::t, '\"t\"')",
        "SELECT set_period(NULL::t, '{\"\": 1, \"id\": 1, \"period\": \"[1,2)\"}')",
        "SELECT set_period(NULL::t, '{\"id\": [], \"period\": {}}')",
        "SELECT set_period(t, jsonb_build_object('id', id, 'x', 8, 'period', '[2,3)')) FROM t",
        "SELECT clear_period(t.*, jsonb_build_object('id', id, 'period', '[2,3)')) FROM t",
        "SELECT (set_period(NULL::t, '{\"id\": 3, \"x\": 1, \"period\": \"(,)\"}')).x",
        "SELECT * FROM ROWS FROM (clear_period(NULL::t, '{\"id\": 3, \"period\": \"(,)\"}'), generate_series(1, 3))",
        "SELECT * FROM generate_series(1, 3) AS n,
             LATERAL set_period(NULL::t, jsonb_build_object('id', 1, 'x', n, 'period', '[1,2)'))",
        "UPDATE t SET x = (SELECT max(x) FROM set_period(NULL::t, '{\"id\": 1, \"x\": 9, \"period\": \"(,)\"}'))",
        "INSERT INTO t SELECT 5, x, '[1,2)' FROM set_period(NULL::t, '{\"id\": 5, \"x\": 9, \"period\": \"[2,3)\"}')",
        "WITH a AS (INSERT INTO t VALUES (6, 1, '[1,2)')), b AS (INSERT INTO t VALUES (6, 1, '[2,3)')),
              c AS (DELETE FROM t WHERE id = 1) UPDATE t SET x = 3 WHERE id = 2",
    ] {
        session.try_one(sql, &codes);
    }
    assert_eq!(session.rows("SELECT * FROM verify_packing()"), [""; 0]);
}

#[test]
fn no_backend_of_this_crate_has_crashed() {
    // Whatever has run so far; each other test notices the loss of its own session.
    assert!(!Cluster::shared().log().contains("was terminated by signal"));
}
