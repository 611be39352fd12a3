//! What `verify_chain()` refuses. Faults are not among it: they are its result.

use super::*;

#[test]
fn needs_a_chain() {
    let (_database, mut session) = plain();
    session
        .refused("SELECT * FROM verify_chain('t')")
        .with("55000", "table \"t\" is not chained")
        .hint("Use add_chain() to chain it.");
    session.refused("SELECT * FROM verify_chain('pg_views')").with_code("55000");
    session.refused("SELECT * FROM verify_chain(4000000000)").with_code("42704");
}

#[test]
fn needs_the_privilege_to_read() {
    let (database, mut owner) = chained();
    owner.run("INSERT INTO t VALUES (1, '1')");
    let mut stranger = database.connect("stranger");
    stranger.refused("SELECT * FROM verify_chain('t')").with("42501", "permission denied for table t");
    stranger.refused("SELECT * FROM verify_chain('t', '{1}')").with("42501", "permission denied for table t");
    // Silence would read as intact.
    assert_eq!(stranger.faults(""), ["t|||unread"]);
    // A part of each row is not enough.
    owner.run("GRANT SELECT (id, seq) ON t TO stranger");
    stranger.refused("SELECT * FROM verify_chain('t')").with("42501", "permission denied for table t");
    owner.run("GRANT SELECT ON t TO stranger");
    stranger.verifies("1 event in 1 chain of 1 table");
}

#[test]
fn refuses_a_part_of_the_rows() {
    let (database, mut owner) = chained();
    owner.run(
        "GRANT SELECT ON t TO stranger;
         ALTER TABLE t ENABLE ROW LEVEL SECURITY;
         CREATE POLICY a_part ON t USING (id > 1)",
    );
    database
        .connect("stranger")
        .refused("SELECT * FROM verify_chain('t')")
        .with("42501", "query would be affected by row-level security policy for table \"t\"")
        .hint("A chain can be verified only as a whole: use a role that has BYPASSRLS, or owns the table.");
    owner.verifies("0 events in 0 chains of 0 tables");
}

#[test]
fn is_for_the_partitioned_table_as_a_whole() {
    let mut session = Database::new().owner();
    session.run(
        "CREATE TABLE t (id int NOT NULL) PARTITION BY LIST (id);
         CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
         SELECT add_chain('t', '{id}')",
    );
    session
        .refused("SELECT * FROM verify_chain('t_1')")
        .with("42809", "\"t_1\" is a partition of chained table \"t\"")
        .hint("SELECT * FROM verify_chain('public.t');");
}

#[test]
fn needs_an_entity_with_its_values() {
    let (_database, mut session) = chained();
    session
        .refused("SELECT * FROM verify_chain('t', '{1,2}')")
        .with("22023", "wrong number of entity values: expected 1, got 2");
    session
        .refused("SELECT * FROM verify_chain('t', '{}')")
        .with("22023", "wrong number of entity values: expected 1, got 0");
    session.refused("SELECT * FROM verify_chain('t', '{NULL}')").with("22023", "a value of an entity must not be null");
    session.refused("SELECT * FROM verify_chain('t', '{one}')").with_code("22P02");
    session
        .refused("SELECT * FROM verify_chain(entity => '{1}')")
        .with("22023", "an entity can be verified in one table only")
        .hint("Name the table: SELECT * FROM verify_chain('entity_events', '{…}').");
}
