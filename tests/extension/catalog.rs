//! What the extension puts into a database: documented, safe to call, nobody's to write to. What there is to be looked at
//! comes from `pg_depend`, so that nothing new is forgotten.

use crate::support::{Cluster, Session};

/// The extension's members, each with the catalog that holds it, as a query.
const MEMBERS: &str = "SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid
    WHERE e.extname = 'veritable' AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'";

/// The oids of those members that a catalog holds, as a query.
fn members(catalog: &str) -> String {
    format!("SELECT objid FROM ({MEMBERS}) AS m WHERE classid = '{catalog}'::regclass")
}

/// A database whose extension is in a schema where nothing else is.
fn session() -> Session {
    let mut session = Cluster::shared().bare_database("").superuser();
    session.run("CREATE SCHEMA api; CREATE EXTENSION veritable SCHEMA api CASCADE");
    session
}

/// The one list that is written down: these names can be called from everywhere, and so never change unnoticed.
#[test]
fn the_public_functions_are_these() {
    let functions = format!(
        "SELECT proname FROM pg_proc WHERE oid IN ({}) AND pronamespace = 'api'::regnamespace ORDER BY 1",
        members("pg_proc")
    );
    let expected = [
        "add_as_of",
        "add_chain",
        "add_consumer",
        "add_dedup",
        "add_history",
        "add_log",
        "add_packing",
        "add_reference",
        "add_signature",
        "add_validation",
        "alter_chain",
        "alter_consumer",
        "chain_line",
        "checkpoint",
        "clear_period",
        "consistency_proof",
        "consume",
        "distrust_key",
        "drop_as_of",
        "drop_chain",
        "drop_consumer",
        "drop_dedup",
        "drop_history",
        "drop_log",
        "drop_packing",
        "drop_reference",
        "drop_validation",
        "erase",
        "inclusion_proof",
        "inclusion_proof",
        "json_matches_schema",
        "jsonb_matches_schema",
        "jsonschema_is_valid",
        "jsonschema_validation_errors",
        "pack",
        "prune",
        "prune",
        "read_events",
        "register_schema",
        "retire_schema",
        "schema_compatibility",
        "schema_errors",
        "schema_problems",
        "seek_consumer",
        "set_period",
        "settled",
        "settled_at",
        "trust_key",
        "update_period",
        "verify_all",
        "verify_chain",
        "verify_dedup",
        "verify_history",
        "verify_log",
        "verify_packing",
        "verify_references",
        "verify_validation",
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
        "api.update_period(anyelement,jsonb)",
    ];
    assert_eq!(session.rows(&format!("{unpinned} ORDER BY proname")), exceptions);
    let definers =
        "SELECT count(*) FROM pg_proc WHERE prosecdef AND proname IN ('set_period', 'update_period', 'clear_period')";
    assert_eq!(session.value(definers), "0");
    session.run("ALTER FUNCTION api.chain_line RESET search_path");
    assert!(session.rows(&unpinned).contains(&"api.chain_line(record)".to_string()));
}

#[test]
fn everything_has_a_comment() {
    let mut session = session();
    let uncommented = format!(
        "SELECT pg_describe_object(classid, objid, 0) FROM ({MEMBERS}) AS m
         WHERE NOT EXISTS (SELECT FROM pg_description WHERE classoid = classid AND objoid = objid AND objsubid = 0)
           -- From PostgreSQL 18 on, the row types of tables and views are members, and so are arrays of them.
           AND NOT (classid = 'pg_type'::regclass AND EXISTS (
               SELECT FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem
               WHERE t.oid = objid AND (t.typrelid <> 0 OR e.typrelid <> 0)))
         ORDER BY 1"
    );
    assert_eq!(session.rows(&uncommented), [""; 0]);
    let columns = format!(
        "SELECT attrelid::regclass, attname FROM pg_attribute
         WHERE attrelid IN ({}) AND attnum > 0 AND NOT attisdropped AND col_description(attrelid, attnum) IS NULL
           AND attrelid NOT IN (SELECT oid FROM pg_class WHERE relkind = 'S')
         ORDER BY 1, 2",
        members("pg_class")
    );
    assert_eq!(session.rows(&columns), [""; 0]);
    let extension = "SELECT obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = 'veritable'";
    assert_ne!(session.value(extension), "");
    session.run("COMMENT ON COLUMN veritable.event_schemas.version IS NULL; COMMENT ON VIEW veritable.chains IS NULL");
    assert_eq!(session.rows(&uncommented), ["view veritable.chains"]);
    assert_eq!(session.rows(&columns), ["veritable.event_schemas|version"]);
}

#[test]
fn everybody_reads_everything_and_nobody_writes_anything() {
    let database = Cluster::shared().bare_database("");
    let mut session = database.superuser();
    session.run("CREATE SCHEMA api; CREATE EXTENSION veritable SCHEMA api CASCADE");
    let allowed = |privileges: &str| {
        format!(
            "SELECT oid::regclass FROM pg_class WHERE oid IN ({}) AND has_table_privilege('stranger', oid, '{privileges}')
             ORDER BY oid::regclass::text",
            members("pg_class")
        )
    };
    // But for the caches of heads and of keys, which have no row security, and tell which entities there are, and how many keys; and
    // for sequences, which tell nothing.
    let all = format!(
        "SELECT oid::regclass FROM pg_class WHERE oid IN ({}) AND relname NOT IN ('heads', 'dedup_filters') AND relkind <> 'S'
         ORDER BY oid::regclass::text",
        members("pg_class")
    );
    let all = session.rows(&all);
    assert!(!all.is_empty());
    assert_eq!(session.rows(&allowed("SELECT")), all);
    assert_eq!(session.rows(&allowed("INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER")), [""; 0]);
    session.run("BEGIN; GRANT TRIGGER ON veritable.chains TO PUBLIC; REVOKE SELECT ON veritable.packings FROM PUBLIC");
    assert_eq!(session.rows(&allowed("INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER")), ["veritable.chains"]);
    assert!(!session.rows(&allowed("SELECT")).contains(&"veritable.packings".to_string()));
    session.run("ROLLBACK");
    // Columns can be granted alone.
    let columns = format!(
        "SELECT attrelid::regclass, attname FROM pg_attribute WHERE attrelid IN ({}) AND attacl IS NOT NULL",
        members("pg_class")
    );
    assert_eq!(session.rows(&columns), [""; 0]);
    let mut stranger = database.connect("stranger");
    for relation in all {
        stranger.rows(&format!("SELECT * FROM {relation}"));
    }
    let schemas = format!(
        "SELECT oid::regnamespace, has_schema_privilege('stranger', oid, 'CREATE'), has_schema_privilege('stranger', oid, 'USAGE')
         FROM pg_namespace WHERE oid IN ({})",
        members("pg_namespace")
    );
    assert_eq!(session.rows(&schemas), ["veritable|f|t"]);
}

#[test]
fn everybody_may_call_everything_but_the_registration() {
    // What else a function does, it does after a check of its caller's privileges: see tests/privileges.
    let refused = format!(
        "SELECT oid::regproc FROM pg_proc WHERE oid IN ({}) AND NOT has_function_privilege('stranger', oid, 'EXECUTE')
         ORDER BY 1",
        members("pg_proc")
    );
    let mut session = session();
    assert_eq!(session.rows(&refused), ["api.register_schema", "api.retire_schema"]);
    session.run("GRANT EXECUTE ON FUNCTION api.retire_schema TO PUBLIC");
    assert_eq!(session.rows(&refused), ["api.register_schema"]);
}

#[test]
fn every_event_trigger_is_for_all_commands() {
    let mut session = session();
    let triggers = format!(
        "SELECT count(*), bool_and(evtenabled = 'O' AND evttags IS NULL AND evtfoid IN ({})) FROM pg_event_trigger
         WHERE oid IN ({})",
        members("pg_proc"),
        members("pg_event_trigger")
    );
    let answer = session.value(&triggers);
    assert!(answer.ends_with("|t") && answer != "0|t", "{answer}");
    session.run("BEGIN; ALTER EVENT TRIGGER veritable_after_ddl DISABLE");
    assert!(session.value(&triggers).ends_with("|f"));
    session.run("ROLLBACK");
    let functions = format!(
        "SELECT oid::regproc FROM pg_proc WHERE oid IN ({}) AND prorettype = 'event_trigger'::regtype
           AND oid NOT IN (SELECT evtfoid FROM pg_event_trigger)",
        members("pg_proc")
    );
    assert_eq!(session.rows(&functions), [""; 0]);
}

#[test]
fn every_function_of_c_is_in_the_library() {
    // Another file of the same name would be loaded from the caller's path.
    let elsewhere = format!(
        "SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
         WHERE p.oid IN ({}) AND l.lanname = 'c' AND p.probin IS DISTINCT FROM '$libdir/veritable'",
        members("pg_proc")
    );
    assert_eq!(session().rows(&elsewhere), [""; 0]);
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
