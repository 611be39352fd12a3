//! `CREATE EXTENSION` into a schema where others have put what they like: nothing of theirs is called, then or later.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::{Cluster, Database, Session};

/// What the script of the installation and those of updates could look up: their words and their operators.
struct Names {
    words: BTreeSet<String>,
    operators: BTreeSet<String>,
}

/// The scripts, with their file names.
fn scripts() -> Vec<(String, String)> {
    let sql = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
    let files = |folder: &Path| -> Vec<_> {
        let entries = std::fs::read_dir(folder).expect("a folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "sql")).collect()
    };
    let all = files(&sql).into_iter().chain(files(&sql.join("install")));
    all.map(|path| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).expect("a script"))
    })
    .collect()
}

impl Names {
    fn of_scripts() -> Names {
        let (mut words, mut operators) = (BTreeSet::new(), BTreeSet::new());
        for (_, script) in scripts() {
            let of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            words.extend(script.split(|c| !of_word(c)).filter(|word| !word.is_empty()).map(str::to_lowercase));
            let of_operator = |c: char| "+-*/<>=~!@#%^&|`?".contains(c);
            operators
                .extend(script.split(|c| !of_operator(c)).filter(|operator| !operator.is_empty()).map(str::to_string));
        }
        // What is looked up for the statements that the library runs, too.
        operators.extend(["=", "<>", "<", ">", "<=", ">=", "||", "+", "-", "&", "~", "&&", "-|-"].map(str::to_string));
        Names { words, operators }
    }

    fn array(names: &BTreeSet<String>) -> String {
        format!("ARRAY[{}]", names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", "))
    }
}

/// Traps in a schema of the plain role `stranger`: for each name that a script could look up, functions and operators of
/// nearly all arguments, types, relations and collations. Whatever of them runs, raises an error.
fn set_traps(database: &Database, names: &Names) {
    database.superuser().run(&format!(
        "GRANT CREATE ON DATABASE {} TO stranger; CREATE EXTENSION btree_gist SCHEMA public",
        database.name
    ));
    let mut stranger = database.connect("stranger");
    stranger.run(
        "CREATE SCHEMA trap; GRANT ALL ON SCHEMA trap TO PUBLIC;
         CREATE FUNCTION trap.stolen() RETURNS bool LANGUAGE plpgsql AS
             $$ BEGIN RAISE 'fell into the trap as %', current_user; END $$",
    );
    let types = "ARRAY['pg_catalog.text', 'pg_catalog.name', 'pg_catalog.int2', 'pg_catalog.int4', 'pg_catalog.int8',
        'pg_catalog.oid', 'pg_catalog.\"char\"', 'pg_catalog.bool', 'pg_catalog.bytea', 'pg_catalog.regclass',
        'pg_catalog.regproc', 'pg_catalog.jsonb', 'pg_catalog.int2vector', 'pg_catalog.name[]', 'pg_catalog.text[]',
        'pg_catalog.anyelement', 'pg_catalog.anyarray']";
    stranger.run(&format!(
        "SET search_path = pg_catalog;
         CREATE FUNCTION trap.try(command text) RETURNS void LANGUAGE plpgsql AS
             $$ BEGIN EXECUTE command; EXCEPTION WHEN OTHERS THEN NULL; END $$;
         SELECT trap.try(format('CREATE FUNCTION trap.%I(%s) RETURNS pg_catalog.bool LANGUAGE plpgsql AS
                                 $f$ BEGIN RETURN trap.stolen(); END $f$', name, arguments))
         FROM unnest({words}) AS name,
              (SELECT 'target text, entity text, seq text' AS one
               UNION ALL SELECT one FROM unnest({types}) AS one
               UNION ALL SELECT one || ', ' || other FROM unnest({types}) AS one, unnest({types}) AS other
               UNION ALL SELECT array_to_string(array_fill(one, ARRAY[n]), ', ')
                         FROM unnest({types}) AS one, generate_series(3, 8) AS n
               UNION ALL SELECT 'VARIADIC text[]' UNION ALL SELECT 'VARIADIC \"any\"') AS signature (arguments)
         WHERE EXISTS (SELECT FROM pg_proc WHERE proname = name)
            OR name = ANY ('{{add_chain,drop_chain,verify_chain,add_packing,pack,register_schema}}');
         CREATE FUNCTION trap.operated(anyelement, anyelement) RETURNS bool LANGUAGE plpgsql AS
             $$ BEGIN RETURN trap.stolen(); END $$;
         SELECT trap.try(format('CREATE FUNCTION trap.operated(%s, %s) RETURNS pg_catalog.bool LANGUAGE plpgsql AS
                                 $f$ BEGIN RETURN trap.stolen(); END $f$', one, other))
         FROM unnest({types}) AS one, unnest({types}) AS other;
         SELECT trap.try(format('CREATE OPERATOR trap.%s (FUNCTION = trap.operated, LEFTARG = %s, RIGHTARG = %s)',
                                operator, one, other))
         FROM unnest({operators}) AS operator, unnest({types}) AS one, unnest({types}) AS other;
         SELECT trap.try(format('CREATE VIEW trap.%I AS SELECT trap.stolen()', name))
         FROM unnest({words}) AS name WHERE EXISTS (SELECT FROM pg_class WHERE relname = name);
         SELECT trap.try(format('CREATE DOMAIN trap.%I AS pg_catalog.text CHECK (trap.stolen())', name))
         FROM unnest({words}) AS name WHERE EXISTS (SELECT FROM pg_type WHERE typname = name);
         CREATE COLLATION trap.\"C\" FROM pg_catalog.\"POSIX\";
         -- What is there by the same name and arguments would be an error, and no trap.
         DROP FUNCTION IF EXISTS trap.drop_chain(regclass), trap.pack(regclass), trap.verify_chain(regclass, text[]);
         DROP FUNCTION trap.try",
        words = Names::array(&names.words),
        operators = Names::array(&names.operators),
    ));
}

/// Whatever belongs to the extension, or to one of its tables and views, and depends on something in the schema of traps
/// that does not belong to the extension.
const TRAPPED: &str = "
    WITH member AS (
        SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid AND e.extname = 'veritable'
        WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
    ), ours AS (
        SELECT classid, objid FROM member
        UNION SELECT 'pg_rewrite'::regclass, r.oid FROM pg_rewrite r JOIN member m ON m.objid = r.ev_class
        UNION SELECT 'pg_attrdef'::regclass, a.oid FROM pg_attrdef a JOIN member m ON m.objid = a.adrelid
        UNION SELECT 'pg_constraint'::regclass, c.oid FROM pg_constraint c JOIN member m ON m.objid = c.conrelid
        UNION SELECT 'pg_trigger'::regclass, t.oid FROM pg_trigger t JOIN member m ON m.objid = t.tgrelid
        UNION SELECT 'pg_class'::regclass, i.indexrelid FROM pg_index i JOIN member m ON m.objid = i.indrelid
    ), theirs AS (
        SELECT 'pg_proc'::regclass AS classid, oid AS objid FROM pg_proc WHERE pronamespace = 'trap'::regnamespace
        UNION SELECT 'pg_operator'::regclass, oid FROM pg_operator WHERE oprnamespace = 'trap'::regnamespace
        UNION SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace = 'trap'::regnamespace
        UNION SELECT 'pg_class'::regclass, oid FROM pg_class WHERE relnamespace = 'trap'::regnamespace
        UNION SELECT 'pg_collation'::regclass, oid FROM pg_collation WHERE collnamespace = 'trap'::regnamespace
        EXCEPT SELECT classid, objid FROM member
    )
    SELECT pg_describe_object(d.classid, d.objid, d.objsubid), pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
    FROM pg_depend d
    JOIN ours o ON (o.classid, o.objid) = (d.classid, d.objid)
    JOIN theirs t ON (t.classid, t.objid) = (d.refclassid, d.refobjid)";

#[test]
fn nothing_that_others_have_put_into_its_schema_is_called() {
    let cluster = Cluster::shared();
    let database = cluster.bare_database("");
    let names = Names::of_scripts();
    set_traps(&database, &names);
    let mut superuser = database.superuser();
    let traps = "SELECT (SELECT count(*) FROM pg_proc WHERE pronamespace = 'trap'::regnamespace) > 5000
                    AND (SELECT count(*) FROM pg_operator WHERE oprnamespace = 'trap'::regnamespace) > 1000
                    AND (SELECT count(*) FROM pg_type WHERE typnamespace = 'trap'::regnamespace) > 20";
    assert_eq!(superuser.value(traps), "t");
    // The traps are ones: without care, one would fall into them.
    superuser.refused("SELECT trap.add_chain('a', entity => 'b', seq => 'c')").with_code("P0001");
    superuser.run("CREATE EXTENSION veritable SCHEMA trap");
    assert_eq!(superuser.rows(TRAPPED), [""; 0]);
    // The registry, the journal, and the records of erasures and of prunings are chained.
    assert_eq!(superuser.value("SELECT pg_catalog.count(*) FROM veritable.chains"), "4");
    uses_it(&mut superuser);
    superuser.run("SET search_path = trap, public");
    uses_it(&mut superuser);
    superuser.run("SET search_path = trap, public, pg_catalog");
    uses_it(&mut superuser);
}

/// All that goes by itself while others work, and what is called with its schema.
fn uses_it(session: &mut Session) {
    session.run(
        "CREATE TABLE public.t (id pg_catalog.int4 NOT NULL, note pg_catalog.text);
         ALTER TABLE public.t ADD COLUMN more pg_catalog.text;
         SELECT trap.add_chain('public.t'::pg_catalog.regclass, '{id}'::pg_catalog.name[], 'seq'::pg_catalog.name,
             'previous'::pg_catalog.name, 'hash'::pg_catalog.name, NULL::pg_catalog.name, '{}'::pg_catalog.name[],
             '{}'::pg_catalog.name[]);
         INSERT INTO public.t (id, note) VALUES (1, 'one'), (1, 'two');
         ALTER TABLE public.t ADD COLUMN another pg_catalog.text;
         CREATE TABLE public.p (id pg_catalog.int4 NOT NULL, v pg_catalog.int4, during pg_catalog.int4range);
         SELECT trap.add_packing('public.p'::pg_catalog.regclass, 'during'::pg_catalog.name,
             '{id}'::pg_catalog.name[], NULL::pg_catalog.name[], '{}'::pg_catalog.name[]);
         INSERT INTO public.p VALUES (1, 1, '[1,2)'), (1, 1, '[2,3)');
         ALTER TABLE public.p ADD COLUMN another pg_catalog.text;
         SELECT trap.set_period(NULL::public.p, '{\"id\": 1, \"v\": 2, \"during\": \"[2,3)\"}'::pg_catalog.jsonb);
         SELECT trap.update_period(NULL::public.p, '{\"id\": 1, \"v\": 3, \"during\": \"[2,3)\"}'::pg_catalog.jsonb);
         SELECT trap.clear_period(NULL::public.p, '{\"id\": 1, \"during\": \"[1,2)\"}'::pg_catalog.jsonb);
         SELECT trap.pack('public.p'::pg_catalog.regclass);
         SELECT trap.register_schema('order'::pg_catalog.text, '{}'::pg_catalog.jsonb, NULL::pg_catalog.text, true);
         CREATE SCHEMA made CREATE TABLE t (a pg_catalog.int4) CREATE VIEW v AS SELECT 1 AS a;
         DROP SCHEMA made CASCADE",
    );
    session.refused("ALTER TABLE public.t DROP COLUMN note").with_code("55000");
    session.refused("ALTER TABLE public.p DROP COLUMN v CASCADE").with_code("55000");
    for view in ["chains", "packings", "references", "validations"] {
        session.run(&format!("SELECT * FROM veritable.{view}"));
    }
    let verify =
        "SELECT pg_catalog.count(*) FROM trap.verify_chain('public.t'::pg_catalog.regclass, NULL::pg_catalog.text[])";
    assert_eq!(session.value(verify), "0");
    session.run("DROP TABLE public.t, public.p");
}

#[test]
fn what_is_there_by_one_of_its_names_is_not_adopted() {
    let cluster = Cluster::shared();
    let database = cluster.bare_database("");
    let mut superuser = database.superuser();
    superuser.run("CREATE SCHEMA api; GRANT ALL ON SCHEMA api TO stranger; CREATE EXTENSION btree_gist");
    superuser.run(&format!("GRANT CREATE ON DATABASE {} TO stranger", database.name));
    let mut stranger = database.connect("stranger");
    for (make, code, undo) in [
        (
            "CREATE FUNCTION api.drop_chain(regclass) RETURNS void LANGUAGE sql AS ''",
            "42723",
            "DROP FUNCTION api.drop_chain",
        ),
        (
            "CREATE FUNCTION api.verify_chain(target regclass DEFAULT NULL, entity text[] DEFAULT NULL)
                 RETURNS TABLE (chain regclass, entity_ text[], seq bigint, fault text, detail text)
                 LANGUAGE sql AS 'SELECT NULL::regclass, NULL::text[], 1::bigint, '''', '''' WHERE false'",
            "42723",
            "DROP FUNCTION api.verify_chain",
        ),
        ("CREATE SCHEMA veritable", "42P06", "DROP SCHEMA veritable"),
    ] {
        stranger.run(make);
        superuser.refused("CREATE EXTENSION veritable SCHEMA api").with_code(code);
        stranger.run(undo);
    }
    superuser.run("CREATE EXTENSION veritable SCHEMA api");
}

#[test]
fn every_script_begins_with_a_safe_search_path() {
    for (name, script) in scripts() {
        // The parts of the installation are one script, of which this is the first.
        if name == "extension.sql" || name.starts_with("veritable--") {
            let code = script.lines().find(|line| !line.trim().is_empty() && !line.starts_with("--"));
            assert_eq!(code, Some("SET LOCAL search_path = pg_catalog, pg_temp;"), "{name}");
        }
    }
}
