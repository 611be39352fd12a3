//! Dumps: on the other side the log goes on where it was, for readers, consumers and those who keep checkpoints.

use crate::support::dump::{dump, dump_for, empty, load, newer, restored, restored_from_custom, restored_with_jobs};
use crate::support::{Database, Session};
use crate::tampering;

/// Two logs beside the ledger: a partitioned one, and one without entities whose names need quotes.
const MORE: &str = "
    CREATE TABLE parted (id int NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp()) PARTITION BY HASH (id);
    CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    SELECT add_chain('parted', '{id}', recorded => 'at');
    SELECT add_log('parted', 'place');
    CREATE SCHEMA \"Other\";
    CREATE TABLE \"Other\".\"The Log\" (\"The note\" text);
    SELECT add_chain('\"Other\".\"The Log\"', '{}');
    SELECT add_log('\"Other\".\"The Log\"', 'The place');
    SELECT add_consumer('ledger', 'billing'), add_consumer('ledger', 'mail', members => 2), add_consumer('parted', 'the \"other\"')";

fn more_events(session: &mut Session) {
    tampering::append(session, 8);
    session.run(
        "INSERT INTO parted (id) SELECT n % 5 FROM generate_series(1, 300) AS n;
         INSERT INTO \"Other\".\"The Log\" SELECT 'note ' || n FROM generate_series(1, 10) AS n",
    );
}

const POSITIONS: &str = "
    SELECT 'ledger', position, encode(event_hash, 'hex') FROM ledger
    UNION ALL SELECT 'parted', place, encode(event_hash, 'hex') FROM parted
    UNION ALL SELECT 'Other', \"The place\", encode(event_hash, 'hex') FROM \"Other\".\"The Log\" ORDER BY 1, 2";
const CONSUMERS: &str = "SELECT target, consumer, member, position, lag FROM veritable.consumers ORDER BY 1, 2, 3";
const LOGS: [&str; 3] = ["ledger", "parted", "\"Other\".\"The Log\""];

/// What was kept of a database.
struct Kept {
    database: Database<'static>,
    /// A checkpoint of the ledger's first 24 events.
    note: String,
    positions: Vec<String>,
    consumers: Vec<String>,
    settled: Vec<String>,
}

fn settled(session: &mut Session) -> Vec<String> {
    LOGS.iter().map(|log| session.value(&format!("SELECT settled('{log}')"))).collect()
}

/// A database with logs, of which checkpoints cover a part, and consumers have consumed a part. The newest positions are of
/// transactions that were rolled back.
fn source() -> Kept {
    let database = Database::new();
    let mut session = database.superuser();
    let note = tampering::ledger(&mut session);
    session.run(MORE);
    more_events(&mut session);
    for log in LOGS {
        session.run(&format!("SELECT checkpoint('{log}')"));
    }
    session.run(
        "SELECT count(*) FROM consume(NULL::ledger, 'billing', max => 30);
         SELECT count(*) FROM consume(NULL::ledger, 'mail', member => 1, max => 5);
         SELECT count(*) FROM consume(NULL::parted, 'the \"other\"', max => 100)",
    );
    more_events(&mut session);
    session.run("BEGIN");
    more_events(&mut session);
    session.run("ROLLBACK");
    let positions = session.rows(POSITIONS);
    let consumers = session.rows(CONSUMERS);
    let settled = settled(&mut session);
    Kept { database, note, positions, consumers, settled }
}

fn is_faultless(session: &mut Session) {
    for log in LOGS {
        assert_eq!(session.rows(&format!("SELECT * FROM verify_log('{log}')")), [""; 0], "{log}");
    }
    assert_eq!(session.rows("SELECT * FROM verify_all()"), [""; 0]);
}

/// All that a log promises holds in a restored database.
fn goes_on(kept: &Kept, restored: &Database) {
    let mut session = restored.superuser();
    assert_eq!(session.rows(POSITIONS), kept.positions);
    assert_eq!(session.rows(CONSUMERS), kept.consumers);
    assert_eq!(settled(&mut session), kept.settled);
    is_faultless(&mut session);
    assert_eq!(tampering::faults(&mut session, &kept.note), [""; 0]);
    tampering::each_is_named(restored, &kept.note);

    // The same events give the same checkpoint on both sides.
    let mut original = kept.database.superuser();
    for log in LOGS {
        let checkpoint = format!("SELECT checkpoint('{log}')");
        assert_eq!(session.value(&checkpoint), original.value(&checkpoint), "{log}");
    }
    // Consumers get what they have not had, and what is appended.
    tampering::append(&mut session, 4);
    let last = session.value("SELECT max(position) FROM ledger");
    assert!(last.parse::<i64>().expect("a position") > 4 + kept.settled[0].parse::<i64>().expect("a position") - 1);
    let rest =
        |consumer: &str, member: u32| format!("consume(NULL::ledger, '{consumer}', member => {member}, max => 100)");
    assert_eq!(session.value(&format!("SELECT count(*) FROM {}", rest("billing", 0))), "14");
    let mine = session.rows(&format!("SELECT position FROM {}", rest("mail", 0)));
    let others = session.rows(&format!("SELECT position FROM {}", rest("mail", 1)));
    assert!(mine.iter().all(|position| !others.contains(position)));
    assert_eq!(
        session.rows("SELECT DISTINCT position FROM veritable.consumers WHERE target = 'ledger'::regclass"),
        [last]
    );
    more_events(&mut session);
    for log in LOGS {
        session.run(&format!("SELECT checkpoint('{log}')"));
    }
    is_faultless(&mut session);
    assert_eq!(tampering::faults(&mut session, &kept.note), [""; 0]);
    // A reader from the first position on sees all, in the same order as before.
    let read = "SELECT 'ledger', position, encode(event_hash, 'hex') FROM read_events(NULL::ledger, max => 40)";
    let before: Vec<_> = kept.positions.iter().filter(|row| row.starts_with("ledger")).cloned().collect();
    assert_eq!(session.rows(read), before);
}

#[test]
fn a_dump_as_sql_restores() {
    let kept = source();
    goes_on(&kept, &restored(&kept.database, &[]));
}

#[test]
fn a_custom_dump_restores() {
    let kept = source();
    goes_on(&kept, &restored_from_custom(&kept.database, &[]));
}

#[test]
fn a_dump_restores_by_two_processes_at_once() {
    let kept = source();
    goes_on(&kept, &restored_with_jobs(&kept.database, ""));
}

#[test]
fn the_data_alone_goes_into_the_tables_of_a_dump() {
    let kept = source();
    let restored = restored(&kept.database, &["--schema-only"]);
    load(&restored, &dump(&kept.database, &["--data-only", "--disable-triggers"]));
    goes_on(&kept, &restored);
}

/// The rows go through the triggers, and bring their positions.
#[test]
fn the_data_alone_goes_through_the_triggers() {
    let kept = source();
    let restored = restored(&kept.database, &["--schema-only"]);
    load(&restored, &dump(&kept.database, &["--data-only"]));
    goes_on(&kept, &restored);
}

#[test]
fn a_dump_of_a_dump_restores() {
    let kept = source();
    let once = restored(&kept.database, &[]);
    goes_on(&kept, &restored(&once, &[]));
}

#[test]
fn a_dump_moves_to_a_newer_postgres() {
    let Some(newer) = newer() else { return };
    let kept = source();
    let moved = newer.bare_database("");
    load(&moved, &dump_for(&newer, &kept.database));
    goes_on(&kept, &moved);
}

/// An older dump is not the log that a later checkpoint is of.
#[test]
fn a_later_checkpoint_names_a_database_that_was_set_back() {
    let kept = source();
    let restored = restored(&kept.database, &[]);
    let mut original = kept.database.superuser();
    tampering::append(&mut original, 4);
    let later = tampering::checkpoint(&mut original);
    let mut session = restored.superuser();
    assert_eq!(tampering::faults(&mut session, &later), ["|||rolled back"]);
    // It goes on in another way: as many events, and not the same.
    session.run("INSERT INTO ledger VALUES ('D', 4711)");
    tampering::append(&mut session, 12);
    session.run("SELECT checkpoint('ledger')");
    assert_eq!(tampering::faults(&mut session, &later), ["|||rolled back"]);
    assert_eq!(tampering::faults(&mut session, &kept.note), [""; 0]);
}

/// The table without the extension's tables: the log begins anew, with the same positions and leaves.
#[test]
fn a_table_alone_has_its_positions_and_gets_its_tree_anew() {
    let kept = source();
    let restored = empty();
    restored.superuser().run("CREATE EXTENSION veritable CASCADE");
    load(&restored, &dump(&kept.database, &["--table=ledger"]));
    let mut session = restored.superuser();
    let mut original = kept.database.superuser();
    assert_eq!(tampering::checkpoint(&mut session), tampering::checkpoint(&mut original));
    assert_eq!(tampering::faults(&mut session, &kept.note), [""; 0]);
    assert_eq!(session.value("SELECT count(*) FROM veritable.consumers"), "0");
}
