//! What references refuse, and how: SQLSTATE, message, DETAIL and HINT as a client receives them.

use crate::support::{Database, Session};

fn linked() -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.owner();
    session.run(
        "CREATE TABLE p (id int, price int, during int4range);
         CREATE TABLE c (id int, pid int, during int4range);
         INSERT INTO p VALUES (1, 5, '[1,10)');
         SELECT add_reference('c', '{pid}', 'during', 'p', '{id}', name => 'held');
         INSERT INTO c VALUES (1, 1, '[2,5)')",
    );
    (database, session)
}

#[test]
fn rows_that_are_not_covered_are_refused() {
    let (_database, mut session) = linked();
    for insert in ["INSERT INTO c VALUES (2, 1, '[5,12)')", "UPDATE c SET during = '[5,12)'"] {
        session
            .refused(insert)
            .with("23503", "insert or update on table \"c\" violates reference \"held\"")
            .detail("Key (pid)=(1) is not covered by table \"p\" during {[10,12)}.")
            .hint("");
    }
    for change in ["DELETE FROM p", "UPDATE p SET id = 2", "UPDATE p SET during = '[7,9)'"] {
        session
            .refused(change)
            .with("23503", "update or delete on table \"p\" violates reference \"held\" on table \"c\"")
            .detail("Key (pid)=(1) is not covered by table \"p\" during {[2,5)}.")
            .hint("");
    }
    session
        .refused("TRUNCATE p")
        .with("23503", "truncate on table \"p\" violates reference \"held\" on table \"c\"")
        .detail("Rows of table \"c\" refer to rows of table \"p\".")
        .hint("Truncate table \"c\" at the same time.");
}

#[test]
fn what_a_snapshot_does_not_explain_is_for_a_retry() {
    let (database, mut session) = linked();
    let mut other = database.owner();
    session.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM c");
    other.run("INSERT INTO c VALUES (2, 1, '[5,8)'); DELETE FROM c WHERE id = 1");
    session
        .refused("UPDATE p SET during = '[1,5)'")
        .with("40001", "could not serialize access: rows of table \"c\" have changed since the snapshot")
        .hint("The transaction might succeed if retried.");
    session.run("ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM c");
    other.run("UPDATE p SET during = '[5,8)'");
    session
        .refused("INSERT INTO c VALUES (3, 1, '[2,5)')")
        .with("40001", "could not serialize access: rows of table \"p\" have changed since the snapshot");
    session.run("ROLLBACK");
    session.refused("INSERT INTO c VALUES (3, 1, '[2,5)')").with_code("23503");
}

#[test]
fn arguments_that_do_not_fit_are_refused() {
    let (_database, mut session) = linked();
    for (code, arguments) in [
        ("22023", "'c', NULL, 'during', 'p'"),
        ("22023", "'c', '{}', 'during', 'p'"),
        ("22023", "'c', '{pid,id}', 'during', 'p', '{id}'"),
        ("42703", "'c', '{pid}', 'during', 'p'"),
        ("42701", "'c', '{pid,pid}', 'during', 'p'"),
        ("42804", "'c', '{pid}', 'id', 'p', '{id}', 'during'"),
        ("42804", "'c', '{during}', 'during', 'p', '{id}'"),
        ("42710", "'c', '{pid}', 'during', 'p', '{id}', name => 'held'"),
        ("42501", "'pg_class', '{oid}', 'during', 'p', '{id}'"),
        ("42501", "'c', '{pid}', 'during', 'pg_class', '{oid}'"),
    ] {
        // A column for two roles is told of before its type.
        let code = if arguments.contains("{during}") { "42701" } else { code };
        session.refused(&format!("SELECT add_reference({arguments})")).with_code(code);
    }
    session.refused("SELECT drop_reference('c', 'other')").with_code("42704");
    session.refused("SELECT drop_reference('p', 'held')").with_code("42704");
    session.run("CREATE TABLE plain (a int)");
    session.refused("SELECT * FROM verify_references('plain')").with("55000", "table \"plain\" is not linked");
}

#[test]
fn commands_that_would_break_a_reference_are_refused() {
    let (_database, mut session) = linked();
    for (code, command) in [
        ("55000", "ALTER TABLE c DROP COLUMN pid"),
        ("55000", "ALTER TABLE p DROP COLUMN id CASCADE"),
        ("42804", "ALTER TABLE p ALTER COLUMN id TYPE bigint"),
        ("55000", "ALTER TABLE p ALTER COLUMN id TYPE int USING id + 1"),
        ("55000", "DROP TRIGGER veritable_referenced_held_update ON p"),
        ("2BP01", "DROP TABLE p"),
        ("0A000", "CREATE TABLE child () INHERITS (p)"),
    ] {
        session.refused(command).with_code(code);
    }
    session.run("DROP TABLE p CASCADE; INSERT INTO c VALUES (7, 7, '[1,2)')");
}

#[test]
fn trigger_functions_are_for_triggers() {
    let (_database, mut session) = linked();
    session.refused("SELECT veritable.refer()").with_code("39P01");
    session.run("CREATE TABLE t (id int, during int4range)");
    for function in ["refer", "guard_referenced"] {
        for timing in ["BEFORE INSERT", "AFTER INSERT", "BEFORE TRUNCATE", "BEFORE DELETE"] {
            session
                .refused(&format!("CREATE TRIGGER x {timing} ON t EXECUTE FUNCTION veritable.{function}('name=x')"))
                .with_code("39P01");
        }
    }
}

/// Past the event triggers: the triggers themselves refuse what they cannot check.
#[test]
fn triggers_made_by_hand_refuse_what_they_cannot_check() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(
        "ALTER EVENT TRIGGER veritable_after_ddl DISABLE;
         CREATE TABLE p (id int, during int4range);
         CREATE TABLE parted (id int, during int4range) PARTITION BY LIST (id);
         CREATE TABLE part PARTITION OF parted DEFAULT",
    );
    let arguments = "'name=x', 'column=id', 'period=during', 'referenced_column=id', 'referenced_period=during'";
    for (table, other, arguments, code) in [
        ("part", "p", arguments, "0A000"),
        ("p", "part", arguments, "0A000"),
        (
            "p",
            "p",
            "'name=x', 'column=nowhere', 'period=during', 'referenced_column=id', 'referenced_period=during'",
            "42703",
        ),
        ("p", "p", "'name=x', 'column=id', 'period=id', 'referenced_column=id', 'referenced_period=during'", "42804"),
        ("p", "p", "'name=x', 'period=during', 'referenced_period=during'", "22023"),
        ("p", "p", "'unknown=x'", "22023"),
    ] {
        session.run(&format!(
            "CREATE TRIGGER x AFTER INSERT ON {table} REFERENCING NEW TABLE AS n
                 FOR EACH STATEMENT EXECUTE FUNCTION veritable.refer({arguments});
             CREATE CONSTRAINT TRIGGER y AFTER DELETE ON {table} FROM {other}
                 FOR EACH ROW WHEN (false) EXECUTE FUNCTION veritable.refer({arguments})"
        ));
        session.refused(&format!("INSERT INTO {table} VALUES (1, '[1,2)')")).with_code(code);
        session.run(&format!("DROP TRIGGER x ON {table}; DROP TRIGGER y ON {table}"));
    }
}
