//! Dumps of databases, and what they restore into.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use super::{Cluster, Database, SUPERUSER, succeed};

/// A name for a file or folder of the test, gone with the cluster.
pub fn path(database: &Database, name: &str) -> PathBuf {
    database.cluster.folder.join(format!("{}-{name}", database.name))
}

/// What `pg_dump` writes.
pub fn dump(database: &Database, options: &[&str]) -> String {
    succeed(database.cluster.program("pg_dump").args(options).arg(&database.name))
}

/// A program that runs the SQL of a dump.
pub fn psql(database: &Database, dump: &str) -> Command {
    let file = path(database, "dump.sql");
    std::fs::write(&file, dump).expect("a file");
    let mut psql = database.cluster.program("psql");
    psql.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", &database.name, "--file"]).arg(file);
    psql
}

/// Runs the SQL of a dump.
pub fn load(database: &Database, dump: &str) {
    succeed(&mut psql(database, dump));
}

/// A database restored from a dump as SQL.
pub fn restored(database: &Database, options: &[&str]) -> Database<'static> {
    let restored = empty();
    load(&restored, &dump(database, options));
    restored
}

/// A database restored from a custom dump, by pg_restore with these options.
pub fn restored_from_custom(database: &Database, options: &[&str]) -> Database<'static> {
    let (restored, file) = (empty(), path(database, "custom"));
    succeed(database.cluster.program("pg_dump").args(["--format=custom", "--file"]).arg(&file).arg(&database.name));
    let mut restore = restored.cluster.program("pg_restore");
    succeed(restore.arg("--exit-on-error").args(options).args(["--dbname", &restored.name]).arg(&file));
    restored
}

/// A database restored from a dump into a folder, by two processes at once, with these settings.
pub fn restored_with_jobs(database: &Database, settings: &str) -> Database<'static> {
    let (restored, folder) = (empty(), path(database, "directory"));
    let mut dump = database.cluster.program("pg_dump");
    succeed(dump.args(["--format=directory", "--jobs=2", "--file"]).arg(&folder).arg(&database.name));
    let mut restore = restored.cluster.program("pg_restore");
    restore.env("PGOPTIONS", settings);
    succeed(restore.args(["--exit-on-error", "--jobs=2", "--dbname", &restored.name]).arg(&folder));
    restored
}

/// A database in which nothing is.
pub fn empty() -> Database<'static> {
    Cluster::shared().bare_database("")
}

/// A cluster of the newer PostgreSQL that the environment names, if it names one.
pub fn newer() -> Option<Cluster> {
    let Ok(newer) = std::env::var("VERITABLE_PG_CONFIG_NEWER") else {
        // Written past the test harness, which would keep it to itself.
        let message = "NOT TESTED: the move to a newer PostgreSQL. Name its pg_config in VERITABLE_PG_CONFIG_NEWER.";
        writeln!(std::io::stderr(), "{message}").expect("standard error");
        return None;
    };
    let cluster = Cluster::of_version(&newer, &[]);
    let version = |cluster: &Cluster| cluster.connect("postgres", SUPERUSER).value("SHOW server_version");
    assert_ne!(version(&cluster), version(Cluster::shared()), "the newer PostgreSQL is the one at hand");
    Some(cluster)
}

/// A dump for a newer PostgreSQL, as its documentation tells: by the programs of the newer one.
pub fn dump_for(newer: &Cluster, database: &Database) -> String {
    let dump = succeed(newer.program("pg_dump").arg("--host").arg(&database.cluster.folder).arg(&database.name));
    // PostgreSQL 15.20 notes a version of its own at each column, as an option that the programs of newer versions write
    // out and their servers refuse.
    let dump: Vec<_> = dump.lines().filter(|line| !line.contains(" SET (pg_attver=")).collect();
    dump.join("\n")
}
