//! Who may do what: each function, trigger path and view, as each kind of role.

use crate::document::Table;
use crate::support::Database;
use crate::{ROLES, cluster, database, version};

const TABLES: &str = r#"
    CREATE TABLE app.events (id int NOT NULL, what text, note text);
    SELECT add_chain('app.events', '{id}', exclude => '{note}');
    INSERT INTO app.events (id, what) VALUES (1, 'x'), (1, 'y'), (2, 'z');
    CREATE TABLE app.people (id int NOT NULL, name text);
    SELECT add_chain('app.people', '{id}', erasable => '{name}');
    INSERT INTO app.people (id, name) VALUES (1, 'Ada'), (2, 'Bob');
    CREATE TABLE app.prices (id int NOT NULL, price int, at timestamptz);
    SELECT add_chain('app.prices', '{id}', recorded => 'at');
    SELECT add_as_of('app.prices');
    CREATE TABLE app.other_prices (id int NOT NULL, price int, at timestamptz);
    SELECT add_chain('app.other_prices', '{id}', recorded => 'at');
    CREATE TABLE app.ledger (id int NOT NULL, amount int);
    SELECT add_chain('app.ledger', '{id}');
    SELECT add_log('app.ledger', origin => 'example.com/foo');
    INSERT INTO app.ledger VALUES (1, 7), (1, 8), (2, 9);
    SELECT checkpoint('app.ledger');
    SELECT trust_key('app.ledger', 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k');
    CREATE TABLE app.tariffs (id int NOT NULL, price int, period int4range);
    SELECT add_packing('app.tariffs', 'period', '{id}');
    INSERT INTO app.tariffs VALUES (1, 7, '[1,3)'), (1, 7, '[5,7)'), (2, 7, '[1,3)');
    CREATE TABLE app.deliveries (id int, price int);
    SELECT add_dedup('app.deliveries', '{id}', 'raise');
    INSERT INTO app.deliveries VALUES (1, 7), (2, 7);
    CREATE TABLE app.places (id int, period int4range);
    CREATE TABLE app.visits (id int, period int4range);
    SELECT add_reference('app.visits', '{id}', 'period', 'app.places', name => 'place');
    INSERT INTO app.places VALUES (1, '[1,9)');
    INSERT INTO app.visits VALUES (1, '[2,5)');
    CREATE TABLE app.documents (id int, document jsonb);
    SELECT add_validation('app.documents', 'document', schema => 'thing');
    INSERT INTO app.documents VALUES (1, '{"id": 1}');
    CREATE TABLE app.fresh (id int NOT NULL, document jsonb, period int4range, seq bigint, previous_event_hash bytea,
        event_hash bytea);
    CREATE INDEX ON app.fresh (id, seq); CREATE INDEX ON app.fresh USING gist (id, period);
    CREATE TABLE app.months (id int NOT NULL, month int NOT NULL) PARTITION BY RANGE (month);
    CREATE TABLE app.month_1 PARTITION OF app.months FOR VALUES FROM (1) TO (2);
    SELECT add_chain('app.months', '{id}');
    INSERT INTO app.months VALUES (1, 1);
    CREATE TABLE app.unchained (id int NOT NULL, document jsonb, period int4range);
    GRANT ALL ON ALL TABLES IN SCHEMA app TO granted;
    GRANT INSERT ON ALL TABLES IN SCHEMA app TO writer;
    CREATE TABLE app.unrecorded (id int PRIMARY KEY);
    CREATE TABLE app.stations (id int PRIMARY KEY, price int);
    SELECT add_history('app.stations');
    INSERT INTO app.stations VALUES (1, 7), (2, 7);
    CREATE TABLE app.logged (id int NOT NULL, what text);
    SELECT add_chain('app.logged', '{id}');
    SELECT add_log('app.logged');
    INSERT INTO app.logged (id, what) VALUES (1, 'x'), (2, 'y');
    SELECT add_consumer('app.logged', 'reader');
    GRANT ALL ON app.logged, app.unrecorded, app.stations TO granted;
    GRANT INSERT ON app.logged TO writer;
    GRANT SELECT ON app.stations_history TO granted;
    GRANT INSERT ON app.unrecorded, app.stations TO writer"#;

/// What is tried: as the document names it, and as it is run.
const ACTIONS: [(&str, &str); 146] = [
    ("`add_chain('app.unchained', …)`", "SELECT add_chain('app.unchained', '{id}')"),
    ("`alter_chain('app.events')`", "SELECT alter_chain('app.events')"),
    ("`drop_chain('app.events')`", "SELECT drop_chain('app.events')"),
    ("`verify_chain('app.events')`", "SELECT * FROM verify_chain('app.events')"),
    ("`verify_chain('app.events', '{1}')`", "SELECT * FROM verify_chain('app.events', '{1}')"),
    ("`verify_chain()`", "SELECT * FROM verify_chain()"),
    ("`chain_line(e)` of stored rows", "SELECT chain_line(e) FROM app.events AS e"),
    ("`chain_line(…)` of a made-up row", "SELECT chain_line(ROW(1, 'x', NULL, 1, NULL, '')::app.events)"),
    (
        "`veritable.chain_genesis('app.events')`, `veritable.configuration_line(…)`",
        "SELECT veritable.chain_genesis('app.events'), veritable.configuration_line('')",
    ),
    ("chain: INSERT", "INSERT INTO app.events (id, what) VALUES (1, 'new')"),
    ("chain: INSERT with `seq` supplied", "INSERT INTO app.events (id, what, seq) VALUES (1, 'new', 3)"),
    (
        "chain: INSERT with a false hash supplied",
        "INSERT INTO app.events (id, what, event_hash) VALUES (3, 'x', '\\x00')",
    ),
    ("chain: UPDATE", "UPDATE app.events SET what = 'changed'"),
    ("chain: UPDATE of an excluded column", "UPDATE app.events SET note = 'changed'"),
    ("chain: DELETE", "DELETE FROM app.events"),
    ("chain: TRUNCATE", "TRUNCATE app.events"),
    ("chain: `ALTER TABLE … DROP COLUMN`", "ALTER TABLE app.events DROP COLUMN what"),
    ("chain: `ALTER TABLE … DISABLE TRIGGER`", "ALTER TABLE app.events DISABLE TRIGGER USER"),
    ("chain: `DROP TABLE`", "DROP TABLE app.events"),
    ("`erase('app.people', …)`", "SELECT erase('app.people', '{1}', '{name}')"),
    ("chain: UPDATE as an erasure", "UPDATE app.people SET name = NULL, name_salt = NULL"),
    ("chain: INSERT with a salt supplied", "INSERT INTO app.people (id, name, name_salt) VALUES (1, 'x', '')"),
    (
        "erasures: INSERT",
        "INSERT INTO veritable.erasures (target, about, series, event, columns, altered, at, by, acting)
         VALUES ('app.people', 'x', 'x', '', '{}', '{}', now(), 'x', 'x')",
    ),
    ("`veritable.erasures`", "SELECT count(*) FROM veritable.erasures"),
    (
        "trigger by hand: `veritable.refuse_records()`",
        "CREATE TRIGGER x BEFORE INSERT ON app.fresh FOR EACH ROW EXECUTE FUNCTION veritable.refuse_records()",
    ),
    (
        "trigger by hand: `veritable.seal()`",
        "CREATE TRIGGER x BEFORE INSERT ON app.fresh FOR EACH ROW
         EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash')",
    ),
    (
        "trigger by hand: `veritable.guard()`",
        "CREATE TRIGGER x BEFORE UPDATE OR DELETE ON app.fresh FOR EACH ROW
         EXECUTE FUNCTION veritable.guard('entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash')",
    ),
    ("`add_as_of('app.other_prices')`", "SELECT add_as_of('app.other_prices')"),
    ("`drop_as_of('app.prices')`", "SELECT drop_as_of('app.prices')"),
    ("generated function: `app.prices_as_of()`", "SELECT count(*) FROM app.prices_as_of()"),
    ("`settled_at('app.prices')`", "SELECT settled_at('app.prices')"),
    ("`veritable.as_ofs`", "SELECT count(*) FROM veritable.as_ofs"),
    ("`veritable.generated_value(…)`", "SELECT veritable.generated_value('', 'x')"),
    ("`prune('app.months', partition => …)`", "SELECT prune('app.months', partition => 'app.month_1')"),
    ("`prune('app.prices', before => …)`", "SELECT prune('app.prices', before => 'infinity')"),
    ("pruning: `ALTER TABLE … DETACH PARTITION`", "ALTER TABLE app.months DETACH PARTITION app.month_1"),
    ("`veritable.prunings`", "SELECT count(*) FROM veritable.prunings"),
    (
        "trigger by hand: `veritable.guard_pruned()`",
        "CREATE TRIGGER x BEFORE DELETE ON app.fresh FOR EACH ROW EXECUTE FUNCTION veritable.guard_pruned()",
    ),
    ("`add_log('app.events')`", "SELECT add_log('app.events')"),
    ("`drop_log('app.logged')`", "SELECT drop_log('app.logged')"),
    ("`settled('app.logged')`", "SELECT settled('app.logged')"),
    ("log: INSERT", "INSERT INTO app.logged (id, what) VALUES (1, 'new')"),
    ("log: INSERT with a position supplied", "INSERT INTO app.logged (id, what, position) VALUES (1, 'new', 9)"),
    ("`read_events(NULL::app.logged)`", "SELECT count(*) FROM read_events(NULL::app.logged)"),
    ("`add_consumer('app.logged', …)`", "SELECT add_consumer('app.logged', 'another')"),
    ("`consume(NULL::app.logged, …)`", "SELECT count(*) FROM consume(NULL::app.logged, 'reader')"),
    ("`seek_consumer('app.logged', …)`", "SELECT seek_consumer('app.logged', 'reader', 1)"),
    ("`alter_consumer('app.logged', …)`", "SELECT alter_consumer('app.logged', 'reader', 2)"),
    ("`drop_consumer('app.logged', …)`", "SELECT drop_consumer('app.logged', 'reader')"),
    ("`veritable.consumer_lag(…)`", "SELECT * FROM veritable.consumer_lag('app.logged', 0)"),
    (
        "`veritable.logs`, `veritable.consumers`, `veritable.trees`, `veritable.consumer_members`",
        "SELECT count(*) FROM veritable.logs, veritable.consumers, veritable.trees, veritable.consumer_members",
    ),
    ("`checkpoint('app.ledger')`", "SELECT checkpoint('app.ledger')"),
    (
        "`trust_key('app.ledger', …)`",
        "SELECT trust_key('app.ledger', 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k')",
    ),
    (
        "`trust_key('app.ledger', …, signs => true)`",
        "SELECT trust_key('app.ledger', 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', signs => true)",
    ),
    (
        "`distrust_key('app.ledger', …)`",
        "SELECT distrust_key('app.ledger', 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k')",
    ),
    (
        "`add_signature('app.ledger', …)` of a note that is not signed",
        "SELECT add_signature('app.ledger', 'unsigned')",
    ),
    (
        "`inclusion_proof('app.ledger', …)`",
        "SELECT inclusion_proof('app.ledger', 1), inclusion_proof('app.ledger', '{2}', 1)",
    ),
    ("`consistency_proof('app.ledger', …)`", "SELECT consistency_proof('app.ledger', 1, 3)"),
    ("`verify_log('app.ledger')`", "SELECT * FROM verify_log('app.ledger')"),
    (
        "`veritable.tally(…)` over the rows of a log",
        "SELECT veritable.tally(e, '\\x000102030405060708090a0b0c0d0e0f') FROM app.ledger AS e",
    ),
    (
        "`veritable.checkpoints`, `veritable.tiles`, `veritable.notes`, `veritable.log_keys`",
        "SELECT count(*) FROM veritable.checkpoints, veritable.tiles, veritable.notes, veritable.log_keys",
    ),
    (
        "trigger by hand: `veritable.keep_own()`",
        "CREATE TRIGGER x BEFORE INSERT ON app.fresh FOR EACH ROW EXECUTE FUNCTION veritable.keep_own()",
    ),
    ("`veritable.consumer_members`: UPDATE", "UPDATE veritable.consumer_members SET position = 0"),
    ("`add_packing('app.unchained', …)`", "SELECT add_packing('app.unchained', 'period', '{id}', '{}')"),
    ("`drop_packing('app.tariffs')`", "SELECT drop_packing('app.tariffs')"),
    ("`verify_packing('app.tariffs')`", "SELECT * FROM verify_packing('app.tariffs')"),
    ("`verify_packing()`", "SELECT * FROM verify_packing()"),
    ("`pack('app.tariffs')`", "SELECT pack('app.tariffs')"),
    (
        "`set_period(NULL::app.tariffs, …)`",
        "SELECT set_period(NULL::app.tariffs, '{\"id\": 1, \"price\": 8, \"period\": \"[2,6)\"}')",
    ),
    (
        "`update_period(NULL::app.tariffs, …)`",
        "SELECT update_period(NULL::app.tariffs, '{\"id\": 1, \"price\": 8, \"period\": \"[2,6)\"}')",
    ),
    (
        "`clear_period(NULL::app.tariffs, …)`",
        "SELECT clear_period(NULL::app.tariffs, '{\"id\": 1, \"period\": \"[2,6)\"}')",
    ),
    ("packing: INSERT that merges", "INSERT INTO app.tariffs VALUES (1, 7, '[3,5)')"),
    ("packing: INSERT that conflicts", "INSERT INTO app.tariffs VALUES (1, 8, '[2,5)')"),
    ("packing: UPDATE", "UPDATE app.tariffs SET price = 9 WHERE id = 2"),
    ("packing: DELETE", "DELETE FROM app.tariffs WHERE id = 2"),
    ("packing: TRUNCATE", "TRUNCATE app.tariffs"),
    ("packing: `ALTER TABLE … DROP COLUMN`", "ALTER TABLE app.tariffs DROP COLUMN price"),
    (
        "trigger by hand: `veritable.pack()`",
        "CREATE TRIGGER x AFTER INSERT ON app.fresh REFERENCING NEW TABLE AS n FOR EACH STATEMENT
         EXECUTE FUNCTION veritable.pack('period=period', 'key=id')",
    ),
    (
        "trigger by hand: `veritable.pack_early()`",
        "CREATE TRIGGER x BEFORE INSERT ON app.fresh FOR EACH ROW
         EXECUTE FUNCTION veritable.pack_early('period=period', 'key=id')",
    ),
    ("`add_dedup('app.unchained', …)`", "SELECT add_dedup('app.unchained', '{id}')"),
    ("`drop_dedup('app.deliveries')`", "SELECT drop_dedup('app.deliveries')"),
    ("`verify_dedup('app.deliveries')`", "SELECT * FROM verify_dedup('app.deliveries')"),
    ("`verify_dedup()`", "SELECT * FROM verify_dedup()"),
    ("deduplication: INSERT of a new key", "INSERT INTO app.deliveries VALUES (3, 7)"),
    ("deduplication: INSERT of a key that is taken", "INSERT INTO app.deliveries VALUES (1, 8)"),
    ("deduplication: UPDATE to a key that is taken", "UPDATE app.deliveries SET id = 1 WHERE price = 7"),
    ("deduplication: `DROP INDEX`", "DROP INDEX app.deliveries_id_idx"),
    ("deduplication: `ALTER TABLE … DROP COLUMN`", "ALTER TABLE app.deliveries DROP COLUMN id"),
    (
        "trigger by hand: `veritable.deduplicate()`",
        "CREATE TRIGGER x BEFORE INSERT OR UPDATE ON app.fresh FOR EACH ROW
         EXECUTE FUNCTION veritable.deduplicate('key=id')",
    ),
    ("`veritable.heads`", "SELECT count(*) FROM veritable.heads"),
    ("`veritable.dedup_filters`", "SELECT count(*) FROM veritable.dedup_filters"),
    ("`veritable.dedups`", "SELECT count(*) FROM veritable.dedups"),
    (
        "`add_reference('app.unchained', …, 'app.places')`",
        "SELECT add_reference('app.unchained', '{id}', 'period', 'app.places')",
    ),
    ("`drop_reference('app.visits', …)`", "SELECT drop_reference('app.visits', 'place')"),
    ("`verify_references('app.visits')`", "SELECT * FROM verify_references('app.visits')"),
    ("`verify_references()`", "SELECT * FROM verify_references()"),
    ("reference: INSERT of what is covered", "INSERT INTO app.visits VALUES (1, '[3,7)')"),
    ("reference: INSERT of what is not", "INSERT INTO app.visits VALUES (1, '[3,12)')"),
    ("reference: UPDATE of what is referred to", "UPDATE app.places SET period = '[1,3)'"),
    ("reference: DELETE of what is referred to", "DELETE FROM app.places"),
    ("reference: TRUNCATE of what is referred to", "TRUNCATE app.places"),
    ("reference: `DROP TABLE` of what is referred to", "DROP TABLE app.places"),
    (
        "trigger by hand: `veritable.refer()`",
        "CREATE CONSTRAINT TRIGGER x AFTER DELETE ON app.fresh FROM app.places FOR EACH ROW WHEN (false)
         EXECUTE FUNCTION veritable.refer('name=x', 'column=id', 'period=period', 'referenced_column=id', 'referenced_period=period')",
    ),
    (
        "trigger by hand: `veritable.guard_referenced()`",
        "CREATE CONSTRAINT TRIGGER x AFTER DELETE ON app.places FROM app.fresh FOR EACH ROW WHEN (false)
         EXECUTE FUNCTION veritable.guard_referenced('name=x', 'column=id', 'period=period', 'referenced_column=id', 'referenced_period=period')",
    ),
    ("`add_history('app.unrecorded')`", "SELECT add_history('app.unrecorded')"),
    ("`drop_history('app.stations')`", "SELECT drop_history('app.stations')"),
    ("`verify_history('app.stations')`", "SELECT * FROM verify_history('app.stations')"),
    ("`verify_history()`", "SELECT * FROM verify_history()"),
    ("history: INSERT into the table", "INSERT INTO app.stations VALUES (3, 7)"),
    ("history: UPDATE of the table", "UPDATE app.stations SET price = 8"),
    ("history: TRUNCATE of the table", "TRUNCATE app.stations"),
    ("history: SELECT of events", "SELECT count(*) FROM app.stations_history"),
    (
        "history: INSERT of an event",
        "INSERT INTO app.stations_history (id, operation, recorded_by) VALUES (1, 'update', 'x')",
    ),
    ("history: UPDATE of an event", "UPDATE app.stations_history SET price = 8"),
    ("generated function: `app.stations_as_of()`", "SELECT count(*) FROM app.stations_as_of()"),
    ("`veritable.histories`", "SELECT count(*) FROM veritable.histories"),
    (
        "trigger by hand: `veritable.record()`",
        "CREATE TRIGGER x AFTER INSERT ON app.unrecorded REFERENCING NEW TABLE AS n FOR EACH STATEMENT
         EXECUTE FUNCTION veritable.record('format=1', 'key=id', 'operation=operation', 'recorded=recorded', 'by=by', 'seq=seq')",
    ),
    (
        "trigger by hand: `veritable.history()`",
        "CREATE CONSTRAINT TRIGGER x AFTER DELETE ON app.unrecorded FROM app.stations_history FOR EACH ROW WHEN (false)
         EXECUTE FUNCTION veritable.history('format=1', 'key=id', 'operation=operation', 'recorded=recorded', 'by=by', 'seq=seq')",
    ),
    ("`add_validation('app.unchained', …)`", "SELECT add_validation('app.unchained', 'document', schema => 'thing')"),
    ("`drop_validation('app.documents', …)`", "SELECT drop_validation('app.documents', 'document')"),
    ("`verify_validation('app.documents')`", "SELECT * FROM verify_validation('app.documents')"),
    ("`verify_validation()`", "SELECT * FROM verify_validation()"),
    ("validation: INSERT of what matches", "INSERT INTO app.documents VALUES (2, '{\"id\": 2}')"),
    ("validation: INSERT of what does not", "INSERT INTO app.documents VALUES (2, '{}')"),
    ("validation: UPDATE to what does not", "UPDATE app.documents SET document = '{}'"),
    (
        "trigger by hand: `veritable.validate()`",
        "CREATE TRIGGER x BEFORE INSERT OR UPDATE ON app.fresh FOR EACH ROW
         EXECUTE FUNCTION veritable.validate('document=document', 'schema=thing')",
    ),
    ("`register_schema(…)`", "SELECT register_schema('other', 'true')"),
    ("`retire_schema(…)`", "SELECT retire_schema('thing')"),
    (
        "registry: INSERT",
        "INSERT INTO veritable.event_schemas (name, compatibility, strict, annotations, resolved, registered_at, registered_by)
         VALUES ('x', 'NONE', true, '{}', '{}', now(), 'x')",
    ),
    ("registry: UPDATE", "UPDATE veritable.event_schemas SET compatibility = 'FULL'"),
    (
        "trigger by hand: `veritable.event_schemas_changed()`",
        "CREATE TRIGGER x AFTER INSERT ON app.fresh FOR EACH ROW EXECUTE FUNCTION veritable.event_schemas_changed()",
    ),
    (
        "journal: INSERT",
        "INSERT INTO veritable.journal (about, series, at, action, by, acting) VALUES ('x', 'x', now(), 'x', 'x', 'x')",
    ),
    ("journal: UPDATE", "UPDATE veritable.journal SET action = 'x'"),
    ("`veritable.journal`", "SELECT count(*) FROM veritable.journal"),
    ("`veritable.event_schemas`", "SELECT count(*) FROM veritable.event_schemas"),
    ("`verify_all()`", "SELECT * FROM verify_all()"),
    ("`veritable.status`", "SELECT count(*) FROM veritable.status"),
    (
        "`veritable.chains`, `veritable.packings`, `veritable.references`, `veritable.validations`",
        "SELECT count(*) FROM veritable.chains, veritable.packings, veritable.references, veritable.validations",
    ),
    ("`schema_problems(…)`", "SELECT count(*) FROM schema_problems('{\"type\": 7}')"),
    ("`schema_errors(…)`", "SELECT count(*) FROM schema_errors('{\"type\": \"string\"}', '7')"),
    ("`schema_compatibility(…)`", "SELECT count(*) FROM schema_compatibility('true', 'false')"),
    (
        "`json_matches_schema(…)`, `jsonb_matches_schema(…)`",
        "SELECT json_matches_schema('true', '1'), jsonb_matches_schema('true', '1')",
    ),
    (
        "`jsonschema_is_valid(…)`, `jsonschema_validation_errors(…)`",
        "SELECT jsonschema_is_valid('true'), jsonschema_validation_errors('true', '1')",
    ),
    (
        "`veritable.value_key(…)`, `veritable.trigger_arguments(…)`, `veritable.trigger_argument(…)`, `veritable.check_database()`, `veritable.is_known(…)`",
        "SELECT veritable.value_key(1, 'x'::text), veritable.trigger_arguments(''), veritable.trigger_argument('', 'x'),
         veritable.check_database(), veritable.is_known(true, 't', 'now')",
    ),
    (
        "`veritable.intact(…)`, `veritable.intact_pruned(…)` over the rows of a chain",
        "SELECT veritable.intact(e, k), veritable.intact_pruned(e, k, NULL, NULL, NULL, NULL, NULL)
         FROM app.events AS e, (VALUES ('\\x000102030405060708090a0b0c0d0e0f'::bytea)) AS v (k) GROUP BY id",
    ),
    (
        "`veritable.broken(…)`, `veritable.is_sought(…)`, `veritable.is_sought_key(…)`, `veritable.entity_key(…)` over the rows of a chain",
        "SELECT veritable.broken(e, '\\x000102030405060708090a0b0c0d0e0f') FROM app.events AS e
         WHERE NOT (veritable.is_sought(e, 1) OR veritable.is_sought_key(veritable.entity_key(e), veritable.entity_key('app.events', '{1}'))) GROUP BY id",
    ),
];

/// What came of it: `yes`, the SQLSTATE of the refusal, or `unread` where verification says that it has not read a table.
fn outcome(database: &Database, role: &str, sql: &str) -> String {
    let mut session = database.connect(role);
    session.run("BEGIN");
    match session.simple_query(sql) {
        Err(error) => error.code().unwrap_or_else(|| panic!("{sql}\n{error}")).code().to_string(),
        Ok(messages) => {
            let is_unread = messages.iter().any(|message| match message {
                postgres::SimpleQueryMessage::Row(row) => (0..row.len()).any(|i| row.get(i) == Some("unread")),
                _ => false,
            });
            if is_unread { "`unread`".to_string() } else { "yes".to_string() }
        }
    }
}

#[test]
fn who_may_do_what_is_as_the_document_says() {
    let cluster = cluster();
    let database = database(&cluster);
    database.superuser().run("SELECT register_schema('thing', '{\"type\": \"object\", \"required\": [\"id\"]}')");
    for statement in TABLES.split(";\n") {
        database.connect("olga").run(statement);
    }
    let mut rows = vec![std::iter::once("").chain(ROLES.map(|(name, _)| name)).map(str::to_string).collect::<Vec<_>>()];
    for (name, sql) in ACTIONS {
        let outcomes = ROLES.iter().map(|(_, role)| outcome(&database, role, sql));
        rows.push(std::iter::once(name.to_string()).chain(outcomes).collect());
    }
    Table::of_document("Who may do what", version(&database)).is_as_observed(&Table(rows));
}

#[test]
fn every_function_and_view_is_in_the_table() {
    let cluster = cluster();
    let database = database(&cluster);
    let member = |catalog: &str, column: &str| {
        format!(
            "SELECT {column} FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid AND e.extname = 'veritable'
             JOIN {catalog} c ON c.oid = d.objid
             WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND d.classid = '{catalog}'::regclass"
        )
    };
    // Nobody can call what takes or gives an internal value, or what event triggers call.
    let functions = member("pg_proc", "DISTINCT proname")
        + " AND proargtypes::oid[] && ARRAY['internal'::regtype::oid] IS NOT TRUE
            AND prorettype NOT IN ('internal'::regtype, 'event_trigger'::regtype)";
    let relations = member("pg_class", "relname") + " AND relkind IN ('r', 'v')";
    let all: String = ACTIONS.iter().map(|(name, _)| *name).collect();
    let mut session = database.superuser();
    for name in session.rows(&functions) {
        assert!(all.contains(&format!("{name}(")), "no row of the table tries {name}()");
    }
    for name in session.rows(&relations) {
        assert!(all.contains(&format!("veritable.{name}`")), "no row of the table reads veritable.{name}");
    }
}
