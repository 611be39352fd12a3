//! What the guard costs commands on tables that have nothing to do with it, whatever guarded tables others have.

use crate::support::{Database, Session};

/// How long one of many commands takes on the server, in microseconds: what three of four take longer than, since other
/// work on the machine only adds.
fn cost(session: &mut Session) -> f64 {
    session.run(
        "CREATE TABLE IF NOT EXISTS plain (a int);
         CREATE OR REPLACE FUNCTION measure() RETURNS float8 LANGUAGE plpgsql AS $$
         DECLARE began timestamptz; times float8[] := '{}';
         BEGIN
             FOR i IN 1..200 LOOP
                 began := clock_timestamp();
                 EXECUTE 'ALTER TABLE plain ADD COLUMN b int';
                 EXECUTE 'ALTER TABLE plain DROP COLUMN b';
                 times := times || extract(epoch FROM clock_timestamp() - began)::float8;
             END LOOP;
             RETURN (SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY t) FROM unnest(times) AS t) / 2 * 1000000;
         END $$",
    );
    // The columns that are gone stay in the table's description.
    let cost = session.value("SELECT measure()").parse().expect("a number");
    session.run("DROP TABLE plain");
    cost
}

#[test]
fn others_guarded_tables_cost_a_command_nothing() {
    let database = Database::new();
    let mut superuser = database.superuser();
    let guards = ["veritable_before_ddl", "veritable_note_dropped", "veritable_note_rewritten", "veritable_after_ddl"];
    let switch = |session: &mut Session, to: &str| {
        guards.iter().for_each(|guard| session.run(&format!("ALTER EVENT TRIGGER {guard} {to}")));
    };
    switch(&mut superuser, "DISABLE");
    let without = cost(&mut superuser);
    switch(&mut superuser, "ENABLE");
    let alone = cost(&mut superuser);

    let mut owner = database.owner();
    owner.run(
        "DO $$ BEGIN FOR i IN 1..1000 LOOP
             EXECUTE format('CREATE TABLE chain_%s (id int NOT NULL, note text, seq bigint, p bytea, h bytea)', i);
             EXECUTE format('CREATE TRIGGER s BEFORE INSERT ON chain_%s FOR EACH ROW EXECUTE FUNCTION
                             veritable.seal(''entity=id'', ''seq=seq'', ''previous=p'', ''hash=h'')', i);
         END LOOP; END $$",
    );
    let among_chains = cost(&mut superuser);

    // One table with as many columns and triggers as it can have, made as one command.
    switch(&mut superuser, "DISABLE");
    let columns: Vec<_> = (0..1500).map(|n| format!("c{n} int")).collect();
    let triggers: Vec<_> = (0..1500)
        .map(|n| {
            format!(
                "CREATE TRIGGER t{n} BEFORE INSERT ON t FOR EACH ROW
                 EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=p', 'hash=h')"
            )
        })
        .collect();
    superuser.run(&format!("GRANT CREATE ON DATABASE {} TO stranger", database.name));
    database.connect("stranger").run(&format!(
        "CREATE SCHEMA many CREATE TABLE t (seq bigint, p bytea, h bytea, {}) {}",
        columns.join(", "),
        triggers.join(" ")
    ));
    switch(&mut superuser, "ENABLE");
    let among_triggers = cost(&mut superuser);

    println!(
        "µs: {without:.0} without, {alone:.0} alone, {among_chains:.0} among chains, {among_triggers:.0} among triggers"
    );
    for guarded in [alone, among_chains, among_triggers] {
        assert!(guarded - without <= 1000.0, "{guarded} - {without}");
    }
    assert_eq!(superuser.value("SELECT count(*) FROM veritable.chains WHERE target = 'many.t'::regclass"), "1");
}
