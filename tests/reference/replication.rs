//! Changes that are applied from another server are not checked again, as by foreign keys: they come in any order.

use crate::support::Database;

#[test]
fn what_is_applied_from_elsewhere_is_not_checked() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(
        "CREATE TABLE p (id int, during int4range);
         CREATE TABLE c (id int, during int4range);
         SELECT add_reference('c', '{id}', 'during', 'p');
         SET session_replication_role = replica;
         INSERT INTO c VALUES (1, '[1,5)')",
    );
    assert_eq!(session.rows("SELECT key, period, fault FROM verify_references('c')"), ["{1}|[1,5)|orphaned"]);
    session.run("INSERT INTO p VALUES (1, '[1,5)'); RESET session_replication_role");
    assert_eq!(session.rows("SELECT * FROM verify_references('c')"), [""; 0]);
}
