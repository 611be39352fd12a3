//! Rows that cannot be packed.

use super::*;

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
    let null = (
        "null value in {}",
        "The period states when the row is valid; it cannot be null.",
        "A period without bounds, '(,)', holds always.",
    );
    let empty = ("{} must not be empty", "The period states when the row is valid.", "");
    let infinite = (
        "{} must not have an infinite bound",
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
                .with("23514", &what.replace("{}", "period column \"during\" of packed table \"t\""))
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
        let message = "period column \"size\" of packed table \"t\" must be half-open";
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
            .with("23514", "period column \"size\" of packed table \"t\" must not have an infinite bound");
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
        .with("55000", "trigger \"keep\" of packed table \"t\" keeps its rows from being packed");
    session
        .refused("SELECT clear_period(NULL::t, '{\"id\": 1, \"during\": \"[2024-01-15,)\"}')")
        .with("55000", "trigger \"keep\" of packed table \"t\" keeps a period from being cut");
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
            .hint("The transaction might succeed if retried.");
        session.run("ROLLBACK");
        session.run(&format!("BEGIN ISOLATION LEVEL {isolation}; SELECT * FROM t"));
        other.run(&format!("INSERT INTO t (id, price, during) VALUES (3, 5, '[2024-0{month}-01,2024-0{month}-10)')"));
        let object = format!("{{\"id\": 3, \"price\": 6, \"during\": \"[2024-0{month}-05,2024-0{month}-06)\"}}");
        session
            .refused(&format!("SELECT set_period(NULL::t, '{object}')"))
            .with_code("40001")
            .hint("The transaction might succeed if retried.");
        session.run("ROLLBACK");
        // Another key is nobody's business.
        session.run(&format!("BEGIN ISOLATION LEVEL {isolation}; SELECT * FROM t"));
        other.run(&format!("INSERT INTO t (id, price, during) VALUES (4, 5, '[2024-0{month}-01,2024-0{month}-10)')"));
        session.run("INSERT INTO t (id, price, during) VALUES (5, 5, '[2024-02-01,2024-02-10)'); COMMIT");
    }
}
