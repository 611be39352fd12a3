//! Entries of the index that PostgreSQL has marked as dead, although their rows live: older releases do so by mistake.

use std::fs;

use crate::support::{Cluster, Database, Session};

/// The index of `t`, on its only page.
const INDEX: &str = "t_packing";

/// Marks all entries of the page as dead, as a scan does with those whose rows it finds dead.
fn kill_entries(page: &mut [u8]) -> usize {
    const HEADER: usize = 24;
    const DEAD: u32 = 3 << 15;
    let end = usize::from(u16::from_le_bytes([page[12], page[13]]));
    let pointers = page[HEADER..end].chunks_exact_mut(4);
    let count = pointers.len();
    for pointer in pointers {
        let value = u32::from_le_bytes([pointer[0], pointer[1], pointer[2], pointer[3]]) | DEAD;
        pointer.copy_from_slice(&value.to_le_bytes());
    }
    count
}

/// A packed table `t` with three living rows, in whose index all entries are dead.
fn with_dead_entries(cluster: &Cluster) -> Database<'_> {
    let database = cluster.database();
    let mut session = database.superuser();
    session.run(
        "CREATE TABLE t (id bigserial PRIMARY KEY, place int NOT NULL, period int4range);
         SELECT add_packing('t', 'period', '{place}', exclude => '{id}');
         INSERT INTO t (place, period) VALUES (1, '[1,5)'), (1, '[7,9)'), (2, '[1,9)');
         CHECKPOINT",
    );
    let file = cluster.folder.join("data").join(session.value(&format!("SELECT pg_relation_filepath('{INDEX}')")));
    cluster.cut_power();
    let mut pages = fs::read(&file).expect("the index");
    assert_eq!((pages.len(), kill_entries(&mut pages)), (8192, 3));
    fs::write(&file, pages).expect("the index");
    cluster.restart();
    database
}

#[test]
fn rows_with_entries_that_are_marked_dead_are_merged() {
    let cluster = Cluster::new(&["ignore_checksum_failure=on"]);
    let database = with_dead_entries(&cluster);
    let mut session = database.superuser();
    assert_eq!(found(&mut session), "0", "PostgreSQL's own scan finds rows whose entries are dead");
    session.run("INSERT INTO t (place, period) VALUES (1, '[4,7)'), (2, '[20,30)')");
    assert_eq!(session.rows("SELECT place, period FROM t ORDER BY 1, 2"), ["1|[1,9)", "2|[1,9)", "2|[20,30)"]);
    session.is_packed("3 periods in 2 keys of 1 table");
}

#[test]
fn rows_with_entries_that_are_marked_dead_are_merged_with_many_others() {
    let cluster = Cluster::new(&["ignore_checksum_failure=on"]);
    let database = with_dead_entries(&cluster);
    let mut session = database.superuser();
    session.run("SET enable_seqscan = off; SET enable_bitmapscan = off");
    session.run("INSERT INTO t (place, period) SELECT 1, int4range(i, i + 2) FROM generate_series(4, 20) AS i");
    session.run("RESET enable_seqscan; RESET enable_bitmapscan");
    assert_eq!(session.rows("SELECT place, period FROM t ORDER BY 1, 2"), ["1|[1,22)", "2|[1,9)"]);
    session.is_packed("2 periods in 2 keys of 1 table");
}

/// The number of rows that a scan of the index finds.
fn found(session: &mut Session) -> String {
    session.run("SET enable_seqscan = off; SET enable_bitmapscan = off");
    let found = session.value("SELECT count(*) FROM t WHERE place > 0 AND period && '[1,30)'");
    session.run("RESET enable_seqscan; RESET enable_bitmapscan");
    found
}

/// Whether this PostgreSQL makes such entries: a GiST scan that is repeated within a statement remembers the places of the
/// dead entries of a page, also when the page has been split in between, and others have these places.
pub fn are_made_by(session: &mut Session) -> bool {
    let insert = "INSERT INTO pg_temp.probe SELECT int4range(i, i + 1) FROM generate_series";
    let statements = [
        "CREATE TEMPORARY TABLE probe (period int4range)",
        "CREATE INDEX ON pg_temp.probe USING gist (period)",
        // The index's first page: entries that a split will move, then those that die, then others.
        &format!("{insert}(1001, 1060) AS i"),
        &format!("{insert}(2, 150, 2) AS i"),
        &format!("{insert}(1, 149, 2) AS i"),
        "DELETE FROM pg_temp.probe WHERE lower(period) <= 150 AND lower(period) % 2 = 0",
        "SET enable_seqscan = off",
        "SET enable_bitmapscan = off",
        "SET enable_memoize = off",
        // Scans the index for each row, and fills its page.
        "INSERT INTO pg_temp.probe SELECT int4range(2000 + i, 2001 + i)
         FROM generate_series(1, 150) AS i LEFT JOIN pg_temp.probe ON period && int4range(i, i + 1)",
    ];
    for statement in statements {
        session.run(statement);
    }
    let found = session.value("SELECT count(*) FROM pg_temp.probe WHERE period && '[1,4000)'");
    session.run("DROP TABLE pg_temp.probe; RESET enable_seqscan; RESET enable_bitmapscan; RESET enable_memoize");
    found != "285"
}
