//! Commands that would silently break a chain.

use super::*;

#[test]
fn that_changes_a_covered_column_is_refused() {
    let (_database, mut session) = chained();
    for (command, message) in [
        ("RENAME payload TO content", "cannot rename column \"payload\" of chained table \"t\""),
        ("RENAME id TO entity", "cannot rename column \"id\" of chained table \"t\""),
        ("RENAME seq TO place", "cannot rename column \"seq\" of chained table \"t\""),
        ("RENAME previous_event_hash TO p", "cannot rename column \"previous_event_hash\" of chained table \"t\""),
        ("RENAME event_hash TO h", "cannot rename column \"event_hash\" of chained table \"t\""),
        ("ALTER payload TYPE json", "cannot change column \"payload\" of chained table \"t\""),
        ("ALTER seq TYPE numeric", "cannot change column \"seq\" of chained table \"t\""),
        ("DROP payload", "cannot drop column \"payload\" of chained table \"t\""),
        ("DROP id", "cannot drop column \"id\" of chained table \"t\""),
        ("DROP previous_event_hash", "cannot drop column \"previous_event_hash\" of chained table \"t\""),
        ("DROP event_hash", "cannot drop column \"event_hash\" of chained table \"t\""),
        ("ALTER id DROP NOT NULL", "cannot change column \"id\" of chained table \"t\""),
    ] {
        session
            .refused(&format!("ALTER TABLE t {command}"))
            .with("55000", message)
            .detail(COVERED)
            .hint(END_OR_BEGIN_ANEW);
    }
    session.refused("ALTER TABLE t DROP seq").with("55000", "cannot drop column \"seq\" of chained table \"t\"");
}

#[test]
fn that_gives_old_rows_a_value_is_refused() {
    let (_database, mut session) = chained();
    for column in ["note text DEFAULT 'none'", "number serial", "number int GENERATED ALWAYS AS IDENTITY"] {
        let name = column.split(' ').next().expect("a name");
        session
            .refused(&format!("ALTER TABLE t ADD {column}"))
            .with("55000", &format!("cannot add column \"{name}\" to chained table \"t\""))
            .detail("Rows that are sealed already would have a value in it.")
            .hint("Add a column without a default, and set the default for new rows afterwards.");
    }
    session.run("ALTER TABLE t ADD note text; ALTER TABLE t ALTER note SET DEFAULT 'none'");
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
fn that_changes_the_type_of_a_covered_column_is_refused() {
    let mut session = Database::new().owner();
    session.run(
        "CREATE TYPE mood AS ENUM ('sad', 'glad');
         CREATE TYPE pair AS (a int, b int);
         CREATE TABLE t (id int NOT NULL, feeling mood, two pair[]);
         SELECT add_chain('t', '{id}')",
    );
    for (command, what) in [
        ("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", "cannot rename value \"sad\" of type public.mood"),
        ("ALTER TYPE pair RENAME ATTRIBUTE a TO c", "cannot rename attribute \"a\" of type public.pair"),
    ] {
        session
            .refused(command)
            .with("55000", &format!("{what} of chained table \"t\""))
            .detail(COVERED)
            .hint(END_OR_BEGIN_ANEW);
    }
    session.refused("DROP TYPE mood CASCADE").with_code("55000");
    session.run("ALTER TYPE mood ADD VALUE 'content'");
}
