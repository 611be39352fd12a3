//! What runs as whom: each way in which a table has functions of its owner's run, on each path through the extension.

use std::collections::BTreeSet;

use crate::document::Table;
use crate::support::Database;
use crate::{SUPERUSER, cluster, database, version};

/// What a table's owner may have attached to it, as a change of the table that all others of its row are like.
struct Attached {
    name: &'static str,
    key: &'static str,
    value: &'static str,
    columns: &'static str,
    partitioned: &'static str,
    /// After the table was created; `$T` is its name, `$V` a value of its column `v`.
    then: &'static str,
    /// After it has rows.
    with_rows: &'static str,
}

const NOTHING: Attached =
    Attached { name: "", key: "int", value: "int", columns: "", partitioned: "", then: "", with_rows: "" };

const ATTACHED: [Attached; 21] = [
    Attached {
        name: "BEFORE row trigger",
        then: "CREATE TRIGGER a_notes BEFORE INSERT OR UPDATE OR DELETE ON $T FOR EACH ROW EXECUTE FUNCTION app.notes()",
        ..NOTHING
    },
    Attached {
        name: "BEFORE statement trigger",
        then: "CREATE TRIGGER a_notes BEFORE INSERT OR UPDATE OR DELETE ON $T EXECUTE FUNCTION app.notes()",
        ..NOTHING
    },
    Attached {
        name: "AFTER row trigger",
        then: "CREATE TRIGGER notes AFTER INSERT OR UPDATE OR DELETE ON $T FOR EACH ROW EXECUTE FUNCTION app.notes()",
        ..NOTHING
    },
    Attached {
        name: "AFTER statement trigger",
        then: "CREATE TRIGGER notes AFTER INSERT OR UPDATE OR DELETE ON $T EXECUTE FUNCTION app.notes()",
        ..NOTHING
    },
    Attached {
        name: "deferred constraint trigger",
        then: "CREATE CONSTRAINT TRIGGER notes AFTER INSERT OR UPDATE OR DELETE ON $T DEFERRABLE INITIALLY DEFERRED
               FOR EACH ROW EXECUTE FUNCTION app.notes()",
        ..NOTHING
    },
    Attached {
        name: "trigger of a table that refers to it, ON DELETE CASCADE",
        then: "ALTER TABLE $T ADD n serial PRIMARY KEY; CREATE TABLE $T_refers (n int REFERENCES $T ON DELETE CASCADE);
               CREATE TRIGGER notes AFTER DELETE ON $T_refers FOR EACH ROW EXECUTE FUNCTION app.notes()",
        with_rows: "INSERT INTO $T_refers SELECT n FROM $T",
        ..NOTHING
    },
    Attached {
        name: "what the caller's search path has for a name in the owner's trigger",
        then: "CREATE TRIGGER a_calls BEFORE INSERT OR UPDATE OR DELETE ON $T FOR EACH ROW EXECUTE FUNCTION app.calls()",
        ..NOTHING
    },
    Attached { name: "cast of an enum to text", key: "app.mood", ..NOTHING },
    Attached { name: "cast of text to an enum", key: "app.text_mood", ..NOTHING },
    Attached { name: "cast of a range to text", columns: "", value: "app.span", ..NOTHING },
    Attached { name: "check of a domain, in a column", value: "app.small", ..NOTHING },
    Attached { name: "check of a domain, in the key", key: "app.small", ..NOTHING },
    Attached { name: "check of a domain, within a composite", value: "app.pair", ..NOTHING },
    Attached { name: "index on a constant expression", then: "CREATE INDEX ON $T (app.same(1), id)", ..NOTHING },
    Attached {
        name: "index on an expression of a column",
        then: "CREATE INDEX ON $T (app.same(n))",
        columns: ", n int DEFAULT 1",
        ..NOTHING
    },
    Attached { name: "CHECK constraint", columns: ", CHECK (app.is_right(id))", ..NOTHING },
    Attached {
        name: "generated column",
        columns: ", g int GENERATED ALWAYS AS (app.same(lower(period))) STORED",
        ..NOTHING
    },
    Attached { name: "default", columns: ", n int DEFAULT app.given()", ..NOTHING },
    Attached {
        name: "rule",
        then: "CREATE RULE r AS ON INSERT TO $T DO ALSO SELECT app.given();
               CREATE RULE s AS ON UPDATE TO $T DO ALSO SELECT app.given()",
        ..NOTHING
    },
    Attached {
        name: "partition key",
        partitioned: "PARTITION BY RANGE (app.same(id))",
        then: "CREATE TABLE $T_1 PARTITION OF $T FOR VALUES FROM (0) TO (10)",
        ..NOTHING
    },
    Attached {
        name: "policy of row-level security",
        then: "CREATE POLICY p ON $T USING (app.is_right(1)) WITH CHECK (app.is_right(1)); ALTER TABLE $T ENABLE ROW LEVEL SECURITY",
        ..NOTHING
    },
];

const FUNCTIONS: &str = "
    CREATE FUNCTION app.notes() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE NOTICE 'as %', current_user; RETURN COALESCE(NEW, OLD); END $$;
    CREATE FUNCTION app.calls() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM length('x'::text); RETURN COALESCE(NEW, OLD); END $$;
    CREATE FUNCTION app.same(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
        $$ BEGIN RAISE NOTICE 'as %', current_user; RETURN $1; END $$;
    CREATE FUNCTION app.given() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'as %', current_user; RETURN 1; END $$;
    CREATE FUNCTION app.is_right(int) RETURNS bool LANGUAGE plpgsql AS
        $$ BEGIN RAISE NOTICE 'as %', current_user; RETURN true; END $$;
    CREATE TYPE app.mood AS ENUM ('1', '2');
    CREATE FUNCTION app.to_text(app.mood) RETURNS text LANGUAGE plpgsql AS
        $$ BEGIN RAISE NOTICE 'as %', current_user; RETURN '1'; END $$;
    CREATE CAST (app.mood AS text) WITH FUNCTION app.to_text(app.mood) AS ASSIGNMENT;
    CREATE TYPE app.text_mood AS ENUM ('1', '2');
    CREATE FUNCTION app.from_text(text) RETURNS app.text_mood LANGUAGE plpgsql AS
        $$ BEGIN RAISE NOTICE 'as %', current_user; RETURN enum_first(NULL::app.text_mood); END $$;
    CREATE CAST (text AS app.text_mood) WITH FUNCTION app.from_text(text) AS ASSIGNMENT;
    CREATE TYPE app.span AS RANGE (subtype = int);
    CREATE FUNCTION app.span_text(app.span) RETURNS text LANGUAGE plpgsql AS
        $$ BEGIN RAISE NOTICE 'as %', current_user; RETURN '[1,2)'; END $$;
    CREATE CAST (app.span AS text) WITH FUNCTION app.span_text(app.span) AS ASSIGNMENT;
    CREATE DOMAIN app.small AS int CHECK (app.is_right(VALUE));
    CREATE FUNCTION app.give_key(t regclass) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_index WHERE indrelid = t AND indisprimary) THEN
            EXECUTE format('ALTER TABLE %s ADD number serial PRIMARY KEY', t);
        END IF;
    END $$;
    CREATE TYPE app.pair AS (a app.small, b int)";

/// The features that a table may have before it is used.
const CHAINED: &str = "SELECT add_chain('$T', '{id}')";
const LOGGED: &str =
    "ALTER TABLE $T ADD at timestamptz; SELECT add_chain('$T', '{id}', recorded => 'at'); SELECT add_log('$T');
    SELECT add_consumer('$T', 'reader', 2, role => 'granted')";
const PACKED: &str = "SELECT add_packing('$T', 'period', '{id}', '{v}')";
const KEYED: &str = "SELECT app.give_key('$T')";
const RECORDED: &str = "SELECT app.give_key('$T'); SELECT add_history('$T')";
const VALIDATED: &str = "SELECT add_validation('$T', 'document', schema => 'thing')";

/// A path through the extension: who calls, on which table, what.
struct Path {
    name: &'static str,
    caller: &'static str,
    before: &'static str,
    rows: &'static str,
    after: &'static str,
    call: &'static str,
}

const ROWS: &str = "INSERT INTO $T (id, v, period) VALUES ('1', $V, '[1,3)'), ('1', $V, '[5,7)')";
const TAMPERED: &str =
    "ALTER TABLE $T DISABLE TRIGGER USER; UPDATE $T SET document = '7'; ALTER TABLE $T ENABLE TRIGGER USER";
const UNPACKED: &str = "ALTER TABLE $T DISABLE TRIGGER USER; INSERT INTO $T (id, v, period) VALUES ('1', $V, '[3,4)');
    ALTER TABLE $T ENABLE TRIGGER USER";
const ADJOINS: &str = "INSERT INTO $T (id, v, period) VALUES ('1', $V, '[3,5)')";

/// The table refers to a copy of itself, and a copy of some of its rows refers to the table.
const REFERS: &str = "CREATE TABLE $T_p AS SELECT id, period FROM $T;
    SELECT add_reference('$T', '{id}', 'period', '$T_p', '{id}', 'period')";
const REFERRED: &str = "CREATE TABLE $T_c AS SELECT id, period FROM $T WHERE period = '[1,3)';
    SELECT add_reference('$T_c', '{id}', 'period', '$T', '{id}', 'period')";

const PATHS: [Path; 20] = [
    Path { name: "INSERT into a chain", caller: "writer", before: CHAINED, rows: ROWS, after: "", call: ADJOINS },
    Path {
        name: "`verify_chain`",
        caller: "auditor",
        before: CHAINED,
        rows: ROWS,
        after: TAMPERED,
        call: "SELECT * FROM verify_chain('$T'); SELECT * FROM verify_chain('$T', '{1}')",
    },
    Path {
        name: "`add_chain`",
        caller: SUPERUSER,
        before: "",
        rows: ROWS,
        after: "",
        call: "SELECT add_chain('$T', '{id}', order_by => '{period}')",
    },
    Path {
        name: "`read_events`, `consume`",
        caller: "granted",
        before: LOGGED,
        rows: ROWS,
        after: "",
        call:
            "SELECT read_events(NULL::$T); SELECT consume(NULL::$T, 'reader', 0); SELECT consume(NULL::$T, 'reader', 1);
               SELECT lag_time FROM veritable.consumers",
    },
    Path { name: "INSERT that merges", caller: "writer", before: PACKED, rows: ROWS, after: "", call: ADJOINS },
    Path {
        name: "`set_period`",
        caller: "granted",
        before: PACKED,
        rows: ROWS,
        after: "",
        call: "SELECT set_period(NULL::$T, '{\"id\": \"1\", \"v\": null, \"period\": \"[2,6)\"}')",
    },
    Path {
        name: "`update_period`",
        caller: "granted",
        before: PACKED,
        rows: ROWS,
        after: "",
        call: "SELECT update_period(NULL::$T, '{\"id\": \"1\", \"v\": null, \"period\": \"[2,6)\"}')",
    },
    Path { name: "`pack`", caller: SUPERUSER, before: PACKED, rows: ROWS, after: UNPACKED, call: "SELECT pack('$T')" },
    Path {
        name: "`verify_packing`",
        caller: "auditor",
        before: PACKED,
        rows: ROWS,
        after: UNPACKED,
        call: "SELECT * FROM verify_packing('$T')",
    },
    Path {
        name: "`add_packing`",
        caller: SUPERUSER,
        before: "",
        rows: "INSERT INTO $T (id, v, period) VALUES ('1', $V, '[1,3)'), ('1', $V, '[3,7)')",
        after: "",
        call: "SELECT add_packing('$T', 'period', '{id}', '{v}')",
    },
    Path {
        name: "INSERT, UPDATE, DELETE with a history",
        caller: "granted",
        before: RECORDED,
        rows: ROWS,
        after: "",
        call: "INSERT INTO $T (id, v, period) VALUES ('1', $V, '[3,5)'); UPDATE $T SET document = '7'; DELETE FROM $T",
    },
    Path {
        name: "`verify_history`",
        caller: "auditor",
        before: RECORDED,
        rows: ROWS,
        after: TAMPERED,
        call: "SELECT * FROM verify_history('$T')",
    },
    Path {
        name: "`add_history`",
        caller: SUPERUSER,
        before: KEYED,
        rows: ROWS,
        after: "",
        call: "SELECT add_history('$T')",
    },
    Path {
        name: "INSERT that refers",
        caller: "writer",
        before: "",
        rows: ROWS,
        after: REFERS,
        call: "INSERT INTO $T (id, v, period) VALUES ('1', $V, '[1,2)')",
    },
    Path {
        name: "DELETE of what is referred to",
        caller: "granted",
        before: "",
        rows: ROWS,
        after: REFERRED,
        call: "DELETE FROM $T WHERE period = '[5,7)'",
    },
    Path {
        name: "`verify_references`",
        caller: "auditor",
        before: "",
        rows: ROWS,
        after: REFERS,
        call: "SELECT * FROM verify_references('$T')",
    },
    Path {
        name: "`add_reference`",
        caller: SUPERUSER,
        before: "",
        rows: ROWS,
        after: "CREATE TABLE $T_p AS SELECT id, period FROM $T",
        call: "SELECT add_reference('$T', '{id}', 'period', '$T_p', '{id}', 'period')",
    },
    Path {
        name: "INSERT into a validated table",
        caller: "writer",
        before: VALIDATED,
        rows: ROWS,
        after: "",
        call: "INSERT INTO $T (id, v, document) VALUES ('1', $V, '{}')",
    },
    Path {
        name: "`verify_validation`",
        caller: "auditor",
        before: VALIDATED,
        rows: ROWS,
        after: "",
        call: "SELECT * FROM verify_validation('$T')",
    },
    Path { name: "`add_validation`", caller: SUPERUSER, before: "", rows: ROWS, after: "", call: VALIDATED },
];

/// As whom it ran: `owner`, `caller`, both, `-` for not at all, or the SQLSTATE with which the path ended.
fn observe(database: &Database, table: &str, attached: &Attached, path: &Path) -> String {
    let value = match attached.value {
        "app.pair" => "'(1,2)'",
        "app.span" => "'[1,2)'",
        _ => "'1'",
    };
    let of_table = |text: &str| text.replace("$T", table).replace("$V", value);
    let mut owner = database.connect("olga");
    let Attached { key, value, columns, partitioned, .. } = attached;
    let create = format!(
        "CREATE TABLE {table} (id {key} NOT NULL, v {value}, period int4range, document jsonb{columns}) {partitioned}"
    );
    for statement in [create.as_str(), attached.then, path.before, path.rows, attached.with_rows, path.after] {
        if let Err(error) = owner.batch_execute(&of_table(statement)) {
            // What the feature does not take has no row to say anything of.
            let code = error.code().unwrap_or_else(|| panic!("{error}")).code();
            assert!(["0A000", "55000", "42809"].contains(&code), "{}: {}: {error:?}", attached.name, path.name);
            return "refused".to_string();
        }
    }
    owner.run(&format!("GRANT INSERT ON {table} TO writer; GRANT ALL ON {table} TO granted"));
    owner.run("GRANT USAGE ON ALL SEQUENCES IN SCHEMA app TO writer, granted");
    let mut caller = database.connect(path.caller);
    if path.caller != SUPERUSER && path.caller != "auditor" {
        caller.run(&format!("SET search_path = {}, pg_catalog, public", path.caller));
    }
    let settings = "SELECT current_user, session_user, current_setting('search_path')";
    let before = caller.value(settings);
    caller.take_notices();
    let done = caller.batch_execute(&of_table(path.call));
    let notices = caller.take_notices();
    if done.is_ok() {
        assert_eq!(caller.value(settings), before, "{}: {}", attached.name, path.name);
    }
    let users: BTreeSet<_> = notices.iter().filter_map(|notice| notice.strip_prefix("as ")).collect();
    let mut roles: Vec<_> = users
        .iter()
        .map(|user| match *user {
            "olga" => "owner",
            user if user == path.caller => "caller",
            user => user,
        })
        .collect();
    roles.sort_by_key(|role| *role != "owner");
    if let Err(error) = done {
        let code = error.code().unwrap_or_else(|| panic!("{}: {}: {error}", attached.name, path.name)).code();
        return if roles.is_empty() { code.to_string() } else { format!("{}, then {code}", roles.join(", ")) };
    }
    if roles.is_empty() { "-".to_string() } else { roles.join(", ") }
}

#[test]
fn what_runs_as_whom_is_as_the_document_says() {
    let cluster = cluster();
    let database = database(&cluster);
    database.superuser().run("SELECT register_schema('thing', 'true')");
    database.connect("olga").run(FUNCTIONS);
    for role in ["writer", "granted"] {
        // What stands before the catalog in the caller's search path.
        database.superuser().run(&format!(
            "CREATE SCHEMA {role} AUTHORIZATION {role}; GRANT USAGE ON SCHEMA {role} TO PUBLIC;
             SET SESSION AUTHORIZATION {role};
             CREATE FUNCTION {role}.length(text) RETURNS int LANGUAGE plpgsql AS
                 $$ BEGIN RAISE NOTICE 'as %', current_user; RETURN 1; END $$"
        ));
    }
    let mut rows =
        vec![std::iter::once("").chain(PATHS.iter().map(|path| path.name)).map(str::to_string).collect::<Vec<_>>()];
    for (line, attached) in ATTACHED.iter().enumerate() {
        let cells = PATHS
            .iter()
            .enumerate()
            .map(|(column, path)| observe(&database, &format!("app.t{line}_{column}"), attached, path));
        rows.push(std::iter::once(attached.name.to_string()).chain(cells).collect());
    }
    Table::of_document("What runs as whom", version(&database)).is_as_observed(&Table(rows));
}
