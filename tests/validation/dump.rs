//! Dumps: the registry comes along, its chains verify and its schemas count at once; also where a dump is one of
//! pg_jsonschema's.

use crate::support::dump::{dump, dump_for, empty, load, newer, psql, restored, restored_from_custom};
use crate::support::{Database, Session};

/// Event schemas that refer to each other, with many versions, retired and revived, under names of any kind.
const SCHEMAS: &str = r##"
    SELECT register_schema('address', '{"type": "object", "required": ["city"]}', 'BACKWARD');
    SELECT register_schema('order', '{"properties": {"to": {"$ref": "veritable:///address"}, "n": {"const": 1}}}');
    SELECT register_schema('order', '{"properties": {"to": {"$ref": "veritable:///address"}, "n": {"const": 1234567890.00000000005}}}');
    SELECT register_schema('address', '{"type": "object"}');
    SELECT register_schema('old', 'true'), retire_schema('old');
    SELECT register_schema('revived', 'false'), retire_schema('revived'), register_schema('revived', '{"type": "string"}');
    SELECT register_schema(E'Ünïcode "/\\ \n%2F \U0001F600', '{"const": "\\ \" \n \u0001 😀"}');
    SELECT register_schema('v' || n % 3, jsonb_build_object('maximum', n)) FROM generate_series(1, 30) AS n"##;

/// Tables that are validated by them, and by a function of pg_jsonschema.
const TABLES: &str = r##"
    CREATE TABLE events (id bigserial PRIMARY KEY, kind text, payload jsonb, version int);
    SELECT add_validation('events', 'payload', type => 'kind', version => 'version');
    CREATE SCHEMA "Other";
    CREATE TABLE "Other"."Settings" ("The Value" jsonb NOT NULL);
    SELECT add_validation('"Other"."Settings"', 'The Value', schema => E'Ünïcode "/\\ \n%2F \U0001F600');
    CREATE TABLE loose (kind text, document jsonb) PARTITION BY LIST (kind);
    CREATE TABLE loose_0 PARTITION OF loose DEFAULT;
    SELECT add_validation('loose', 'document', type => 'kind', unknown => 'allow');
    CREATE TABLE checked (document jsonb CHECK (jsonb_matches_schema('{"type": "object"}', document)));"##;

const ROWS: &str = r##"
    INSERT INTO events (kind, payload, version) VALUES
        ('order', '{"n": 1, "to": {"city": "Ulm"}}', 1), ('order', '{"n": 1234567890.00000000005}', NULL),
        ('revived', '"x"', NULL), ('address', '{}', 2), ('v1', '28', NULL), ('v1', '1', 1);
    INSERT INTO "Other"."Settings" VALUES ('"\\ \" \n \u0001 😀"');
    INSERT INTO loose VALUES ('nobody knows', '1'), ('v2', '2'), (NULL, NULL);
    INSERT INTO checked VALUES ('{}'), (NULL);"##;

/// Rows that do not match.
const REFUSED: [&str; 8] = [
    // The address of today need not name a city, but that of the day when the order was registered.
    r##"INSERT INTO events (kind, payload) VALUES ('order', '{"to": {}}')"##,
    r##"INSERT INTO events (kind, payload) VALUES ('order', '{"n": 1234567890.0000000001}')"##,
    "INSERT INTO events (kind, payload) VALUES ('old', '1')",
    "INSERT INTO events (kind, payload) VALUES ('nobody knows', '1')",
    "INSERT INTO events (kind, payload, version) VALUES ('v1', '2', 1)",
    "INSERT INTO \"Other\".\"Settings\" VALUES ('1')",
    "INSERT INTO loose VALUES ('v2', '30')",
    "INSERT INTO checked VALUES ('[]')",
];

const SEEN: &str = "40 events in 8 chains of 1 table";

const CONTENT: [&str; 6] = [
    "SELECT * FROM veritable.event_schemas ORDER BY name, version",
    "SELECT * FROM veritable.validations ORDER BY target::text",
    "SELECT kind, payload, version FROM events ORDER BY id",
    "SELECT * FROM \"Other\".\"Settings\"",
    "SELECT * FROM loose ORDER BY document",
    "SELECT * FROM checked ORDER BY document",
];

fn source() -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(&format!("{SCHEMAS}; {TABLES}; {ROWS}"));
    validates(&mut session);
    (database, session)
}

/// The registry is whole, and counts.
fn validates(session: &mut Session) {
    session.verifies(SEEN);
    for row in REFUSED {
        session.refused(row).with_code("23514");
    }
    session.run(&format!("BEGIN; {ROWS}; ROLLBACK"));
}

/// What was restored is what there was, and goes on.
fn check(original: &mut Session, restored: &Database) {
    let mut session = restored.superuser();
    for content in CONTENT {
        assert_eq!(session.rows(content), original.rows(content), "{content}");
    }
    validates(&mut session);
    assert_eq!(session.value("SELECT register_schema('v1', '{\"maximum\": 28}')"), "10");
    assert_eq!(session.value("SELECT register_schema('v1', '{\"maximum\": 29}')"), "11");
    // The mode of compatibility has come along, too.
    session.refused("SELECT register_schema('address', 'false')").with_code("23514");
    assert_eq!(session.value("SELECT register_schema('old', 'true')"), "3");
    session.run("INSERT INTO events (kind, payload) VALUES ('old', '1'), ('v1', '29')");
    session.verifies("42 events in 8 chains of 1 table");
}

#[test]
fn a_plain_dump_restores() {
    let (database, mut session) = source();
    for options in [&[][..], &["--inserts"], &["--column-inserts", "--no-owner", "--no-privileges"]] {
        check(&mut session, &restored(&database, options));
    }
}

#[test]
fn a_custom_dump_restores() {
    let (database, mut session) = source();
    for options in [&["--single-transaction"], &["--jobs=2"]] {
        check(&mut session, &restored_from_custom(&database, options));
    }
}

/// Rows may come before the schemas that they must match, so the session replicates.
#[test]
fn data_alone_restores_into_prepared_tables() {
    let (database, mut session) = source();
    let restored = Database::new();
    restored.superuser().run(TABLES);
    let data = dump(&database, &["--data-only"]);
    load(&restored, &format!("SET session_replication_role = replica;\n{data}"));
    check(&mut session, &restored);
}

/// Sessions that had read an empty registry hear of the restored one.
#[test]
fn a_restored_registry_counts_in_open_sessions() {
    let (database, _session) = source();
    let restored = Database::new();
    let mut session = restored.superuser();
    session.run(TABLES);
    session.refused(REFUSED[0]).with_code("23514");
    session.refused("INSERT INTO events (kind, payload) VALUES ('v1', '1')").with_code("23514");
    load(&restored, &dump(&database, &["--data-only", "--table=veritable.event_schemas"]));
    session.run(ROWS);
    validates(&mut session);
}

#[test]
fn the_extension_may_be_in_a_schema_of_its_own() {
    let database = empty();
    let mut session = database.superuser();
    session
        .run("CREATE SCHEMA audit; CREATE EXTENSION veritable SCHEMA audit CASCADE; SET search_path = public, audit");
    session.run(&format!("{SCHEMAS}; {TABLES}; {ROWS}"));
    let restored = restored(&database, &[]);
    session.run("RESET search_path");
    let mut other = restored.superuser();
    for content in CONTENT {
        assert_eq!(other.rows(content), session.rows(content), "{content}");
    }
    validates(&mut other);
}

/// The registry's triggers come with the extension, before its rows. A session that replicates may add these in any order,
/// and so with gaps, which verification names.
#[test]
fn a_registry_edited_by_hand_is_refused_or_caught() {
    let (database, _session) = source();
    let sql = dump(&database, &[]);
    let altered = sql.replace("{\"maximum\": 4}", "{\"maximum\": 40}");
    let second = sql.lines().find(|line| line.starts_with("v1\t2\t")).expect("a row of the registry");
    let shortened = sql.replace(&format!("{second}\n"), "");
    assert!(altered != sql && shortened != sql);
    let replicating = |dump: &str| format!("SET session_replication_role = replica;\n{dump}");
    for (edited, message) in [
        (altered.clone(), "supplied hash is not the hash of the row"),
        (replicating(&altered), "supplied hash is not the hash of the row"),
        (shortened.clone(), "supplied seq does not continue the chain"),
    ] {
        let output = psql(&empty(), &edited).output().expect("psql");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(message), "{said}");
    }
    let restored = empty();
    load(&restored, &replicating(&shortened));
    assert_eq!(restored.superuser().faults(""), ["veritable.event_schemas|{v1}|2|missing"]);
}

#[test]
fn a_dump_moves_to_a_newer_version() {
    let Some(newer) = newer() else { return };
    let (database, mut session) = source();
    let restored = newer.bare_database("");
    load(&restored, &dump_for(&newer, &database));
    check(&mut session, &restored);
}

/// As pg_dump writes a database with that extension.
const OF_PG_JSONSCHEMA: &str = r##"
SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE EXTENSION IF NOT EXISTS pg_jsonschema WITH SCHEMA public;

CREATE DOMAIN public.tags AS jsonb
	CONSTRAINT tags_check CHECK (public.jsonb_matches_schema('{"type": "array", "items": {"type": "string", "pattern": "^(?!x)"}}'::json, VALUE));

CREATE FUNCTION public.problems(document json) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC
 SELECT public.jsonschema_validation_errors(schema => '{"maxProperties": 1}'::json, instance => problems.document) AS jsonschema_validation_errors;
END;

CREATE TABLE public.customer (
    id integer NOT NULL,
    metadata json,
    payload jsonb,
    tags public.tags,
    is_small boolean GENERATED ALWAYS AS (public.json_matches_schema('{"maxProperties": 1}'::json, metadata)) STORED,
    CONSTRAINT customer_metadata_check CHECK (public.json_matches_schema('{
            "type": "object",
            "properties": {"tags": {"type": "array", "items": {"type": "string", "maxLength": 16}}},
            "requred": ["tags"]
        }'::json, metadata)),
    CONSTRAINT customer_payload_check CHECK (((payload IS NULL) OR public.jsonb_matches_schema(schema => '{"$schema": "http://json-schema.org/draft-07/schema#", "format": "date"}'::json, instance => payload)))
);

COPY public.customer (id, metadata, payload, tags) FROM stdin;
1	{"tags": ["vip", "darkmode-ui"]}	"2026-01-01"	["a"]
2	{"tags": [], "more": 1}	\N	\N
\.

ALTER TABLE ONLY public.customer
    ADD CONSTRAINT customer_pkey PRIMARY KEY (id);
ALTER TABLE public.customer
    ADD CONSTRAINT valid CHECK (public.jsonschema_is_valid('{"type": "object"}'::json)) NOT VALID;
CREATE INDEX customer_idx ON public.customer USING btree (id) WHERE public.jsonb_matches_schema('{"type": "string"}'::json, payload);
"##;

#[test]
fn a_dump_of_pg_jsonschema_restores() {
    let database = empty();
    let extension = "CREATE EXTENSION veritable WITH SCHEMA public CASCADE;";
    let sql = OF_PG_JSONSCHEMA.replace("CREATE EXTENSION IF NOT EXISTS pg_jsonschema WITH SCHEMA public;", extension);
    assert_ne!(sql, OF_PG_JSONSCHEMA);
    load(&database, &sql);
    let restored = restored(&database, &[]);
    for database in [&database, &restored] {
        let mut session = database.superuser();
        assert_eq!(session.rows("SELECT id, is_small FROM customer ORDER BY id"), ["1|t", "2|f"]);
        for (column, value) in [
            ("metadata", "[]"),
            ("metadata", "{\"tags\": [\"much too long for a tag\"]}"),
            ("payload", "\"tomorrow\""),
            ("tags", "[\"xy\"]"),
        ] {
            session.refused(&format!("INSERT INTO customer (id, {column}) VALUES (3, '{value}')")).with_code("23514");
        }
        assert_eq!(session.value("SELECT cardinality(problems('{\"a\": 1, \"b\": 2}'))"), "1");
        session.run("INSERT INTO customer VALUES (3, '{}', '\"2026-12-31\"', '[]')");
    }
}
