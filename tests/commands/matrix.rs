//! What each command does to each guarantee: docs/design/commands.md is what running them all says.
//!
//! ```sh
//! COMMANDS_REWRITE=1 cargo test --no-default-features --features pg18 --test commands matrix     # writes the page anew
//! ```

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::support::{Cluster, Database, SUPERUSER, Session};

const LINES: &str = include_str!("matrix.txt");
const PAGE: &str = "docs/design/commands.md";

/// The guarantees, and last a table without one, on which all commands must work.
const GUARANTEES: [&str; 5] = ["chain", "log", "packing", "validation", "none"];

struct Line {
    since: u32,
    is_outside: bool,
    before: String,
    command: &'static str,
}

enum Entry {
    Heading(&'static str),
    Line(Line),
}

fn entries() -> Vec<Entry> {
    let (mut entries, mut before) = (Vec::new(), String::new());
    for line in LINES.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            entries.push(Entry::Heading(heading));
        } else if let Some(setup) = line.strip_prefix(": ") {
            before = setup.to_string();
        } else if !line.starts_with('#') && !line.starts_with("= ") {
            let parts: Vec<_> = line.splitn(3, '|').map(str::trim).collect();
            let [_, when, command] = parts[..] else { panic!("{line}") };
            let line = Line {
                since: when.parse().unwrap_or(0),
                is_outside: when == "outside",
                before: std::mem::take(&mut before),
                command,
            };
            entries.push(Entry::Line(line));
        }
    }
    entries
}

/// Subcommands that no line has, by the headers of the PostgreSQL at hand.
fn missing_subcommands() -> Vec<String> {
    let config = std::env::var("PGRX_PG_CONFIG_PATH").or_else(|_| std::env::var("PG_CONFIG")).expect("PG_CONFIG");
    let folder = crate::support::succeed(Command::new(config).arg("--includedir-server"));
    let header =
        std::fs::read_to_string(Path::new(folder.trim()).join("nodes/parsenodes.h")).expect("PostgreSQL's headers");
    let (_, rest) = header.split_once("typedef enum AlterTableType").expect("AlterTableType");
    let (body, _) = rest.split_once('}').expect("its end");
    let words: BTreeSet<_> = body.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
    let known: BTreeSet<_> = LINES.lines().filter_map(|line| line.trim_start_matches("= ").split(' ').next()).collect();
    words.into_iter().filter(|word| word.starts_with("AT_") && !known.contains(word)).map(str::to_string).collect()
}

const TYPES: &str = "
    DROP SCHEMA IF EXISTS w, elsewhere, x CASCADE;
    CREATE SCHEMA w AUTHORIZATION alice; CREATE SCHEMA elsewhere AUTHORIZATION alice;
    SET search_path = w, public; SET ROLE alice;
    CREATE TYPE mood AS ENUM ('sad', 'glad');
    CREATE TYPE place AS (street text, number int);
    CREATE DOMAIN percent AS int CHECK (VALUE >= 0);
    CREATE DOMAIN flag AS boolean DEFAULT false;
    CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE FUNCTION passes() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN coalesce(NEW, OLD); END';
    CREATE FUNCTION same(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
    CREATE FUNCTION mood_number(mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
    CREATE FUNCTION make_row_type() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        EXECUTE 'CREATE TYPE row_type AS (' || (SELECT string_agg(format('%I %s%s', attname, format_type(atttypid, atttypmod),
                CASE WHEN attcollation <> 0 THEN ' COLLATE ' || attcollation::regcollation END), ', ' ORDER BY attnum)
            FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped) || ')';
    END $$;
    CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1), (2);
    CREATE SEQUENCE numbers;
    CREATE TABLE t (id int NOT NULL, note varchar(50), seen int, doc jsonb, during daterange NOT NULL, feeling mood, home place,
        share percent, folds text COLLATE folded, unused int, base int,
        doubled int GENERATED ALWAYS AS (same(base) * 2) STORED, CONSTRAINT t_check CHECK (id > 0));
    CREATE INDEX ON t (seen);
    CREATE TABLE p (id int NOT NULL, k int NOT NULL, note varchar(50), doc jsonb, during daterange NOT NULL) PARTITION BY RANGE (k);
    CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
    CREATE TABLE p_none PARTITION OF p FOR VALUES FROM (10) TO (20);";

/// What makes the tables what they are; and its column, its trigger and its index.
fn setup(guarantee: &str) -> (&'static str, &'static str) {
    match guarantee {
        "chain" => ("SELECT add_chain('t', '{id}', exclude => '{seen}'); SELECT add_chain('p', '{id}')", "event_hash"),
        "log" => (
            "SELECT add_chain('t', '{id}', exclude => '{seen}'); SELECT add_chain('p', '{id}');
             SELECT add_log('t'); SELECT add_log('p')",
            "position",
        ),
        "packing" => ("SELECT add_packing('t', 'during', '{id}', '{note,feeling,home,share,doc}')", "during"),
        "validation" => ("SELECT add_validation('t', 'doc', type => 'note')", "doc"),
        _ => ("", "doc"),
    }
}

const ROWS: &str = "
    INSERT INTO t (id, note, seen, doc, during, feeling, home, share, folds, base)
    SELECT n % 2 + 1, 'order', n % 2 + 1, '{\"id\": 1}', daterange(date '2026-01-01' + n, date '2026-01-02' + n), CASE WHEN n % 4 > 1 THEN 'glad' END::mood,
        '(Road,1)', n, 'x', n FROM generate_series(1, 6) AS n;
    INSERT INTO p SELECT n, n, 'order', '{\"id\": 1}', '[2026-01-01,2026-01-02)' FROM generate_series(1, 4) AS n";

fn prepare(session: &mut Session, guarantee: &str, has_rows: bool) {
    session.run("RESET ROLE");
    session.run(TYPES);
    session.run(setup(guarantee).0);
    if has_rows {
        session.run(ROWS);
    }
    session.run("ANALYZE t");
}

/// A command with the names that the table at hand has.
fn named(session: &mut Session, command: &str, guarantee: &str) -> String {
    let first = |rows: Vec<String>| rows.into_iter().next().unwrap_or("t_seen_idx".to_string());
    let trigger = first(
        session.rows("SELECT tgname FROM pg_trigger WHERE tgrelid = 't'::regclass AND NOT tgisinternal ORDER BY 1"),
    );
    let index = first(session.rows("SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 't'::regclass AND indexrelid <> 't_seen_idx'::regclass ORDER BY 1"));
    let sequence = if guarantee == "log" { "t_position_seq" } else { "the_sequence" };
    let command = command.replace("the_trigger", &trigger).replace("the_index", &index);
    command.replace("the_sequence", sequence).replace("{own}", setup(guarantee).1)
}

/// How many of the tables there are, and how many rows this session has read of them and not yet reported.
fn read(session: &mut Session) -> (i64, i64) {
    let row = session.rows(
        "SELECT count(*) || ' ' || coalesce(sum(pg_stat_get_xact_tuples_returned(oid) + pg_stat_get_xact_numscans(oid)), 0)
         FROM pg_class WHERE relkind = 'r' AND relname IN ('t', 'p_1', 'p_none', 'x')",
    );
    let (tables, rows) = row[0].split_once(' ').expect("two numbers");
    (tables.parse().expect("a number"), rows.parse().expect("a number"))
}

/// The rows that were read meanwhile. What was read of a table that is gone cannot be told.
fn read_since((tables, rows): (i64, i64), (tables_now, rows_now): (i64, i64)) -> i64 {
    if tables_now < tables { 0 } else { rows_now - rows }
}

/// What a command did: `works` with the rows it read, or its refusal.
enum Outcome {
    Works(i64),
    Refused(String),
}

fn outcome(session: &mut Session, line: &Line, guarantee: &str, has_rows: bool, wrong: &mut Vec<String>) -> Outcome {
    if line.is_outside {
        prepare(session, guarantee, has_rows);
    } else {
        session.run("BEGIN");
    }
    let command = named(session, line.command, guarantee);
    let before = if line.before.is_empty() { String::new() } else { named(session, &line.before, guarantee) };
    let needs_superuser = ["EXTENSION", "SECURITY", "OWNER TO postgres", "PUBLICATION", "ALTER SCHEMA"]
        .iter()
        .any(|word| command.contains(word));
    if needs_superuser {
        session.run("SET ROLE postgres");
    }
    let mut answer = if before.is_empty() { Ok(vec![]) } else { session.simple_query(&before) };
    let already = if line.is_outside || answer.is_err() { (0, 0) } else { read(session) };
    if answer.is_ok() {
        answer = session.simple_query(&command);
    }
    let outcome = match &answer {
        Ok(_) => Outcome::Works(if line.is_outside { 0 } else { read_since(already, read(session)) }),
        Err(error) => {
            let said = error.as_db_error().unwrap_or_else(|| panic!("{command}: {error}"));
            Outcome::Refused(format!("{}: {}", said.code().code(), said.message()))
        }
    };
    if answer.is_ok() && guarantee != "none" {
        session.run("SET ROLE postgres; SET search_path = w, x, elsewhere, public");
        let faults = session.rows("SELECT v::text FROM verify_chain() AS v UNION ALL SELECT v::text FROM verify_packing() AS v UNION ALL SELECT v::text FROM verify_validation() AS v");
        let expected = ["DISABLE TRIGGER", "REPLICA TRIGGER"].iter().any(|what| command.contains(what));
        if !faults.is_empty() && !expected {
            wrong.push(format!(
                "{command} (on {guarantee}, {}) leaves {:?}",
                if has_rows { "rows" } else { "empty" },
                faults[0]
            ));
        }
    }
    if line.is_outside {
        session.run("RESET ROLE");
        prepare(session, guarantee, has_rows);
    } else {
        session.run("ROLLBACK");
    }
    outcome
}

/// One cell of the table, for a table with rows and one without.
fn cell(with_rows: &Outcome, empty: &Outcome, plain: &Outcome) -> String {
    let text = |outcome: &Outcome| match (outcome, plain) {
        (Outcome::Works(read), Outcome::Works(before)) if read > before => "verified".to_string(),
        (Outcome::Works(_), _) => "works".to_string(),
        // There is nothing of that name.
        (Outcome::Refused(why), Outcome::Refused(same)) if why == same => "—".to_string(),
        (Outcome::Refused(why), _) => format!("refused {why}"),
    };
    match (text(with_rows), text(empty)) {
        (rows, empty) if rows == empty => rows,
        (rows, empty) if rows == "verified" && empty == "works" => rows,
        (rows, empty) => format!("{rows}; empty: {empty}"),
    }
}

#[test]
fn the_matrix_of_commands_is_what_they_do() {
    assert_eq!(missing_subcommands(), [""; 0], "subcommands of ALTER TABLE that matrix.txt does not have");
    let cluster = Cluster::new(&["client_min_messages=error"]);
    cluster.connect("postgres", SUPERUSER).run("CREATE ROLE alice LOGIN");
    let database: Database = cluster.database();
    let mut sessions: Vec<Session> = Vec::new();
    for guarantee in GUARANTEES {
        for has_rows in [true, false] {
            let database = cluster.database();
            let mut session = database.superuser();
            session.run("CREATE ACCESS METHOD another_heap TYPE TABLE HANDLER heap_tableam_handler; SELECT register_schema('order', '{\"type\": \"object\"}')");
            prepare(&mut session, guarantee, has_rows);
            sessions.push(session);
        }
    }
    let version: u32 = database
        .superuser()
        .value("SELECT current_setting('server_version_num')::int / 10000")
        .parse()
        .expect("a number");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let mut page = INTRODUCTION.to_string();
    let (mut of_partitions, mut wrong) = (false, vec![]);
    for entry in entries() {
        let line = match entry {
            Entry::Heading(heading) => {
                of_partitions = heading == "Partitions";
                page += &format!(
                    "\n## {heading}\n\n| command | chain | chain with a log | packing | validation |\n|---|---|---|---|---|\n"
                );
                continue;
            }
            Entry::Line(line) => line,
        };
        let before = if line.before.is_empty() { String::new() } else { format!("after `{}`: ", line.before) };
        let start = format!("| {before}`{}` |", line.command).replace("||", "\\|\\|");
        if version < line.since {
            // What an older PostgreSQL does not have is as it was written.
            page += written.lines().find(|written| written.starts_with(&start)).unwrap_or(&start);
            page.push('\n');
            continue;
        }
        let outcomes: Vec<_> = sessions
            .iter_mut()
            .enumerate()
            .map(|(place, session)| outcome(session, &line, GUARANTEES[place / 2], place % 2 == 0, &mut wrong))
            .collect();
        let plain = &outcomes[8];
        let mut cells: Vec<_> =
            (0..4).map(|guarantee| cell(&outcomes[guarantee * 2], &outcomes[guarantee * 2 + 1], plain)).collect();
        if cells[0] == cells[1] {
            cells[1] = "the same".to_string();
        }
        if of_partitions {
            // Only a chain lies across partitions.
            cells[2..].fill("—".to_string());
        }
        if let Outcome::Refused(why) = plain {
            // Only where the command names what is of the guarantee.
            let is_named = ["{own}", "t_packing", "the_trigger", "the_sequence", "COLUMN position"]
                .iter()
                .any(|name| line.command.contains(name));
            if !is_named && !why.contains("provider") {
                wrong.push(format!("{} works on no table: {why}", line.command));
            }
        }
        page += &format!("{start} {} |\n", cells.join(" | "));
    }
    page += "\n## Subcommands that no user gives\n\n";
    for reason in LINES.lines().filter_map(|line| line.strip_prefix("= ")) {
        let (subcommand, reason) = reason.split_once(' ').expect("a reason");
        page += &format!("- `{subcommand}`: {reason}.\n");
    }
    if std::env::var("COMMANDS_REWRITE").is_ok() {
        std::fs::write(&path, &page).expect("the page");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let differing: Vec<_> = page.lines().filter(|line| !written.lines().any(|written| written == *line)).collect();
    assert!(
        page == written || std::env::var("COMMANDS_REWRITE").is_ok(),
        "{PAGE} is not what the commands do: {differing:#?}"
    );
}

const INTRODUCTION: &str = "# Design: what each command does to each guarantee

A test writes this page by running every command against a chained table without and with a log, a packed and a validated table,
each with rows and without: see `tests/commands/matrix.rs`. *Works*: the command does nothing to the guarantee. *Verified*: the command works, after the
guarantee was verified. *Refused*: with this SQLSTATE and message.

The tables are `t`, of columns `id`, `note`, `seen`, `doc`, `during` and more, and `p` with the partitions `p_1`, which has rows,
and `p_none`. `{own}` is the column of the guarantee itself: `event_hash`, `position`, `during` or `doc`. `the_sequence` is that of the log.
";
