//! What `drop_chain()` refuses.

use super::*;

#[test]
fn is_for_the_owner() {
    let (database, _owner) = chained();
    database.connect("stranger").refused("SELECT drop_chain('t')").with("42501", "must be owner of table t");
}

#[test]
fn needs_a_chain() {
    let (_database, mut session) = plain();
    session
        .refused("SELECT drop_chain('t')")
        .with("55000", "table \"t\" is not chained")
        .hint("Use add_chain() to chain it.");
    assert_eq!(session.rows("SELECT drop_chain(NULL)"), [""]);
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
        .refused("SELECT drop_chain('t_1')")
        .with("42809", "\"t_1\" is a partition of chained table \"t\"")
        .hint("SELECT drop_chain('public.t');");
}
