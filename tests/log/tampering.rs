//! What a superuser does to the past, and what a checkpoint that was kept elsewhere says about it.

use crate::support::tampering::with_triggers_off;
use crate::support::{Database, Session};

/// A log of 24 events in 4 chains, whose checkpoints have been kept.
pub const LEDGER: &str = "
    CREATE TABLE ledger (account text NOT NULL, amount numeric NOT NULL);
    SELECT add_chain('ledger', '{account}');
    SELECT add_log('ledger', origin => 'example.com/ledger')";

/// Appends events of four accounts.
pub fn append(session: &mut Session, count: u32) {
    session.run(&format!("INSERT INTO ledger SELECT chr(65 + n % 4), n FROM generate_series(0, {count} - 1) AS n"));
}

/// A checkpoint, as somebody keeps it in a file.
pub fn checkpoint(session: &mut Session) -> String {
    session.value("SELECT checkpoint('ledger')")
}

/// The faults that a kept checkpoint shows: `position|entity|seq|fault`.
pub fn faults(session: &mut Session, note: &str) -> Vec<String> {
    session.rows(&format!("SELECT position, entity, seq, fault FROM verify_log('ledger', {})", quoted(note)))
}

pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Seals an account anew, from its first event on, so that the chain fits.
const SEAL_ANEW: &str = "
    DO $$ DECLARE event record; last bytea; BEGIN
        FOR event IN SELECT ctid, seq FROM ledger WHERE account = 'B' ORDER BY seq LOOP
            IF event.seq > 1 THEN
                UPDATE ledger SET previous_event_hash = last WHERE account = 'B' AND seq = event.seq;
            END IF;
            UPDATE ledger AS e SET event_hash = sha256(convert_to(chain_line(e), 'UTF8'))
            WHERE account = 'B' AND seq = event.seq RETURNING event_hash INTO last;
        END LOOP;
    END $$";

/// What else is kept about the log, thrown away, so that the next checkpoint makes it anew.
const FORGET: &str = "
    DELETE FROM veritable.tiles WHERE target = 'ledger'::regclass;
    DELETE FROM veritable.notes WHERE target = 'ledger'::regclass;
    UPDATE veritable.trees SET size = 0, position = 0 WHERE target = 'ledger'::regclass;
    SELECT checkpoint('ledger')";

/// Does each thing, undoes it, and compares what a kept checkpoint of all 24 events says. The first positions are 1 to 24, in
/// the order of accounts A, B, C, D, A, …
pub fn each_is_named(database: &Database, note: &str) {
    let tampered = |sql: &str| with_triggers_off("ledger", sql);
    let rewritten: Vec<_> = (0..5).map(|n| format!("{}|{{B}}|{}|rewritten", 6 + 4 * n, 2 + n)).collect();
    let rewritten: Vec<_> = rewritten.iter().map(String::as_str).collect();
    let all = "UPDATE ledger SET amount = amount + 1000 WHERE account = 'B' AND seq = 2";
    let cases: [(&str, String, &[&str]); 9] = [
        ("nothing", "SELECT 1".to_string(), &[]),
        ("an event is edited", tampered(all), &["6|{B}|2|rewritten"]),
        ("a chain is recomputed", tampered(&format!("{all}; {SEAL_ANEW}")), &rewritten),
        ("the newest event is cut off", tampered("DELETE FROM ledger WHERE account = 'D' AND seq = 6"), &["24|||cut"]),
        (
            "the newest events are cut off",
            tampered("DELETE FROM ledger WHERE position > 22"),
            &["23|||cut", "24|||cut"],
        ),
        (
            "an entity is gone",
            tampered("DELETE FROM ledger WHERE account = 'C'"),
            &["3|||vanished", "7|||cut", "11|||cut", "15|||cut", "19|||cut", "23|||cut"],
        ),
        (
            "an event is put among others",
            "INSERT INTO ledger VALUES ('E', 1); ".to_string()
                + &tampered("UPDATE ledger SET position = 0 WHERE account = 'E'"),
            &["0|{E}|1|inserted"],
        ),
        (
            "two events exchange their places",
            tampered(
                "UPDATE ledger SET position = -position WHERE position IN (21, 22);
                 UPDATE ledger SET position = 43 + position WHERE position < 0",
            ),
            &["21|{B}|6|rewritten", "22|{A}|6|rewritten"],
        ),
        (
            "all is recomputed, with tiles and checkpoints",
            tampered(&format!("{all}; {SEAL_ANEW}")) + ";" + FORGET,
            &["|||rolled back"],
        ),
    ];
    for (what, sql, expected) in cases {
        let mut session = database.superuser();
        session.run(&format!("BEGIN; {sql}"));
        assert_eq!(faults(&mut session, note), expected, "{what}");
        if what.contains("recomputed") {
            assert_eq!(session.faults("ledger"), [""; 0], "{what}");
        }
        session.run("ROLLBACK");
    }
    // Whoever has only this database is told nothing by it.
    let mut session = database.superuser();
    session.run(&format!("BEGIN; {}; {FORGET}", tampered(&format!("{all}; {SEAL_ANEW}"))));
    assert_eq!(session.rows("SELECT * FROM verify_log('ledger')"), [""; 0]);
    session.run("ROLLBACK");
}

/// A log of 24 events, and its checkpoint.
pub fn ledger(session: &mut Session) -> String {
    session.run(LEDGER);
    append(session, 24);
    checkpoint(session)
}

#[test]
fn each_tampering_is_named_by_a_checkpoint_that_was_kept() {
    let database = Database::new();
    let note = ledger(&mut database.superuser());
    each_is_named(&database, &note);
}

#[test]
fn an_older_checkpoint_says_nothing_about_later_events() {
    let database = Database::new();
    let mut session = database.superuser();
    let note = ledger(&mut session);
    append(&mut session, 8);
    checkpoint(&mut session);
    assert_eq!(faults(&mut session, &note), [""; 0]);
    session.run(&with_triggers_off("ledger", "DELETE FROM ledger WHERE position > 24"));
    assert_eq!(faults(&mut session, &note), [""; 0]);
    assert_eq!(session.rows("SELECT DISTINCT fault FROM verify_log('ledger')"), ["cut"]);
}

/// The ledger in partitions by day, whose first day is pruned. Positions are 1 to 24, four a day.
const PRUNED: &str = "
    CREATE TABLE ledger (account text NOT NULL, amount numeric NOT NULL, day int NOT NULL) PARTITION BY RANGE (day);
    DO $$ BEGIN FOR d IN 0..5 LOOP
        EXECUTE format('CREATE TABLE day%s PARTITION OF ledger FOR VALUES FROM (%s) TO (%s)', d, d, d + 1);
    END LOOP; END $$;
    SELECT add_chain('ledger', '{account}');
    SELECT add_log('ledger', origin => 'example.com/ledger');
    INSERT INTO ledger SELECT chr(65 + n % 4), n, n / 4 FROM generate_series(0, 23) AS n";

#[test]
fn each_tampering_beside_pruned_events_is_named_and_pruned_ones_are_not() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(PRUNED);
    let before = checkpoint(&mut session);
    session.run("ALTER TABLE ledger DETACH PARTITION day0; ALTER TABLE ledger DETACH PARTITION day1");
    let after = checkpoint(&mut session);
    assert_eq!(before.lines().nth(2), after.lines().nth(2), "the root is what it was");
    session.run("SET client_min_messages = error");
    let mark = |bits: &[(u32, u32)]| {
        let marks = bits.iter().fold("pruned".to_string(), |all, (bit, to)| format!("set_bit({all}, {bit}, {to})"));
        format!("UPDATE veritable.tiles SET pruned = {marks} WHERE target = 'ledger'::regclass AND level = 0")
    };
    let cut = "SET veritable.guard = off; DELETE FROM ledger WHERE account = 'B' AND seq = 3";
    let cases: [(&str, String, &[&str]); 7] = [
        ("nothing", "SELECT 1".to_string(), &[]),
        ("an event is cut", cut.to_string(), &["10|||cut"]),
        ("an event is cut and marked", format!("{cut}; {}", mark(&[(9, 1)])), &["|||forged"]),
        (
            "an event is cut, and has the mark of a pruned one",
            format!("{cut}; {}", mark(&[(9, 1), (1, 0)])),
            &["|||forged", "2|||vanished"],
        ),
        ("a mark is gone", mark(&[(4, 0)]), &["5|||cut"]),
        (
            "a run is gone",
            "ALTER TABLE veritable.prunings DISABLE TRIGGER USER;
             DELETE FROM veritable.prunings WHERE seq = (SELECT max(seq) FROM veritable.prunings)"
                .to_string(),
            &["|||forged"],
        ),
        (
            "an event is edited",
            "SET veritable.guard = off; UPDATE ledger SET amount = 7 WHERE account = 'A' AND seq = 3".to_string(),
            &["9|{A}|3|rewritten"],
        ),
    ];
    for note in [&before, &after] {
        for (what, sql, expected) in &cases {
            session.run(&format!("BEGIN; {sql}"));
            let mut found = faults(&mut session, note);
            found.sort();
            let mut expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
            expected.sort();
            assert_eq!(found, expected, "{what}");
            session.run("ROLLBACK");
        }
    }
    // On the other side of a dump, the same is pruned.
    let restored = crate::support::dump::restored(&database, &[]);
    let mut restored = restored.superuser();
    for note in [&before, &after] {
        assert_eq!(faults(&mut restored, note), [""; 0]);
    }
    assert_eq!(restored.faults("ledger"), [""; 0]);
    restored.run("INSERT INTO ledger SELECT chr(65 + n % 4), n, 5 FROM generate_series(0, 3) AS n");
    checkpoint(&mut restored);
    assert_eq!(faults(&mut restored, &before), [""; 0]);
}
