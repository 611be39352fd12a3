//! `drop_packing`, `pack` and `verify_packing`.

use super::*;

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
    stranger.is_packed("1 period in 1 key of 1 table");
    owner.run("ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY a_part ON t USING (id > 1)");
    stranger
        .refused("SELECT * FROM verify_packing('t')")
        .with("42501", "query would be affected by row-level security policy for table \"t\"")
        .hint("A packing can be verified only as a whole: use a role that has BYPASSRLS, or owns the table.");
    owner.is_packed("1 period in 1 key of 1 table");
}
