//! The journal elsewhere: in a restored dump, on a replica, and in what a plain role dumps.

use crate::support::dump::{dump, load, restored};
use crate::support::{Cluster, Database, OWNER, SUPERUSER, Session, succeed, wait_until};

const TABLE: &str = "CREATE TABLE t (payload jsonb);
    SELECT add_validation('t', 'payload', schema => 'none', unknown => 'allow')";

/// The entries about the table, each with the number of its series in the order of their times.
const ENTRIES: &str = "SELECT dense_rank() OVER (ORDER BY begun), seq, action
    FROM (SELECT *, min(at) OVER (PARTITION BY series) AS begun FROM veritable.journal WHERE about = 'public.t') AS j
    WHERE action NOT LIKE 'verify%' ORDER BY 1, 2";

fn recorded() -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.owner();
    session.run(TABLE);
    session.run("ALTER TABLE t ADD a int");
    (database, session)
}

fn is_intact(session: &mut Session) {
    assert_eq!(session.rows("SELECT * FROM verify_chain('veritable.journal')"), [""; 0]);
}

#[test]
fn a_restored_dump_brings_its_entries_along_and_goes_on() {
    let (database, _session) = recorded();
    let restored = restored(&database, &[]);
    let mut session = restored.superuser();
    session.run("ALTER TABLE t ADD b int");
    let expected = ["1|1|add_validation", "1|2|ALTER TABLE", "2|1|CREATE TRIGGER", "2|2|ALTER TABLE"];
    // The trigger is made, and then made to fire ALWAYS where the feature asks for that.
    let entries = session.rows(ENTRIES);
    assert_eq!(entries[..3], expected[..3]);
    assert!(entries.last().is_some_and(|last| last.ends_with("ALTER TABLE")), "{entries:?}");
    is_intact(&mut session);
}

#[test]
fn data_alone_restores_into_a_database_with_entries_about_the_same_table() {
    let (database, _session) = recorded();
    let other = Database::new();
    let mut session = other.superuser();
    session.run(TABLE);
    session.run("ALTER TABLE t ADD a int");
    load(&other, &dump(&database, &["--data-only"]));
    assert_eq!(
        session.rows(ENTRIES),
        ["1|1|add_validation", "1|2|ALTER TABLE", "2|1|add_validation", "2|2|ALTER TABLE"]
    );
    is_intact(&mut session);
}

#[test]
fn a_plain_role_dumps_the_entries_that_it_sees() {
    let (database, mut owner) = recorded();
    let mut superuser = database.superuser();
    superuser.run(
        "CREATE SCHEMA secret; CREATE TABLE secret.t (payload jsonb);
        SELECT add_validation('secret.t', 'payload', schema => 'none', unknown => 'allow')",
    );
    owner.run("SELECT");
    let dump = |options: &[&str]| {
        let mut program = database.cluster.program("pg_dump");
        program.args(["--username", OWNER, "--exclude-schema=secret"]).args(options).arg(&database.name);
        program
    };
    let refused = dump(&[]).output().expect("pg_dump");
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(message.contains("row-level security policy for table"), "{message}");
    let seen = succeed(&mut dump(&["--enable-row-security"]));
    assert!(seen.contains("public.t\t") && !seen.contains("secret.t"), "{seen}");
    let kept = ["journal", "erasures", "prunings", "trees", "tiles", "notes", "log_keys", "consumer_members"];
    let options = kept.map(|table| format!("--exclude-table-data=veritable.{table}"));
    let without = succeed(&mut dump(&options.each_ref().map(String::as_str)));
    assert!(!without.contains("public.t\t"), "{without}");
}

#[test]
fn a_publication_of_all_tables_brings_the_entries_of_the_publisher() {
    let (from, to) = (Cluster::new(&["wal_level=logical"]), Cluster::new(&[]));
    let (source, copy) = (from.database(), to.database());
    let (mut publisher, mut subscriber) = (source.superuser(), copy.superuser());
    for session in [&mut publisher, &mut subscriber] {
        session.run(TABLE);
    }
    publisher.run("CREATE PUBLICATION everything FOR ALL TABLES");
    subscriber.run(&format!(
        "CREATE SUBSCRIPTION everything CONNECTION 'host={} user={SUPERUSER} dbname={}' PUBLICATION everything",
        from.folder.display(),
        source.name
    ));
    publisher.run("ALTER TABLE t ALTER payload SET STATISTICS 10");
    wait_until("the entries have arrived", || subscriber.rows(ENTRIES).len() == 3);
    assert_eq!(subscriber.value("SELECT count(DISTINCT series) FROM veritable.journal WHERE about = 'public.t'"), "2");
    is_intact(&mut subscriber);
}

#[test]
fn a_read_only_transaction_verifies_and_leaves_no_entry() {
    let (_database, mut session) = recorded();
    let count = "SELECT count(*) FROM veritable.journal";
    let before = session.value(count);
    session.run("BEGIN READ ONLY; SELECT * FROM verify_chain('veritable.journal'); COMMIT");
    assert_eq!(session.value(count), before);
}
