//! What `add_chain()` refuses.

use super::*;

#[test]
fn is_for_the_owner() {
    let (database, mut owner) = plain();
    let refusal = "must be owner of table t";
    database.connect("stranger").refused("SELECT add_chain('t', '{id}')").with("42501", refusal);
    owner.run("GRANT ALL ON t TO stranger");
    database.connect("stranger").refused("SELECT add_chain('t', '{id}')").with("42501", refusal);
    owner.run("SELECT add_chain('t', '{id}')");
}

#[test]
fn is_for_the_owner_also_where_a_definer_s_rights_are_to_be_had() {
    let (database, mut owner) = plain();
    // A function that runs as its definer, called by another, has the definer's rights; the other way it has not.
    let mut stranger = database.connect("stranger");
    stranger.run(
        "CREATE FUNCTION chain_it(regclass) RETURNS bigint LANGUAGE sql SECURITY DEFINER RETURN add_chain($1, '{id}')",
    );
    owner.refused("SELECT chain_it('t')").with("42501", "must be owner of table t");
}

#[test]
fn is_for_tables() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY);
         CREATE VIEW a_view AS SELECT * FROM t;
         CREATE MATERIALIZED VIEW a_matview AS SELECT * FROM t;
         CREATE SEQUENCE a_sequence;
         CREATE TYPE a_type AS (id int);
         CREATE FOREIGN DATA WRAPPER nothing;
         CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
         CREATE FOREIGN TABLE a_foreign_table (id int NOT NULL) SERVER nowhere",
    );
    for (name, kind) in [
        ("a_view", "views"),
        ("a_matview", "materialized views"),
        ("a_sequence", "sequences"),
        ("a_foreign_table", "foreign tables"),
        ("t_pkey", "indexes"),
    ] {
        session
            .refused(&format!("SELECT add_chain('{name}', '{{id}}')"))
            .with("42809", &format!("\"{name}\" is not a table"))
            .detail(&format!("This operation is not supported for {kind}."));
    }
    session.refused("SELECT add_chain('a_type', '{id}')").with("42809", "\"a_type\" is not a table");
}

#[test]
fn is_not_for_temporary_tables() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run("CREATE TEMPORARY TABLE t (id int NOT NULL)");
    session.refused("SELECT add_chain('t', '{id}')").with("42809", "temporary table \"t\" cannot be chained");
}

#[test]
fn is_not_for_system_catalogs() {
    let mut session = Database::new().superuser();
    session.run("SET allow_system_table_mods = on");
    let message = "permission denied: \"pg_class\" is a system catalog";
    session.refused("SELECT add_chain('pg_class')").with("42501", message);
}

#[test]
fn needs_the_table_to_exist() {
    let mut session = Database::new().owner();
    session.refused("SELECT add_chain('nothing')").with_code("42P01");
    session.refused("SELECT add_chain(4000000000)").with("42704", "relation with OID 4000000000 does not exist");
}

#[test]
fn needs_its_columns_to_exist() {
    let (_database, mut session) = plain();
    for arguments in [
        "'{nothing}'",
        "'{id}', recorded => 'nothing'",
        "'{id}', exclude => '{nothing}'",
        "'{id}', order_by => '{nothing}'",
    ] {
        session
            .refused(&format!("SELECT add_chain('t', {arguments})"))
            .with("42703", "column \"nothing\" of relation \"t\" does not exist");
    }
}

#[test]
fn needs_its_columns_to_have_the_right_type() {
    let mut session = Database::new().owner();
    session.run("CREATE TABLE t (id int NOT NULL, at timestamp, seq int, n int, hash varchar(63), previous json)");
    for (arguments, column, expected) in [
        ("'{id}'", "seq", "bigint"),
        ("'{id}', seq => 'place', previous => 'previous'", "previous", "bytea, text, varchar(64) or char(64)"),
        ("'{id}', seq => 'place', hash => 'hash'", "hash", "bytea, text, varchar(64) or char(64)"),
        ("'{id}', seq => 'place', hash => 'n'", "n", "bytea, text, varchar(64) or char(64)"),
        ("'{id}', seq => 'place', recorded => 'at'", "at", "timestamp with time zone"),
    ] {
        session
            .refused(&format!("SELECT add_chain('t', {arguments})"))
            .with("42804", &format!("column \"{column}\" of relation \"t\" must be of type {expected}"));
    }
    // All or nothing: no column of a refused attempt stays.
    assert_eq!(session.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0"), "6");
}

#[test]
fn needs_entities_that_are_not_null() {
    let mut session = Database::new().owner();
    session.run("CREATE TABLE t (\"Entity\" int)");
    session
        .refused("SELECT add_chain('t', '{Entity}')")
        .with("55000", "entity column \"Entity\" must be declared NOT NULL")
        .hint("ALTER TABLE public.t ALTER COLUMN \"Entity\" SET NOT NULL;");
}

#[test]
fn refuses_an_entity_that_is_computed_later() {
    let mut session = Database::new().owner();
    session.run("CREATE TABLE t (id int, double int GENERATED ALWAYS AS (id * 2) STORED NOT NULL)");
    session
        .refused("SELECT add_chain('t', '{double}')")
        .with("0A000", "generated column \"double\" cannot name the entity")
        .detail("Its value is computed after the row is sealed.");
}

#[test]
fn refuses_an_entity_whose_type_cannot_be_hashed() {
    let mut session = Database::new().owner();
    session.run("CREATE TABLE t (place point NOT NULL)");
    session
        .refused("SELECT add_chain('t', '{place}')")
        .with("0A000", "entity column \"place\" is of a type that cannot be hashed");
}

#[test]
fn refuses_chain_columns_that_fill_themselves() {
    let mut session = Database::new().owner();
    session.run("CREATE TABLE t (id int NOT NULL, seq bigserial)");
    session
        .refused("SELECT add_chain('t', '{id}')")
        .with("55000", "chain column \"seq\" must have no default")
        .hint("ALTER TABLE public.t ALTER COLUMN seq DROP DEFAULT;");
    session
        .run("CREATE TABLE u (id int NOT NULL, seq bigint GENERATED ALWAYS AS IDENTITY, event_hash bytea DEFAULT '')");
    session.refused("SELECT add_chain('u', '{id}')").with_code("55000");
    session
        .refused("SELECT add_chain('u', '{id}', seq => 'place')")
        .with("55000", "chain column \"event_hash\" must have no default");
}

#[test]
fn refuses_a_column_with_two_purposes() {
    let (_database, mut session) = plain();
    for (arguments, column) in [
        ("'{id,id}'", "id"),
        ("'{seq}'", "seq"),
        ("'{id}', seq => 'event_hash'", "event_hash"),
        ("'{id}', previous => 'event_hash'", "event_hash"),
        ("'{id}', exclude => '{id}'", "id"),
        ("'{id}', recorded => 'id'", "id"),
        ("'{id}', exclude => '{payload,payload}'", "payload"),
    ] {
        session
            .refused(&format!("SELECT add_chain('t', {arguments})"))
            .with("42701", &format!("column \"{column}\" specified more than once"));
    }
}

#[test]
fn refuses_null_arguments() {
    let (_database, mut session) = plain();
    session.refused("SELECT add_chain(NULL)").with("22023", "argument \"target\" must not be null");
    for name in ["seq", "previous", "hash"] {
        session
            .refused(&format!("SELECT add_chain('t', '{{id}}', {name} => NULL)"))
            .with("22023", &format!("argument \"{name}\" must not be null"));
    }
    for name in ["entity", "exclude", "order_by"] {
        session
            .refused(&format!("SELECT add_chain('t', {name} => '{{NULL}}')"))
            .with("22023", "a column name must not be null");
    }
}

#[test]
fn refuses_a_chained_table() {
    let (_database, mut session) = chained();
    session.refused("SELECT add_chain('t', '{id}')").with("42710", "table \"t\" is already chained");
}

#[test]
fn refuses_a_partition_of_a_chained_table() {
    let mut session = Database::new().owner();
    session.run(
        "CREATE TABLE t (id int NOT NULL) PARTITION BY LIST (id);
         CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
         SELECT add_chain('t', '{id}')",
    );
    session.refused("SELECT add_chain('t_1', '{id}')").with("42710", "table \"t_1\" is already chained");
}

#[test]
fn refuses_types_whose_text_is_not_stable() {
    let mut session = Database::new().owner();
    session.run(
        "CREATE TYPE composite AS (n int, m money);
         CREATE DOMAIN a_domain AS money;
         CREATE DOMAIN domain_over_domain AS a_domain;
         CREATE TYPE nested AS (parts composite[]);
         CREATE TYPE money_range AS RANGE (SUBTYPE = money)",
    );
    for (type_name, culprit) in [
        ("money", "money"),
        ("money[]", "money"),
        ("composite", "money"),
        ("composite[]", "money"),
        ("a_domain", "money"),
        ("domain_over_domain", "money"),
        ("nested", "money"),
        ("money_range", "money"),
        ("money_multirange", "money"),
        ("regclass", "regclass"),
        ("regclass[]", "regclass"),
        ("regproc", "regproc"),
        ("regprocedure", "regprocedure"),
        ("regoper", "regoper"),
        ("regoperator", "regoperator"),
        ("regtype", "regtype"),
        ("regrole", "regrole"),
        ("regnamespace", "regnamespace"),
        ("regconfig", "regconfig"),
        ("regdictionary", "regdictionary"),
        ("regcollation", "regcollation"),
        ("aclitem", "aclitem"),
        ("aclitem[]", "aclitem"),
    ] {
        session.run(&format!("DROP TABLE IF EXISTS t; CREATE TABLE t (id int NOT NULL, amount {type_name})"));
        session
            .refused("SELECT add_chain('t', '{id}')")
            .with("0A000", "column \"amount\" of relation \"t\" cannot be part of a chain")
            .detail(&format!(
                "The text of type {culprit} depends on the locale or on the system catalogs, \
                 and so may change while the value does not."
            ))
            .hint("Exclude the column, or change its type to text.");
        session.run("SELECT add_chain('t', '{id}', exclude => '{amount}')");
        session.run("SELECT drop_chain('t')");
    }
}

#[test]
fn needs_an_order_of_existing_rows() {
    let (_database, mut session) = plain();
    session.run("INSERT INTO t VALUES (1, '1')");
    session
        .refused("SELECT add_chain('t', '{id}')")
        .with("55000", "cannot determine the order of existing rows in table \"t\"")
        .hint("Name the columns to seal them by: add_chain(…, order_by => '{created_at,id}').");
}

#[test]
fn refuses_ties_in_the_order_of_existing_rows() {
    let (_database, mut session) = plain();
    session.run("INSERT INTO t VALUES (1, '1'), (1, '1'), (2, '1')");
    session
        .refused("SELECT add_chain('t', '{id}', order_by => '{payload}')")
        .with("55000", "the order of existing rows is not unique")
        .detail("Two rows of one entity are equal in payload.")
        .hint("Add a column to order_by that tells them apart.");
    session.run("DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (2, NULL), (2, NULL)");
    session.refused("SELECT add_chain('t', '{id}', order_by => '{payload}')").with_code("55000");
    // The same value in two entities is no tie.
    session.run("DELETE FROM t; INSERT INTO t VALUES (1, '1'), (2, '1')");
    assert_eq!(session.value("SELECT add_chain('t', '{id}', order_by => '{payload}')"), "2");
}

#[test]
fn refuses_triggers_that_fire_later() {
    let (_database, mut session) = plain();
    session.run(LATE_TRIGGER);
    session
        .refused("SELECT add_chain('t', '{id}')")
        .with("55000", "trigger \"zzz\" of table \"t\" could change rows after they are sealed")
        .detail("BEFORE triggers fire in the order of their names, and \"zzz\" sorts after \"zz_veritable_chain\".")
        .hint("Rename the trigger so that its name sorts before \"zz_veritable_chain\".");
}

#[test]
fn refuses_rules_that_keep_rows_from_being_sealed() {
    let (_database, mut session) = plain();
    session.run("INSERT INTO t VALUES (1, '1'); CREATE RULE never AS ON UPDATE TO t DO INSTEAD NOTHING");
    session
        .refused("SELECT add_chain('t', '{id}', order_by => '{payload}')")
        .with("55000", "a rule of the table keeps its rows from being sealed");
}

#[test]
fn refuses_a_table_that_hides_rows_from_its_owner() {
    let (_database, mut session) = plain();
    session.run("ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY");
    session
        .refused("SELECT add_chain('t', '{id}')")
        .with("42501", "query would be affected by row-level security policy for table \"t\"")
        .hint("Disable it for the owner while the chain is added: ALTER TABLE … NO FORCE ROW LEVEL SECURITY.");
}

#[test]
fn comes_with_an_extension_that_needs_a_database_in_utf_8() {
    let cluster = crate::support::Cluster::shared();
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let database = cluster.bare_database(&format!("ENCODING '{encoding}'"));
        database
            .superuser()
            .refused("CREATE EXTENSION veritable CASCADE")
            .with("0A000", "extension veritable requires a database with encoding UTF8");
    }
}
