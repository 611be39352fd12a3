//! Who may do what: writing the table needs nothing on the history, and nobody gets to see or do more by it.

use crate::support::{Database, OWNER, STRANGER, Session};

/// A table of the owner, of which the stranger may change the rows.
fn owned() -> (Database<'static>, Session, Session) {
    let database = Database::new();
    let mut owner = database.owner();
    owner.run(&format!(
        "CREATE TABLE t (id int PRIMARY KEY, amount int, note text DEFAULT current_user);
         SELECT add_history('t');
         INSERT INTO t VALUES (1, 1), (2, 2);
         GRANT SELECT, INSERT, UPDATE, DELETE ON t TO {STRANGER}"
    ));
    let stranger = database.connect(STRANGER);
    (database, owner, stranger)
}

const EVENTS: &str = "SELECT id, amount, note, operation, recorded_by FROM t_history ORDER BY id, seq";

fn is_faultless(database: &Database) {
    let mut session = database.superuser();
    assert_eq!(session.rows("SELECT * FROM verify_history()"), [""; 0]);
    assert_eq!(session.rows("SELECT * FROM verify_all()"), [""; 0]);
}

#[test]
fn a_writer_needs_nothing_on_the_history_and_gets_nothing_of_it() {
    let (database, mut owner, mut stranger) = owned();
    stranger.run(
        "INSERT INTO t VALUES (3, 3) ON CONFLICT (id) DO UPDATE SET amount = 4;
         UPDATE t SET amount = amount + 10 WHERE id = 1;
         DELETE FROM t WHERE id = 2;
         MERGE INTO t USING (VALUES (3), (4)) AS given (id) ON t.id = given.id
             WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (given.id, 0)",
    );
    assert_eq!(
        owner.rows(EVENTS),
        [
            "1|1|owner|insert|owner",
            "1|11|owner|update|stranger",
            "2|2|owner|insert|owner",
            "2|2|owner|delete|stranger",
            "3|3|stranger|insert|stranger",
            "3|3|stranger|delete|stranger",
            "4|0|stranger|insert|stranger",
        ]
    );
    for refused in [
        "TABLE t_history",
        "SELECT count(*) FROM t_history",
        "SELECT * FROM t_as_of()",
        "SELECT * FROM t_as_of('2026-01-01')",
        "INSERT INTO t_history (id, amount, operation) VALUES (1, 1, 'update')",
        "DELETE FROM t_history",
        "TRUNCATE t_history",
        "ALTER TABLE t_history DISABLE TRIGGER USER",
        "SELECT drop_history('t')",
        "TRUNCATE t",
    ] {
        stranger.refused(refused).with_code("42501");
    }
    is_faultless(&database);
}

#[test]
fn a_writer_of_some_columns_needs_no_more() {
    let (database, mut owner, mut stranger) = owned();
    owner.run(&format!(
        "REVOKE ALL ON t FROM {STRANGER}; GRANT INSERT (id, amount), UPDATE (amount), SELECT (id) ON t TO {STRANGER}"
    ));
    stranger.run("INSERT INTO t (id, amount) VALUES (3, 3); UPDATE t SET amount = 5 WHERE id = 1");
    stranger.refused("SELECT amount FROM t").with_code("42501");
    stranger.refused("UPDATE t SET note = 'mine'").with_code("42501");
    assert_eq!(owner.value("SELECT count(*) FROM t_history WHERE recorded_by = 'stranger'"), "2");
    is_faultless(&database);
}

#[test]
fn the_session_user_is_recorded_whoever_he_plays() {
    let (database, mut owner, _) = owned();
    let mut superuser = database.superuser();
    superuser.run(&format!("SET ROLE {STRANGER}; UPDATE t SET amount = 7 WHERE id = 1"));
    owner.run(
        "CREATE FUNCTION raise_it() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'UPDATE public.t SET amount = 8 WHERE id = 2'",
    );
    superuser.run("SELECT raise_it()");
    assert_eq!(owner.rows("SELECT DISTINCT recorded_by FROM t_history WHERE operation = 'update'"), ["postgres"]);
    is_faultless(&database);
}

/// A row that a policy hides is neither shown by the history nor left out of it.
#[test]
fn row_security_is_neither_widened_nor_in_the_way() {
    for partitioned in [false, true] {
        let (database, mut owner, mut stranger) = owned();
        if partitioned {
            owner.run(&format!(
                "DROP TABLE t, t_history CASCADE;
                 CREATE TABLE t (id int PRIMARY KEY, amount int, note text DEFAULT current_user) PARTITION BY RANGE (id);
                 CREATE TABLE t_0 PARTITION OF t FOR VALUES FROM (0) TO (10);
                 CREATE TABLE t_1 PARTITION OF t DEFAULT;
                 SELECT add_history('t');
                 INSERT INTO t VALUES (1, 1), (2, 2);
                 GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON t TO {STRANGER}"
            ));
        } else {
            owner.run(&format!("GRANT TRUNCATE ON t TO {STRANGER}"));
        }
        owner.run(&format!(
            "CREATE POLICY own ON t TO {STRANGER} USING (note = current_user);
             CREATE POLICY none ON t TO {OWNER} USING (false);
             ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY"
        ));
        stranger.run(
            "INSERT INTO t VALUES (3, 3), (4, 4), (15, 5);
             UPDATE t SET amount = amount + 1; UPDATE t SET id = 20 WHERE id = 3; DELETE FROM t WHERE id = 4",
        );
        assert_eq!(stranger.rows("SELECT id, amount FROM t ORDER BY id"), ["15|6", "20|4"]);
        stranger.refused("SELECT * FROM t_as_of()").with_code("42501");
        let mut superuser = database.superuser();
        assert_eq!(superuser.rows("SELECT id, amount FROM t_as_of() ORDER BY id"), ["1|1", "2|2", "15|6", "20|4"]);
        is_faultless(&database);
        // TRUNCATE asks no policy: all rows go, and are recorded.
        stranger.run("TRUNCATE t");
        assert_eq!(superuser.rows("SELECT id FROM t_as_of()"), [""; 0], "partitioned: {partitioned}");
        is_faultless(&database);
    }
}

/// Everything that a writer can put in front of what we name.
const HOSTILE: &str = "
    CREATE SCHEMA evil;
    CREATE TABLE evil.t_history (id int, amount int, note text, operation text, recorded timestamptz, recorded_by name, seq bigint);
    CREATE TABLE evil.t (id int, amount int, note text);
    CREATE FUNCTION evil.no(anyelement, anyelement) RETURNS boolean LANGUAGE sql AS 'SELECT false';
    CREATE FUNCTION evil.no(integer, integer) RETURNS boolean LANGUAGE sql AS 'SELECT false';
    CREATE FUNCTION evil.no(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
    CREATE FUNCTION evil.no(timestamptz, timestamptz) RETURNS boolean LANGUAGE sql AS 'SELECT false';
    CREATE OPERATOR evil.= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = evil.no);
    CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.no);
    CREATE OPERATOR evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.no);
    CREATE OPERATOR evil.<= (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = evil.no);
    CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz 'epoch' $$;
    CREATE FUNCTION evil.unnest(anyarray) RETURNS SETOF anyelement LANGUAGE sql AS 'SELECT NULL WHERE false';
    CREATE FUNCTION evil.settled_at(regclass) RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz 'epoch' $$;
    SET search_path = evil, pg_catalog, public;
    CREATE TEMP TABLE t_history (LIKE public.t);
    CREATE TEMP TABLE t (LIKE public.t);";

#[test]
fn a_hostile_search_path_changes_nothing() {
    let (database, mut owner, _) = owned();
    let mut superuser = database.superuser();
    superuser.run(&format!("GRANT CREATE ON DATABASE {} TO {STRANGER}", database.name));
    let mut stranger = database.connect(STRANGER);
    stranger.run(HOSTILE);
    stranger.run(
        "INSERT INTO public.t VALUES (3, 3); UPDATE public.t SET amount = 9; DELETE FROM public.t WHERE note OPERATOR(pg_catalog.=) 'stranger'",
    );
    assert_eq!(owner.rows("SELECT id, amount FROM t_as_of() ORDER BY id"), ["1|9", "2|9"]);
    assert_eq!(owner.value("SELECT count(*) FROM t_history"), "7");
    // The owner, with the stranger's names in front.
    superuser.run(&format!("GRANT USAGE ON SCHEMA evil TO {OWNER}"));
    owner.run("SET search_path = evil, pg_catalog, public");
    assert_eq!(
        owner.rows("SELECT id, amount FROM public.t_as_of() ORDER BY id USING OPERATOR(pg_catalog.<)"),
        ["1|9", "2|9"]
    );
    assert_eq!(owner.rows("SELECT * FROM public.verify_history('public.t')"), [""; 0]);
    is_faultless(&database);
}

/// The stranger may put triggers on the table. They run as whoever writes, and what they set stays with that session.
#[test]
fn hostile_triggers_and_settings_of_a_writer_change_nothing() {
    let (database, mut owner, mut stranger) = owned();
    owner.run(&format!("GRANT TRIGGER ON t TO {STRANGER}"));
    stranger.run(
        "CREATE FUNCTION evil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             SET search_path = pg_temp; SET row_security = off; SET DateStyle = 'German'; SET bytea_output = 'escape';
             SET extra_float_digits = -15; SET TimeZone = 'Pacific/Apia'; SET enable_indexscan = off; SET enable_seqscan = off;
             INSERT INTO public.seen VALUES (current_user);
             RETURN coalesce(NEW, OLD);
         END $$;
         CREATE TABLE seen (role name); GRANT INSERT ON seen TO PUBLIC;
         CREATE TRIGGER \"A_evil\" BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION evil();
         CREATE TRIGGER zzz_evil AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION evil()",
    );
    stranger.run("INSERT INTO t VALUES (3, 3)");
    stranger.run(
        "UPDATE public.t SET amount = 4 WHERE id = 3; DELETE FROM public.t WHERE id = 1; SET search_path = public",
    );
    assert_eq!(stranger.rows("SELECT DISTINCT role FROM public.seen"), [STRANGER]);
    assert_eq!(owner.rows("SELECT id, amount FROM t_as_of() ORDER BY id"), ["2|2", "3|4"]);
    is_faultless(&database);
    // A trigger of the stranger cannot keep a change from being recorded: the change and its event stand or fall together.
    stranger.run(
        "CREATE OR REPLACE FUNCTION evil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF pg_trigger_depth() < 2 THEN
                 BEGIN
                     UPDATE public.t SET amount = 100 WHERE id = 2;
                     RAISE EXCEPTION 'undone';
                 EXCEPTION WHEN raise_exception THEN NULL; END;
             END IF;
             RETURN coalesce(NEW, OLD);
         END $$",
    );
    stranger.run("INSERT INTO t VALUES (5, 5)");
    assert_eq!(owner.rows("SELECT id, amount FROM t_as_of() ORDER BY id"), ["2|2", "3|4", "5|5"]);
    is_faultless(&database);
}

/// The writer may be a superuser. What the owner has attached to the history is never run as the writer.
#[test]
fn what_the_owner_attaches_to_the_history_runs_as_the_owner() {
    let (database, mut owner, _) = owned();
    owner.run(
        "CREATE FUNCTION notes() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE NOTICE 'as %', current_user; RETURN NEW; END $$;
         CREATE FUNCTION is_right(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
             $$ BEGIN RAISE NOTICE 'as %', current_user; RETURN true; END $$;
         CREATE TRIGGER a_notes BEFORE INSERT ON t_history FOR EACH ROW EXECUTE FUNCTION notes();
         CREATE TRIGGER notes AFTER INSERT ON t_history FOR EACH ROW EXECUTE FUNCTION notes();
         CREATE TRIGGER notes_statement AFTER INSERT ON t_history EXECUTE FUNCTION notes();
         CREATE INDEX ON t_history (is_right(amount));
         ALTER TABLE t_history ADD CHECK (is_right(amount))",
    );
    let mut superuser = database.superuser();
    superuser.run("UPDATE t SET amount = 7; DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (8, 8); TRUNCATE t");
    let mut notices = superuser.take_notices();
    notices.sort_unstable();
    notices.dedup();
    assert_eq!(notices, ["as owner"]);
    // A deferred trigger would run at the commit, when nobody acts as the owner any more.
    owner.run(
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t_history DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION notes()",
    );
    superuser.refused("INSERT INTO t VALUES (9, 9)").with_code("42501");
    assert!(superuser.take_notices().iter().all(|notice| notice == "as owner"));
}
