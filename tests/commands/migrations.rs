//! What migration tools emit, on a chained, a packed and a validated table with rows: each works, or is refused with a hint.
//!
//! The files in `migrations/` have one migration in each paragraph: its name, what becomes of it, its statements. The outcome is
//! `works`, or `refused` with the SQLSTATE and the beginning of the hint. `COMMANDS_REWRITE` writes the outcomes anew.

use std::path::Path;

use crate::support::{Cluster, SUPERUSER, Session};

const TOOLS: [&str; 7] = ["django", "alembic", "rails", "knex", "prisma", "typeorm", "flyway"];

const TABLE: &str = "
    CREATE TYPE mood AS ENUM ('sad', 'glad');
    CREATE TABLE others (id int PRIMARY KEY);
    INSERT INTO others SELECT generate_series(1, 9);
    CREATE TABLE events (id int NOT NULL, note varchar(50), amount int, price numeric(10,2), feeling mood, at timestamp, seen_at timestamptz,
        label text, required text NOT NULL DEFAULT 'x', unused text, extra_doc jsonb, kind text, doc jsonb, during daterange NOT NULL)";

const ROWS: &str = "
    INSERT INTO events (id, note, amount, price, feeling, at, seen_at, extra_doc, kind, doc, during)
    SELECT n % 2, 'note ' || n, n, n + 0.25, 'glad', '2026-01-01', '2026-01-01', '{}', 'order', '{\"id\": 1}', daterange(date '2026-01-01' + n, date '2026-01-02' + n)
    FROM generate_series(1, 6) AS n";

const GUARANTEES: [(&str, &str); 3] = [
    ("chain", "SELECT add_chain('events', '{id}')"),
    ("packing", "SELECT add_packing('events', 'during', '{id}', '{note,amount,price,feeling}')"),
    ("validation", "SELECT add_validation('events', 'doc', type => 'kind')"),
];

/// What becomes of a migration.
fn outcome(session: &mut Session, feature: &str, statements: &str) -> String {
    let is_outside = statements.contains("CONCURRENTLY");
    let needs_superuser = statements.contains("OWNER TO postgres")
        || statements.contains("TRIGGER ALL")
        || statements.contains("CREATE SCHEMA");
    session.run(if needs_superuser { "RESET ROLE" } else { "SET ROLE alice" });
    if !is_outside {
        session.run("BEGIN");
    }
    let outcome = match session.simple_query(statements) {
        Ok(_) => {
            session.run("RESET ROLE");
            let faults = session.rows(
                "SELECT v::text FROM public.verify_chain() AS v UNION ALL SELECT v::text FROM public.verify_packing() AS v
                 UNION ALL SELECT v::text FROM public.verify_validation() AS v",
            );
            faults.first().map_or("works".to_string(), |fault| format!("FAULT {fault}"))
        }
        Err(error) => {
            let said = error.as_db_error().unwrap_or_else(|| panic!("{statements}: {error}"));
            let is_ours = said.file().unwrap_or_default().ends_with(".rs");
            let hint = if is_ours {
                said.hint().unwrap_or("NO HINT").split('\n').next().expect("a line").to_string()
            } else {
                format!("PostgreSQL: {}", said.message())
            };
            // What to do is its first sentence.
            let first = hint.split(". ").next().expect("a sentence").trim_end_matches('.');
            format!("refused {}: {first}", said.code().code())
        }
    };
    session.run(if is_outside {
        "DROP INDEX IF EXISTS events_note_idx, ix_events_note, index_events_on_note, events_by_note"
    } else {
        "ROLLBACK"
    });
    format!("-- {feature}: {outcome}")
}

#[test]
fn what_migration_tools_emit_works_or_says_what_to_do() {
    let cluster = Cluster::new(&["client_min_messages=error"]);
    cluster.connect("postgres", SUPERUSER).run("CREATE ROLE alice LOGIN");
    let mut sessions: Vec<_> = GUARANTEES
        .iter()
        .map(|(feature, add)| {
            let mut session = cluster.database().superuser();
            session.run("SELECT register_schema('order', '{\"type\": \"object\"}')");
            session.run("SET ROLE alice");
            for sql in [TABLE, add, ROWS] {
                session.run(sql);
            }
            (feature, session)
        })
        .collect();
    let (mut wrong, mut silent) = (Vec::new(), Vec::new());
    for tool in TOOLS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/commands/migrations/{tool}.sql"));
        let written = std::fs::read_to_string(&path).expect("the migrations of a tool");
        let mut paragraphs = Vec::new();
        for (place, paragraph) in written.trim_end().split("\n\n").enumerate() {
            if place == 0 {
                paragraphs.push(paragraph.to_string());
                continue;
            }
            let is_outcome =
                |line: &&str| GUARANTEES.iter().any(|(feature, _)| line.starts_with(&format!("-- {feature}: ")));
            let lines: Vec<_> = paragraph.lines().filter(|line| !is_outcome(line)).collect();
            let (name, statements) = (lines[0], lines[1..].join("\n"));
            let outcomes: Vec<_> =
                sessions.iter_mut().map(|(feature, session)| outcome(session, feature, &statements)).collect();
            silent.extend(
                outcomes
                    .iter()
                    .filter(|line| line.contains("NO HINT") || line.contains("FAULT"))
                    .map(|line| format!("{tool}, {name}: {line}")),
            );
            paragraphs.push(format!("{name}\n{}\n{statements}", outcomes.join("\n")));
        }
        let found = paragraphs.join("\n\n") + "\n";
        if std::env::var("COMMANDS_REWRITE").is_ok() {
            std::fs::write(&path, &found).expect("the migrations of a tool");
        } else if found != written {
            wrong.extend(
                found
                    .lines()
                    .filter(|line| !written.lines().any(|known| known == *line))
                    .map(|line| format!("{tool}: {line}")),
            );
        }
    }
    assert!(silent.is_empty(), "neither works nor says what to do: {silent:#?}");
    assert!(wrong.is_empty(), "what becomes of migrations is not what their files say: {wrong:#?}");
}
