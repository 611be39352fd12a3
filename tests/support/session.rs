//! Sessions with a server, and what it refuses in them.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postgres::{Client, Config, Error, NoTls, SimpleQueryMessage};

use super::{Database, explain};

/// A session with a server.
pub struct Session {
    client: Client,
    notices: Arc<Mutex<Vec<String>>>,
}

impl Deref for Session {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Session {
    /// Connects, and keeps what the server notes on the way.
    pub fn new(mut config: Config) -> Result<Session, Error> {
        let notices = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&notices);
        config.notice_callback(move |notice| heard.lock().expect("no panic").push(notice.message().to_string()));
        Ok(Session { client: config.connect(NoTls)?, notices })
    }

    /// Runs statements that must succeed.
    #[track_caller]
    pub fn run(&mut self, sql: &str) {
        if let Err(error) = self.batch_execute(sql) {
            panic!("{sql}\n{}", explain(&error));
        }
    }

    /// The rows of a query as text, with `|` between columns, as `psql -At` shows them.
    #[track_caller]
    pub fn rows(&mut self, sql: &str) -> Vec<String> {
        let answer = self.simple_query(sql).unwrap_or_else(|error| panic!("{sql}\n{}", explain(&error)));
        let rows = answer.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        rows.map(|row| (0..row.len()).map(|i| row.get(i).unwrap_or_default()).collect::<Vec<_>>().join("|")).collect()
    }

    /// The one value that a query answers.
    #[track_caller]
    pub fn value(&mut self, sql: &str) -> String {
        let rows = self.rows(sql);
        assert_eq!(rows.len(), 1, "{sql}\n{rows:?}");
        rows.into_iter().next().expect("one row")
    }

    /// Runs statements that must be refused.
    #[track_caller]
    pub fn refused(&mut self, sql: &str) -> Refusal {
        let Err(error) = self.simple_query(sql) else { panic!("{sql}\nwas not refused") };
        let Some(error) = error.as_db_error() else { panic!("{sql}\n{error}") };
        let text = |text: Option<&str>| text.map(str::to_string);
        Refusal {
            sql: sql.to_string(),
            code: error.code().code().to_string(),
            message: error.message().to_string(),
            detail: text(error.detail()),
            hint: text(error.hint()),
        }
    }

    /// All faults of the database's chains, or of the one named: `table|entity|seq|fault`.
    #[track_caller]
    pub fn faults(&mut self, chain: &str) -> Vec<String> {
        let chain = if chain.is_empty() { String::new() } else { format!("'{chain}'") };
        let verify = self.value("SELECT oid::regproc FROM pg_proc WHERE proname = 'verify_chain'");
        self.rows(&format!(
            "SELECT target, entity, seq, fault FROM {verify}({chain}) ORDER BY target, entity, seq, fault"
        ))
    }

    /// Every chain of the database is intact, and `verify_chain()` says that it has seen this.
    #[track_caller]
    pub fn verifies(&mut self, seen: &str) {
        self.notices.lock().expect("no panic").clear();
        assert_eq!(self.faults(""), [""; 0]);
        assert_eq!(*self.notices.lock().expect("no panic"), [format!("verified {seen}")]);
    }

    /// Every packed table of the database is packed, and `verify_packing()` says that it has seen this.
    #[track_caller]
    pub fn is_packed(&mut self, seen: &str) {
        self.notices.lock().expect("no panic").clear();
        let verify = self.value("SELECT oid::regproc FROM pg_proc WHERE proname = 'verify_packing'");
        assert_eq!(self.rows(&format!("SELECT * FROM {verify}()")), [""; 0]);
        assert_eq!(*self.notices.lock().expect("no panic"), [format!("verified {seen}")]);
    }

    /// What the server has noted since it was last asked.
    pub fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut *self.notices.lock().expect("no panic"))
    }

    /// The process that serves this session.
    pub fn backend(&mut self) -> u32 {
        self.value("SELECT pg_backend_pid()").parse().expect("a process id")
    }

    /// By how many kB the backend's own memory grows while it runs statements, at most. What each first call loads is
    /// loaded by others before.
    #[track_caller]
    pub fn memory_growth(&mut self, first: &str, sql: &str) -> u64 {
        let status = format!("/proc/{}/status", self.backend());
        let memory = || {
            let status = std::fs::read_to_string(&status).expect("a running backend");
            let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("Linux 4.5 or later");
            line.trim().trim_end_matches(" kB").parse::<u64>().expect("kB")
        };
        self.run(first);
        let before = memory();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let watch = scope.spawn(|| {
                let mut most = before;
                while !done.load(Ordering::Relaxed) {
                    most = most.max(memory());
                    std::thread::sleep(Duration::from_millis(2));
                }
                most
            });
            let ran = self.batch_execute(sql);
            done.store(true, Ordering::Relaxed);
            ran.unwrap_or_else(|error| panic!("{sql}\n{}", explain(&error)));
            watch.join().expect("no panic") - before
        })
    }
}

/// What the server said when it refused a statement.
#[derive(Debug)]
pub struct Refusal {
    sql: String,
    code: String,
    message: String,
    pub detail: Option<String>,
    hint: Option<String>,
}

impl Refusal {
    /// With this SQLSTATE and message.
    #[track_caller]
    pub fn with(&self, code: &str, message: &str) -> &Self {
        assert_eq!((self.code.as_str(), self.message.as_str()), (code, message), "{self:#?}");
        self
    }

    /// With this SQLSTATE, whatever the message: one of PostgreSQL's own.
    #[track_caller]
    pub fn with_code(&self, code: &str) -> &Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// With this DETAIL; none where it is empty.
    #[track_caller]
    pub fn detail(&self, detail: &str) -> &Self {
        assert_eq!(self.detail.as_deref().unwrap_or_default(), detail, "{self:#?}");
        self
    }

    /// With this HINT; none where it is empty.
    #[track_caller]
    pub fn hint(&self, hint: &str) -> &Self {
        assert_eq!(self.hint.as_deref().unwrap_or_default(), hint, "{self:#?}");
        self
    }
}

/// A session that must survive what it is asked.
pub struct Survivor {
    session: Session,
    /// The process that serves it.
    pub backend: u32,
}

impl Survivor {
    /// A session as the superuser.
    pub fn new(database: &Database) -> Survivor {
        let mut session = database.superuser();
        Survivor { backend: session.backend(), session }
    }

    /// Runs a statement that may succeed, or fail with one of these SQLSTATEs; says which.
    #[track_caller]
    pub fn try_one(&mut self, sql: &str, codes: &[&str]) -> Option<String> {
        let outcome = self.session.simple_query(sql).err();
        let code = outcome.as_ref().map(|error| {
            let code = error.code().unwrap_or_else(|| panic!("{sql}\n{error}"));
            assert!(codes.contains(&code.code()), "{sql}\n{}", explain(error));
            code.code().to_string()
        });
        // A timeout that comes when the statement has just ended ends the next one.
        let id = "SELECT pg_backend_pid()";
        let answer = self.session.simple_query(id).or_else(|_| self.session.simple_query(id));
        assert!(answer.is_ok(), "{sql}\n{answer:?}");
        assert_eq!(self.session.backend(), self.backend);
        code
    }
}

impl Deref for Survivor {
    type Target = Session;
    fn deref(&self) -> &Session {
        &self.session
    }
}

impl DerefMut for Survivor {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}
