//! What the extension puts into a database: documented, safe to call, nobody's to write to, and gone when dropped.

mod support;

use support::{Cluster, Database, Session};

/// The oids of the extension's members that a catalog holds, as a query.
fn members(catalog: &str) -> String {
    format!(
        "SELECT d.objid FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid AND e.extname = 'veritable'
         WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND d.classid = '{catalog}'::regclass"
    )
}

/// A database whose extension is in a schema where nothing else is.
fn session() -> Session {
    let mut session = Cluster::shared().bare_database("").superuser();
    session.run("CREATE SCHEMA api; CREATE EXTENSION veritable SCHEMA api CASCADE");
    session
}

#[test]
fn the_public_functions_are_these() {
    let functions = format!(
        "SELECT proname FROM pg_proc WHERE oid IN ({}) AND pronamespace = 'api'::regnamespace ORDER BY 1",
        members("pg_proc")
    );
    let expected = [
        "add_chain",
        "add_packing",
        "add_validation",
        "chain_line",
        "clear_period",
        "drop_chain",
        "drop_packing",
        "drop_validation",
        "json_matches_schema",
        "jsonb_matches_schema",
        "jsonschema_is_valid",
        "jsonschema_validation_errors",
        "pack",
        "register_schema",
        "retire_schema",
        "schema_compatibility",
        "schema_errors",
        "schema_problems",
        "set_period",
        "verify_chain",
        "verify_packing",
    ];
    assert_eq!(session().rows(&functions), expected);
}

#[test]
fn every_function_that_runs_for_another_pins_its_search_path() {
    // Those that are called by users as well: what they look up must be what they mean.
    let unpinned = format!(
        "SELECT oid::regprocedure FROM pg_proc WHERE oid IN ({})
           AND (prosecdef OR pronamespace = 'api'::regnamespace OR prorettype = 'event_trigger'::regtype)
           AND 'search_path=pg_catalog, pg_temp' <> ALL (COALESCE(proconfig, '{{}}'))",
        members("pg_proc")
    );
    let mut session = session();
    // These run as their caller, and so do the triggers of the caller's table: with the caller's search_path, as in any
    // INSERT. What they look up themselves they name with its schema: see the traps below.
    // Those of pg_jsonschema look up nothing at all, and to pin it at each call would cost more than the call. That which
    // is called before each command finds what the command names as the command does.
    let exceptions = [
        "veritable.before_ddl()",
        "api.clear_period(anyelement,jsonb)",
        "api.json_matches_schema(json,json)",
        "api.jsonb_matches_schema(json,jsonb)",
        "api.jsonschema_is_valid(json)",
        "api.jsonschema_validation_errors(json,json)",
        "api.set_period(anyelement,jsonb)",
    ];
    assert_eq!(session.rows(&format!("{unpinned} ORDER BY proname")), exceptions);
    let definers = "SELECT count(*) FROM pg_proc WHERE prosecdef AND proname IN ('set_period', 'clear_period')";
    assert_eq!(session.value(definers), "0");
    session.run("ALTER FUNCTION api.chain_line RESET search_path");
    assert!(session.rows(&unpinned).contains(&"api.chain_line(record)".to_string()));
}

#[test]
fn everything_public_has_a_comment() {
    let mut session = session();
    let functions = format!(
        "SELECT oid::regprocedure FROM pg_proc WHERE oid IN ({})
           AND (pronamespace = 'api'::regnamespace OR prorettype = 'trigger'::regtype OR prokind = 'a')
           AND obj_description(oid, 'pg_proc') IS NULL",
        members("pg_proc")
    );
    assert_eq!(session.rows(&functions), [""; 0]);
    let relations = format!(
        "SELECT oid::regclass FROM pg_class WHERE oid IN ({}) AND obj_description(oid, 'pg_class') IS NULL",
        members("pg_class")
    );
    assert_eq!(session.rows(&relations), [""; 0]);
    let columns = "SELECT attrelid::regclass, attname FROM pg_attribute
        WHERE attrelid IN ('veritable.chains'::regclass, 'veritable.packings'::regclass, 'veritable.validations'::regclass) AND attnum > 0
          AND col_description(attrelid, attnum) IS NULL";
    assert_eq!(session.rows(columns), [""; 0]);
    let event_triggers = "SELECT evtname FROM pg_event_trigger WHERE obj_description(oid, 'pg_event_trigger') IS NULL";
    assert_eq!(session.rows(event_triggers), [""; 0]);
    assert_ne!(session.value("SELECT obj_description('veritable'::regnamespace, 'pg_namespace')"), "");
    assert_ne!(
        session.value("SELECT obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = 'veritable'"),
        ""
    );
}

#[test]
fn nothing_can_be_written_by_everybody() {
    let mut session = session();
    let writable = format!(
        "SELECT oid::regclass FROM pg_class WHERE oid IN ({})
           AND has_table_privilege('stranger', oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')",
        members("pg_class")
    );
    assert_eq!(session.rows(&writable), [""; 0]);
    assert_eq!(session.value("SELECT has_schema_privilege('stranger', 'veritable', 'CREATE')"), "f");
    assert_eq!(session.value("SELECT has_schema_privilege('stranger', 'veritable', 'USAGE')"), "t");
    for view in ["chains", "packings", "validations"] {
        let readable = format!("SELECT has_table_privilege('stranger', 'veritable.{view}', 'SELECT')");
        assert_eq!(session.value(&readable), "t");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let mut session = session();
    let version = "SELECT extversion FROM pg_extension WHERE extname = 'veritable'";
    assert_eq!(session.value(version), env!("CARGO_PKG_VERSION"));
    // From every version that is here there is a way to it.
    let stranded = format!(
        "SELECT source FROM pg_extension_update_paths('veritable') WHERE target = '{}' AND path IS NULL",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(session.rows(&stranded), [""; 0]);
}

#[test]
fn dropping_the_extension_leaves_the_data_and_a_new_one_goes_on() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(
        "CREATE TABLE t (id int NOT NULL, payload text);
         SELECT add_chain('t', '{id}');
         INSERT INTO t SELECT n % 3, n FROM generate_series(1, 30) AS n",
    );
    session.refused("DROP EXTENSION veritable").with_code("2BP01");
    let rows = "SELECT id, payload, seq, previous_event_hash, event_hash FROM t ORDER BY id, seq";
    let sealed = session.rows(rows);
    session.run("DROP EXTENSION veritable CASCADE");
    assert_eq!(session.value("SELECT count(*) FROM pg_trigger WHERE tgrelid = 't'::regclass"), "0");
    assert_eq!(session.value("SELECT to_regnamespace('veritable') IS NULL"), "t");
    session.run("CREATE EXTENSION veritable CASCADE");
    session.refused("SELECT * FROM verify_chain('t')").with("55000", "table \"t\" is not chained");
    assert_eq!(session.value("SELECT add_chain('t', '{id}', order_by => '{seq}')"), "30");
    assert_eq!(session.rows(rows), sealed);
    session.run("INSERT INTO t VALUES (0, 'new')");
    session.verifies("31 events in 3 chains of 1 table");
}

#[test]
fn dropping_the_extension_leaves_the_periods_and_a_new_one_goes_on() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(
        "CREATE TABLE t (id int NOT NULL, price int NOT NULL, period int4range);
         CREATE TABLE several (id int NOT NULL, price int, unit text, period int4range);
         SELECT add_packing('t', 'period', '{id}'), add_packing('several', 'period', '{id}');
         INSERT INTO t SELECT n % 3, 7, int4range(n / 3, n / 3 + 1) FROM generate_series(0, 29) AS n;
         INSERT INTO several SELECT id, price, NULL, period FROM t",
    );
    session.refused("DROP EXTENSION veritable").with_code("2BP01");
    let rows = "SELECT id, price, period FROM t ORDER BY id";
    let packed = session.rows(rows);
    session.run("DROP EXTENSION veritable CASCADE");
    assert_eq!(session.rows(rows), packed);
    assert_eq!(session.value("SELECT count(*) FROM several"), "3");
    let triggers = "SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('t'::regclass, 'several'::regclass)";
    assert_eq!(session.value(triggers), "0");
    // The one constraint needs nothing of the extension, and stays.
    let constraints = "SELECT conname FROM pg_constraint WHERE contype = 'x'";
    assert_eq!(session.rows(constraints), ["t_packing"]);
    session.run("CREATE EXTENSION veritable CASCADE");
    session.refused("SELECT * FROM verify_packing('t')").with("55000", "table \"t\" is not packed");
    session.run("INSERT INTO t VALUES (0, 7, '[10,20)')");
    assert_eq!(session.value("SELECT add_packing('t', 'period', '{id}')"), "1");
    assert_eq!(session.value("SELECT add_packing('several', 'period', '{id}')"), "0");
    session.is_packed("6 periods of 6 keys in 2 tables");
}

#[test]
fn what_lies_in_the_search_path_changes_nothing() {
    let database = Database::new();
    database.superuser().run("GRANT CREATE ON DATABASE test TO stranger".replace("test", &database.name).as_str());
    let mut stranger = database.connect("stranger");
    stranger.run(
        "CREATE SCHEMA trap;
         CREATE FUNCTION trap.stolen() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'fell into the trap'; END $$;
         CREATE FUNCTION trap.same(int, int) RETURNS bool LANGUAGE sql RETURN trap.stolen();
         CREATE FUNCTION trap.same(bigint, int) RETURNS bool LANGUAGE sql RETURN trap.stolen();
         CREATE FUNCTION trap.same(text, text) RETURNS bool LANGUAGE sql RETURN trap.stolen();
         CREATE OPERATOR trap.= (FUNCTION = trap.same, LEFTARG = int, RIGHTARG = int);
         CREATE OPERATOR trap.> (FUNCTION = trap.same, LEFTARG = bigint, RIGHTARG = int);
         CREATE OPERATOR trap.|| (FUNCTION = trap.same, LEFTARG = text, RIGHTARG = text);
         CREATE FUNCTION trap.same(int4range, int4range) RETURNS bool LANGUAGE sql RETURN trap.stolen();
         CREATE OPERATOR trap.&& (FUNCTION = trap.same, LEFTARG = int4range, RIGHTARG = int4range);
         CREATE OPERATOR trap.-|- (FUNCTION = trap.same, LEFTARG = int4range, RIGHTARG = int4range);
         CREATE OPERATOR trap.= (FUNCTION = trap.same, LEFTARG = text, RIGHTARG = text);
         CREATE OPERATOR trap.<> (FUNCTION = trap.same, LEFTARG = text, RIGHTARG = text);
         CREATE FUNCTION trap.unnest(tid[]) RETURNS SETOF tid LANGUAGE sql RETURN trap.stolen()::text::tid;
         CREATE FUNCTION trap.jsonb_object_keys(jsonb) RETURNS text LANGUAGE sql RETURN trap.stolen()::text;
         CREATE FUNCTION trap.jsonb_typeof(jsonb) RETURNS text LANGUAGE sql RETURN trap.stolen()::text;
         CREATE FUNCTION trap.value_key(bigint, text) RETURNS text LANGUAGE sql RETURN trap.stolen()::text;
         CREATE COLLATION trap.\"C\" FROM pg_catalog.\"POSIX\";
         CREATE DOMAIN trap.tid AS pg_catalog.tid CHECK (trap.stolen());
         CREATE FUNCTION trap.count(int) RETURNS bool LANGUAGE sql RETURN trap.stolen();
         CREATE FUNCTION trap.format(text, text) RETURNS bool LANGUAGE sql RETURN trap.stolen();
         CREATE FUNCTION trap.quote_ident(name) RETURNS bool LANGUAGE sql RETURN trap.stolen();
         CREATE VIEW trap.pg_trigger AS SELECT trap.stolen();
         CREATE VIEW trap.pg_class AS SELECT trap.stolen();
         CREATE DOMAIN trap.int8 AS int CHECK (trap.stolen());
         CREATE DOMAIN trap.bytea AS pg_catalog.bytea CHECK (trap.stolen());
         CREATE DOMAIN trap.text AS pg_catalog.text CHECK (trap.stolen());
         CREATE TABLE trap.t (id int);
         GRANT USAGE ON SCHEMA trap TO PUBLIC",
    );
    check_chain_among_traps(&mut database.owner());
    check_packing_among_traps(&mut database.owner());
}

fn check_chain_among_traps(owner: &mut Session) {
    owner.run(
        "CREATE TABLE public.t (id pg_catalog.int4 NOT NULL, payload pg_catalog.text);
         INSERT INTO public.t VALUES (1, 'before');
         SET search_path = trap, public, pg_catalog;
         SELECT public.add_chain('public.t', '{id}', order_by => '{payload}');
         INSERT INTO public.t VALUES (1, 'one'), (2, 'two');
         SELECT public.chain_line(t) FROM public.t;
         ALTER TABLE public.t ADD note pg_catalog.text",
    );
    assert_eq!(owner.value("SELECT pg_catalog.count(*) FROM public.verify_chain('public.t')"), "0");
    owner.refused("UPDATE public.t SET payload = 'edited'").with_code("23001");
    owner.refused("ALTER TABLE public.t DROP payload").with_code("23001");
    owner.run("SELECT public.drop_chain('public.t')");
}

fn check_packing_among_traps(owner: &mut Session) {
    owner.run(
        "CREATE TABLE public.p (id pg_catalog.int4 NOT NULL, name pg_catalog.text NOT NULL, price pg_catalog.int8,
                                unit pg_catalog.text, period pg_catalog.int4range);
         INSERT INTO public.p VALUES (1, 'one', 1, NULL, '[1,2)'), (1, 'one', 1, NULL, '[2,3)');
         CREATE TABLE public.direct (id pg_catalog.int4 NOT NULL, name pg_catalog.text NOT NULL,
                                     period pg_catalog.int4range);
         CREATE TABLE public.bare (id pg_catalog.int4 NOT NULL, period pg_catalog.int4range);
         SET search_path = trap, public, pg_catalog;
         SELECT public.add_packing('public.p', 'period', '{id,name}');
         SELECT public.add_packing('public.direct', 'period', '{id}');
         SELECT public.add_packing('public.bare', 'period', '{id}');
         INSERT INTO public.direct VALUES (1, 'one', '[1,2)'), (1, 'one', '[2,3)');
         INSERT INTO public.bare VALUES (1, '[1,2)'), (1, '[2,3)');
         INSERT INTO public.p VALUES (1, 'one', 1, NULL, '[3,4)');
         INSERT INTO public.p SELECT 1, 'two', 1, NULL, pg_catalog.int4range(n, n OPERATOR(pg_catalog.+) 1)
             FROM pg_catalog.generate_series(1, 100) AS n;
         UPDATE public.p SET unit = 'each';
         SELECT public.set_period(NULL::public.p, '{\"id\": 1, \"name\": \"one\", \"price\": 2, \"period\": \"[2,3)\"}');
         SELECT public.clear_period(NULL::public.p, '{\"id\": 1, \"name\": \"two\", \"period\": \"[5,10)\"}');
         SELECT public.pack('public.p')",
    );
    let rows = owner.rows("SELECT * FROM public.p ORDER BY name, period");
    assert_eq!(
        rows,
        ["1|one|1|each|[1,2)", "1|one|2||[2,3)", "1|one|1|each|[3,4)", "1|two|1|each|[1,5)", "1|two|1|each|[10,101)"]
    );
    assert_eq!(owner.rows("SELECT * FROM public.direct"), ["1|one|[1,3)"]);
    assert_eq!(owner.rows("SELECT * FROM public.bare"), ["1|[1,3)"]);
    assert_eq!(owner.rows("SELECT * FROM public.verify_packing()"), [""; 0]);
    owner.refused("INSERT INTO public.p VALUES (1, 'two', 9, NULL, '[3,4)')").with_code("23P01");
    owner.refused("ALTER TABLE public.p DROP price CASCADE").with_code("55000");
    owner.run("SELECT public.drop_packing('public.p'), public.drop_packing('public.direct')");
}
