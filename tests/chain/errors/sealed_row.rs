//! A sealed row stays as it is, by whatever way somebody reaches it.

use super::*;
use crate::support::SUPERUSER;

#[test]
fn is_not_updated() {
    let (database, mut owner) = chained();
    owner.run("INSERT INTO t VALUES (1, '1')");
    for role in ["owner", SUPERUSER] {
        let mut session = database.connect(role);
        for (set, column) in [
            ("payload = '2'", "payload"),
            ("payload = NULL", "payload"),
            ("id = 2", "id"),
            ("seq = 2", "seq"),
            ("previous_event_hash = ''", "previous_event_hash"),
            ("event_hash = ''", "event_hash"),
        ] {
            session
                .refused(&format!("UPDATE t SET {set}"))
                .with("23001", "cannot update chained table \"t\"")
                .detail(&format!("Column \"{column}\" is sealed."))
                .hint(CORRECT);
        }
    }
    owner.verifies("1 event in 1 chain of 1 table");
}

#[test]
fn is_not_deleted() {
    let (database, mut owner) = chained();
    owner.run("INSERT INTO t VALUES (1, '1')");
    for role in ["owner", SUPERUSER] {
        let mut session = database.connect(role);
        let message = "cannot delete from chained table \"t\"";
        session.refused("DELETE FROM t").with("23001", message).detail("").hint(CORRECT_OR_LET_PASS);
        let merge = "MERGE INTO t USING (VALUES (1)) AS one ON id = 1 WHEN MATCHED THEN DELETE";
        session.refused(merge).with("23001", message);
    }
}

#[test]
fn is_not_truncated_away() {
    let (database, mut owner) = chained();
    owner.run("INSERT INTO t VALUES (1, '1')");
    for role in ["owner", SUPERUSER] {
        let message = "cannot truncate chained table \"t\"";
        database.connect(role).refused("TRUNCATE t").with("23001", message).detail("").hint(CORRECT_OR_LET_PASS);
    }
}

#[test]
fn is_not_deleted_by_a_foreign_key() {
    let mut session = Database::new().owner();
    session.run(
        "CREATE TABLE entities (id int PRIMARY KEY);
         CREATE TABLE t (id int NOT NULL REFERENCES entities ON DELETE CASCADE ON UPDATE CASCADE);
         SELECT add_chain('t', '{id}');
         INSERT INTO entities VALUES (1); INSERT INTO t VALUES (1)",
    );
    session.refused("DELETE FROM entities").with("23001", "cannot delete from chained table \"t\"");
    session.refused("UPDATE entities SET id = 2").with("23001", "cannot update chained table \"t\"");
    session.refused("TRUNCATE entities CASCADE").with("23001", "cannot truncate chained table \"t\"");
}

#[test]
fn is_safe_in_a_partition_too() {
    let mut session = Database::new().owner();
    session.run(
        "CREATE TABLE t (id int NOT NULL, payload int) PARTITION BY LIST (id);
         CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
         SELECT add_chain('t', '{id}');
         INSERT INTO t VALUES (1, 1)",
    );
    session.refused("UPDATE t_1 SET payload = 2").with("23001", "cannot update chained table \"t_1\"");
    session.refused("DELETE FROM t_1").with("23001", "cannot delete from chained table \"t_1\"");
    session.refused("UPDATE t SET payload = 2").with("23001", "cannot update chained table \"t_1\"");
    session.refused("TRUNCATE t").with("23001", "cannot truncate chained table \"t\"");
    session.refused("TRUNCATE t_1").with("23001", "cannot truncate chained table \"t_1\"");
}

#[test]
fn is_safe_where_the_session_replicates() {
    let (database, mut owner) = chained();
    owner.run("INSERT INTO t VALUES (1, '1')");
    let mut session = database.superuser();
    session.run("SET session_replication_role = replica");
    session.refused("UPDATE t SET payload = '2'").with_code("23001");
    session.refused("DELETE FROM t").with_code("23001");
    session.refused("TRUNCATE t").with_code("23001");
    session.refused("INSERT INTO t (id, seq, event_hash) VALUES (1, 2, '')").with_code("23514");
}
