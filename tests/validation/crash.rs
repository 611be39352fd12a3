//! Crashes: a version that was acknowledged is there and counts, and one that was not committed never did.

use std::thread::sleep;
use std::time::Duration;

use crate::clients::{TABLES, check, during};
use crate::support::{Cluster, signal};

#[test]
fn what_was_registered_outlives_a_crash() {
    let cluster = Cluster::new(&[]);
    let database = cluster.database();
    let mut session = database.superuser();
    session.run(
        "SELECT register_schema('thing', '{\"minimum\": 1}');
         CREATE TABLE t (document jsonb, version int);
         SELECT add_validation('t', 'document', schema => 'thing', version => 'version');
         INSERT INTO t VALUES ('1')",
    );
    let mut open = database.superuser();
    session.run("SELECT register_schema('thing', '{\"minimum\": 2}')");
    open.run("BEGIN; SELECT register_schema('thing', '{\"minimum\": 3}'); INSERT INTO t VALUES ('3')");
    cluster.cut_power();
    cluster.restart();
    let mut session = database.superuser();
    assert_eq!(session.rows("SELECT document, version FROM t"), ["1|1"]);
    session.refused("INSERT INTO t VALUES ('1')").with_code("23514");
    assert_eq!(session.value("INSERT INTO t VALUES ('2') RETURNING version"), "2");
    session.verifies("2 events in 1 chain of 1 table");
    assert_eq!(session.value("SELECT register_schema('thing', '{\"minimum\": 4}')"), "3");
}

#[test]
fn nothing_is_lost_when_the_power_is_cut() {
    let cluster = Cluster::new(&[]);
    let database = cluster.database();
    database.superuser().run(TABLES);
    let outcome = during(&database, true, || {
        for _ in 0..3 {
            sleep(Duration::from_secs(1));
            cluster.cut_power();
            cluster.restart();
        }
        sleep(Duration::from_secs(1));
        // One process alone: the server ends the others, and recovers.
        let mut session = database.superuser();
        signal("KILL", &[session.backend()]);
        sleep(Duration::from_secs(2));
    });
    assert!(outcome.lost > 16, "{} sessions noticed", outcome.lost);
    check(&mut database.superuser(), &outcome);
}
