//! Retention: the oldest partitions go while clients write. Nothing is lost, no entity begins anew, what remains verifies, and dumps
//! bring along what was pruned.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::{Duration, Instant};

use postgres::error::SqlState;

use crate::support::dump::{dump, empty, load, restored, restored_from_custom, restored_with_jobs};
use crate::support::random::Random;
use crate::support::{Cluster, Database, SUPERUSER, Session, explain, wait_for_copies, wait_until};

const CLIENTS: u64 = 16;
/// The days that are kept beside the present one.
const KEPT: i32 = 2;
const EVENTS: &str = "
    CREATE TABLE events (entity int NOT NULL, key text NOT NULL, day int NOT NULL) PARTITION BY RANGE (day);
    CREATE TABLE events_0 PARTITION OF events FOR VALUES FROM (0) TO (1);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (1) TO (2);
    CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (2) TO (3);
    SELECT add_chain('events', '{entity}')";

/// What the clients were told, and what should not have been.
#[derive(Default)]
struct Outcome {
    committed: BTreeSet<String>,
    failures: Vec<String>,
}

struct Run<'d> {
    database: &'d Database<'d>,
    /// The present day: the newest partition.
    day: AtomicI32,
    stop: AtomicBool,
    /// Whether the server is cut off meanwhile.
    is_cut: bool,
}

impl Run<'_> {
    fn connect(&self) -> Option<Session> {
        self.database.cluster.try_connect(&self.database.name, SUPERUSER).ok()
    }

    /// Writes to the present day and to the day before until the end.
    fn write(&self, number: u64) -> Outcome {
        let (mut outcome, mut random, mut session) = (Outcome::default(), Random(number), None);
        let mut count = 0;
        while !self.stop.load(Ordering::Relaxed) && outcome.failures.is_empty() {
            let Some(connected) = session.as_mut() else {
                session = self.connect();
                std::thread::sleep(Duration::from_millis(20));
                continue;
            };
            let day = self.day.load(Ordering::Relaxed) - random.below(2) as i32;
            // A few entities are written all the time, others on one day only.
            let mut entities: Vec<i32> = (0..3).map(|_| random.below(6) as i32).collect();
            if random.below(8) == 0 {
                entities.push(100 + day % 7);
            }
            entities.sort_unstable();
            let keys: Vec<String> = entities
                .iter()
                .map(|_| {
                    count += 1;
                    format!("{number}-{count}")
                })
                .collect();
            let values: Vec<_> =
                entities.iter().zip(&keys).map(|(entity, key)| format!("({entity}, '{key}', {day})")).collect();
            let insert = format!("INSERT INTO events (entity, key, day) VALUES {}", values.join(", "));
            let end = if random.below(6) == 0 { "ROLLBACK" } else { "COMMIT" };
            match connected.batch_execute(&format!("BEGIN; {insert}; {end}")) {
                Ok(()) if end == "COMMIT" => outcome.committed.extend(keys),
                Ok(()) => {}
                // The day has gone meanwhile.
                Err(error) if error.code() == Some(&SqlState::CHECK_VIOLATION) => {
                    let _ = connected.batch_execute("ROLLBACK");
                }
                Err(error) if self.is_cut && is_of_cut(&error) => session = None,
                Err(error) => outcome.failures.push(explain(&error)),
            }
        }
        outcome
    }

    /// Lets days pass: a partition comes, and the oldest one goes, in each way there is.
    fn retain(&self, until: Instant) -> Vec<String> {
        let (mut failures, mut session) = (Vec::new(), None);
        while Instant::now() < until {
            let Some(connected) = session.as_mut() else {
                session = self.connect();
                std::thread::sleep(Duration::from_millis(20));
                continue;
            };
            match self.pass_day(connected) {
                Ok(()) => std::thread::sleep(Duration::from_millis(20)),
                Err(error) if self.is_cut && is_of_cut(&error) => session = None,
                Err(error) => {
                    failures.push(explain(&error));
                    break;
                }
            }
        }
        self.stop.store(true, Ordering::Relaxed);
        failures
    }

    fn pass_day(&self, session: &mut Session) -> Result<(), postgres::Error> {
        let day = self.day.load(Ordering::Relaxed) + 1;
        session.batch_execute(&format!(
            "CREATE TABLE IF NOT EXISTS events_{day} PARTITION OF events FOR VALUES FROM ({day}) TO ({})",
            day + 1
        ))?;
        self.day.store(day, Ordering::Relaxed);
        // What a crash has left half detached, and what has become old.
        let old = session.query(
            "SELECT c.relname::text, i.inhdetachpending FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhparent = 'events'::regclass AND (i.inhdetachpending OR substr(c.relname, 8)::int < $1)
             ORDER BY substr(c.relname, 8)::int",
            &[&(day - KEPT)],
        )?;
        for row in old {
            let (name, is_pending): (String, bool) = (row.get(0), row.get(1));
            let detach = match (is_pending, day % 3) {
                (true, _) => format!("ALTER TABLE events DETACH PARTITION {name} FINALIZE"),
                (false, 0) => format!("ALTER TABLE events DETACH PARTITION {name}"),
                (false, 1) => format!("ALTER TABLE events DETACH PARTITION {name} CONCURRENTLY"),
                (false, _) => format!("SELECT prune('events', partition => '{name}')"),
            };
            session.batch_execute(&detach)?;
        }
        Ok(())
    }
}

fn is_of_cut(error: &postgres::Error) -> bool {
    const ENDED: [SqlState; 4] = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::PROTOCOL_VIOLATION,
    ];
    error.code().is_none_or(|code| ENDED.contains(code))
}

/// Lets clients write and partitions go, and then looks at what is left of both.
fn retention(cluster: &Cluster, seconds: u64, mut meanwhile: impl FnMut(), is_cut: bool) {
    let database = cluster.database();
    database.superuser().run(EVENTS);
    let run = Run { database: &database, day: AtomicI32::new(2), stop: AtomicBool::new(false), is_cut };
    let until = Instant::now() + Duration::from_secs(seconds);
    let (outcomes, failures): (Vec<Outcome>, _) = std::thread::scope(|scope| {
        let run = &run;
        let writers: Vec<_> = (0..CLIENTS).map(|number| scope.spawn(move || run.write(number))).collect();
        let keeper = scope.spawn(move || run.retain(until));
        meanwhile();
        let failures = keeper.join().expect("a keeper that does not panic");
        (writers.into_iter().map(|writer| writer.join().expect("a client that does not panic")).collect(), failures)
    });
    assert_eq!(failures, [""; 0]);
    for outcome in &outcomes {
        assert_eq!(outcome.failures, [""; 0]);
    }
    let mut session = database.superuser();
    // The last detachment may have been cut off.
    for pending in session.rows("SELECT inhrelid::regclass FROM pg_inherits WHERE inhdetachpending") {
        session.run(&format!("ALTER TABLE events DETACH PARTITION {pending} FINALIZE"));
    }
    assert!(run.day.load(Ordering::Relaxed) > 10, "only {} days", run.day.load(Ordering::Relaxed));
    assert_eq!(session.rows("SELECT * FROM verify_chain('events')"), [""; 0]);
    assert_eq!(session.rows("SELECT * FROM verify_chain('veritable.prunings')"), [""; 0]);
    // All that was ever written, in the table and in what was detached: one chain for each entity.
    let tables = session.rows("SELECT relname FROM pg_class WHERE relname ~ '^events_[0-9]+$' AND relkind = 'r'");
    let all: Vec<_> = tables.iter().map(|table| format!("SELECT entity, seq, key FROM {table}")).collect();
    session.run(&format!("CREATE TEMP TABLE whole AS {}", all.join(" UNION ALL ")));
    assert_eq!(
        session.rows(
            "SELECT entity, count(*), count(DISTINCT seq), min(seq), max(seq) FROM whole GROUP BY entity
             HAVING count(*) <> count(DISTINCT seq) OR min(seq) <> 1 OR max(seq) <> count(*)"
        ),
        [""; 0]
    );
    let stored: BTreeSet<String> = session.rows("SELECT key FROM whole").into_iter().collect();
    let lost: Vec<_> = outcomes.iter().flat_map(|outcome| outcome.committed.difference(&stored)).collect();
    assert!(lost.is_empty(), "acknowledged, but missing: {lost:?}");
    assert!(stored.len() > 500, "only {} events", stored.len());
    // Each run that was pruned is in what was detached, and the other way round.
    assert_eq!(
        session.value("SELECT sum(last - first + 1) FROM veritable.prunings WHERE target = 'events'::regclass"),
        session.value("SELECT count(*) FROM whole w WHERE NOT EXISTS (SELECT FROM events e WHERE e.key = w.key)")
    );
}

#[test]
fn retention_while_clients_write_loses_and_forks_nothing() {
    retention(&Cluster::new(&[]), 8, || (), false);
}

#[test]
fn retention_goes_on_when_the_power_is_cut() {
    let cluster = Cluster::new(&[]);
    let cut = || {
        for _ in 0..3 {
            std::thread::sleep(Duration::from_secs(2));
            cluster.cut_power();
            cluster.restart();
        }
    };
    retention(&cluster, 10, cut, true);
}

/// A table of whose partitions some were pruned, and one without partitions.
const PRUNED: &str = "
    CREATE TYPE mood AS ENUM ('sad', 'glad');
    CREATE TABLE measured (day int NOT NULL, sensor mood NOT NULL, value numeric) PARTITION BY RANGE (day);
    CREATE TABLE measured_1 PARTITION OF measured FOR VALUES FROM (1) TO (2);
    CREATE TABLE measured_2 PARTITION OF measured FOR VALUES FROM (2) TO (3);
    SELECT add_chain('measured', '{sensor}');
    INSERT INTO measured VALUES (1, 'sad', 1), (2, 'sad', 2), (1, 'sad', 3), (1, 'glad', 1);
    ALTER TABLE measured DETACH PARTITION measured_1;
    CREATE TABLE noted (id numeric NOT NULL, at timestamptz, note text);
    SELECT add_chain('noted', '{id}', recorded => 'at');
    INSERT INTO noted VALUES (1.0, NULL, 'one'), (1, NULL, 'two');
    SELECT prune('noted', before => 'infinity');
    CREATE TABLE gone (id int NOT NULL, at timestamptz);
    SELECT add_chain('gone', '{id}', recorded => 'at');
    INSERT INTO gone VALUES (1);
    SELECT prune('gone', before => 'infinity');
    DROP TABLE gone";

const RUNS: &str = "SELECT about, series, seq, action, partition, entity, first, last, key = 0, event_hash
    FROM veritable.prunings WHERE about <> 'public.gone' ORDER BY about, seq";

fn check(original: &mut Session, restored: &Database) {
    let mut session = restored.superuser();
    assert_eq!(session.rows(RUNS), original.rows(RUNS));
    assert_eq!(session.rows("SELECT * FROM verify_all()"), [""; 0]);
    // Sealing goes on from what was pruned, also where the hash of a type has changed with the database.
    session.run("INSERT INTO measured VALUES (2, 'glad', 2), (2, 'sad', 4); INSERT INTO noted (id) VALUES (1.00)");
    assert_eq!(session.rows("SELECT sensor::text, max(seq) FROM measured GROUP BY 1 ORDER BY 1"), ["glad|2", "sad|4"]);
    assert_eq!(session.value("SELECT seq FROM noted"), "3");
    assert_eq!(session.rows("SELECT * FROM verify_all()"), [""; 0]);
    // What was detached has kept its guard, and comes back.
    session.refused("DELETE FROM measured_1").with_code("23001");
    session.run("ALTER TABLE measured ATTACH PARTITION measured_1 FOR VALUES FROM (1) TO (2)");
    session.run("INSERT INTO measured VALUES (1, 'glad', 3)");
    assert_eq!(session.rows("SELECT * FROM verify_all()"), [""; 0]);
    // A table of the same name and configuration as the one that is gone begins at the beginning.
    session
        .run("CREATE TABLE gone (id int NOT NULL, at timestamptz); SELECT add_chain('gone', '{id}', recorded => 'at')");
    assert_eq!(session.value("INSERT INTO gone VALUES (1) RETURNING seq"), "1");
    assert_eq!(session.rows("SELECT * FROM verify_all()"), [""; 0]);
}

#[test]
fn prunings_restore_from_each_kind_of_dump() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(PRUNED);
    check(&mut session, &restored(&database, &[]));
    check(&mut session, &restored_from_custom(&database, &["--single-transaction"]));
    check(&mut session, &restored_with_jobs(&database, "-c session_replication_role=replica"));
}

#[test]
fn prunings_restore_with_data_alone() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(PRUNED);
    let schema = dump(&database, &["--schema-only"]);
    let restored = empty();
    load(&restored, &schema);
    load(&restored, &dump(&database, &["--data-only", "--disable-triggers"]));
    check(&mut session, &restored);
}

#[test]
fn a_logical_replica_prunes_with_its_publisher() {
    let (from, to) = (Cluster::new(&["wal_level=logical"]), Cluster::new(&[]));
    let (source, copy) = (from.database(), to.database());
    let (mut publisher, mut subscriber) = (source.superuser(), copy.superuser());
    for session in [&mut publisher, &mut subscriber] {
        session.run(
            "CREATE TABLE login (account int NOT NULL, at timestamptz);
             SELECT add_chain('login', '{account}', recorded => 'at');
             ALTER TABLE login REPLICA IDENTITY FULL",
        );
    }
    let append = "INSERT INTO login (account) SELECT n % 3 FROM generate_series(1, 30) AS n";
    publisher.run(append);
    publisher.run("CREATE PUBLICATION login FOR TABLE login, veritable.prunings");
    subscriber.run(&format!(
        "CREATE SUBSCRIPTION login CONNECTION 'host={} user={SUPERUSER} dbname={}' PUBLICATION login",
        from.folder.display(),
        source.name
    ));
    wait_for_copies(&mut subscriber);
    // A session that has learned that nothing was pruned.
    let mut after = copy.superuser();
    after.run("BEGIN; INSERT INTO login (account) VALUES (1); ROLLBACK");
    publisher.run("SELECT prune('login', before => 'infinity')");
    publisher.run("INSERT INTO login (account) VALUES (0)");
    wait_until("the pruning has arrived", || subscriber.value("SELECT count(*) FROM login") == "1");
    assert_eq!(subscriber.value("SELECT seq FROM login"), "11");
    subscriber.verifies("1 event in 1 chain of 1 table; 30 pruned events");
    subscriber.refused("DELETE FROM login").with_code("23001");
    // What was not pruned does not go.
    let logged = to.log().len();
    publisher.run("ALTER TABLE login DISABLE TRIGGER ALL; DELETE FROM login; ALTER TABLE login ENABLE TRIGGER ALL");
    let refused = "cannot delete from chained table \"login\"";
    wait_until("the subscriber has refused", || to.log()[logged..].contains(refused));
    subscriber.run("DROP SUBSCRIPTION login");
    // It goes on by itself, where the publisher would have.
    assert_eq!(after.value("INSERT INTO login (account) VALUES (1) RETURNING seq"), "11");
    subscriber.verifies("2 events in 2 chains of 1 table; 30 pruned events");
}
