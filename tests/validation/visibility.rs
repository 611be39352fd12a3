//! A version counts from the commit that made it: in every session's next statement, however that was prepared and
//! whatever its transaction has seen and locked before; and in the transaction that made it, at once.

use std::io::Write;

use postgres::{Error, SimpleQueryMessage, Statement};

use crate::support::{Cluster, Database, Session, explain, wait_until};

const TABLE: &str = "
    CREATE TABLE events (id bigserial, kind text, payload jsonb, version int);
    SELECT add_validation('events', 'payload', type => 'kind', version => 'version')";

/// Registers a version of `thing`.
const REGISTER: &str = "
    SELECT register_schema('thing', jsonb_build_object('title', count(*)::text))
    FROM veritable.event_schemas WHERE name = 'thing'";
const RETIRE: &str = "SELECT retire_schema('thing')";
const INSERT: &str = "INSERT INTO events (kind, payload) VALUES ('thing', '{}') RETURNING version";
/// What an insert says where there is no version, or no more.
const REFUSED: &str = "23514";

/// A session that inserts documents in every way in which a statement can be prepared.
struct Writer {
    session: Session,
    prepared: Statement,
    in_transaction: bool,
}

/// One of these ways: the version that the document was given.
type Way = fn(&mut Writer) -> Result<String, Error>;

impl Writer {
    fn new(database: &Database) -> Writer {
        let mut session = database.superuser();
        session.run(&format!(
            "SET plan_cache_mode = force_generic_plan;
             PREPARE thing AS {INSERT};
             CREATE FUNCTION pg_temp.thing() RETURNS int LANGUAGE plpgsql AS $$
             DECLARE
                 given int;
             BEGIN
                 {INSERT} INTO given;
                 RETURN given;
             END $$"
        ));
        let prepared = session.prepare(INSERT).expect("a statement");
        Writer { session, prepared, in_transaction: false }
    }

    fn begin(&mut self, isolation: &str) {
        self.session.run(&format!("BEGIN ISOLATION LEVEL {isolation}"));
        self.in_transaction = true;
    }

    fn end(&mut self, how: &str) {
        self.session.run(how);
        self.in_transaction = false;
    }

    fn answer(&mut self, sql: &str) -> Result<String, Error> {
        let messages = self.session.simple_query(sql)?;
        let row = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        Ok(row.unwrap_or_default().to_string())
    }

    fn by_protocol(&mut self) -> Result<String, Error> {
        let row = self.session.query_one(&self.prepared, &[])?;
        Ok(row.get::<_, i32>(0).to_string())
    }

    fn by_copy(&mut self) -> Result<String, Error> {
        let mut writer = self.session.copy_in("COPY events (kind, payload) FROM STDIN")?;
        writer.write_all(b"thing\t{}\n").expect("kept in memory");
        writer.finish()?;
        self.answer("SELECT version FROM events ORDER BY id DESC LIMIT 1")
    }

    /// The version that a document is given now, or the SQLSTATE: the same in every way.
    #[track_caller]
    fn version(&mut self) -> String {
        const WAYS: [(&str, Way); 5] = [
            ("simple", |writer| writer.answer(INSERT)),
            ("PREPARE", |writer| writer.answer("EXECUTE thing")),
            ("function", |writer| writer.answer("SELECT pg_temp.thing()")),
            ("protocol", Writer::by_protocol),
            ("COPY", Writer::by_copy),
        ];
        let answers = WAYS.map(|(name, way)| {
            if self.in_transaction {
                self.session.run("SAVEPOINT before");
            }
            let answer = way(self).unwrap_or_else(|error| {
                if self.in_transaction {
                    self.session.run("ROLLBACK TO before");
                }
                error.code().unwrap_or_else(|| panic!("{name}: {}", explain(&error))).code().to_string()
            });
            (name, answer)
        });
        let [(_, first), ..] = &answers;
        assert!(answers.iter().all(|(_, answer)| answer == first), "{answers:?}");
        first.clone()
    }
}

/// A table, a session that registers, and one that writes.
fn start() -> (Database<'static>, Session, Writer) {
    let database = Database::new();
    let mut registrar = database.superuser();
    registrar.run(TABLE);
    let writer = Writer::new(&database);
    (database, registrar, writer)
}

#[test]
fn a_committed_version_counts_in_the_next_statement_of_others() {
    let (_database, mut registrar, mut writer) = start();
    assert_eq!(writer.version(), REFUSED);
    registrar.run(REGISTER);
    assert_eq!(writer.version(), "1");
    registrar.run(REGISTER);
    assert_eq!(writer.version(), "2");
    registrar.run(RETIRE);
    assert_eq!(writer.version(), REFUSED);
    registrar.run(REGISTER);
    assert_eq!(writer.version(), "4");
}

#[test]
fn a_committed_version_counts_in_transactions_that_have_begun_before() {
    for isolation in ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"] {
        let (_database, mut registrar, mut writer) = start();
        registrar.run(REGISTER);
        for version in 1..4 {
            writer.begin(isolation);
            // The transaction has its snapshot now, and all locks that it will ever need.
            assert_eq!(writer.session.value("SELECT count(*) FROM veritable.event_schemas"), version.to_string());
            assert_eq!(writer.version(), version.to_string(), "{isolation}");
            registrar.run(REGISTER);
            assert_eq!(writer.version(), (version + 1).to_string(), "{isolation}");
            writer.end("COMMIT");
            assert_eq!(writer.version(), (version + 1).to_string());
        }
        writer.begin(isolation);
        assert_eq!(writer.version(), "4");
        registrar.run(RETIRE);
        assert_eq!(writer.version(), REFUSED, "{isolation}");
        registrar.run(REGISTER);
        assert_eq!(writer.version(), "6", "{isolation}");
        writer.end("ROLLBACK");
        assert_eq!(writer.version(), "6");
    }
}

#[test]
fn what_is_not_committed_counts_for_the_registering_transaction_alone() {
    let (database, mut registrar, mut writer) = start();
    registrar.run(REGISTER);
    assert_eq!(writer.version(), "1");
    let mut other = Writer::new(&database);
    for end in ["ROLLBACK", "COMMIT"] {
        writer.begin("READ COMMITTED");
        assert_eq!(writer.version(), "1");
        writer.session.run(REGISTER);
        assert_eq!(writer.version(), "2");
        assert_eq!(other.version(), "1");
        writer.session.run(RETIRE);
        assert_eq!(writer.version(), REFUSED);
        assert_eq!(other.version(), "1");
        writer.session.run(REGISTER);
        assert_eq!(writer.version(), "4");
        assert_eq!(other.version(), "1");
        writer.end(end);
        let expected = if end == "COMMIT" { "4" } else { "1" };
        assert_eq!((writer.version().as_str(), other.version().as_str()), (expected, expected));
    }
    writer.session.verifies("4 events in 1 chain of 1 table");
}

#[test]
fn what_is_rolled_back_to_a_savepoint_never_counted() {
    let (database, mut registrar, mut writer) = start();
    registrar.run(REGISTER);
    let mut other = Writer::new(&database);
    writer.begin("READ COMMITTED");
    writer.session.run(&format!("{REGISTER}; SAVEPOINT a; {REGISTER}"));
    assert_eq!(writer.version(), "3");
    writer.session.run(&format!("SAVEPOINT b; {RETIRE}"));
    assert_eq!(writer.version(), REFUSED);
    writer.session.run("ROLLBACK TO b");
    assert_eq!(writer.version(), "3");
    writer.session.run(&format!("RELEASE b; {REGISTER}"));
    assert_eq!(writer.version(), "4");
    writer.session.run("ROLLBACK TO a");
    assert_eq!(writer.version(), "2");
    // A subtransaction that ends by an error.
    writer.session.run(&format!(
        "DO $$ BEGIN PERFORM register_schema('thing', '{{\"title\": \"lost\"}}'); {INSERT_ALONE}; PERFORM 1 / 0;
         EXCEPTION WHEN division_by_zero THEN NULL; END $$"
    ));
    assert_eq!(writer.version(), "2");
    assert_eq!(other.version(), "1");
    writer.session.run(&format!("SAVEPOINT c; {REGISTER}; RELEASE c"));
    assert_eq!(writer.version(), "3");
    writer.end("COMMIT");
    assert_eq!((writer.version().as_str(), other.version().as_str()), ("3", "3"));
    writer.session.verifies("3 events in 1 chain of 1 table");
}

const INSERT_ALONE: &str = "INSERT INTO events (kind, payload) VALUES ('thing', '{}')";

#[test]
fn a_prepared_transaction_counts_from_its_second_commit() {
    let cluster = Cluster::new(&["max_prepared_transactions=2"]);
    let database = cluster.database();
    let mut registrar = database.superuser();
    registrar.run(TABLE);
    registrar.run(REGISTER);
    let mut writer = Writer::new(&database);
    assert_eq!(writer.version(), "1");
    for (end, version) in [("ROLLBACK", "1"), ("COMMIT", "2")] {
        registrar.run(&format!("BEGIN; {REGISTER}; PREPARE TRANSACTION 'registered'"));
        assert_eq!(writer.version(), "1");
        registrar.run(&format!("{end} PREPARED 'registered'"));
        assert_eq!(writer.version(), version);
    }
}

/// The loop is one statement to its client, and takes no lock that it does not have.
#[test]
fn a_version_counts_in_a_function_that_has_long_been_running() {
    let (database, mut registrar, mut writer) = start();
    registrar.run(REGISTER);
    std::thread::scope(|scope| {
        let inserted = scope.spawn(|| {
            writer.session.value(
                "CREATE FUNCTION pg_temp.wait_for_version_2() RETURNS int LANGUAGE plpgsql AS $$
                 DECLARE
                     given int;
                     start timestamptz := clock_timestamp();
                 BEGIN
                     PERFORM pg_advisory_lock(1);
                     LOOP
                         INSERT INTO events (kind, payload) VALUES ('thing', '{}') RETURNING version INTO given;
                         EXIT WHEN given = 2 OR clock_timestamp() > start + interval '20 s';
                     END LOOP;
                     RETURN given;
                 END $$;
                 SELECT pg_temp.wait_for_version_2()",
            )
        });
        let mut other = database.superuser();
        wait_until("it runs", || other.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == "1");
        registrar.run(REGISTER);
        assert_eq!(inserted.join().expect("no panic"), "2");
    });
}

#[test]
fn a_version_that_is_named_counts_as_long_as_its_schema_is_not_retired() {
    let (_database, mut registrar, mut writer) = start();
    let insert = |session: &mut Session, version: u32| {
        session.run(&format!("INSERT INTO events (kind, payload, version) VALUES ('thing', '{{}}', {version})"));
    };
    registrar.run(&format!("{REGISTER}; {REGISTER}"));
    insert(&mut writer.session, 1);
    assert_eq!(writer.session.value("SELECT version FROM events"), "1");
    assert_eq!(writer.version(), "2");
    let third = "INSERT INTO events (kind, payload, version) VALUES ('thing', '{}', 3)";
    writer.session.refused(third).with(REFUSED, "event schema \"thing\" version 3 does not exist");
    registrar.run(REGISTER);
    writer.session.run(third);
    registrar.run(RETIRE);
    for version in [1, 3, 4] {
        let insert = format!("INSERT INTO events (kind, payload, version) VALUES ('thing', '{{}}', {version})");
        writer.session.refused(&insert).with(REFUSED, "event schema \"thing\" is retired");
    }
    registrar.run(REGISTER);
    insert(&mut writer.session, 1);
    writer.session.refused("INSERT INTO events (kind, payload, version) VALUES ('thing', '{}', 4)").with_code(REFUSED);
}
