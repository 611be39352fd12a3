//! Chains in many partitions: the newest event of an entity is found by its pointer, whatever comes to the table beside the
//! pointers, and no chain forks.

use std::time::{Duration, Instant};

use crate::support::load::{Event, Load, READ_COMMITTED, stored};
use crate::support::{Cluster, Session, wait_until};

const TIME: Duration = Duration::from_secs(6);

/// The table of the load, in so many partitions.
fn table(partitions: usize) -> String {
    let partition = |n| {
        format!("CREATE TABLE events_{n} PARTITION OF events FOR VALUES WITH (MODULUS {partitions}, REMAINDER {n});")
    };
    format!(
        "CREATE TABLE events (entity int NOT NULL, key text NOT NULL, payload jsonb, UNIQUE (entity, key)) PARTITION BY HASH (key);
         {} SELECT add_chain('events', '{{entity}}')",
        (0..partitions).map(partition).collect::<String>()
    )
}

/// Pointers of the valid generation that miss an event, and entities without a pointer that have an event where none should be.
const BEHIND: &str = "
    WITH valid AS (
        SELECT chain, generation, leaves FROM veritable.heads g
        WHERE key = -9223372036854775807 AND seq = 0 AND NOT EXISTS (
            SELECT FROM veritable.heads v
            WHERE v.key = -9223372036854775808 AND v.seq = 0 AND v.generation = g.generation)),
    placed AS (
        SELECT e.entity, e.seq, e.tableoid, hashint4extended(e.entity, e.chain::oid::bigint) AS key, e.chain::oid
        FROM (SELECT *, tableoid, 'events'::regclass AS chain FROM events) AS e)
    SELECT count(*) FROM placed e
    JOIN valid v ON v.chain = e.chain
    LEFT JOIN veritable.heads h ON h.chain = e.chain AND h.key = e.key AND h.generation = v.generation AND h.seq > 0
    WHERE CASE WHEN h.key IS NULL THEN e.tableoid <> ALL (v.leaves)
               ELSE e.seq >= h.seq AND e.tableoid <> ALL (h.leaves) END";

/// Lets rows that are sealed already come to the table, in a way that makes no pointers.
fn arrive(session: &mut Session, name: &str, how: &str) -> Vec<Event> {
    // The rows are sealed in a subtransaction, which is rolled back; nobody else appends meanwhile.
    session.run(&format!(
        "DO $$
        DECLARE
            sealed events[] := '{{}}';
            one events;
        BEGIN
            LOCK TABLE ONLY events IN SHARE ROW EXCLUSIVE MODE;
            BEGIN
                FOR entity IN 0..3 LOOP
                    INSERT INTO events (entity, key) VALUES (entity, '{name}') RETURNING * INTO one;
                    sealed := sealed || one;
                END LOOP;
                RAISE EXCEPTION USING ERRCODE = 'P0099';
            EXCEPTION WHEN SQLSTATE 'P0099' THEN
            END;
            {how}
        END $$"
    ));
    (0..4).map(|entity| (entity, name.to_string())).collect()
}

const AS_REPLICA: &str = "
    PERFORM set_config('session_replication_role', 'replica', true);
    INSERT INTO events SELECT (unnest(sealed)).*;";

const WITHOUT_TRIGGERS: &str = "
    ALTER TABLE events DISABLE TRIGGER zz_veritable_chain;
    INSERT INTO events SELECT (unnest(sealed)).*;
    ALTER TABLE events ENABLE ALWAYS TRIGGER zz_veritable_chain;";

fn prepared(session: &mut Session, name: &str, end: &str) -> Vec<Event> {
    session.run(&format!(
        "BEGIN; INSERT INTO events VALUES (1, '{name}'), (2, '{name}'); PREPARE TRANSACTION 'veritable'"
    ));
    std::thread::sleep(Duration::from_millis(10));
    session.run(&format!("{end} PREPARED 'veritable'"));
    if end == "COMMIT" { vec![(1, name.to_string()), (2, name.to_string())] } else { Vec::new() }
}

fn disturb(session: &mut Session, time: Duration) -> Vec<Event> {
    let start = Instant::now();
    let mut events = Vec::new();
    for n in 0.. {
        let name = format!("disturbed-{n}");
        events.extend(match n % 4 {
            0 => arrive(session, &name, AS_REPLICA),
            1 => prepared(session, &name, "COMMIT"),
            2 => arrive(session, &name, WITHOUT_TRIGGERS),
            _ => prepared(session, &name, "ROLLBACK"),
        });
        assert_eq!(session.value(BEHIND), "0");
        if start.elapsed() > time {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    events
}

fn check(partitions: usize, load: &Load) {
    let cluster = Cluster::new(&["max_prepared_transactions=5", "max_locks_per_transaction=256"]);
    let database = cluster.database();
    let mut session = database.superuser();
    session.run(&table(partitions));
    let (mut outcome, others) = load.during(&database, || disturb(&mut session, TIME));
    outcome.committed.extend(others);
    assert_eq!(outcome.failures, [""; 0]);
    assert!(outcome.committed.len() > 100, "only {} events", outcome.committed.len());
    assert_eq!(stored(&mut session), outcome.committed);
    assert_eq!(session.value(BEHIND), "0");
    assert!(session.value("SELECT count(*) FROM veritable.heads WHERE seq > 0") != "0", "no pointer was made");
    session.verifies(&format!("{} events in 4 chains of 1 table", outcome.committed.len()));
}

#[test]
fn no_pointer_is_behind_over_12_partitions() {
    check(12, &READ_COMMITTED);
}

#[test]
fn no_pointer_is_behind_over_100_partitions() {
    check(100, &READ_COMMITTED);
}

#[test]
fn no_pointer_is_behind_in_serializable() {
    check(12, &Load { isolation: "serializable", retries: true, reconnects: false });
}

#[test]
fn a_crash_leaves_no_pointer_behind() {
    let cluster = Cluster::new(&[]);
    let database = cluster.database();
    database.superuser().run(&table(12));
    let load = Load { isolation: "read committed", retries: false, reconnects: true };
    let (outcome, ()) = load.during(&database, || {
        for _ in 0..3 {
            std::thread::sleep(Duration::from_secs(1));
            cluster.cut_power();
            cluster.restart();
            wait_until("pointers are made again", || {
                let mut session = database.superuser();
                assert_eq!(session.value(BEHIND), "0");
                session.value("SELECT count(*) FROM veritable.heads WHERE seq > 0") != "0"
            });
        }
    });
    assert_eq!(outcome.failures, [""; 0]);
    let mut session = database.superuser();
    let stored = stored(&mut session);
    assert!(outcome.committed.is_subset(&stored));
    assert_eq!(session.value(BEHIND), "0");
    session.verifies(&format!("{} events in 4 chains of 1 table", stored.len()));
}

#[test]
fn an_entity_without_a_pointer_is_looked_for_only_where_it_may_be() {
    let cluster = Cluster::new(&[]);
    let database = cluster.database();
    let mut session = database.superuser();
    session.run(&table(3));
    session.run("INSERT INTO events SELECT 1, n::text FROM generate_series(1, 20) AS n");
    let leaves = "SELECT leaves FROM veritable.heads WHERE seq = 0";
    assert_eq!(session.value(leaves), "{}");
    // A crash empties the table of pointers. The events stay, and so a new entity is looked for.
    cluster.cut_power();
    cluster.restart();
    let mut session = database.superuser();
    assert_eq!(session.value("SELECT count(*) FROM veritable.heads"), "0");
    session.run("INSERT INTO events VALUES (2, 'a')");
    assert_eq!(session.value("SELECT cardinality(leaves) FROM veritable.heads WHERE seq = 0"), "3");
    assert_eq!(session.value("INSERT INTO events VALUES (1, 'a') RETURNING seq"), "21");
    session.verifies("22 events in 2 chains of 1 table");
}

#[test]
fn pointers_go_with_their_table() {
    let cluster = Cluster::new(&[]);
    let database = cluster.database();
    let mut session = database.superuser();
    session.run(&table(2));
    session.run("INSERT INTO events VALUES (1, 'a')");
    session.run("SELECT drop_chain('events')");
    assert_eq!(session.value("SELECT count(*) FROM veritable.heads"), "0");
    session.run("SELECT add_chain('events', '{entity}'); INSERT INTO events VALUES (1, 'b')");
    session.verifies("2 events in 1 chain of 1 table");
    session.run("DROP TABLE events");
    assert_eq!(session.value("SELECT count(*) FROM veritable.heads"), "0");
}
