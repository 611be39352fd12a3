//! `add_packing`.

use super::*;

#[test]
fn adding_is_for_the_owner() {
    let (database, mut owner) = unpacked();
    owner.run("GRANT ALL ON t TO stranger");
    database.connect("stranger").refused(ADD).with("42501", "must be owner of table t");
    owner.run(ADD);
}

#[test]
fn adding_is_for_plain_tables() {
    let (database, mut session) = unpacked();
    session.run(
        "CREATE VIEW v AS SELECT * FROM t;
         CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
         CREATE TABLE p (id int NOT NULL, during daterange) PARTITION BY LIST (id);
         CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
         CREATE TABLE parent (id int NOT NULL, during daterange);
         CREATE TABLE child () INHERITS (parent);
         CREATE TABLE chained (id int NOT NULL, during daterange);
         SELECT add_chain('chained', '{id}')",
    );
    let add = |table: &str| format!("SELECT add_packing('{table}', 'during', '{{id}}')");
    for table in ["v", "m"] {
        session.refused(&add(table)).with("42809", &format!("\"{table}\" is not a table"));
    }
    let partitions = "Statement triggers do not fire for rows that come or go through another table.";
    session.refused(&add("p")).with("0A000", "partitioned table \"p\" cannot be packed").detail(partitions);
    session.refused(&add("p_1")).with("0A000", "partition \"p_1\" cannot be packed").detail(partitions);
    for table in ["parent", "child"] {
        let message = format!("table \"{table}\" inherits or has inheritance children");
        session.refused(&add(table)).with("0A000", &message);
    }
    session
        .refused(&add("chained"))
        .with("0A000", "chained table \"chained\" cannot be packed")
        .detail("Packing changes and deletes rows, and a chain allows neither.")
        .hint("Use add_history() to record the changes of the packed table in a chained table of their own.");
    database.superuser().refused(&add("pg_class")).with_code("42501");
    session.refused("SELECT add_packing(4000000000, 'during', '{id}')").with_code("42704");
}

#[test]
fn adding_needs_columns_that_are_there_each_for_one_purpose() {
    let (_database, mut session) = unpacked();
    for arguments in ["'nothing', '{id}'", "'during', '{nothing}'", "'during', '{id}', '{nothing}'"] {
        session
            .refused(&format!("SELECT add_packing('t', {arguments})"))
            .with("42703", "column \"nothing\" of relation \"t\" does not exist");
    }
    session
        .refused("SELECT add_packing('t', 'during', '{id}', exclude => '{nothing}')")
        .with("42703", "column \"nothing\" of relation \"t\" does not exist");
    for arguments in ["'during', '{id,id}'", "'during', '{id}', '{id}'", "'during', '{id}', exclude => '{id}'"] {
        session
            .refused(&format!("SELECT add_packing('t', {arguments})"))
            .with("42701", "column \"id\" specified more than once");
    }
    session
        .refused("SELECT add_packing('t', 'during', '{during}')")
        .with("42701", "column \"during\" specified more than once");
    for (arguments, name) in
        [("NULL, 'during', '{id}'", "target"), ("'t', NULL, '{id}'", "period"), ("'t', 'during', NULL", "key")]
    {
        session
            .refused(&format!("SELECT add_packing({arguments})"))
            .with("22023", &format!("argument \"{name}\" must not be null"));
    }
    session.refused("SELECT add_packing('t', 'during', '{NULL}')").with("22023", "a column name must not be null");
}

#[test]
fn adding_needs_a_period_that_is_a_range() {
    let (_database, mut session) = unpacked();
    session.run(
        "ALTER TABLE t ADD many datemultirange, ADD day date,
             ADD always daterange GENERATED ALWAYS AS (daterange('2024-01-01', NULL)) STORED",
    );
    session
        .refused("SELECT add_packing('t', 'day', '{id}')")
        .with("42804", "period column \"day\" of table \"t\" must be of a range type")
        .detail("Its type is date.");
    session
        .refused("SELECT add_packing('t', 'many', '{id}')")
        .with("0A000", "period column \"many\" of table \"t\" is a multirange")
        .detail("Its type is datemultirange; each row of a packed table holds for one period.")
        .hint("Store a row for each of its ranges.");
    session
        .refused("SELECT add_packing('t', 'always', '{id}')")
        .with("0A000", "generated column \"always\" cannot be the period of a packing")
        .detail("Packing changes the period of a row.");
}

#[test]
fn adding_needs_a_key_that_an_index_can_compare_and_that_is_never_null() {
    let (_database, mut session) = unpacked();
    session.run("ALTER TABLE t ADD object jsonb NOT NULL, ADD place point NOT NULL");
    session
        .refused("SELECT add_packing('t', 'during', '{id,unit}', '{}')")
        .with("55000", "key column \"unit\" must be declared NOT NULL")
        .hint("ALTER TABLE public.t ALTER COLUMN unit SET NOT NULL;");
    session
        .refused("SELECT add_packing('t', 'during', '{object}', '{}')")
        .with("0A000", "column \"object\" of table \"t\" cannot be in the key of a packing")
        .detail("Type jsonb has no GiST operator class with equality.")
        .hint("Use a type that btree_gist has one for, such as text, uuid, bigint or an enum.");
    session
        .refused("SELECT add_packing('t', 'during', '{place}', '{}')")
        .with("0A000", "column \"place\" of table \"t\" cannot be compared");
}

#[test]
fn adding_needs_values_that_can_be_compared() {
    let (_database, mut session) = unpacked();
    session.run("ALTER TABLE t ADD \"The place\" point, ADD words tsvector");
    session
        .refused("SELECT add_packing('t', 'during', '{id}')")
        .with("0A000", "column \"The place\" of table \"t\" cannot be compared")
        .detail("Type point has no order by which values are equal.")
        .hint("Leave it out: exclude => '{\"The place\"}'.");
    session
        .refused("SELECT add_packing('t', 'during', '{id}', exclude => '{\"The place\"}')")
        .with("0A000", "column \"words\" of table \"t\" cannot be in the value of a packing")
        .detail("Type tsvector may hold values equal whose texts differ.")
        .hint("Leave it out: exclude => '{words}'.");
    session.run("SELECT add_packing('t', 'during', '{id}', exclude => '{\"The place\",words}')");
}

#[test]
fn adding_refuses_rows_that_are_no_packing() {
    let (_database, mut session) = unpacked();
    session.run(
        "INSERT INTO t VALUES (1, 5, NULL, '[2024-01-01,2024-02-01)', '[1,2]'), (1, 6, NULL, '[2024-01-15,)', NULL)",
    );
    session.refused(ADD).with("23P01", "could not create exclusion constraint \"t_packing\"").detail(
        "Key (id, during, price)=(1, [2024-01-01,2024-02-01), 5) conflicts with key (id, during, price)=(1, \
             [2024-01-15,), 6).",
    );
    session.refused("SELECT add_packing('t', 'size', '{id}')").with_code("23514");
    session.refused("INSERT INTO t (id, price, during) VALUES (1, NULL, NULL)").with_code("23502");
    session.run("DELETE FROM t WHERE price = 6; INSERT INTO t VALUES (1, 5, NULL, 'empty')");
    session.refused(ADD).with("23514", "period column \"during\" of packed table \"t\" must not be empty");
    session.run("UPDATE t SET during = NULL WHERE isempty(during)");
    session.refused(ADD).with("23514", "null value in period column \"during\" of packed table \"t\"");
    // All or nothing.
    session.refused("SELECT pack('t')").with_code("55000");
    assert_eq!(session.value("SELECT count(*) FROM pg_trigger WHERE tgrelid = 't'::regclass"), "0");
}

#[test]
fn a_table_has_one_packing_and_no_chain() {
    let (_database, mut session) = packed();
    session.refused(ADD).with("42710", "table \"t\" is already packed");
    session
        .refused("SELECT add_chain('t', '{id}')")
        .with("0A000", "packed table \"t\" cannot be chained")
        .detail("Packing changes and deletes rows, and a chain allows neither.")
        .hint("Use add_history() to record the changes of the packed table in a chained table of their own.");
}
