//! The promise of a log under all that can happen to a server: nothing is missed, nothing comes twice, no checkpoint is taken
//! back.
//!
//! 16 writers commit, roll back, prepare and pause; consumers of two groups and a reader follow; sessions and the server are
//! killed. Afterwards, what all of them were told is compared with the table. `VERITABLE_STRESS` says for how many seconds.

mod consumers;
mod merkle;
mod writers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant};

use postgres::error::SqlState;
use postgres::{Error, SimpleQueryMessage};

use crate::support::dump::path;
use crate::support::random::Random;
use crate::support::{Cluster, Database, SUPERUSER, Session, explain, signal, succeed, wait_until};

const EVENTS: &str = "
    CREATE TABLE events (entity int NOT NULL, key text NOT NULL UNIQUE, payload jsonb);
    SELECT add_chain('events', '{entity}');
    SELECT add_log('events', origin => 'example.com/stress');
    SELECT add_consumer('events', 'alone'), add_consumer('events', 'shared', members => 3);
    CREATE TABLE alone (n bigint GENERATED ALWAYS AS IDENTITY, member int, position bigint, entity int, seq bigint, key text);
    CREATE TABLE shared (LIKE alone INCLUDING ALL)";

/// The groups, and how many members each has.
const GROUPS: [(&str, u32); 2] = [("alone", 1), ("shared", 3)];
const WRITERS: u64 = 16;
/// Seconds between two crashes of the server.
const BETWEEN_CRASHES: u64 = 9;

/// What all clients share.
struct Stress<'a> {
    database: &'a Database<'a>,
    stop: AtomicBool,
    /// Writers that are still at work, and may wait for a prepared transaction.
    writing: AtomicUsize,
    /// Held exclusively while the server is killed: a dump waits for that, and clients do not.
    server: RwLock<()>,
    /// The events of transactions that are prepared, by name.
    prepared: Mutex<BTreeMap<String, Vec<String>>>,
    told: Mutex<Told>,
    lost_sessions: AtomicUsize,
    retries: AtomicUsize,
    crashes: AtomicUsize,
}

/// What the server has told its clients.
#[derive(Default)]
struct Told {
    /// Events whose commit was acknowledged.
    committed: BTreeSet<String>,
    /// Events that somebody tried to append.
    attempted: BTreeSet<String>,
    /// Sizes and roots of checkpoints, of transactions that were rolled back, too.
    checkpoints: BTreeMap<u64, String>,
    /// What the reader has read: position and key.
    read: Vec<(i64, String)>,
    failures: Vec<String>,
}

type Answer<T> = Result<T, Error>;

impl Stress<'_> {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed) && self.told.lock().expect("no panic").failures.is_empty()
    }

    fn tell(&self, act: impl FnOnce(&mut Told)) {
        act(&mut self.told.lock().expect("no panic"));
    }

    /// Lets a client work until the end, in a new session whenever the server has ended the last one.
    fn work(&self, seed: u64, work: impl FnMut(&mut Session, &mut Random) -> Answer<()>) {
        self.work_while(|| self.goes_on(), seed, work);
    }

    fn work_while(
        &self,
        goes_on: impl Fn() -> bool,
        seed: u64,
        mut work: impl FnMut(&mut Session, &mut Random) -> Answer<()>,
    ) {
        let mut random = Random(seed);
        while goes_on() {
            let Ok(mut session) = self.database.cluster.try_connect(&self.database.name, SUPERUSER) else {
                std::thread::sleep(Duration::from_millis(30));
                continue;
            };
            while goes_on() {
                let Err(error) = work(&mut session, &mut random) else { continue };
                if !self.survives(&error) || session.batch_execute("ROLLBACK").is_err() {
                    break;
                }
            }
        }
    }

    /// Whether the session can go on after an error. An error that no kill explains is a failure.
    fn survives(&self, error: &Error) -> bool {
        let code = error.code();
        if code.is_none_or(|code| code.code().starts_with("57P") || code.code().starts_with("08")) {
            self.lost_sessions.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        // Whoever was killed while it finished a prepared transaction may still be at it.
        let is_busy = error.as_db_error().is_some_and(|error| error.message().ends_with("is busy"));
        if is_busy || [Some(&SqlState::T_R_SERIALIZATION_FAILURE), Some(&SqlState::QUERY_CANCELED)].contains(&code) {
            self.retries.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        self.tell(|told| told.failures.push(explain(error)));
        false
    }

    /// Ends sessions in every way, and the server.
    fn kill_until_the_end(&self, end: Instant) {
        let mut random = Random(1000);
        let mut next_crash = Instant::now() + Duration::from_secs(BETWEEN_CRASHES);
        while Instant::now() < end && self.goes_on() {
            std::thread::sleep(Duration::from_millis(u64::from(100 + random.below(400))));
            if Instant::now() < next_crash {
                let how = random.of(&["pg_terminate_backend", "pg_terminate_backend", "pg_cancel_backend"]);
                let count = 1 + random.below(3);
                if let Ok(mut session) = self.database.cluster.try_connect("postgres", SUPERUSER) {
                    let _ = session.batch_execute(&format!(
                        "SELECT {how}(pid) FROM (SELECT pid FROM pg_stat_activity
                         WHERE datname = '{}' AND application_name <> 'pg_dump' ORDER BY random() LIMIT {count}) AS some",
                        self.database.name
                    ));
                }
                continue;
            }
            let _alone = self.server.write().expect("no panic");
            if self.crashes.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
                self.database.cluster.cut_power();
                self.database.cluster.restart();
            } else {
                self.kill_a_backend();
            }
            next_crash = Instant::now() + Duration::from_secs(BETWEEN_CRASHES);
        }
    }

    /// The server ends all sessions and recovers, without being asked.
    fn kill_a_backend(&self) {
        let Ok(mut session) = self.database.cluster.try_connect("postgres", SUPERUSER) else { return };
        let busy = "SELECT pid FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid() AND backend_type = 'client backend' LIMIT 1";
        let Ok(rows) = try_rows(&mut session, busy) else { return };
        if let Some(process) = rows.first().and_then(|row| row[0].parse().ok()) {
            signal("KILL", &[process]);
            wait_until("the server has ended all sessions", || session.batch_execute("SELECT 1").is_err());
            wait_until("it has recovered", || self.database.cluster.try_connect("postgres", SUPERUSER).is_ok());
        }
    }

    fn take_checkpoints(&self) {
        self.work(2000, |session, random| {
            let is_kept = random.below(4) > 0;
            session.batch_execute("BEGIN")?;
            let rows = try_rows(session, "SELECT checkpoint('events')")?;
            let lines: Vec<_> = rows[0][0].lines().collect();
            let (size, root) = (lines[1].parse().expect("a size"), lines[2].to_string());
            // Whatever becomes of the transaction: somebody has seen it.
            self.tell(|told| {
                let before = told.checkpoints.insert(size, root.clone());
                if before.is_some_and(|before| before != root) {
                    told.failures.push(format!("two checkpoints of size {size}"));
                }
            });
            session.batch_execute(if is_kept { "COMMIT" } else { "ROLLBACK" })?;
            std::thread::sleep(Duration::from_millis(u64::from(random.below(300))));
            Ok(())
        });
    }

    /// A dump of the midst, restored: its consumers go on there.
    fn move_elsewhere(&self, half: Instant) -> Option<Database<'_>> {
        std::thread::sleep(half.saturating_duration_since(Instant::now()));
        let _server = self.server.read().expect("no panic");
        let (cluster, file) = (self.database.cluster, path(self.database, "midst"));
        let moved = cluster.bare_database("");
        let mut dump = cluster.program("pg_dump");
        succeed(dump.args(["--format=custom", "--file"]).arg(&file).arg(&self.database.name));
        let mut restore = cluster.program("pg_restore");
        succeed(restore.args(["--exit-on-error", "--dbname", &moved.name]).arg(&file));
        Some(moved)
    }
}

/// The rows of a query as text.
fn try_rows(session: &mut Session, sql: &str) -> Answer<Vec<Vec<String>>> {
    let rows = session.simple_query(sql)?;
    let rows = rows.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    Ok(rows.map(|row| (0..row.len()).map(|i| row.get(i).unwrap_or_default().to_string()).collect()).collect())
}

/// What a group has consumed is each event once, each entity's in order, and each member's in the order of positions.
fn check_groups(session: &mut Session) {
    for (group, members) in GROUPS {
        for member in 0..members {
            consumers::drain(session, group, member);
        }
        let nothing = |session: &mut Session, what: &str, sql: &str| {
            assert_eq!(session.rows(sql), [""; 0], "group {group}: {what}");
        };
        nothing(
            session,
            "events that were not delivered exactly once",
            &format!(
                "SELECT position, events.key, delivered.times
                 FROM events FULL JOIN (SELECT position, key, count(*) AS times FROM {group} GROUP BY 1, 2) AS delivered
                      USING (position)
                 WHERE events.key IS DISTINCT FROM delivered.key OR times <> 1 ORDER BY 1 LIMIT 10"
            ),
        );
        nothing(
            session,
            "events of an entity out of order",
            &format!(
                "SELECT * FROM (SELECT entity, seq, lag(seq, 1, 0::bigint) OVER (PARTITION BY entity ORDER BY n) AS before
                 FROM {group}) AS delivered WHERE seq <> before + 1 LIMIT 10"
            ),
        );
        nothing(
            session,
            "positions of a member that do not ascend",
            &format!(
                "SELECT * FROM (SELECT member, position, lag(position) OVER (PARTITION BY member ORDER BY n) AS before
                 FROM {group}) AS delivered WHERE position <= before LIMIT 10"
            ),
        );
        nothing(
            session,
            "entities of two members",
            &format!("SELECT entity FROM {group} GROUP BY 1 HAVING count(DISTINCT member) > 1"),
        );
        let shares = session.rows(&format!("SELECT member FROM {group} GROUP BY 1 ORDER BY 1"));
        assert_eq!(shares.len(), members as usize, "group {group}: only members {shares:?} have anything");
    }
}

fn is_faultless(session: &mut Session) {
    assert_eq!(session.rows("SELECT * FROM verify_chain('events')"), [""; 0]);
    session.run("SELECT checkpoint('events')");
    assert_eq!(session.rows("SELECT * FROM verify_log('events')"), [""; 0]);
}

fn seconds() -> u64 {
    std::env::var("VERITABLE_STRESS")
        .map_or(50, |seconds| seconds.parse().expect("VERITABLE_STRESS is a number of seconds"))
}

#[test]
fn nothing_is_missed_and_nothing_comes_twice() {
    let cluster = Cluster::new(&["max_prepared_transactions=64", "max_connections=60", "log_min_messages=error"]);
    let database = cluster.database();
    database.superuser().run(EVENTS);
    let stress = Stress {
        database: &database,
        stop: AtomicBool::new(false),
        writing: AtomicUsize::new(WRITERS as usize),
        server: RwLock::new(()),
        prepared: Mutex::default(),
        told: Mutex::default(),
        lost_sessions: AtomicUsize::new(0),
        retries: AtomicUsize::new(0),
        crashes: AtomicUsize::new(0),
    };
    let (start, time) = (Instant::now(), Duration::from_secs(seconds()));
    let moved = std::thread::scope(|scope| {
        let stress = &stress;
        // Also when a thread of the test fails.
        struct Stop<'a>(&'a AtomicBool);
        impl Drop for Stop<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let stop = Stop(&stress.stop);
        for number in 0..WRITERS {
            scope.spawn(move || stress.write(number));
        }
        scope.spawn(|| stress.finish_prepared());
        for (group, members) in GROUPS {
            for member in 0..members {
                scope.spawn(move || stress.consume(group, member));
            }
        }
        scope.spawn(|| stress.intrude());
        scope.spawn(|| stress.read());
        scope.spawn(|| stress.take_checkpoints());
        let mover = scope.spawn(move || stress.move_elsewhere(start + time / 2));
        stress.kill_until_the_end(start + time);
        let moved = mover.join();
        drop(stop);
        moved.expect("a dump that restores")
    });
    let mut session = database.superuser();
    stress.commit_prepared(&mut session);
    stress.read_to_the_end(&mut session);
    let told = std::mem::take(&mut *stress.told.lock().expect("no panic"));
    assert_eq!(told.failures, [""; 0]);

    let stored = session.rows("SELECT position, key FROM events ORDER BY position");
    let stored: Vec<(i64, String)> = stored
        .iter()
        .map(|row| row.split_once('|').expect("two columns"))
        .map(|(position, key)| (position.parse().expect("a position"), key.to_string()))
        .collect();
    let crashes = stress.crashes.load(Ordering::Relaxed);
    eprintln!(
        "{} events; {} acknowledged; {} crashes, {} sessions lost, {} statements cancelled or to be retried; {} checkpoints",
        stored.len(),
        told.committed.len(),
        crashes,
        stress.lost_sessions.load(Ordering::Relaxed),
        stress.retries.load(Ordering::Relaxed),
        told.checkpoints.len(),
    );
    let keys: BTreeSet<String> = stored.iter().map(|(_, key)| key.clone()).collect();
    let missing: Vec<_> = told.committed.difference(&keys).take(10).collect();
    assert!(missing.is_empty(), "acknowledged, but missing: {missing:?}");
    let invented: Vec<_> = keys.difference(&told.attempted).take(10).collect();
    assert!(invented.is_empty(), "from nobody: {invented:?}");
    assert!(told.committed.len() > 500 && crashes > 1, "too little happened");

    let first_wrong = told.read.iter().zip(&stored).find(|(read, stored)| read != stored);
    assert_eq!(first_wrong, None, "read_events() missed or repeated something");
    assert_eq!(told.read.len(), stored.len());
    check_groups(&mut session);
    is_faultless(&mut session);
    assert!(told.checkpoints.len() > 10, "only {} checkpoints", told.checkpoints.len());
    merkle::check(&mut session, &told.checkpoints);

    // The other database has its own future.
    let moved = moved.expect("a database from the midst");
    let mut session = moved.superuser();
    check_groups(&mut session);
    is_faultless(&mut session);
    session.run("INSERT INTO events (entity, key) SELECT n % 9, 'moved ' || n FROM generate_series(1, 100) AS n");
    check_groups(&mut session);
    is_faultless(&mut session);
    assert_eq!(session.value("SELECT count(*) FROM events WHERE key LIKE 'moved %'"), "100");
    assert_eq!(session.value("SELECT count(*) FROM alone WHERE key LIKE 'moved %'"), "100");
}
