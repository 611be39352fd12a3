//! Both times at once: what held at a time, as it was known at another, at all pairs of times.

use crate::oracle::{Model, NO_FAULTS, has_one_moment_for_each_transaction};
use crate::support::random::Random;
use crate::support::{Database, Session, explain, is_serialization_failure};

const TRANSACTIONS: usize = 120;
/// The times at which something may hold.
const POINTS: u32 = 24;

/// A packed table whose rows keep their number, and one whose key changes with the period.
const TABLES: [(&str, &str); 2] = [
    ("id", "CREATE TABLE p (id serial PRIMARY KEY, key int NOT NULL, value int, period int4range NOT NULL)"),
    (
        "key, period",
        "CREATE TABLE p (id serial, key int NOT NULL, value int, period int4range NOT NULL, PRIMARY KEY (key, period))",
    ),
];

struct Writer {
    random: Random,
}

impl Writer {
    fn fact(&mut self) -> (u32, u32, String) {
        let start = self.random.below(POINTS - 1);
        let end = start + 1 + self.random.below(6);
        (self.random.below(3), self.random.below(3), format!("[{start},{end})"))
    }

    fn statement(&mut self) -> String {
        let (key, value, period) = self.fact();
        let values = |writer: &mut Writer| {
            let rows = (0..1 + writer.random.below(4)).map(|_| writer.fact());
            let rows = rows.map(|(key, value, period)| format!("({key}, {value}, '{period}'::int4range)"));
            rows.collect::<Vec<_>>().join(", ")
        };
        let fact = format!("NULL::p, '{{\"key\": {key}, \"value\": {value}, \"period\": \"{period}\"}}'");
        match self.random.below(16) {
            0..=2 => format!("INSERT INTO p (key, value, period) VALUES {}", values(self)),
            3 => format!("INSERT INTO p (key, value, period) VALUES {} ON CONFLICT DO NOTHING", values(self)),
            4..=6 => format!("SELECT set_period({fact})"),
            7 => format!("SELECT update_period({fact})"),
            8 => format!("SELECT clear_period(NULL::p, '{{\"key\": {key}, \"period\": \"{period}\"}}')"),
            9 => format!("UPDATE p SET value = {value} WHERE key = {key}"),
            10 => format!("UPDATE p SET period = int4range(lower(period), upper(period) + 1) WHERE value = {value}"),
            11 => format!("UPDATE p SET key = {key} WHERE value = {value}"),
            12 => format!("DELETE FROM p WHERE period && '{period}'"),
            13 => format!(
                "MERGE INTO p USING (VALUES {}) AS given (key, value, period)
                 ON p.key = given.key AND p.period && given.period
                 WHEN MATCHED THEN UPDATE SET value = given.value
                 WHEN NOT MATCHED THEN INSERT (key, value, period) VALUES (given.key, given.value, given.period)",
                values(self)
            ),
            14 => format!(
                "WITH gone AS (DELETE FROM p WHERE key = {key} RETURNING *)
                 INSERT INTO p (key, value, period) SELECT key + 1, value, period FROM gone"
            ),
            _ if self.random.below(4) == 0 => "TRUNCATE p".to_string(),
            _ => format!("UPDATE p SET value = value WHERE key = {key}"),
        }
    }

    fn transaction(&mut self) -> String {
        match self.random.below(4) {
            0 => format!("BEGIN; {}; {}; COMMIT", self.statement(), self.statement()),
            1 => format!(
                "BEGIN; {}; SAVEPOINT s; {}; ROLLBACK TO s; {}; COMMIT",
                self.statement(),
                self.statement(),
                self.statement()
            ),
            _ => self.statement(),
        }
    }
}

/// What a source of rows holds at each time.
fn held(source: &str) -> String {
    format!(
        "SELECT point, p.id, p.key, p.value, p.period FROM generate_series(0, {POINTS} - 1) AS point
         CROSS JOIN LATERAL {source} AS p ORDER BY point, p.key, p.id"
    )
}

const HELD: &str = "(SELECT * FROM p WHERE period @> point)";

fn run(session: &mut Session, sql: &str) {
    if let Err(error) = session.batch_execute(sql) {
        let code = error.code().map(|code| code.code().to_string()).unwrap_or_default();
        let is_refused = code.starts_with("23") || code == "21000" || is_serialization_failure(&error);
        assert!(is_refused, "{sql}\n{}", explain(&error));
        let _ = session.batch_execute("ROLLBACK");
    }
}

#[test]
fn the_history_of_a_packed_table_tells_what_held_and_when_it_was_known() {
    for (key, table) in TABLES {
        for seed in 0..4 {
            let database = Database::new();
            let mut session = database.superuser();
            session.run(table);
            session.run("SELECT add_packing('p', 'period', '{key}', '{value}')");
            session.run("INSERT INTO p (key, value, period) VALUES (0, 1, '[0,10)'), (1, 2, '[5,15)')");
            session.run("SELECT add_history('p')");
            let mut writer = Writer { random: Random(seed) };
            let mut model = Model::default();
            let mut story = Vec::new();
            model.note(&mut session, &held(HELD));
            for _ in 0..TRANSACTIONS {
                let transaction = writer.transaction();
                run(&mut session, &transaction);
                story.push(transaction);
                model.note(&mut session, &held(HELD));
            }
            for (number, state) in model.states.iter().enumerate() {
                let known = session.rows(&held(&format!("p_as_of(point, '{}')", state.instant)));
                let told = number.checked_sub(1).map(|last| &story[last]);
                assert_eq!(known, state.rows, "seed {seed}, after {number}: {told:#?}");
            }
            assert_eq!(session.rows(&held("p_as_of(point)")), session.rows(&held(HELD)));
            has_one_moment_for_each_transaction(&mut session, &model, "p_history", key, seed);
            assert_eq!(session.rows(NO_FAULTS), [""; 0], "seed {seed}");
            assert!(model.changes() > TRANSACTIONS / 4, "seed {seed}: only {} changes", model.changes());
        }
    }
}
