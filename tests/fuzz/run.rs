//! Runs programs, each in a database of its own, and says what did not hold.

use std::path::PathBuf;

use postgres::SimpleQueryMessage;

use crate::grammar::Grammar;
use crate::program::{Function, INHABITANTS, Kind, Program, ROLES, Statement};
use crate::support::session::Session;
use crate::support::{Cluster, Database, SUPERUSER, explain, wait_until};
use crate::watch::{Faults, TIMEOUT, Watch};

const STATEMENTS: usize = 150;

/// The grammar of all statements.
pub fn grammar() -> Grammar {
    Grammar::new(&[
        include_str!("grammar/values.txt"),
        include_str!("grammar/statements.txt"),
        include_str!("grammar/definitions.txt"),
    ])
}

/// The cluster, with the database that each program gets a copy of.
pub struct World {
    cluster: Cluster,
    grammar: Grammar,
    functions: Vec<Function>,
}

impl World {
    /// A new cluster.
    pub fn new() -> World {
        let timeout = format!("statement_timeout={TIMEOUT}");
        let cluster = Cluster::new(&[
            &timeout,
            "lock_timeout=200",
            "log_error_verbosity=verbose",
            "max_locks_per_transaction=256",
        ]);
        let mut session = cluster.connect("postgres", SUPERUSER);
        session.run("SET statement_timeout = 0");
        session.run("CREATE DATABASE world TEMPLATE template0");
        for role in ["alice", "mallory", "member", "auditor"] {
            session.run(&format!("CREATE ROLE {role} LOGIN"));
        }
        session.run("GRANT alice TO member; GRANT pg_read_all_data TO auditor");
        let mut session = cluster.connect("world", SUPERUSER);
        session.run("SET statement_timeout = 0");
        session.run(include_str!("setup.sql"));
        session.run("GRANT CREATE ON DATABASE world TO alice, mallory, member");
        for role in INHABITANTS {
            session.run(&format!("CREATE SCHEMA {role} AUTHORIZATION {role}"));
            session.run(&format!("SET SESSION AUTHORIZATION {role}"));
            session.run(&include_str!("world.sql").replace("ROLE", role));
            session.run("RESET SESSION AUTHORIZATION; SET search_path = pg_catalog");
        }
        let functions = session.rows(
            "SELECT p.oid::regproc || '/' || (SELECT string_agg(format_type(t, NULL), '/' ORDER BY n)
                 FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n))
             FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid AND e.extname = 'veritable' JOIN pg_proc p ON p.oid = d.objid
             WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass
               AND p.pronargs > 0
             ORDER BY 1",
        );
        assert!(functions.len() > 20, "{functions:?}");
        let functions = functions.iter().map(|function| {
            let mut parts = function.split('/').map(str::to_string);
            Function { name: parts.next().expect("a name"), arguments: parts.collect() }
        });
        World { cluster, grammar: grammar(), functions: functions.collect() }
    }

    /// Does what has all the time it needs. After a crash, it takes a moment until the server lets anybody in.
    fn as_administrator(&self, sql: &str) {
        wait_until("the server answers", || self.cluster.try_connect("postgres", SUPERUSER).is_ok());
        let mut session = self.cluster.connect("postgres", SUPERUSER);
        session.run("SET statement_timeout = 0");
        session.run(sql);
    }

    /// Runs the program of a seed. Gives the number of its statements, and of those that succeeded.
    pub fn run(&self, seed: u64, watch: &Watch, faults: &mut Faults) -> (u64, u64) {
        let name = format!("program_{seed}");
        self.as_administrator(&format!("CREATE DATABASE {name} TEMPLATE world"));
        let database = Database { cluster: &self.cluster, name };
        let mut sessions: Vec<_> = ROLES.iter().map(|role| Participant::new(&database, role)).collect();
        let mut program = Program::new(seed, &self.grammar, &self.functions);
        let mut script = String::new();
        let (mut done, mut succeeded) = (0, 0);
        // Once somebody has written to the catalogs, PostgreSQL finds what it calls impossible.
        let mut is_falsified = false;
        let logged = self.cluster.log().len();
        for _ in 0..STATEMENTS {
            let statement = program.next();
            let role = ROLES[statement.session];
            script += &format!("-- {}: {role}\n{};\n", statement.session, statement.sql);
            done += 1;
            is_falsified |= statement.sql.contains("UPDATE pg_catalog.");
            let outcome = sessions[statement.session].does(&statement, is_falsified, watch);
            succeeded += u64::from(outcome.succeeded);
            for fault in outcome.faults {
                let file = keep(seed, &script);
                faults.note(&fault, &format!("  seed {seed}, as {role}: {}\n  {}", statement.sql, file.display()));
            }
            if outcome.lost {
                break;
            }
        }
        drop(sessions);
        let log = self.cluster.log().split_off(logged);
        let crash = log.lines().find(|line| line.contains("was terminated by signal") || line.contains("PANIC"));
        if let Some(crash) = crash {
            let file = keep(seed, &script);
            faults.note("the server crashed", &format!("  seed {seed}: {crash}\n  {}", file.display()));
        }
        self.as_administrator(&format!("DROP DATABASE {} WITH (FORCE)", database.name));
        (done, succeeded)
    }
}

/// Where the statements of a program are kept.
fn keep(seed: u64, script: &str) -> PathBuf {
    let file = std::env::temp_dir().join(format!("veritable-fuzz-{seed}.sql"));
    std::fs::write(&file, script).expect("a file of the program");
    file
}

#[derive(Default)]
struct Outcome {
    faults: Vec<String>,
    succeeded: bool,
    lost: bool,
}

/// A session that takes part.
struct Participant {
    session: Session,
    backend: u32,
    role: &'static str,
    /// Whether the open transaction has done nothing so far that may run functions of others as the caller.
    is_pure: bool,
}

impl Participant {
    fn new(database: &Database, role: &'static str) -> Participant {
        let mut session = database.connect(role);
        let backend = session.backend();
        Participant { session, backend, role, is_pure: true }
    }

    fn does(&mut self, statement: &Statement, is_falsified: bool, watch: &Watch) -> Outcome {
        let mut outcome = Outcome::default();
        let kind = self.kind_within_transaction(statement);
        let before = (kind == Kind::Maintenance).then(|| self.settings()).flatten();
        self.session.take_notices();
        let (answer, broken) = watch.over(self.backend, || self.session.simple_query(&statement.sql));
        outcome.faults.extend(broken);
        outcome.succeeded = answer.is_ok();
        if let Err(error) = answer {
            outcome.faults.extend(fault_of(&error, is_falsified));
            outcome.lost = self.session.is_closed();
            if outcome.lost {
                return outcome;
            }
        }
        for notice in self.session.take_notices() {
            outcome.faults.extend(self.trespass(&notice, kind));
        }
        // What functions of one's own do to one's own settings is one's own matter.
        if let (Some(before), Some(after)) = (before, self.settings())
            && before != after
            && !after.contains(&format!(", {}, pg_catalog", self.role))
        {
            outcome.faults.push(format!("identity or settings changed: {before} became {after}"));
        }
        outcome
    }

    /// What a statement is, given what its transaction has done: a COMMIT runs what was deferred.
    fn kind_within_transaction(&mut self, statement: &Statement) -> Kind {
        let sql = statement.sql.as_str();
        match statement.kind {
            Kind::Session if sql.starts_with("BEGIN") => {}
            Kind::Session if sql.starts_with("COMMIT") => {
                let kind = if self.is_pure { Kind::Maintenance } else { Kind::Plain };
                self.is_pure = true;
                return kind;
            }
            Kind::Session if sql == "ROLLBACK" => self.is_pure = true,
            Kind::Maintenance => return Kind::Maintenance,
            _ => self.is_pure = false,
        }
        Kind::Plain
    }

    /// Who acts and where names are looked up; nothing in a transaction that has failed.
    fn settings(&mut self) -> Option<String> {
        let answer = self.session.simple_query("SELECT current_user || ', ' || current_setting('search_path')").ok()?;
        answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_string),
            _ => None,
        })
    }

    /// A function that ran as somebody whom plain SQL would not have let it run as.
    fn trespass(&self, notice: &str, kind: Kind) -> Option<String> {
        let said = notice.strip_prefix("runs as another: ")?;
        let (_, user) = said.rsplit_once(" as ").expect("as who");
        // The caller runs what others have attached to tables, by plain SQL alone.
        let is_plain = user == self.role && kind == Kind::Plain;
        (!is_plain).then(|| format!("{said}, in a session of {} ({kind:?})", self.role))
    }
}

/// What is wrong with an error.
fn fault_of(error: &postgres::Error, is_falsified: bool) -> Option<String> {
    let Some(said) = error.as_db_error() else {
        return Some(format!("the session was lost: {error}"));
    };
    let (code, file) = (said.code().code(), said.file().unwrap_or_default());
    let is_ours = file.ends_with(".rs") || !is_falsified && !is_of_postgres(said.message());
    let is_panic = explain(error).contains("panic");
    (code == "XX000" && is_ours || is_panic).then(|| format!("internal error: {} ({file})", explain(error)))
}

/// Internal errors that PostgreSQL itself gives to these programs, without the extension.
fn is_of_postgres(message: &str) -> bool {
    let known = ["tuple concurrently updated", "tuple concurrently deleted", "cannot rename trigger "];
    known.iter().any(|known| message.starts_with(known))
}
