//! A naive model of recorded time: a copy of the table after each transaction, and the time at which it was made.

use std::sync::OnceLock;

use crate::program::{Program, Transaction, partitioned_table, plain_table};
use crate::support::random::Random;
use crate::support::{Cluster, Session};

/// What the table held from an instant on, until the next one.
pub struct State {
    pub instant: String,
    pub rows: Vec<String>,
}

/// Copies of what a query shows, one after each transaction.
#[derive(Default)]
pub struct Model {
    pub states: Vec<State>,
}

impl Model {
    /// Notes what a query shows at this moment.
    pub fn note(&mut self, session: &mut Session, query: &str) {
        let rows = session.rows(query);
        self.states.push(State { instant: session.value("SELECT clock_timestamp()"), rows });
    }

    /// The instants, as an array in SQL.
    pub fn instants(&self) -> String {
        let instants: Vec<_> = self.states.iter().map(|state| format!("\"{}\"", state.instant)).collect();
        format!("'{{{}}}'::timestamptz[]", instants.join(", "))
    }

    /// How many transactions left something else than was there before.
    pub fn changes(&self) -> usize {
        self.states.windows(2).filter(|pair| pair[0].rows != pair[1].rows).count()
    }
}

pub const NO_FAULTS: &str = "SELECT * FROM verify_history() UNION ALL SELECT * FROM verify_chain()";

const ROWS: &str = "SELECT t::text FROM t ORDER BY 1";

const TRANSACTIONS: usize = 150;

/// A cluster in which transactions can be prepared.
fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::new(&["max_prepared_transactions=2"]))
}

/// Runs a random program, and compares.
fn check(setup: &str, names: &'static [&'static str], seed: u64) {
    let database = cluster().database();
    let mut session = database.superuser();
    session.run(setup);
    let mut program = Program { random: Random(seed), names, prepared: Some(database.name.clone()) };
    // Some rows are older than the history.
    session.run("INSERT INTO t (id, amount) SELECT n, 1 FROM generate_series(0, 14, 2) AS n");
    session.run("SELECT add_history('t')");
    let mut model = Model::default();
    let mut story: Vec<Transaction> = Vec::new();
    model.note(&mut session, ROWS);
    for _ in 0..TRANSACTIONS {
        let transaction = program.transaction();
        transaction.run(&mut session);
        story.push(transaction);
        model.note(&mut session, ROWS);
    }
    for (number, state) in model.states.iter().enumerate() {
        let known = session.rows(&format!("SELECT t::text FROM t_as_of('{}') AS t ORDER BY 1", state.instant));
        assert_eq!(
            known,
            state.rows,
            "seed {seed}, after {number}: {:#?}",
            number.checked_sub(1).map(|last| &story[last])
        );
    }
    assert_eq!(session.rows("SELECT t::text FROM t_as_of() AS t ORDER BY 1"), session.rows(ROWS));
    has_one_moment_for_each_transaction(&mut session, &model, "t_history", "id", seed);
    assert_eq!(session.rows(NO_FAULTS), [""; 0], "seed {seed}");
    assert!(model.changes() > TRANSACTIONS / 10, "seed {seed}: only {} changes", model.changes());
}

/// All that a transaction changes is recorded with one time, that of its first change; of a key that it changes again,
/// a microsecond later each time. So no instant shows a half of it, but for the microseconds within which a key changes.
pub fn has_one_moment_for_each_transaction(session: &mut Session, model: &Model, history: &str, key: &str, seed: u64) {
    let apart = session.rows(&format!(
        "SELECT * FROM (
             SELECT transaction, {key}, seq, recorded, min(recorded) OVER (PARTITION BY transaction) AS moment,
                    row_number() OVER (PARTITION BY transaction, {key} ORDER BY seq) - 1 AS before
             FROM (SELECT *, width_bucket(recorded, {}) AS transaction FROM {history}) AS event
         ) AS event
         WHERE recorded <> moment + before * interval '1 microsecond'",
        model.instants()
    ));
    assert_eq!(apart, [""; 0], "seed {seed}");
}

const SEEDS: std::ops::Range<u64> = 0..6;

#[test]
fn the_history_of_a_table_is_what_the_table_was() {
    for seed in SEEDS {
        check(&plain_table(), &["t"], seed);
    }
}

#[test]
fn the_history_of_a_partitioned_table_is_what_the_table_was() {
    for seed in SEEDS {
        check(&partitioned_table(), &["t", "t", "t_0", "t_1", "t_2"], seed);
    }
}
