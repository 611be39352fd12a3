//! Crashes: what a client was told of a log stays true, whoever had not yet committed.

use crate::support::{Cluster, wait_until};
use crate::tampering;

/// Commits that nobody waits for, and nobody who writes the WAL on his own.
const LAZY: [&str; 3] = ["synchronous_commit=off", "wal_writer_delay=10s", "autovacuum=off"];

/// A checkpoint is the word of the log. Its events are on the disk before anybody sees it.
#[test]
fn a_checkpoint_that_was_seen_outlives_a_crash() {
    let cluster = Cluster::new(&LAZY);
    let database = cluster.database();
    let mut session = database.superuser();
    let mut kept = vec![tampering::ledger(&mut session)];
    for is_committed in [true, false, true, false] {
        let mut session = database.superuser();
        tampering::append(&mut session, 8);
        if !is_committed {
            session.run("BEGIN");
        }
        kept.push(tampering::checkpoint(&mut session));
        cluster.cut_power();
        cluster.restart();
        let mut session = database.superuser();
        assert_eq!(session.rows("SELECT * FROM verify_log('ledger')"), [""; 0]);
        tampering::append(&mut session, 4);
        tampering::checkpoint(&mut session);
        for note in &kept {
            assert_eq!(tampering::faults(&mut session, note), [""; 0], "{kept:?}");
        }
    }
}

/// A consumer that keeps what it consumes in the same transaction loses both or none.
#[test]
fn a_consumer_stands_where_its_events_end_after_a_crash() {
    let cluster = Cluster::new(&LAZY);
    let database = cluster.database();
    let mut session = database.superuser();
    tampering::ledger(&mut session);
    session.run("SELECT add_consumer('ledger', 'billing'); CREATE TABLE billed (position bigint, account text)");
    session.run("SET synchronous_commit = on; CREATE TABLE flushed ()");
    let bill = "INSERT INTO billed SELECT position, account FROM consume(NULL::ledger, 'billing', max => 5)";
    for is_committed in [false, true, true, false] {
        let mut session = database.superuser();
        session.run(&if is_committed { bill.to_string() } else { format!("BEGIN; {bill}") });
        cluster.cut_power();
        cluster.restart();
        let mut session = database.superuser();
        assert_eq!(
            session.value("SELECT position FROM veritable.consumers"),
            session.value("SELECT coalesce(max(position), 0) FROM billed")
        );
    }
    let mut session = database.superuser();
    while session.execute(bill, &[]).expect("a batch") > 0 {}
    assert_eq!(session.value("SELECT count(DISTINCT position) = 24 AND count(*) = 24 FROM billed"), "t");
}

/// Whoever is killed in the midst of a checkpoint leaves the tree as it was.
#[test]
fn a_checkpoint_that_was_killed_leaves_no_trace() {
    let cluster = Cluster::new(&[]);
    let database = cluster.database();
    let mut session = database.superuser();
    let note = tampering::ledger(&mut session);
    tampering::append(&mut session, 60_000);
    for delay in [1, 5, 20, 60] {
        let mut killed = database.superuser();
        let process = killed.backend();
        std::thread::scope(|scope| {
            scope.spawn(move || drop(killed.batch_execute("SELECT checkpoint('ledger')")));
            std::thread::sleep(std::time::Duration::from_millis(delay));
            session.run(&format!("SELECT pg_terminate_backend({process}, 10000)"));
        });
        assert_eq!(session.rows("SELECT * FROM verify_log('ledger')"), [""; 0]);
    }
    wait_until("nobody else makes a checkpoint", || session.batch_execute("SELECT checkpoint('ledger')").is_ok());
    assert_eq!(session.value("SELECT max(size) FROM veritable.checkpoints"), "60024");
    assert_eq!(session.rows("SELECT * FROM verify_log('ledger')"), [""; 0]);
    assert_eq!(tampering::faults(&mut session, &note), [""; 0]);
}

/// At the end of a page of the WAL, the place of the next insertion is behind the header of the next page, and nothing that could
/// be written to the disk is there.
#[test]
fn a_checkpoint_can_be_made_where_a_page_of_the_wal_ends() {
    let cluster = Cluster::new(&LAZY);
    let database = cluster.database();
    let mut session = database.superuser();
    tampering::ledger(&mut session);
    let met = session.rows(
        "CREATE FUNCTION checkpoint_at_end_of_page() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
             FOR n IN 1 .. 10000 LOOP
                 PERFORM pg_logical_emit_message(false, '', repeat('x', n % 97));
                 IF (pg_current_wal_insert_lsn() - '0/0') % 8192 = 24 THEN
                     PERFORM checkpoint('ledger');
                     RETURN true;
                 END IF;
             END LOOP;
             RETURN false;
         END $$;
         SELECT count(*) FROM generate_series(1, 20) WHERE checkpoint_at_end_of_page()",
    );
    assert_ne!(met, ["0"]);
}
