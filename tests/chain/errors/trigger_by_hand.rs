//! Triggers that are made without `add_chain()`.

use super::*;

const SEAL: &str = "CREATE TRIGGER zz_veritable_chain BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION veritable.seal";

fn with_columns() -> (Database<'static>, Session) {
    let (database, mut session) = plain();
    session.run("ALTER TABLE t ADD seq bigint, ADD previous bytea, ADD hash bytea");
    (database, session)
}

#[test]
fn needs_arguments_that_it_knows() {
    let (_database, mut session) = with_columns();
    let keys = "The arguments are key=value, with the keys format, entity, seq, previous, hash, recorded, exclude, identity, founded, position, origin, arrival, erasable, salt, commitment.";
    for (arguments, message) in [
        ("", "chain trigger argument \"seq\" is missing"),
        ("'seq=seq', 'previous=previous'", "chain trigger argument \"hash\" is missing"),
        ("'seq'", "unrecognized chain trigger argument \"seq\""),
        ("'seq='", "unrecognized chain trigger argument \"seq=\""),
        ("'colour=red'", "unrecognized chain trigger argument \"colour=red\""),
        ("'seq=seq', 'seq=seq'", "chain trigger argument \"seq\" is given more than once"),
    ] {
        session.refused(&format!("{SEAL}({arguments})")).with("22023", message).hint(keys);
    }
    session
        .refused(&format!("{SEAL}('format=2', 'seq=seq', 'previous=previous', 'hash=hash')"))
        .with("0A000", "chain format is not supported by this version of veritable");
}

#[test]
fn needs_columns_that_fit() {
    let (_database, mut session) = with_columns();
    session
        .refused(&format!("{SEAL}('seq=nothing', 'previous=previous', 'hash=hash')"))
        .with("42703", "column \"nothing\" of relation \"t\" does not exist");
    session
        .refused(&format!("{SEAL}('seq=id', 'previous=previous', 'hash=hash')"))
        .with("42804", "column \"id\" of relation \"t\" must be of type bigint");
}

#[test]
fn needs_an_index() {
    let (_database, mut session) = with_columns();
    session.run(&format!("{SEAL}('entity=id', 'seq=seq', 'previous=previous', 'hash=hash')"));
    session
        .refused("INSERT INTO t VALUES (1)")
        .with("55000", "chained table \"t\" has no index on (id, seq)")
        .hint("CREATE UNIQUE INDEX ON public.t (id, seq);");
    session.run("CREATE UNIQUE INDEX ON t (id, seq); INSERT INTO t VALUES (1)");
}

#[test]
fn needs_no_index_where_the_session_replicates() {
    let (database, mut session) = with_columns();
    let seal = format!("{SEAL}('entity=id', 'seq=seq', 'previous=previous', 'hash=hash')");
    session.run(&format!("{seal}; CREATE UNIQUE INDEX ON t (id, seq); INSERT INTO t VALUES (1), (1)"));
    session.run("CREATE TABLE saved AS SELECT * FROM t; DROP TABLE t");
    session.run("CREATE TABLE t (LIKE saved); ALTER TABLE t ALTER id SET NOT NULL");
    session.run(&format!("{seal}; ALTER TABLE t ENABLE ALWAYS TRIGGER zz_veritable_chain"));
    let mut restoring = database.superuser();
    restoring.run("SET session_replication_role = replica; INSERT INTO t SELECT * FROM saved ORDER BY seq DESC");
    restoring.refused("INSERT INTO t SELECT id + 1, payload, seq, previous, hash FROM saved").with_code("23514");
    assert_eq!(session.value("SELECT count(*) FROM t JOIN saved USING (id, seq, hash)"), "2");
}

#[test]
fn must_fire_when_it_is_meant_to() {
    let (_database, mut session) = with_columns();
    let arguments = "('entity=id', 'seq=seq', 'previous=previous', 'hash=hash')";
    let seal = "veritable.seal() must be fired BEFORE INSERT FOR EACH ROW";
    let guard =
        "veritable.guard() must be fired BEFORE UPDATE OR DELETE FOR EACH ROW or BEFORE TRUNCATE FOR EACH STATEMENT";
    for (timing, function, statement, message) in [
        ("AFTER INSERT ON t FOR EACH ROW", "seal", "INSERT INTO t VALUES (1)", seal),
        ("BEFORE INSERT ON t FOR EACH STATEMENT", "seal", "INSERT INTO t VALUES (1)", seal),
        ("BEFORE UPDATE ON t FOR EACH ROW", "seal", "UPDATE t SET id = 2", seal),
        ("BEFORE INSERT ON t FOR EACH ROW", "guard", "INSERT INTO t VALUES (1)", guard),
        ("AFTER UPDATE ON t FOR EACH ROW", "guard", "UPDATE t SET id = 2", guard),
        ("AFTER DELETE ON t FOR EACH ROW", "guard", "DELETE FROM t", guard),
        ("BEFORE UPDATE ON t FOR EACH STATEMENT", "guard", "UPDATE t SET id = 2", guard),
    ] {
        // A row to update or delete, and a trigger that goes with its transaction, if it can be made at all.
        session.run("DELETE FROM t; INSERT INTO t VALUES (3)");
        session
            .refused(&format!(
                "BEGIN; CREATE TRIGGER odd {timing} EXECUTE FUNCTION veritable.{function}{arguments}; {statement}"
            ))
            .with("39P01", message);
        session.run("ROLLBACK");
    }
}

#[test]
fn is_the_only_way_to_call_its_function() {
    let mut session = Database::new().owner();
    for function in ["seal", "guard"] {
        session
            .refused(&format!("SELECT veritable.{function}()"))
            .with("39P01", &format!("function \"{function}\" was not called by trigger manager"));
    }
    for function in ["before_ddl", "after_ddl"] {
        session
            .refused(&format!("SELECT veritable.{function}()"))
            .with("39P03", &format!("function \"{function}\" was not called by event trigger manager"));
    }
}
