//! Verification after pruning, against what a client knows: events that it has seen stored are there or pruned, and whatever is
//! deleted or edited beside what was pruned is named.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{Database, Session};

const TABLE: &str = "
    CREATE TABLE ledger (account int NOT NULL, day int NOT NULL, amount int NOT NULL, at timestamptz) PARTITION BY RANGE (day);
    DO $$ BEGIN FOR d IN 0..5 LOOP
        EXECUTE format('CREATE TABLE day%s PARTITION OF ledger FOR VALUES FROM (%s) TO (%s)', d, d, d + 1);
    END LOOP; END $$;
    SELECT add_chain('ledger', '{account}', recorded => 'at')";

/// Numbers as if by chance, the same in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// A ledger of nine accounts, whose events come in six partitions, some late; two partitions are pruned.
fn pruned(chance: &mut Chance) -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLE);
    for n in 0..240_u64 {
        // Most events are of their time, some are late, and account 8 has none after the first days.
        let day = if chance.below(5) == 0 { chance.below(6) } else { n / 40 };
        let account = chance.below(if n < 60 { 9 } else { 8 });
        session.run(&format!("INSERT INTO ledger VALUES ({account}, {day}, {n})"));
    }
    session.run("ALTER TABLE ledger DETACH PARTITION day0; ALTER TABLE ledger DETACH PARTITION day1");
    (database, session)
}

fn faults(session: &mut Session) -> Vec<String> {
    session.rows("SELECT entity, seq, fault FROM verify_chain('ledger') ORDER BY entity, seq, fault")
}

/// Each event that is left, by account and seq, and the newest seq of each account, of those that were pruned, too.
fn left(session: &mut Session) -> (Vec<(i64, i64)>, BTreeMap<i64, i64>) {
    let pair = |row: &String| {
        let (account, seq) = row.split_once('|').expect("two values");
        (account.parse().expect("a number"), seq.parse().expect("a number"))
    };
    let events = session.rows("SELECT account, seq FROM ledger ORDER BY account, seq");
    let newest = session.rows(
        "SELECT account, max(seq) FROM (SELECT account, seq FROM ledger
             UNION ALL SELECT entity[1]::int, last FROM veritable.prunings WHERE target = 'ledger'::regclass) AS all_of_them
         GROUP BY account",
    );
    (events.iter().map(pair).collect(), newest.iter().map(pair).collect())
}

#[test]
fn whatever_is_deleted_beside_what_was_pruned_is_missing_and_nothing_else_is() {
    let mut chance = Chance(7);
    let (_database, mut session) = pruned(&mut chance);
    assert_eq!(faults(&mut session), [""; 0]);
    let (events, newest) = left(&mut session);
    assert!(events.len() > 100 && newest.len() == 9);
    session.run("SET veritable.guard = off; SET client_min_messages = error");
    for (account, seq) in &events {
        session.run("BEGIN");
        session.run(&format!("DELETE FROM ledger WHERE account = {account} AND seq = {seq}"));
        let expected = if newest[account] == *seq { Vec::new() } else { vec![format!("{{{account}}}|{seq}|missing")] };
        assert_eq!(faults(&mut session), expected, "event {seq} of account {account}");
        session.run("ROLLBACK");
    }
}

#[test]
fn whatever_is_edited_beside_what_was_pruned_is_named_and_so_is_each_run_that_is_gone() {
    let mut chance = Chance(11);
    let (_database, mut session) = pruned(&mut chance);
    let (events, newest) = left(&mut session);
    session.run("SET veritable.guard = off; SET client_min_messages = error");
    for _ in 0..40 {
        let (account, seq) = events[chance.below(events.len() as u64) as usize];
        let which = format!("WHERE account = {account} AND seq = {seq}");
        session.run("BEGIN");
        session.run(&format!("UPDATE ledger SET amount = -1 {which}"));
        assert_eq!(faults(&mut session), [format!("{{{account}}}|{seq}|altered")]);
        session.run(&format!("UPDATE ledger AS e SET event_hash = sha256(convert_to(chain_line(e), 'UTF8')) {which}"));
        let next = seq + 1;
        let expected =
            if newest[&account] == seq { Vec::new() } else { vec![format!("{{{account}}}|{next}|unlinked")] };
        assert_eq!(faults(&mut session), expected, "event {seq} of account {account}");
        session.run("ROLLBACK");
    }
    // From the newest row back, so that the chain of the prunings itself has no fault.
    session.run("ALTER TABLE veritable.prunings DISABLE TRIGGER USER");
    let runs = session.rows("SELECT entity[1], first, last FROM veritable.prunings ORDER BY seq DESC");
    let mut expected = BTreeSet::new();
    for run in runs {
        let [account, first, last]: [i64; 3] =
            run.split('|').map(|text| text.parse().expect("a number")).collect::<Vec<_>>().try_into().expect("three");
        session.run(&format!("DELETE FROM veritable.prunings WHERE entity = '{{{account}}}' AND first = {first}"));
        if events.iter().any(|(other, seq)| *other == account && *seq > last) {
            expected.insert(account.to_string());
        }
        let named = session.rows("SELECT DISTINCT entity[1] FROM verify_chain('ledger') WHERE fault = 'missing'");
        assert_eq!(named.into_iter().collect::<BTreeSet<_>>(), expected, "{run}");
        let other = session.rows("SELECT DISTINCT fault FROM verify_chain('ledger') WHERE fault <> 'missing'");
        assert_eq!(other, [""; 0]);
    }
}

#[test]
fn a_role_that_may_only_read_verifies_what_was_pruned() {
    let mut chance = Chance(13);
    let (database, mut session) = pruned(&mut chance);
    session.run("DROP ROLE IF EXISTS reader_of_prunings; CREATE ROLE reader_of_prunings LOGIN; GRANT SELECT ON ledger TO reader_of_prunings");
    let mut reader = database.connect("reader_of_prunings");
    assert_eq!(faults(&mut reader), [""; 0]);
    assert_eq!(reader.rows("SELECT * FROM verify_chain()"), [""; 0]);
    assert_eq!(reader.rows("SELECT count(*) > 5 FROM veritable.prunings"), ["t"]);
    reader.refused("DELETE FROM veritable.prunings").with_code("42501");
    // Who may not read the table is told nothing.
    session.run("REVOKE SELECT ON ledger FROM reader_of_prunings");
    reader.refused("SELECT * FROM verify_chain('ledger')").with_code("42501");
    assert_eq!(reader.rows("SELECT count(*) FROM veritable.prunings"), ["0"]);
    drop(reader);
    session.run("DROP OWNED BY reader_of_prunings; DROP ROLE reader_of_prunings");
}

#[test]
fn the_stored_key_of_a_run_is_not_asked() {
    let mut chance = Chance(17);
    let (_database, mut session) = pruned(&mut chance);
    // No line holds it. The runs of account 1 come under that of account 2.
    session.run(
        "ALTER TABLE veritable.prunings DISABLE TRIGGER USER;
         UPDATE veritable.prunings SET key = (SELECT key FROM veritable.prunings WHERE entity = '{2}' LIMIT 1)
         WHERE entity = '{1}'",
    );
    assert_eq!(session.rows("SELECT * FROM verify_chain('ledger')"), [""; 0]);
    assert_eq!(session.rows("SELECT * FROM verify_chain('ledger', '{1}')"), [""; 0]);
}
