//! Recorded times in columns of every precision: what a dump or a replica has on the other side is what was sealed.

use crate::support::dump::{dump, empty, load, restored};
use crate::support::{Cluster, Database, SUPERUSER, Session, wait_until};

/// A chained table for each precision, and one whose precision comes from a partition.
fn tables(session: &mut Session) {
    for digits in 0..=6 {
        session.run(&format!(
            "CREATE TABLE t{digits} (id int NOT NULL, seq bigint, at timestamptz({digits}), PRIMARY KEY (id, seq));
             SELECT add_chain('t{digits}', '{{id}}', recorded => 'at')"
        ));
    }
    session.run(
        "CREATE TABLE parted (id int NOT NULL, seq bigint, at timestamptz(1), PRIMARY KEY (id, seq)) PARTITION BY HASH (id);
         CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
         CREATE TABLE parted_1 (seq bigint, at timestamptz(1), id int NOT NULL, PRIMARY KEY (id, seq));
         ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         SELECT add_chain('parted', '{id}', recorded => 'at')",
    );
}

const NAMES: [&str; 8] = ["t0", "t1", "t2", "t3", "t4", "t5", "t6", "parted"];

fn append(session: &mut Session) {
    for name in NAMES {
        // Many within one unit, in one statement and in several.
        session.run(&format!("INSERT INTO {name} (id) SELECT n % 3 FROM generate_series(1, 30) AS n"));
        session.run(&format!("INSERT INTO {name} (id) VALUES (0), (1), (2)"));
    }
}

/// The times are what the column can hold, and increase strictly.
fn check(session: &mut Session) {
    for (name, digits) in NAMES.iter().zip([0, 1, 2, 3, 4, 5, 6, 1]) {
        let (fit, increase) = (
            format!("SELECT bool_and(at = at::timestamptz({digits})) FROM {name}"),
            format!(
                "SELECT bool_and(at > before) FROM
                 (SELECT at, lag(at) OVER (PARTITION BY id ORDER BY seq) AS before FROM {name}) AS t"
            ),
        );
        assert_eq!((session.value(&fit), session.value(&increase)), ("t".into(), "t".into()), "{name}");
    }
}

fn rows(session: &mut Session) -> Vec<String> {
    let rows = |name| session.rows(&format!("SELECT id, seq, at, event_hash FROM {name} ORDER BY id, seq"));
    NAMES.into_iter().flat_map(rows).collect()
}

#[test]
fn a_dump_gives_back_the_times_that_were_sealed() {
    let database = Database::new();
    let mut session = database.superuser();
    tables(&mut session);
    append(&mut session);
    check(&mut session);
    session.verifies("264 events in 24 chains of 8 tables");
    let data_only = empty();
    data_only.superuser().run("CREATE EXTENSION veritable CASCADE");
    tables(&mut data_only.superuser());
    load(&data_only, &dump(&database, &["--data-only"]));
    for restored in [restored(&database, &[]), restored(&database, &["--inserts"]), data_only] {
        let mut other = restored.superuser();
        assert_eq!(rows(&mut other), rows(&mut session));
        append(&mut other);
        check(&mut other);
        other.verifies("528 events in 24 chains of 8 tables");
    }
}

#[test]
fn a_logical_replica_has_the_times_that_were_sealed() {
    let (from, to) = (Cluster::new(&["wal_level=logical"]), Cluster::new(&[]));
    for binary in [false, true] {
        let (source, copy) = (from.database(), to.database());
        let (mut publisher, mut subscriber) = (source.superuser(), copy.superuser());
        tables(&mut publisher);
        append(&mut publisher);
        publisher.run(&format!("CREATE PUBLICATION events FOR TABLE {}", NAMES.join(", ")));
        tables(&mut subscriber);
        subscriber.run(&format!(
            "CREATE SUBSCRIPTION events CONNECTION 'host={} user={SUPERUSER} dbname={}' PUBLICATION events
             WITH (binary = {binary}, slot_name = 'slot_{binary}')",
            from.folder.display(),
            source.name
        ));
        append(&mut publisher);
        let count = format!("SELECT {}", NAMES.map(|name| format!("(SELECT count(*) FROM {name})")).join(" + "));
        wait_until("the events have arrived", || subscriber.value(&count) == "528");
        assert_eq!(rows(&mut subscriber), rows(&mut publisher));
        check(&mut subscriber);
        subscriber.verifies("528 events in 24 chains of 8 tables");
        // The replica takes over.
        subscriber.run("DROP SUBSCRIPTION events");
        append(&mut subscriber);
        check(&mut subscriber);
        subscriber.verifies("792 events in 24 chains of 8 tables");
    }
}
