//! Runs programs, each in a database of its own, and looks after each commit at what must hold.

use std::time::{Duration, Instant};

use crate::grammar::Grammar;
use crate::model::Model;
use crate::program::{Place, Program, Statement};
use crate::support::{Cluster, Database, SUPERUSER, Session, explain, wait_until};

/// How many statements a program has.
pub const STATEMENTS: usize = 250;

/// What did not hold, with a name for its kind.
#[derive(Clone, Debug)]
pub struct Fault {
    pub kind: String,
    pub text: String,
}

/// What became of a program.
#[derive(Default)]
pub struct Outcome {
    pub statements: Vec<Statement>,
    /// What did not hold, with the number of statements up to there.
    pub faults: Vec<(usize, Fault)>,
    /// What became of each command: `ok`, or its error.
    pub answers: Vec<(String, String)>,
    /// What its statements took, the looks into the catalogs, and the looks at the guarantees.
    pub times: [Duration; 3],
}

/// The cluster, with the database that each program gets a copy of.
pub struct World {
    pub cluster: Cluster,
    grammar: Grammar,
    /// What statements must not say: to look past a fault that is known.
    avoided: Vec<String>,
}

/// Makes what belongs to no database, in every cluster that holds what a program leaves: roles, and a tablespace.
pub fn prepare(cluster: &Cluster) {
    let mut session = cluster.connect("postgres", SUPERUSER);
    session.run("CREATE ROLE alice LOGIN; CREATE ROLE mallory LOGIN");
    session.run("SET allow_in_place_tablespaces = on");
    session.run("CREATE TABLESPACE another_space LOCATION ''");
    session.run("GRANT CREATE ON TABLESPACE another_space TO alice");
}

impl World {
    /// A new cluster.
    pub fn new() -> World {
        let cluster = Cluster::new(&[
            "statement_timeout=10s",
            "lock_timeout=2s",
            "synchronous_commit=off",
            "full_page_writes=off",
            "autovacuum=off",
            "jit=off",
            "wal_level=logical",
            "max_wal_size=4GB",
            "client_min_messages=error",
            "log_min_messages=fatal",
            "log_min_error_statement=panic",
        ]);
        prepare(&cluster);
        let mut session = cluster.connect("postgres", SUPERUSER);
        session.run("CREATE DATABASE world TEMPLATE template0");
        session.run("GRANT CREATE ON DATABASE world TO alice");
        let mut session = cluster.connect("world", SUPERUSER);
        session.run(include_str!("setup.sql"));
        session.run("ALTER DATABASE world SET search_path = w, public; SET search_path = w, public; SET SESSION AUTHORIZATION alice");
        session.run(include_str!("world.sql"));
        let avoided = std::env::var("COMMANDS_AVOID").unwrap_or_default();
        let avoided = avoided.split('|').filter(|text| !text.is_empty()).map(str::to_string).collect();
        World { cluster, grammar: Grammar::new(&[include_str!("grammar/commands.txt")]), avoided }
    }

    /// A database for a program.
    pub fn database(&self, name: &str) -> Database<'_> {
        wait_until("the server answers", || self.cluster.try_connect("postgres", SUPERUSER).is_ok());
        let mut session = self.cluster.connect("postgres", SUPERUSER);
        // CREATE DATABASE does not copy the settings of its template.
        session.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        session.run(&format!("CREATE DATABASE {name} TEMPLATE world"));
        session.run(&format!("ALTER DATABASE {name} SET search_path = w, public"));
        Database { cluster: &self.cluster, name: name.to_string() }
    }

    /// Ends a database.
    pub fn remove(&self, database: Database) {
        wait_until("the server answers", || self.cluster.try_connect("postgres", SUPERUSER).is_ok());
        self.cluster.connect("postgres", SUPERUSER).run(&format!("DROP DATABASE {} WITH (FORCE)", database.name));
    }

    /// Runs the program of a seed in a database.
    pub fn run(&self, seed: u64, statements: usize, database: &Database) -> Outcome {
        let mut program = Program::new(seed, &self.grammar);
        let mut runner = Runner::new(database);
        let mut outcome = Outcome::default();
        while outcome.statements.len() < statements && !runner.is_broken {
            let statement = program.next(&runner.model, runner.place);
            if self.avoided.iter().any(|avoided| statement.sql.contains(avoided)) {
                continue;
            }
            let (answer, fault) = runner.step(&statement);
            if statement.is_command() {
                outcome.answers.push((statement.sql.clone(), answer));
            }
            outcome.statements.push(statement);
            outcome.faults.extend(fault.map(|fault| (outcome.statements.len(), fault)));
        }
        if !runner.is_broken {
            outcome.faults.extend(runner.end().map(|fault| (outcome.statements.len(), fault)));
        }
        outcome.times = runner.times;
        outcome
    }

    /// Runs statements again; gives whether a fault of this kind shows.
    pub fn repeats(&self, statements: &[Statement], kind: &str, database: &Database) -> bool {
        let mut runner = Runner::new(database);
        let is_it = |fault: Option<Fault>| fault.is_some_and(|fault| fault.kind == kind);
        for statement in statements {
            if is_it(runner.step(statement).1) {
                return true;
            }
            if runner.is_broken {
                return false;
            }
        }
        is_it(runner.end())
    }
}

struct Runner {
    session: Session,
    oracle: Session,
    role: &'static str,
    place: Place,
    model: Model,
    /// What the open transaction has said so far.
    said: String,
    /// Whether nothing that follows says anything.
    is_broken: bool,
    times: [Duration; 3],
}

impl Runner {
    fn new(database: &Database) -> Runner {
        let mut session = database.superuser();
        let mut oracle = database.superuser();
        oracle.run("SET statement_timeout = '30s'");
        oracle.rows("SELECT oracle.look(NULL, false)");
        let model = Model::read(&mut session).expect("the catalogs");
        Runner {
            session,
            oracle,
            role: "postgres",
            place: Place::default(),
            model,
            said: String::new(),
            is_broken: false,
            times: [Duration::ZERO; 3],
        }
    }

    /// Runs a statement, and looks at what it left where it committed. Gives `ok` or its error, and a fault.
    fn step(&mut self, statement: &Statement) -> (String, Option<Fault>) {
        if !self.place.is_open && self.role != statement.role {
            self.role = statement.role;
            self.session.run(&format!("SET SESSION AUTHORIZATION {}", self.role));
        }
        let before = self.place;
        let start = Instant::now();
        let answer = self.session.simple_query(&statement.sql);
        self.times[0] += start.elapsed();
        let succeeded = answer.is_ok();
        self.place = before.after(&statement.sql, succeeded);
        if let Err(error) = &answer
            && let Some(fault) = fault_of(error, statement, &self.model)
        {
            self.is_broken = self.session.is_closed();
            return (explain(error), Some(fault));
        }
        if !self.place.is_open && !succeeded {
            self.said.clear();
        }
        if succeeded {
            self.said += &statement.sql;
            self.said += ";\n";
            let changes_names = ["ALTER", "CREATE", "DROP", "ROLLBACK", "SELECT"];
            if changes_names.iter().any(|verb| statement.sql.starts_with(verb))
                && let start = Instant::now()
                && let Ok(model) = Model::read(&mut self.session)
            {
                self.model = model;
                self.times[1] += start.elapsed();
            }
            if !self.place.is_open && statement.sql != "ROLLBACK" {
                let fault = self.look(false);
                self.is_broken = fault.is_some();
                return ("ok".to_string(), fault);
            }
        }
        if statement.sql == "ROLLBACK" {
            self.said.clear();
        }
        (answer.err().map_or("ok".to_string(), |error| explain(&error)), None)
    }

    /// What does not hold of what the transaction has touched.
    fn look(&mut self, of_all: bool) -> Option<Fault> {
        let said = std::mem::take(&mut self.said);
        let may_end = said.contains("SELECT drop_");
        let argument = if of_all { "NULL".to_string() } else { format!("$said${said}$said$") };
        let start = Instant::now();
        let answer = self.oracle.simple_query(&format!("SELECT oracle.look({argument}, {may_end})"));
        self.times[2] += start.elapsed();
        let found = match answer {
            Ok(messages) => messages.iter().find_map(|message| match message {
                postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_string),
                _ => None,
            })?,
            Err(error) => format!("verification fails: {}", explain(&error)),
        };
        // The first word is the table's name.
        Some(Fault {
            kind: kind_of(found.split_once(' ').map_or("", |(_, rest)| rest)),
            text: format!("after the commit: {found}"),
        })
    }

    fn end(&mut self) -> Option<Fault> {
        if self.place.is_open {
            let _ = self.session.simple_query("ROLLBACK");
        }
        self.look(true)
    }
}

/// What faults have in common: no numbers, no names, no values.
fn kind_of(text: &str) -> String {
    // Hashes have letters, too.
    let text = text.split(" hashes to ").next().expect("a part");
    let mut kind = String::new();
    let mut within: Option<char> = None;
    for letter in text.chars().take(300) {
        match within {
            Some(end) if letter == end => within = None,
            Some(_) => {}
            None if letter == '"' => within = Some('"'),
            None if letter == '{' => within = Some('}'),
            None if letter.is_ascii_digit() => {}
            None => kind.push(letter),
        }
    }
    kind
}

/// Refusals that name what they are about, and hold for an empty table as for any other.
const NAMED: [&str; 33] = [
    "cannot drop trigger",
    "cannot change trigger",
    "cannot rename trigger",
    "cannot drop the last index",
    "cannot truncate",
    "cannot drop sequence",
    "cannot change sequence",
    "cannot set back sequence",
    "sequence of the log",
    "cannot update",
    "cannot delete",
    "cannot add rule",
    "inheritance",
    "inherit from",
    "child",
    "partition",
    "unlogged",
    "cannot drop column",
    "cannot drop constraint",
    "cannot change constraint",
    "generated",
    "fires after",
    "fires later",
    "rule",
    "may change or swallow",
    "access method",
    "must be declared NOT NULL",
    "must have no default",
    "cannot be in the value",
    "must be of type",
    "could change",
    "no comparable text",
    "cannot be compared",
];

/// What is wrong with an error.
fn fault_of(error: &postgres::Error, statement: &Statement, model: &Model) -> Option<Fault> {
    let Some(said) = error.as_db_error() else {
        return Some(Fault {
            kind: "the session was lost".to_string(),
            text: format!("the session was lost: {error}"),
        });
    };
    let (code, is_ours) = (said.code().code(), said.file().unwrap_or_default().ends_with(".rs"));
    let fault = |what: &str| {
        Some(Fault {
            kind: format!("{what}: {code} {}", kind_of(said.message())),
            text: format!("{what}: {}", explain(error)),
        })
    };
    if code == "XX000" && (is_ours || !is_of_postgres(said.message()))
        || code == "XX001"
        || explain(error).contains("panic")
    {
        return fault("an internal error");
    }
    let table = statement.table.as_ref().and_then(|name| model.table(name));
    let table = table.filter(|table| !table.guarantees.is_empty())?;
    if statement.is_plain_insert && statement.role != "mallory" {
        let is_of_chain = |name: &str| table.columns.iter().any(|column| column.is_of_chain && column.name == name);
        if is_ours && matches!(code, "40001" | "55000" | "0A000" | "22023" | "42703")
            || code == "23502" && said.column().is_some_and(is_of_chain)
        {
            return fault("rows are refused that nothing is wrong with");
        }
    }
    let is_definition =
        ["ALTER", "CREATE", "DROP", "REINDEX", "CLUSTER"].iter().any(|verb| statement.sql.starts_with(verb));
    if is_ours
        && is_definition
        && table.name.starts_with("vacant")
        && !NAMED.iter().any(|named| said.message().contains(named))
        && code != "42501"
    {
        return fault("refused on an empty table");
    }
    None
}

/// Internal errors that PostgreSQL itself gives, without the extension.
fn is_of_postgres(message: &str) -> bool {
    // The last but one is what ALTER DOMAIN … DROP CONSTRAINT IF EXISTS leaves behind, without the extension, too; the last, what a
    // foreign key says of a rule that is in its way.
    let known = [
        "tuple concurrently updated",
        "tuple concurrently deleted",
        "cannot rename trigger ",
        "cannot start a subtransaction when there are unprocessed inval messages",
        "referential integrity query on ",
    ];
    // Of a partition, from version 18 on, when the partitioned table alone gets a primary key.
    known.iter().any(|known| message.starts_with(known)) || message.ends_with(" is not marked NOT NULL")
}
