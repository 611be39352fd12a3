//! What `chain_line()` refuses.

use super::*;

#[test]
fn needs_a_row_of_a_chained_table() {
    let (_database, mut session) = plain();
    for select in
        ["SELECT chain_line(ROW(1, 2))", "SELECT chain_line(ROW())", "SELECT chain_line(x) FROM (SELECT 1, 2) AS x"]
    {
        session
            .refused(select)
            .with("42809", "argument is not a row of a chained table")
            .hint("Pass a whole row: SELECT chain_line(e) FROM entity_events AS e.");
    }
    session.refused("SELECT chain_line(ROW(1, '1')::t)").with("55000", "table \"t\" is not chained");
    assert_eq!(session.rows("SELECT chain_line(NULL::t)"), [""]);
}
