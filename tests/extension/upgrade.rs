//! `pg_upgrade` to a newer PostgreSQL.

use std::io::Write;
use std::process::Command;

use crate::support::succeed;

#[test]
fn an_upgraded_cluster_verifies_and_goes_on() {
    let Ok(newer) = std::env::var("VERITABLE_PG_CONFIG_NEWER") else {
        // Written past the test harness, which would keep it to itself.
        let message = "NOT TESTED: pg_upgrade. Name the pg_config of a newer PostgreSQL in VERITABLE_PG_CONFIG_NEWER.";
        writeln!(std::io::stderr(), "{message}").expect("standard error");
        return;
    };
    let old = std::env::var("PG_CONFIG").unwrap_or_else(|_| "pg_config".to_string());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/extension/upgrade.sh");
    let said = succeed(Command::new(script).arg(old).arg(newer));
    assert!(said.contains("faults before: 0") && said.contains("faults after: 0"), "{said}");
    assert!(said.contains("as of: 3") && said.contains("as of one: 4"), "{said}");
    for line in ["consumed: 251", "read: 351", "log faults: 0", "later log faults: 0"] {
        assert!(said.lines().any(|said| said == line), "no {line}: {said}");
    }
}
