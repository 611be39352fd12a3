//! What a program has left behind, after a dump and restore, and on a logical replica: everything verifies there.

use std::collections::BTreeMap;

use crate::run::prepare;
use crate::support::dump::{dump, path, psql};
use crate::support::{Cluster, Database, SUPERUSER, Session, explain, succeed};
use std::process::Command;
use std::time::{Duration, Instant};

type Counts = BTreeMap<String, String>;

/// What does not hold of the copies of a database.
pub fn faults(database: &Database) -> Vec<String> {
    let mut source = database.superuser();
    source.run("SET search_path = w, public");
    let counts = count(&mut source);
    let mut faults = Vec::new();
    let copies = [("plain dump", plain(database)), ("custom dump by two jobs", custom(database))];
    for (name, copy) in copies {
        match copy {
            Ok(copy) => {
                let mut session = copy.superuser();
                session.run("SET search_path = w, public");
                let found = count(&mut session);
                faults.extend(look(name, &mut session, (&counts, &found)));
                drop(session);
                database
                    .cluster
                    .connect("postgres", SUPERUSER)
                    .run(&format!("DROP DATABASE {} WITH (FORCE)", copy.name));
            }
            Err(error) => faults.push(format!("{name}: {error}")),
        }
    }
    faults.extend(replica(database, &counts));
    faults
}

fn empty<'cluster>(cluster: &'cluster Cluster, name: &str) -> Database<'cluster> {
    let mut session = cluster.connect("postgres", SUPERUSER);
    session.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    session.run(&format!("CREATE DATABASE {name} TEMPLATE template0"));
    Database { cluster, name: name.to_string() }
}

fn attempt(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn plain<'cluster>(database: &'cluster Database) -> Result<Database<'cluster>, String> {
    let copy = empty(database.cluster, "plain_copy");
    attempt(&mut psql(&copy, &dump(database, &[])))?;
    Ok(copy)
}

fn custom<'cluster>(database: &'cluster Database) -> Result<Database<'cluster>, String> {
    let (copy, file) = (empty(database.cluster, "custom_copy"), path(database, "custom"));
    succeed(database.cluster.program("pg_dump").args(["--format=custom", "--file"]).arg(&file).arg(&database.name));
    let restore = |jobs, copy: &Database| {
        let mut restore = database.cluster.program("pg_restore");
        attempt(restore.args(["--exit-on-error", jobs, "--dbname", &copy.name]).arg(&file))
    };
    match restore("--jobs=2", &copy) {
        // A dump does not note that the state of a partition's trigger comes after the trigger of the table above.
        Err(error) if error.contains("ENABLE TRIGGER") && error.contains("does not exist") => {
            let copy = empty(database.cluster, "custom_copy");
            restore("--jobs=1", &copy)?;
            Ok(copy)
        }
        Err(error) => Err(error),
        Ok(_) => Ok(copy),
    }
}

/// The rows of each table, which a verification of what has lost all would not miss.
fn count(session: &mut Session) -> Counts {
    let tables = session.rows(
        "SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('w', 'elsewhere') ORDER BY 1",
    );
    tables.into_iter().map(|table| (table.clone(), session.value(&format!("SELECT count(*) FROM {table}")))).collect()
}

fn look(name: &str, session: &mut Session, (sent, found): (&Counts, &Counts)) -> Vec<String> {
    session.run("SET search_path = w, public; TRUNCATE oracle.held");
    let mut faults: Vec<_> = match session.simple_query("SELECT oracle.look(NULL, false)") {
        Ok(messages) => messages
            .iter()
            .filter_map(|message| match message {
                postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_string),
                _ => None,
            })
            .collect(),
        Err(error) => vec![explain(&error)],
    };
    if found != sent {
        faults.push(format!("the rows of {sent:?} became those of {found:?}"));
    }
    faults.into_iter().map(|fault| format!("{name}: {fault}")).collect()
}

/// Another server to which all rows are sent.
fn replica(database: &Database, counts: &Counts) -> Vec<String> {
    let subscriber = Cluster::new(&["log_min_messages=warning"]);
    prepare(&subscriber);
    let copy = empty(&subscriber, "replica");
    // The registry and the records come between the tables and their triggers, as in a whole dump: they say which chains were
    // altered, and what was pruned.
    let ours = ["event_schemas", "journal", "prunings", "erasures"].map(|name| format!("--table=veritable.{name}"));
    let ours: Vec<&str> = std::iter::once("--data-only").chain(ours.iter().map(String::as_str)).collect();
    for options in [&["--section=pre-data"][..], &ours, &["--section=post-data"]] {
        let dump = dump(database, options);
        if let Err(error) = attempt(&mut psql(&copy, &dump)) {
            return vec![format!("replica: {error}")];
        }
    }
    let (mut publisher, mut session) = (database.superuser(), copy.superuser());
    publisher.run("SET search_path = w, public; SET statement_timeout = '60s'");
    session.run("SET search_path = w, public");
    // Rows that were there before a constraint are not let in again.
    session.run(
        "DO $$ DECLARE c record; BEGIN
             FOR c IN SELECT * FROM pg_constraint WHERE NOT convalidated AND contype = 'c' AND coninhcount = 0 LOOP
                 IF c.conrelid <> 0 THEN EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname);
                 ELSE EXECUTE format('ALTER DOMAIN %s DROP CONSTRAINT %I', c.contypid::regtype, c.conname); END IF;
             END LOOP; END $$",
    );
    // A history may be in one schema, and its table in the other.
    let schemas = "SELECT string_agg(nspname, ', ') FROM pg_namespace WHERE nspname IN ('w', 'elsewhere')";
    let schemas = publisher.value(schemas);
    publisher.run(&format!("CREATE PUBLICATION all_of_it FOR TABLES IN SCHEMA {schemas}"));
    let folder = database.cluster.folder.display();
    session.run(&format!(
        "CREATE SUBSCRIPTION all_of_it CONNECTION 'host={folder} user={SUPERUSER} dbname={}' PUBLICATION all_of_it",
        database.name
    ));
    let start = Instant::now();
    let pending = "SELECT srrelid::regclass || ' ' || srsubstate::text FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')";
    let mut faults = Vec::new();
    loop {
        let waiting = session.rows(pending);
        if waiting.is_empty() {
            break;
        }
        if start.elapsed() > Duration::from_secs(30) {
            let log = subscriber.log();
            let said: Vec<_> =
                log.lines().filter(|line| line.contains("ERROR") || line.contains("DETAIL")).take(6).collect();
            faults.push(format!("replica: the copies of {waiting:?} never end: {said:#?}"));
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    session.run("ALTER SUBSCRIPTION all_of_it DISABLE");
    if faults.is_empty() {
        // Unlogged tables are not sent.
        let sent = publisher.rows("SELECT format('%I.%I', schemaname, tablename)::regclass FROM pg_publication_tables");
        let sent: BTreeMap<_, _> = counts.clone().into_iter().filter(|(table, _)| sent.contains(table)).collect();
        let mut found = count(&mut session);
        found.retain(|table, _| sent.contains_key(table));
        faults.extend(look("replica", &mut session, (&sent, &found)));
    }
    session.run("DROP SUBSCRIPTION all_of_it");
    publisher.run("DROP PUBLICATION all_of_it");
    faults
}
