//! Random programs of everything that changes rows: statements of all kinds, savepoints, cascades, triggers of the user
//! that change the same table, functions within statements.

use std::io::Write;

use postgres::Error;

use crate::support::random::Random;
use crate::support::{Session, explain};

/// What the programs change. The triggers look at the amount: they change the same row or another one of the same table,
/// before and after the row is stored, before and after the triggers of the history, and at the commit.
fn table(parent: &str, partitioned_by: &str) -> String {
    format!(
        "CREATE TABLE owners (name int PRIMARY KEY);
         INSERT INTO owners SELECT generate_series(0, 9);
         CREATE TABLE t (
             id int PRIMARY KEY,
             owner int REFERENCES owners ON DELETE CASCADE ON UPDATE CASCADE,
             parent int {parent},
             amount int DEFAULT 0 CHECK (amount < 1000),
             twice int GENERATED ALWAYS AS (amount * 2) STORED,
             note text
         ) {partitioned_by};
         CREATE FUNCTION change(integer, integer) RETURNS int LANGUAGE plpgsql AS
             $$ BEGIN UPDATE t SET amount = $2 WHERE id = $1; RETURN $2; END $$;
         CREATE FUNCTION before_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF pg_trigger_depth() > 3 THEN RETURN NEW; END IF;
             CASE NEW.amount
                 WHEN 8 THEN NEW.amount := 9;
                 WHEN 10 THEN RETURN NULL;
                 WHEN 11 THEN UPDATE t SET amount = 12 WHERE id = NEW.id + 1;
                 ELSE NEW.note := coalesce(NEW.note, 'none');
             END CASE;
             RETURN NEW;
         END $$;
         CREATE FUNCTION after_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF pg_trigger_depth() > 3 THEN RETURN NULL; END IF;
             CASE NEW.amount
                 WHEN 3 THEN UPDATE t SET amount = 4, note = 'three' WHERE id = NEW.id;
                 WHEN 5 THEN DELETE FROM t WHERE id = NEW.id;
                 WHEN 6 THEN INSERT INTO t (id, amount) VALUES (NEW.id + 100, 1) ON CONFLICT (id) DO UPDATE SET amount = 2;
                 WHEN 7 THEN UPDATE t SET id = id + 200 WHERE id = NEW.id;
                 WHEN 13 THEN UPDATE t SET amount = 14 WHERE id = NEW.id; UPDATE t SET amount = 19 WHERE id = NEW.id;
                 WHEN 17 THEN UPDATE t SET amount = 18 WHERE id = NEW.id;
                 ELSE NULL;
             END CASE;
             RETURN NULL;
         END $$;
         CREATE FUNCTION deleted() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN INSERT INTO t (id, amount) VALUES (OLD.id, 1); RETURN NULL; END $$;
         CREATE FUNCTION statement() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN
                 IF pg_trigger_depth() < 3 AND EXISTS (SELECT FROM t WHERE amount = 15) THEN UPDATE t SET amount = 16 WHERE amount = 15; END IF;
                 RETURN NULL;
             END $$;
         CREATE TRIGGER \"A_before\" BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION before_it();
         CREATE TRIGGER \"A_first\" AFTER INSERT OR UPDATE ON t FOR EACH ROW
             WHEN (NEW.id % 2 = 0 AND NEW.amount <> 17) EXECUTE FUNCTION after_it();
         CREATE TRIGGER zzz_last AFTER INSERT OR UPDATE ON t FOR EACH ROW
             WHEN (NEW.id % 2 = 1 AND NEW.amount <> 17) EXECUTE FUNCTION after_it();
         CREATE TRIGGER \"A_deleted\" AFTER DELETE ON t FOR EACH ROW
             WHEN (OLD.id % 2 = 0 AND OLD.amount = 12) EXECUTE FUNCTION deleted();
         CREATE TRIGGER zzz_deleted AFTER DELETE ON t FOR EACH ROW
             WHEN (OLD.id % 2 = 1 AND OLD.amount = 12) EXECUTE FUNCTION deleted();
         CREATE TRIGGER \"A_statement\" AFTER INSERT OR UPDATE ON t EXECUTE FUNCTION statement();
         CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE ON t DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW WHEN (NEW.amount = 17) EXECUTE FUNCTION after_it();"
    )
}

/// An ordinary table, whose rows refer to each other, too.
pub fn plain_table() -> String {
    table("REFERENCES t ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED", "")
}

/// A partitioned table, between whose partitions rows move when their key changes.
pub fn partitioned_table() -> String {
    table("", "PARTITION BY RANGE (id)")
        + "CREATE TABLE t_0 PARTITION OF t FOR VALUES FROM (MINVALUE) TO (6);
           CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (6) TO (13);
           CREATE TABLE t_2 (note text, twice int GENERATED ALWAYS AS (amount * 2) STORED, gone int, id int NOT NULL,
               parent int,
               amount int CONSTRAINT t_amount_check CHECK (amount < 1000), owner int);
           ALTER TABLE t_2 DROP COLUMN gone;
           ALTER TABLE t ATTACH PARTITION t_2 DEFAULT;"
}

/// One step of a transaction.
#[derive(Clone, Debug)]
pub enum Step {
    Sql(String),
    /// The table of a `COPY`, the command, and its lines.
    Copy(String, String, String),
}

impl Step {
    fn run(&self, session: &mut Session) -> Result<(), Error> {
        match self {
            Step::Sql(sql) => session.batch_execute(sql),
            Step::Copy(table, sql, lines) => {
                // A COPY that waits for its table and fails leaves the client with an answer more than it has asked for.
                session.batch_execute(&format!("DO 'BEGIN LOCK TABLE {table} IN ROW EXCLUSIVE MODE; END'"))?;
                let mut copy = session.copy_in(sql.as_str())?;
                // Kept in memory by the client until it is finished: what can fail fails there.
                let _ = copy.write_all(lines.as_bytes());
                copy.finish().map(drop)
            }
        }
    }
}

/// A transaction of a program.
#[derive(Clone, Debug)]
pub struct Transaction {
    pub steps: Vec<Step>,
    /// How it begins; a single step without one commits by itself.
    begin: Option<&'static str>,
    /// Each step that fails is undone, and the transaction goes on.
    forgiving: bool,
    end: String,
    /// What follows when it is prepared.
    then: String,
}

/// What the data may refuse: a key or a constraint, two changes of one row by one command, a table in use.
const REFUSALS: [&str; 8] = ["23502", "23503", "23505", "23514", "23P01", "21000", "27000", "55006"];
/// What other clients are the reason for.
const CONFLICTS: [&str; 2] = ["40001", "40P01"];

impl Transaction {
    /// Runs it. What the data refuses is no failure of the program, and everything else is.
    pub fn run(&self, session: &mut Session) {
        if let Err(error) = self.try_run(session) {
            let _ = session.batch_execute("ROLLBACK");
            assert!(is_refusal(&error) && !is_conflict(&error), "{self:#?}\n{}", explain(&error));
        }
    }

    /// Runs it, and answers with the error that it ended with.
    pub fn try_run(&self, session: &mut Session) -> Result<(), Error> {
        let Some(begin) = self.begin else { return self.steps[0].run(session) };
        session.batch_execute(begin)?;
        for step in &self.steps {
            if !self.forgiving {
                step.run(session)?;
                continue;
            }
            session.batch_execute("SAVEPOINT guard")?;
            match step.run(session) {
                Ok(()) => session.batch_execute("RELEASE guard")?,
                Err(error) if is_refusal(&error) => session.batch_execute("ROLLBACK TO guard")?,
                Err(error) => return Err(error),
            }
        }
        session.batch_execute(&self.end)?;
        session.batch_execute(&self.then)
    }
}

/// Whether the data or another client refused it. The history refuses nothing.
pub fn is_refusal(error: &Error) -> bool {
    let Some(said) = error.as_db_error() else { return false };
    // PostgreSQL does not look for another partition once an INSERT or UPDATE has found one.
    let is_known = REFUSALS.contains(&said.code().code()) || said.message().starts_with("moving row to");
    (is_known || is_conflict(error)) && said.table().is_none_or(|table| !table.ends_with("_history"))
}

fn is_conflict(error: &Error) -> bool {
    error.code().is_some_and(|code| CONFLICTS.contains(&code.code()))
}

/// A source of transactions.
pub struct Program {
    pub random: Random,
    /// The table, and its partitions if it has any.
    pub names: &'static [&'static str],
    /// The name under which some transactions are prepared before they are committed.
    pub prepared: Option<String>,
}

impl Program {
    pub fn transaction(&mut self) -> Transaction {
        if self.random.below(3) == 0 {
            return Transaction {
                steps: vec![self.step()],
                begin: None,
                forgiving: false,
                end: String::new(),
                then: String::new(),
            };
        }
        let mut steps = Vec::new();
        for _ in 0..1 + self.random.below(5) {
            match self.random.below(6) {
                0 => {
                    steps.push(sql("SAVEPOINT here"));
                    steps.extend((0..1 + self.random.below(3)).map(|_| self.step()));
                    steps.push(sql("ROLLBACK TO here"));
                }
                1 => {
                    steps.push(sql("SAVEPOINT here"));
                    steps.push(self.step());
                    steps.push(sql("RELEASE here"));
                }
                _ => steps.push(self.step()),
            }
        }
        let forgiving = self.random.below(2) == 0
            && !steps.iter().any(|step| matches!(step, Step::Sql(sql) if sql.ends_with(" here")));
        let (end, then) = match (self.random.below(8), &self.prepared) {
            (0, _) => ("ROLLBACK".to_string(), String::new()),
            (1, Some(name)) => (format!("PREPARE TRANSACTION '{name}'"), format!("COMMIT PREPARED '{name}'")),
            _ => ("COMMIT".to_string(), String::new()),
        };
        Transaction { steps, begin: Some("BEGIN"), forgiving, end, then }
    }

    fn id(&mut self) -> u32 {
        self.random.below(16)
    }

    fn amount(&mut self) -> u32 {
        self.random.below(20)
    }

    fn condition(&mut self) -> String {
        match self.random.below(4) {
            0 => format!("id = {}", self.id()),
            1 => format!("id % {} = {}", 2 + self.random.below(3), self.random.below(3)),
            2 => format!("amount < {}", self.amount()),
            _ => format!("id BETWEEN {} AND {}", self.id(), self.id()),
        }
    }

    /// Rows of id, owner, parent, amount and note, as text; `separator` stands between their values.
    fn rows(&mut self, null: &str, separator: &str, quote: &str) -> Vec<String> {
        let count = 1 + self.random.below(4);
        let mut row = || {
            let mut nullable =
                |number: u32| if self.random.below(3) > 0 { null.to_string() } else { number.to_string() };
            let (owner, parent) = (nullable(3), nullable(4));
            let note = format!("{quote}note {}{quote}", self.random.below(3));
            [self.id().to_string(), owner, parent, self.amount().to_string(), note].join(separator)
        };
        (0..count).map(|_| row()).collect()
    }

    fn values(&mut self) -> String {
        let rows: Vec<_> = self.rows("NULL", ", ", "'").iter().map(|row| format!("({row})")).collect();
        rows.join(", ")
    }

    fn step(&mut self) -> Step {
        let table = *self.random.of(self.names);
        let (id, amount, condition) = (self.id(), self.amount(), self.condition());
        let other = self.condition();
        const COLUMNS: &str = "id, owner, parent, amount, note";
        sql(&match self.random.below(27) {
            0 | 1 => format!("INSERT INTO {table} ({COLUMNS}) VALUES {}", self.values()),
            2 => format!("INSERT INTO {table} ({COLUMNS}) VALUES {} ON CONFLICT DO NOTHING", self.values()),
            3 | 4 => format!(
                "INSERT INTO {table} ({COLUMNS}) VALUES {} ON CONFLICT (id) DO UPDATE SET amount = excluded.amount + 1
                 WHERE {table}.amount <> 2",
                self.values()
            ),
            5 | 6 => format!("UPDATE {table} SET amount = {amount}, note = 'note {id}' WHERE {condition}"),
            7 => format!("UPDATE {table} SET amount = amount, note = note WHERE {condition}"),
            8 => format!("UPDATE {table} SET id = id + {id} WHERE {condition}"),
            9 => format!("UPDATE {table} SET id = {id}, amount = {amount} WHERE id = {}", self.id()),
            10 => format!("DELETE FROM {table} WHERE {condition}"),
            11 | 12 => format!(
                "MERGE INTO {table} AS t USING (VALUES {}) AS given (id, owner, parent, amount, note) ON t.id = given.id
                 WHEN MATCHED AND given.amount % 3 = 0 THEN DELETE
                 WHEN MATCHED AND given.amount % 3 = 1 THEN UPDATE SET amount = given.amount
                 WHEN NOT MATCHED THEN INSERT ({COLUMNS}) VALUES (given.id, given.owner, NULL, given.amount, given.note)",
                self.values().replace("NULL", "NULL::int")
            ),
            13 => {
                let lines = self.rows("\\N", "\t", "").join("\n") + "\n";
                return Step::Copy(table.to_string(), format!("COPY {table} ({COLUMNS}) FROM STDIN"), lines);
            }
            14 if self.random.below(3) == 0 => "TRUNCATE t".to_string(),
            // What is deleted comes again: under the same key, or under another.
            14 | 15 => format!(
                "WITH gone AS (DELETE FROM {table} WHERE {condition} RETURNING *)
                 INSERT INTO {table} (id, amount, note) SELECT id, {amount}, 'back' FROM gone"
            ),
            16 => format!(
                "WITH gone AS (DELETE FROM {table} WHERE {condition} RETURNING *),
                      changed AS (UPDATE t SET amount = {amount} WHERE {other} RETURNING *)
                 INSERT INTO {table} (id, amount) SELECT id + 20, amount FROM gone UNION SELECT id + 40, amount FROM changed"
            ),
            17 => format!("DELETE FROM owners WHERE name = {}", self.random.below(6)),
            18 => format!("UPDATE owners SET name = name + 1 WHERE name = {}", self.random.below(6)),
            19 => format!("INSERT INTO owners VALUES ({}) ON CONFLICT DO NOTHING", self.random.below(10)),
            20 => format!("SELECT change({id}, {amount}), change({id}, {amount} + 1)"),
            21 => format!("UPDATE {table} SET amount = change(id - 1, {amount}) WHERE {condition}"),
            22 => format!(
                "INSERT INTO {table} (id, amount) SELECT n, change(n - 1, {amount}) FROM generate_series({id}, {id} + 2) AS n
                 ON CONFLICT (id) DO UPDATE SET amount = change(excluded.id - 2, 1)"
            ),
            23 => format!(
                "DO $$ BEGIN
                     UPDATE {table} SET amount = {amount} WHERE {condition};
                     DELETE FROM {table} WHERE {other};
                     RAISE division_by_zero;
                 EXCEPTION WHEN division_by_zero THEN
                     UPDATE {table} SET amount = {amount} + 1 WHERE {condition};
                 END $$"
            ),
            24 => "SET CONSTRAINTS ALL IMMEDIATE".to_string(),
            25 => format!("UPDATE {table} SET parent = {id} WHERE {condition}"),
            _ => format!("UPDATE {table} SET amount = 17 - amount % 2 WHERE {condition}"),
        })
    }
}

fn sql(sql: &str) -> Step {
    Step::Sql(sql.to_string())
}
