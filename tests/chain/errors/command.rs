//! Commands that would silently break a chain.

use super::*;

/// A chained table with a sealed row.
fn sealed() -> (Database<'static>, Session) {
    let (database, mut session) = chained();
    session.run("INSERT INTO t VALUES (1, '{}')");
    (database, session)
}

/// The DETAIL about the one row, which hashes to another hash.
#[track_caller]
fn names_the_row(refusal: &Refusal) {
    let detail = refusal.detail.as_deref().unwrap_or_default();
    let begins = "Verification finds 1 fault. The first is \"altered\" in (1) at 1: The row hashes to ";
    assert!(detail.starts_with(begins), "{refusal:#?}");
}

#[test]
fn that_changes_sealed_lines_is_refused() {
    let (_database, mut session) = sealed();
    for (command, message) in [
        ("RENAME payload TO content", "cannot rename column \"payload\" of chained table \"t\""),
        ("RENAME id TO entity", "cannot rename column \"id\" of chained table \"t\""),
        ("RENAME seq TO place", "cannot rename column \"seq\" of chained table \"t\""),
        ("RENAME previous_event_hash TO p", "cannot rename column \"previous_event_hash\" of chained table \"t\""),
        ("ALTER payload TYPE text USING 'x'", "cannot change column \"payload\" of chained table \"t\""),
        ("ALTER payload TYPE jsonb USING '[]'", "cannot rewrite the rows of chained table \"t\""),
        ("DROP payload", "cannot drop column \"payload\" of chained table \"t\""),
    ] {
        let refusal = session.refused(&format!("ALTER TABLE t {command}"));
        names_the_row(refusal.with("55000", message).hint(END_OR_BEGIN_ANEW_OR_VERIFY));
    }
    session.verifies("1 event in 1 chain of 1 table");
}

#[test]
fn that_takes_what_a_chain_demands_is_refused_without_rows_too() {
    let (_database, mut session) = chained();
    for (command, message) in [
        ("DROP id", "cannot drop column \"id\" of chained table \"t\""),
        ("DROP seq", "cannot drop column \"seq\" of chained table \"t\""),
        ("DROP previous_event_hash", "cannot drop column \"previous_event_hash\" of chained table \"t\""),
        ("DROP event_hash", "cannot drop column \"event_hash\" of chained table \"t\""),
    ] {
        let refusal = session.refused(&format!("ALTER TABLE t {command}"));
        refusal.with("55000", message).detail(COVERED).hint(END_OR_BEGIN_ANEW);
    }
    session
        .refused("ALTER TABLE t ALTER id DROP NOT NULL")
        .with("55000", "entity column \"id\" must be declared NOT NULL")
        .hint("ALTER TABLE public.t ALTER COLUMN id SET NOT NULL;");
    session
        .refused("ALTER TABLE t ALTER seq TYPE numeric")
        .with("42804", "column \"seq\" of relation \"t\" must be of type bigint");
}

#[test]
fn that_keeps_every_line_stands() {
    let (_database, mut session) = sealed();
    session.run(
        "ALTER TABLE t RENAME event_hash TO h;
         ALTER TABLE t ALTER id TYPE bigint;
         INSERT INTO t (id, payload) VALUES (1, NULL);
         ALTER TABLE t ADD note text;
         ALTER TABLE t ALTER note SET DEFAULT 'none';
         ALTER TABLE t DROP note",
    );
    session.verifies("2 events in 1 chain of 1 table");
}

#[test]
fn that_gives_old_rows_a_value_is_refused() {
    let (_database, mut session) = sealed();
    for column in ["note text DEFAULT 'none'", "number serial", "number int GENERATED ALWAYS AS IDENTITY"] {
        let name = column.split(' ').next().expect("a name");
        let refusal = session.refused(&format!("ALTER TABLE t ADD {column}"));
        names_the_row(refusal.with("55000", &format!("cannot add column \"{name}\" to chained table \"t\"")).hint(
            "Add a column without a default, and set the default for new rows afterwards. What verify_chain() finds now \
             was there before this command.",
        ));
    }
}

#[test]
fn that_drops_a_trigger_of_the_chain_is_refused() {
    let (_database, mut session) = chained();
    for name in ["zz_veritable_chain", "zz_veritable_chain_guard", "zz_veritable_chain_truncate"] {
        session
            .refused(&format!("DROP TRIGGER {name} ON t"))
            .with("55000", &format!("cannot drop trigger \"{name}\" of chained table \"t\""))
            .detail("The trigger is part of the chain.")
            .hint("Use drop_chain() to end the chain.");
        session
            .refused(&format!("ALTER TRIGGER {name} ON t RENAME TO a"))
            .with("55000", &format!("cannot rename trigger \"{name}\" of chained table \"t\""));
    }
}

#[test]
fn that_makes_a_trigger_fire_later_is_refused() {
    let (_database, mut session) = chained();
    let message = "trigger \"zzz\" of table \"t\" could change rows after they are sealed";
    session.refused(LATE_TRIGGER).with("55000", message);
    session.run(&LATE_TRIGGER.replace("zzz", "early"));
    session.refused("ALTER TRIGGER early ON t RENAME TO zzz").with("55000", message);
}

#[test]
fn that_drops_the_index_is_refused() {
    let (_database, mut session) = chained();
    let refusal = session.refused("DROP INDEX t_id_seq_idx");
    refusal
        .with("55000", "cannot drop the last index on (entity, seq) of chained table \"t\"")
        .detail("The newest event of an entity is found by it.")
        .hint("Create another index on the same columns first, or use drop_chain() to end the chain.");
    session.run("CREATE UNIQUE INDEX another ON t (id, seq); DROP INDEX t_id_seq_idx");
    session.refused("DROP INDEX another").with_code("55000");
    session.run("INSERT INTO t VALUES (1, '1')");
}

#[test]
fn that_changes_a_type_within_sealed_lines_is_refused() {
    let mut session = Database::new().owner();
    session.run(
        "CREATE TYPE mood AS ENUM ('sad', 'glad');
         CREATE TYPE pair AS (a int, b int);
         CREATE TABLE t (id int NOT NULL, feeling mood, two pair[]);
         SELECT add_chain('t', '{id}');
         INSERT INTO t VALUES (1, 'sad', '{\"(1,2)\"}')",
    );
    for (command, what) in [
        ("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", "cannot rename value \"sad\" of type public.mood"),
        ("ALTER TYPE pair RENAME ATTRIBUTE a TO c", "cannot rename attribute \"a\" of type public.pair"),
    ] {
        let refusal = session.refused(command);
        names_the_row(
            refusal.with("55000", &format!("{what} of chained table \"t\"")).hint(END_OR_BEGIN_ANEW_OR_VERIFY),
        );
    }
    session.refused("DROP TYPE mood CASCADE").with_code("55000");
    session.run("ALTER TYPE mood ADD VALUE 'content'; ALTER TYPE mood RENAME VALUE 'glad' TO 'happy'");
    session.verifies("1 event in 1 chain of 1 table");
}
