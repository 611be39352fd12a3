//! `set_period`, `update_period` and `clear_period`.

use super::*;

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
        .with("22023", "column \"price\" is neither in the key nor the period")
        .hint("Give the key and the period alone.");
    session
        .refused("SELECT * FROM update_period(NULL::t, '{\"id\": 1, \"during\": \"[2024-01-01,)\"}')")
        .with("22023", "argument \"fact\" has no column to change")
        .hint("Give the key, the period, and the columns to change.");
    session
        .refused("SELECT * FROM set_period(NULL::t, '{\"id\": 1, \"during\": \"[2024-01-01,)\"}')")
        .with("23502", "null value in column \"price\" of relation \"t\" violates not-null constraint");
}

#[test]
fn a_part_of_a_timeline_is_that_of_a_packed_table() {
    let (_database, mut session) = unpacked();
    session.run("CREATE TYPE pair AS (id int, during daterange)");
    for function in ["set_period", "update_period", "clear_period"] {
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
    let update = set.replace("set_period", "update_period");
    let clear = "SELECT clear_period(NULL::t, '{\"id\": 1, \"during\": \"[2024-01-10,2024-01-20)\"}')";
    for privileges in ["", "INSERT, UPDATE, DELETE", "SELECT", "SELECT, INSERT", "SELECT, UPDATE, DELETE"] {
        if !privileges.is_empty() {
            owner.run(&format!("REVOKE ALL ON t FROM stranger; GRANT {privileges} ON t TO stranger"));
        }
        for call in [set, &update, clear] {
            stranger.refused(call).with("42501", "permission denied for table t");
        }
    }
    owner.run("GRANT SELECT, INSERT, UPDATE, DELETE ON t TO stranger");
    stranger.run(&format!("{set}; {update}; {clear}"));
    // What a policy hides is not cut, and then the constraint refuses what would lie over it.
    owner.run("ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY a_part ON t USING (price = 6)");
    stranger.refused(&set.replace("10", "02")).with_code("23P01").detail("Key conflicts with existing key.");
    assert_eq!(owner.value("SELECT count(*) FROM t"), "2");
}
