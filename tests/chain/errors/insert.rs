//! Which rows a chain refuses to append.

use super::*;

#[test]
fn refuses_a_null_entity() {
    let (_database, mut session) = chained();
    session
        .refused("INSERT INTO t VALUES (NULL)")
        .with("23502", "null value in entity column \"id\" of a chained table");
}

#[test]
fn refuses_a_seq_that_is_not_the_next() {
    let (_database, mut session) = chained();
    session.run("INSERT INTO t (id, seq) VALUES (1, 1); INSERT INTO t (id) VALUES (1)");
    let refused = |session: &mut Session, seq| session.refused(&format!("INSERT INTO t (id, seq) VALUES (1, {seq})"));
    for seq in ["4", "9223372036854775807"] {
        refused(&mut session, seq)
            .with("40001", "supplied seq does not continue the chain")
            .detail(&format!("The next seq of this entity is 3, not {seq}."))
            .hint(READ_AGAIN);
    }
    // What no retry can mend is no serialization failure.
    for seq in ["1", "2"] {
        refused(&mut session, seq)
            .with("23514", "supplied seq has passed")
            .detail(&format!("The next seq of this entity is 3, not {seq}."))
            .hint("Read the newest event again, or leave the column out to append after it.");
    }
    for seq in ["0", "-1", "-9223372036854775808"] {
        refused(&mut session, seq)
            .with("22023", "supplied seq is less than 1")
            .detail(&format!("The seq is {seq}. The first event of an entity has seq 1."))
            .hint("Leave column \"seq\" out, or set it to null, to have the row sealed.");
    }
    session.run("INSERT INTO t (id, seq) VALUES (1, 3)");
}

#[test]
fn refuses_a_previous_hash_that_is_not_the_newest() {
    let (_database, mut session) = chained();
    session.run("INSERT INTO t (id) VALUES (1)");
    let newest = session.value("SELECT encode(event_hash, 'hex') FROM t");
    session
        .refused(&format!("INSERT INTO t (id, previous_event_hash) VALUES (1, '\\x{}')", "00".repeat(32)))
        .with("40001", "supplied previous hash does not continue the chain")
        .detail(&format!("The hash of this entity's newest event is {newest}."))
        .hint(READ_AGAIN);
    for previous in ["\\x00", "\\x", &format!("\\x{}", "00".repeat(33))] {
        session
            .refused(&format!("INSERT INTO t (id, previous_event_hash) VALUES (1, '{previous}')"))
            .with("22023", "supplied previous hash is not a hash")
            .detail("A hash is 32 bytes, or 64 lower-case hexadecimal digits.")
            .hint("Leave column \"previous_event_hash\" out, or set it to null, to have the row sealed.");
    }
    session.refused(&format!("INSERT INTO t (id, previous_event_hash) VALUES (2, '\\x{newest}')")).with_code("40001");
    session.run(&format!("INSERT INTO t (id, previous_event_hash) VALUES (1, '\\x{newest}')"));
}

#[test]
fn refuses_a_hash_that_is_not_that_of_the_row() {
    let (_database, mut session) = chained();
    session.run("INSERT INTO t (id, payload) VALUES (1, '1')");
    let computed = session.value("SELECT encode(event_hash, 'hex') FROM t");
    for hash in ["\\x00", "\\x", &format!("\\x{}", "00".repeat(32))] {
        session
            .refused(&format!("INSERT INTO t (id, payload, event_hash) VALUES (2, '1', '{hash}')"))
            .with("23514", "supplied hash is not the hash of the row")
            .hint("Leave the column out to have the row sealed.");
    }
    // Another payload under the hash of this one.
    session
        .refused(&format!("INSERT INTO t (id, payload, event_hash) VALUES (1, '2', '\\x{computed}')"))
        .with_code("23514");
}

#[test]
fn shows_nothing_to_who_may_only_insert() {
    let (database, mut owner) = chained();
    owner.run("INSERT INTO t VALUES (1, '1'); GRANT INSERT ON t TO stranger");
    let mut writer = database.connect("stranger");
    writer.run("INSERT INTO t VALUES (1, '2')");
    let newest = owner.value("SELECT encode(event_hash, 'hex') FROM t WHERE seq = 2");
    let supplied = [
        "(id, seq) VALUES (1, 9)",
        "(id, seq) VALUES (1, 3)",
        "(id, previous_event_hash) VALUES (1, '')",
        &format!("(id, previous_event_hash) VALUES (1, '\\x{newest}')"),
        "(id, event_hash) VALUES (1, '')",
        "(id, event_hash) VALUES (2, '')",
    ];
    for values in supplied {
        writer
            .refused(&format!("INSERT INTO t {values}"))
            .with("42501", "permission denied to supply chain columns of table \"t\"")
            .detail("")
            .hint(
                "Leave them out to have the row sealed. Supplying them takes the privilege to read them, of all rows.",
            );
    }
    owner.verifies("2 events in 1 chain of 1 table");
    // With that privilege, but not the one to read the row, the answer is no more than that.
    owner.run("GRANT SELECT (seq, previous_event_hash, event_hash) ON t TO stranger");
    writer.refused("INSERT INTO t (id, seq) VALUES (1, 9)").with_code("40001").detail("");
    writer.refused("INSERT INTO t (id, seq) VALUES (1, 1)").with_code("23514").detail("");
    writer.refused("INSERT INTO t (id, previous_event_hash) VALUES (1, sha256(''))").with_code("40001").detail("");
    writer.refused("INSERT INTO t (id, event_hash) VALUES (1, '')").with_code("23514").detail("");
    writer.run(&format!("INSERT INTO t (id, previous_event_hash) VALUES (1, '\\x{newest}')"));
    owner.verifies("3 events in 1 chain of 1 table");
}

#[test]
fn refuses_a_recorded_time_that_cannot_be() {
    let (database, mut session) = plain();
    session.run("ALTER TABLE t ADD at timestamptz; SELECT add_chain('t', '{id}', recorded => 'at')");
    let hashed = "INSERT INTO t SELECT (r.e).id, NULL, (r.e).at, (r.e).seq, (r.e).previous_event_hash,
            sha256(convert_to(chain_line(r.e), 'UTF8'))
        FROM veritable.chains AS c, LATERAL (SELECT ROW(1, NULL, AT, 1, genesis, NULL)::t AS e) AS r
        WHERE target = 't'::regclass";
    for at in ["'infinity'", "'-infinity'", "NULL", "clock_timestamp() + interval '1 minute'"] {
        session
            .refused(&hashed.replace("AT,", &format!("(SELECT ({at})::timestamptz),")))
            .with("23514", "supplied recorded time does not continue the chain")
            .detail("It must be after that of the entity's newest event, and not after the clock.")
            .hint("Leave the hash out to have the row recorded now.");
    }
    let mut superuser = database.superuser();
    superuser.run("SET session_replication_role = replica");
    superuser.run(&hashed.replace("AT,", "'infinity',"));
    session
        .refused("INSERT INTO t (id) VALUES (1)")
        .with("22008", "recorded time out of range")
        .detail("The entity's newest event was recorded at infinity, or at the end of what timestamptz can hold.")
        .hint("SELECT * FROM verify_chain() names events that were recorded at infinity.");
    session.run("GRANT INSERT ON t TO stranger");
    database
        .connect("stranger")
        .refused("INSERT INTO t (id) VALUES (1)")
        .with("22008", "recorded time out of range")
        .detail("");
}

#[test]
fn tells_who_read_before_that_somebody_appended_since() {
    let (_database, mut session) = chained();
    let mut other = _database.owner();
    for isolation in ["REPEATABLE READ", "SERIALIZABLE"] {
        session.run(&format!("BEGIN ISOLATION LEVEL {isolation}; SELECT * FROM t"));
        other.run("INSERT INTO t VALUES (1)");
        session
            .refused("INSERT INTO t VALUES (1)")
            .with("40001", "could not serialize access due to concurrent append to the chain")
            .hint("The transaction might succeed if retried.");
        session.run("ROLLBACK");
        // Another entity is nobody's business.
        session.run(&format!("BEGIN ISOLATION LEVEL {isolation}; SELECT * FROM t"));
        other.run("INSERT INTO t VALUES (1)");
        session.run("INSERT INTO t VALUES (2); COMMIT");
    }
    session.verifies("6 events in 2 chains of 1 table");
}

#[test]
fn refuses_to_continue_from_an_event_without_a_hash() {
    let (database, mut session) = chained();
    session.run("INSERT INTO t VALUES (1)");
    database.superuser().run(
        "ALTER TABLE t DISABLE TRIGGER zz_veritable_chain_guard; ALTER TABLE t ALTER event_hash DROP NOT NULL;
         UPDATE t SET event_hash = NULL; ALTER TABLE t ENABLE ALWAYS TRIGGER zz_veritable_chain_guard",
    );
    session
        .refused("INSERT INTO t VALUES (1)")
        .with("XX001", "the newest event of the chain has no valid hash")
        .hint("SELECT * FROM verify_chain() names the events that were tampered with.");
}

#[test]
fn refuses_to_overwrite_on_conflict() {
    let (_database, mut session) = chained();
    session.run("ALTER TABLE t ADD UNIQUE (payload); INSERT INTO t VALUES (1, '1')");
    session
        .refused("INSERT INTO t VALUES (1, '1') ON CONFLICT (payload) DO UPDATE SET payload = '2'")
        .with("23001", "cannot update chained table \"t\"")
        .detail("Column \"payload\" is sealed.")
        .hint(CORRECT);
}
