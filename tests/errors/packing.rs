//! What packings refuse.

use super::*;

const ADD: &str = "SELECT add_packing('t', 'during', '{id}', '{price}')";

/// A session of an owner, with a table `t` that is not packed.
fn unpacked() -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.owner();
    session.run("CREATE TABLE t (id int NOT NULL, price int NOT NULL, unit text, during daterange, size numrange)");
    (database, session)
}

/// The same, packed, with a row.
fn packed() -> (Database<'static>, Session) {
    let (database, mut session) = unpacked();
    session.run(ADD);
    session.run("INSERT INTO t (id, price, during) VALUES (1, 5, '[2024-01-01,2024-02-01)')");
    (database, session)
}

// --- add_packing

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
        .hint("Record the changes of a packed table in a chained table of their own.");
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
            .with("22023", "column \"id\" is given for two purposes");
    }
    session
        .refused("SELECT add_packing('t', 'during', '{during}')")
        .with("22023", "column \"during\" is given for two purposes");
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
        .detail("Type jsonb has no GiST operator class with equality.");
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
    session.refused(ADD).with("23514", "empty period in column \"during\" of packed table \"t\"");
    session.run("UPDATE t SET during = NULL WHERE isempty(during)");
    session.refused(ADD).with("23514", "null period in column \"during\" of packed table \"t\"");
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
        .hint("Record the changes of the table in a chained table of their own.");
}

// --- drop_packing, pack, verify_packing

#[test]
fn what_is_done_to_a_packing_needs_one() {
    let (_database, mut session) = unpacked();
    session.run("CREATE VIEW v AS SELECT * FROM t");
    for table in ["t", "v"] {
        for call in ["drop_packing('#')", "pack('#')", "verify_packing('#')"] {
            session
                .refused(&format!("SELECT {}", call.replace('#', table)))
                .with("55000", &format!("table \"{table}\" is not packed"))
                .hint("Use add_packing() to pack it.");
        }
    }
    for call in ["drop_packing(4000000000)", "pack(4000000000)", "verify_packing(4000000000)"] {
        session.refused(&format!("SELECT {call}")).with_code("42704");
    }
    assert_eq!(session.rows("SELECT drop_packing(NULL), pack(NULL)"), ["|"]);
}

#[test]
fn what_is_done_to_a_packing_is_for_its_owner() {
    let (database, mut owner) = packed();
    owner.run("GRANT ALL ON t TO stranger");
    let mut stranger = database.connect("stranger");
    for call in ["drop_packing('t')", "pack('t')"] {
        stranger.refused(&format!("SELECT {call}")).with("42501", "must be owner of table t");
    }
}

#[test]
fn verification_is_for_who_may_read_all() {
    let (database, mut owner) = packed();
    let mut stranger = database.connect("stranger");
    stranger.refused("SELECT * FROM verify_packing('t')").with("42501", "permission denied for table t");
    assert_eq!(
        stranger.rows("SELECT * FROM verify_packing()"),
        ["t|||unread|The table cannot be read: permission denied for table t."]
    );
    owner.run("GRANT SELECT (id, price, during) ON t TO stranger");
    stranger.refused("SELECT * FROM verify_packing('t')").with("42501", "permission denied for table t");
    owner.run("GRANT SELECT (unit, size) ON t TO stranger");
    assert_eq!(stranger.rows("SELECT * FROM verify_packing('t')"), [""; 0]);
    owner.run("GRANT SELECT ON t TO stranger");
    stranger.is_packed("1 period of 1 key in 1 table");
    owner.run("ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY a_part ON t USING (id > 1)");
    stranger
        .refused("SELECT * FROM verify_packing('t')")
        .with("42501", "row-level security hides rows of table \"t\" from you")
        .hint("A packing can be verified only as a whole: use a role that has BYPASSRLS, or owns the table.");
    owner.is_packed("1 period of 1 key in 1 table");
}

// --- rows

#[test]
fn different_values_over_one_instant_are_refused() {
    let (_database, mut session) = packed();
    session
        .refused("INSERT INTO t (id, price, during) VALUES (1, 6, '[2024-01-31,)')")
        .with("23P01", "conflicting key value violates exclusion constraint \"t_packing\"")
        .detail(
            "Key (id, during, price)=(1, [2024-01-31,), 6) conflicts with existing key (id, during, price)=(1, \
             [2024-01-01,2024-02-01), 5).",
        );
    session.run(
        "SELECT drop_packing('t');
         UPDATE t SET unit = 'EUR';
         SELECT add_packing('t', 'during', '{id}', '{price,unit}')",
    );
    session
        .refused("INSERT INTO t (id, price, during) VALUES (1, 5, '[2024-01-31,)')")
        .with("23P01", "conflicting key value violates exclusion constraint \"t_packing\"")
        .detail(
            "Key (id, during, veritable.value_key(price, unit))=(1, [2024-01-31,), [5,null]) conflicts with existing \
             key (id, during, veritable.value_key(price, unit))=(1, [2024-01-01,2024-02-01), [5,\"EUR\"]).",
        );
}

#[test]
fn who_may_not_read_is_not_shown_what_is_there() {
    let (database, mut owner) = packed();
    owner.run("GRANT INSERT ON t TO stranger");
    let mut stranger = database.connect("stranger");
    let conflict = "INSERT INTO t (id, price, during) VALUES (1, 6, '[2024-01-31,)')";
    stranger.refused(conflict).with_code("23P01").detail("Key conflicts with existing key.");
    owner.run("GRANT SELECT (id, price) ON t TO stranger");
    stranger.refused(conflict).with_code("23P01").detail("Key conflicts with existing key.");
    owner.run("SELECT drop_packing('t'); SELECT add_packing('t', 'during', '{id}', '{price,unit}')");
    owner.run("GRANT SELECT (id, price, during) ON t TO stranger");
    stranger.refused(conflict).with_code("23P01").detail("Key conflicts with existing key.");
    // A writer alone packs with rows that it may not see.
    stranger.run("INSERT INTO t (id, price, during) VALUES (1, 5, '[2024-01-31,)')");
    assert_eq!(owner.rows("SELECT during FROM t"), ["[2024-01-01,)"]);
}

#[test]
fn what_is_no_period_is_refused() {
    let (_database, mut session) = packed();
    let null =
        ("null period", "A row of a packed table says when it holds.", "A period without bounds, '(,)', holds always.");
    let empty = ("empty period", "A row of a packed table holds at some time.", "");
    let infinite = (
        "infinite bound of the period",
        "An infinite bound is a value that others can lie beyond.",
        "Leave the side unbounded, as in '[2024-01-01,)'.",
    );
    for (period, (what, detail, hint)) in [
        ("NULL", null),
        ("'empty'", empty),
        ("'[2025-01-01,infinity)'", infinite),
        ("'[-infinity,2023-01-01)'", infinite),
    ] {
        for statement in [
            format!("INSERT INTO t (id, price, during) VALUES (1, 5, {period})"),
            format!("UPDATE t SET during = {period}"),
            format!("INSERT INTO t (id, price, during) SELECT n, 5, {period} FROM generate_series(1, 100) AS n"),
        ] {
            session
                .refused(&statement)
                .with("23514", &format!("{what} in column \"during\" of packed table \"t\""))
                .detail(detail)
                .hint(hint);
        }
    }
}

#[test]
fn periods_that_are_not_half_open_are_refused() {
    let (database, mut session) = unpacked();
    session.run("SELECT add_packing('t', 'size', '{id}', '{price}'); GRANT INSERT ON t TO stranger");
    let mut stranger = database.connect("stranger");
    for (period, half_open) in
        [("[1,2]", "[1,2)"), ("(1,2)", "[1,2)"), ("(1.50,]", "[1.50,)"), ("(,2]", "(,2)"), ("[1,1]", "[start,end)")]
    {
        let insert = format!("INSERT INTO t (id, price, size) VALUES (1, 5, '{period}')");
        let message = "period that is not half-open in column \"size\" of packed table \"t\"";
        session
            .refused(&insert)
            .with("23514", message)
            .detail("Periods include their start and exclude their end, so that they adjoin without a gap.")
            .hint(&format!("Write '{half_open}'."));
        stranger.refused(&insert).with("23514", message).hint("Write '[start,end)'.");
    }
    for period in ["[1,NaN)", "[1,Infinity)", "[-Infinity,1)"] {
        session
            .refused(&format!("INSERT INTO t (id, price, size) VALUES (1, 5, '{period}')"))
            .with("23514", "infinite bound of the period in column \"size\" of packed table \"t\"");
    }
    session.run("INSERT INTO t (id, price, size) VALUES (1, 5, '(,)')");
}

#[test]
fn a_trigger_that_keeps_rows_as_they_are_is_named() {
    let (_database, mut session) = packed();
    session.run(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION keep()",
    );
    session
        .refused("INSERT INTO t (id, price, during) VALUES (1, 5, '[2024-02-01,)')")
        .with("55000", "a trigger or rule of packed table \"t\" keeps its rows from being packed");
    session
        .refused("SELECT clear_period(NULL::t, '{\"id\": 1, \"during\": \"[2024-01-15,)\"}')")
        .with("55000", "a trigger, rule or policy of packed table \"t\" keeps a period from being cut");
}

#[test]
fn who_reads_a_snapshot_is_told_of_later_rows() {
    let (database, mut session) = packed();
    let mut other = database.owner();
    for (month, isolation) in [(2, "REPEATABLE READ"), (5, "SERIALIZABLE")] {
        session.run(&format!("BEGIN ISOLATION LEVEL {isolation}; SELECT * FROM t"));
        other.run(&format!("INSERT INTO t (id, price, during) VALUES (2, 5, '[2024-0{month}-01,2024-0{month}-10)')"));
        session
            .refused(&format!("INSERT INTO t (id, price, during) VALUES (2, 5, '[2024-0{month}-10,2024-0{month}-20)')"))
            .with_code("40001")
            .hint("Retry the transaction.");
        session.run("ROLLBACK");
        session.run(&format!("BEGIN ISOLATION LEVEL {isolation}; SELECT * FROM t"));
        other.run(&format!("INSERT INTO t (id, price, during) VALUES (3, 5, '[2024-0{month}-01,2024-0{month}-10)')"));
        let object = format!("{{\"id\": 3, \"price\": 6, \"during\": \"[2024-0{month}-05,2024-0{month}-06)\"}}");
        session
            .refused(&format!("SELECT set_period(NULL::t, '{object}')"))
            .with_code("40001")
            .hint("Retry the transaction.");
        session.run("ROLLBACK");
        // Another key is nobody's business.
        session.run(&format!("BEGIN ISOLATION LEVEL {isolation}; SELECT * FROM t"));
        other.run(&format!("INSERT INTO t (id, price, during) VALUES (4, 5, '[2024-0{month}-01,2024-0{month}-10)')"));
        session.run("INSERT INTO t (id, price, during) VALUES (5, 5, '[2024-02-01,2024-02-10)'); COMMIT");
    }
}

// --- set_period and clear_period

#[test]
fn a_part_of_a_timeline_needs_a_fact_that_fits() {
    let (_database, mut session) = packed();
    for function in ["set_period", "clear_period"] {
        let mut refused = |fact: &str| session.refused(&format!("SELECT * FROM {function}(NULL::t, {fact})"));
        for fact in ["'[]'", "'1'", "'\"id\"'", "'null'"] {
            refused(fact).with("22023", "argument \"fact\" must be a JSON object");
        }
        refused("NULL").with("22023", "argument \"fact\" must not be null");
        refused("'{\"during\": \"[2024-01-01,)\"}'").with("22023", "argument \"fact\" has no \"id\"");
        refused("'{\"id\": 1}'").with("22023", "argument \"fact\" has no \"during\"");
        refused("'{\"id\": 1, \"during\": \"[2024-01-01,)\", \"colour\": 1}'")
            .with("42703", "column \"colour\" of relation \"t\" does not exist");
        refused("'{\"id\": null, \"during\": \"[2024-01-01,)\"}'")
            .with("23502", "null value in a key column of argument \"fact\"");
        refused("'{\"id\": 1, \"during\": null}'").with_code("23514");
        refused("'{\"id\": 1, \"during\": \"empty\"}'").with_code("23514");
        refused("'{\"id\": 1, \"during\": \"[2024-01-01,infinity)\"}'").with_code("23514");
        refused("'{\"id\": \"one\", \"during\": \"[2024-01-01,)\"}'").with_code("22P02");
        refused("'{\"id\": 1, \"during\": \"always\"}'").with_code("22P02");
    }
    session
        .refused("SELECT * FROM clear_period(NULL::t, '{\"id\": 1, \"during\": \"[2024-01-01,)\", \"price\": 5}')")
        .with("22023", "column \"price\" does not say what to clear")
        .hint("Give the key and the period alone.");
    session
        .refused("SELECT * FROM set_period(NULL::t, '{\"id\": 1, \"during\": \"[2024-01-01,)\"}')")
        .with("23502", "null value in column \"price\" of relation \"t\" violates not-null constraint");
}

#[test]
fn a_part_of_a_timeline_is_that_of_a_packed_table() {
    let (_database, mut session) = unpacked();
    session.run("CREATE TYPE pair AS (id int, during daterange)");
    for function in ["set_period", "clear_period"] {
        session
            .refused(&format!("SELECT * FROM {function}(NULL::t, '{{}}')"))
            .with("55000", "table \"t\" is not packed")
            .hint("Use add_packing() to pack it.");
        for target in ["NULL::int", "NULL::pair", "NULL::text[]"] {
            session
                .refused(&format!("SELECT * FROM {function}({target}, '{{}}')"))
                .with("42809", "argument \"target\" is not a row of a table")
                .hint("Name the table by the type of a null row: NULL::tariffs.");
        }
    }
}

#[test]
fn a_part_of_a_timeline_is_changed_with_the_caller_s_rights() {
    let (database, mut owner) = packed();
    let mut stranger = database.connect("stranger");
    let set = "SELECT set_period(NULL::t, '{\"id\": 1, \"price\": 6, \"during\": \"[2024-01-10,2024-01-20)\"}')";
    let clear = "SELECT clear_period(NULL::t, '{\"id\": 1, \"during\": \"[2024-01-10,2024-01-20)\"}')";
    for privileges in ["", "INSERT, UPDATE, DELETE", "SELECT", "SELECT, INSERT", "SELECT, UPDATE, DELETE"] {
        if !privileges.is_empty() {
            owner.run(&format!("REVOKE ALL ON t FROM stranger; GRANT {privileges} ON t TO stranger"));
        }
        for call in [set, clear] {
            stranger.refused(call).with("42501", "permission denied for table t");
        }
    }
    owner.run("GRANT SELECT, INSERT, UPDATE, DELETE ON t TO stranger");
    stranger.run(&format!("{set}; {clear}"));
    // What a policy hides is not cut, and then the constraint refuses what would lie over it.
    owner.run("ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY a_part ON t USING (price = 6)");
    stranger.refused(&set.replace("10", "02")).with_code("23P01").detail("Key conflicts with existing key.");
    assert_eq!(owner.value("SELECT count(*) FROM t"), "2");
}

// --- triggers by hand

#[test]
fn the_trigger_functions_are_for_triggers_alone() {
    let mut session = Database::new().owner();
    for function in ["pack", "pack_early"] {
        session.refused(&format!("SELECT veritable.{function}()")).with("39P01", "not called by the trigger manager");
    }
}

#[test]
fn triggers_by_hand_must_fire_when_they_are_meant_to() {
    let early = "veritable.pack_early() must be fired BEFORE INSERT FOR EACH ROW";
    let pack = "veritable.pack() must be fired AFTER INSERT or AFTER UPDATE, REFERENCING NEW TABLE, FOR EACH STATEMENT";
    let row = "(1, 5, NULL, '[2024-03-01,2024-04-01)')";
    let (_database, mut session) = packed();
    for (timing, function, statement, message) in [
        ("AFTER INSERT ON t FOR EACH ROW", "pack_early", format!("INSERT INTO t VALUES {row}"), early),
        ("BEFORE INSERT ON t FOR EACH STATEMENT", "pack_early", format!("INSERT INTO t VALUES {row}"), early),
        ("BEFORE DELETE ON t FOR EACH ROW", "pack_early", "DELETE FROM t".to_string(), early),
        ("AFTER INSERT ON t FOR EACH ROW", "pack", format!("INSERT INTO t VALUES {row}"), pack),
        ("AFTER INSERT ON t FOR EACH STATEMENT", "pack", format!("INSERT INTO t VALUES {row}"), pack),
        ("BEFORE INSERT ON t FOR EACH ROW", "pack", format!("INSERT INTO t VALUES {row}"), pack),
        ("AFTER DELETE ON t FOR EACH STATEMENT", "pack", "DELETE FROM t".to_string(), pack),
        ("AFTER TRUNCATE ON t FOR EACH STATEMENT", "pack", "TRUNCATE t".to_string(), pack),
    ] {
        // If it can be made at all.
        session
            .refused(&format!(
                "BEGIN; CREATE TRIGGER odd {timing}
                     EXECUTE FUNCTION veritable.{function}('period=during', 'key=id', 'value=price'); {statement}"
            ))
            .with("39P01", message);
        session.run("ROLLBACK");
    }
}

#[test]
fn triggers_by_hand_need_arguments_that_they_know() {
    let (_database, mut session) = unpacked();
    let early = "CREATE TRIGGER zz_veritable_packing BEFORE INSERT ON t FOR EACH ROW
        EXECUTE FUNCTION veritable.pack_early";
    let keys = "The arguments are key=value, with the keys period, key, value.";
    for (arguments, message) in [
        ("", "packing trigger argument \"period\" is missing"),
        ("'key=id'", "packing trigger argument \"period\" is missing"),
        ("'period'", "unrecognized packing trigger argument \"period\""),
        ("'colour=red'", "unrecognized packing trigger argument \"colour=red\""),
        ("'period=during', 'period=during'", "packing trigger argument \"period\" is given more than once"),
    ] {
        session
            .refused(&format!("BEGIN; {early}({arguments}); INSERT INTO t VALUES (1, 5)"))
            .with("22023", message)
            .hint(keys);
        session.run("ROLLBACK");
    }
    session.refused(&format!("BEGIN; {early}('period=nothing'); INSERT INTO t VALUES (1, 5)")).with_code("42703");
    session.run("ROLLBACK");
    session.refused(&format!("BEGIN; {early}('period=price'); INSERT INTO t VALUES (1, 5)")).with_code("42804");
    session.run("ROLLBACK");
    session
        .refused(&format!("BEGIN; {early}('period=during', 'key=id'); INSERT INTO t VALUES (1, 5)"))
        .with("55000", "packed table \"t\" has no exclusion constraint of its packing")
        .hint("Use drop_packing() and add_packing() to make it anew.");
}
