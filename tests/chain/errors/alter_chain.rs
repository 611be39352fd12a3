//! What `alter_chain()` refuses.

use super::*;

#[test]
fn is_for_the_owner() {
    let (database, _owner) = chained();
    database
        .connect("stranger")
        .refused("SELECT alter_chain('t', exclude => '{payload}')")
        .with("42501", "must be owner of table t");
}

#[test]
fn needs_a_chain() {
    let (_database, mut session) = plain();
    session
        .refused("SELECT alter_chain('t', exclude => '{payload}')")
        .with("55000", "table \"t\" is not chained")
        .hint("Use add_chain() to chain it.");
    session.refused("SELECT alter_chain(NULL)").with_code("22023");
}

#[test]
fn refuses_to_change_a_line() {
    let (_database, mut session) = chained();
    session.run("INSERT INTO t VALUES (1, '1'), (1, NULL)");
    session
        .refused("SELECT alter_chain('t', exclude => '{payload}')")
        .with("55000", "cannot alter the chain of table \"t\"");
    session.verifies("2 events in 1 chain of 1 table");
}

#[test]
fn refuses_a_chain_with_faults() {
    let (_database, mut session) = chained();
    session.run("INSERT INTO t VALUES (1, NULL); ALTER TABLE t DISABLE TRIGGER USER");
    let refusal = session.refused("SELECT alter_chain('t', exclude => '{payload}')");
    refusal.with("55000", "chain of table \"t\" has faults").hint("SELECT * FROM verify_chain('public.t');");
}
