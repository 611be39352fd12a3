//! Who may do what, and what runs as whom: observed, and compared with the tables of docs/threat-model.md.

mod allowed;
mod document;
mod identity;
#[path = "../support/mod.rs"]
mod support;

use support::{Cluster, Database, SUPERUSER};

/// The roles that the table of the document has columns for, in their order.
const ROLES: [(&str, &str); 7] = [
    ("superuser", SUPERUSER),
    ("owner", "olga"),
    ("member of the owner", "member"),
    ("all privileges", "granted"),
    ("INSERT only", "writer"),
    ("none", "nobody"),
    ("auditor", "auditor"),
];

/// A cluster with these roles, and the schema of the owner.
fn cluster() -> Cluster {
    let cluster = Cluster::new(&["lock_timeout=10s"]);
    let mut session = cluster.connect("postgres", SUPERUSER);
    for (_, role) in &ROLES[1..] {
        session.run(&format!("CREATE ROLE {role} LOGIN"));
    }
    session.run("GRANT olga TO member; GRANT pg_read_all_data TO auditor");
    cluster
}

/// A database with the extension, where the owner has a schema that everybody may use.
fn database(cluster: &Cluster) -> Database<'_> {
    let database = cluster.database();
    database.superuser().run("CREATE SCHEMA app AUTHORIZATION olga; GRANT USAGE ON SCHEMA app TO PUBLIC");
    database
}

/// The major version of the server.
fn version(database: &Database) -> u32 {
    let number: u32 = database.superuser().value("SHOW server_version_num").parse().expect("a number");
    number / 10000
}
