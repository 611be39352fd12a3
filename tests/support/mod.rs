//! What the client tests share: private clusters, databases in them, sessions, and PostgreSQL's programs.
//!
//! The tests of a file share one cluster, where each has a database of its own; those that stop, kill or copy a server
//! start one for themselves.

#![allow(dead_code, reason = "each test crate uses a part of it")]

use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use postgres::Config;
use postgres::error::SqlState;

pub mod dump;
pub mod load;
pub mod random;
pub mod session;
pub mod tampering;

pub use session::Session;

/// A PostgreSQL server that can be reached through a socket in its folder alone.
pub struct Cluster {
    /// Where its data, its log and its socket are.
    pub folder: PathBuf,
    programs: PathBuf,
    keeper: Child,
}

/// A kill -9 leaves what was written to the operating system, so no test needs to wait for a disk.
const SETTINGS: [&str; 1] = ["fsync=off"];

impl Cluster {
    /// A new cluster of the PostgreSQL at hand, with these settings.
    pub fn new(settings: &[&str]) -> Cluster {
        Cluster::run(None, None, settings)
    }

    /// A new cluster whose server has this variable in its environment.
    pub fn with_variable(variable: &str) -> Cluster {
        Cluster::run_with(None, None, &["-e", variable], &[])
    }

    /// A new cluster of the PostgreSQL that a `pg_config` belongs to.
    pub fn of_version(pg_config: &str, settings: &[&str]) -> Cluster {
        Cluster::run(Some(pg_config), None, settings)
    }

    /// The one that the tests of this file share.
    pub fn shared() -> &'static Cluster {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| {
            let cluster = Cluster::new(&[]);
            for role in [OWNER, STRANGER] {
                cluster.connect("postgres", SUPERUSER).run(&format!("CREATE ROLE {role} LOGIN"));
            }
            cluster
        })
    }

    /// `scripts/cluster` keeps the server for as long as its command runs, and that is until the pipe to it closes:
    /// with this value, or with this process however it ends.
    fn run(pg_config: Option<&str>, folder: Option<&Path>, settings: &[&str]) -> Cluster {
        Cluster::run_with(pg_config, folder, &[], settings)
    }

    fn run_with(pg_config: Option<&str>, folder: Option<&Path>, options: &[&str], settings: &[&str]) -> Cluster {
        let mut keeper = script("cluster");
        keeper.arg("run").args(options).args(folder.iter().flat_map(|folder| [Path::new("-d"), folder]));
        keeper.args(SETTINGS.iter().chain(settings).flat_map(|setting| ["-c", setting]));
        keeper.args(["sh", "-c", "echo \"$PGHOST\"; command -v postgres; read -r _"]);
        keeper.envs(pg_config.map(|path| ("PG_CONFIG", path)));
        let mut keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("scripts/cluster");
        let mut answers = BufReader::new(keeper.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let (Some(folder), Some(server)) = (answers.next(), answers.next()) else { panic!("no cluster was started") };
        let programs = Path::new(&server).parent().expect("a folder").to_path_buf();
        Cluster { folder: folder.into(), programs, keeper }
    }

    /// A streaming standby of this cluster, in a folder within its own.
    pub fn standby(&self) -> Cluster {
        let folder = self.folder.join("standby");
        let data = folder.join("data");
        let mut backup = self.as_server("pg_basebackup");
        succeed(backup.args(["--checkpoint=fast", "--no-sync", "--write-recovery-conf", "--pgdata"]).arg(&data));
        let mut setting = self.as_server_command("sh");
        setting.args(["-c", "echo \"unix_socket_directories = '$1'\" >>\"$2/postgresql.conf\"", "sh"]);
        succeed(setting.arg(&folder).arg(&data));
        Cluster::run(None, Some(&folder), &[])
    }

    /// A session as `role`.
    pub fn connect(&self, database: &str, role: &str) -> Session {
        self.try_connect(database, role).unwrap_or_else(|error| panic!("cannot connect: {error}"))
    }

    /// A session, if the server has one to give.
    pub fn try_connect(&self, database: &str, role: &str) -> Result<Session, postgres::Error> {
        let mut config = Config::new();
        config.host_path(&self.folder).user(role).dbname(database);
        Session::new(config)
    }

    /// A new database, with the extension.
    pub fn database(&self) -> Database<'_> {
        let database = self.bare_database("");
        database.superuser().run(
            "CREATE EXTENSION veritable CASCADE;
             GRANT CREATE ON SCHEMA public TO PUBLIC",
        );
        database
    }

    /// A new database, without the extension.
    pub fn bare_database(&self, options: &str) -> Database<'_> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.connect("postgres", SUPERUSER).run(&format!("CREATE DATABASE {name} TEMPLATE template0 {options}"));
        Database { cluster: self, name }
    }

    /// One of PostgreSQL's client programs, which finds this cluster.
    pub fn program(&self, name: &str) -> Command {
        let mut program = Command::new(self.programs.join(name));
        self.reach(&mut program);
        program
    }

    /// One of PostgreSQL's programs that write files of the server.
    fn as_server(&self, name: &str) -> Command {
        self.as_server_command(self.programs.join(name).to_str().expect("a path in UTF-8"))
    }

    /// PostgreSQL refuses to run as root, and then `scripts/cluster` runs it as `postgres`.
    fn as_server_command(&self, program: &str) -> Command {
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", SUPERUSER, "--", program]);
            command
        } else {
            Command::new(program)
        };
        self.reach(&mut command);
        command
    }

    fn reach(&self, command: &mut Command) {
        command.env("PGHOST", &self.folder).env("PGUSER", SUPERUSER).current_dir("/");
    }

    /// The process that all others of the server come from.
    pub fn postmaster(&self) -> u32 {
        let file = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).expect("the server runs");
        file.lines().next().and_then(|line| line.parse().ok()).expect("a process id")
    }

    /// Kills the server as a power cut does: no process of it gets to do anything more.
    pub fn cut_power(&self) {
        let postmaster = self.postmaster();
        // Stopped first, so that it starts no process between the look for them and their end.
        signal("STOP", &[postmaster]);
        let mut processes = children(postmaster);
        processes.push(postmaster);
        signal("KILL", &processes);
        wait_until("the server's processes are gone", || processes.iter().all(|&process| parent_of(process).is_none()));
    }

    /// Starts the server again.
    pub fn restart(&self) {
        succeed(script("cluster").arg("start").arg(&self.folder).stdin(Stdio::null()));
    }

    /// Waits until a standby has all that a session of its primary has seen.
    pub fn catches_up(&self, primary: &mut Session, standby: &mut Session) {
        let written = primary.value("SELECT pg_current_wal_insert_lsn()");
        let replayed = format!("SELECT pg_last_wal_replay_lsn() >= '{written}'");
        wait_until("the standby has caught up", || standby.value(&replayed) == "t");
    }

    /// Makes a standby a server of its own.
    pub fn promote(&self) {
        self.connect("postgres", SUPERUSER).run("SELECT pg_promote(true, 60)");
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).expect("a log")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// The superuser of every cluster.
pub const SUPERUSER: &str = "postgres";
/// A role of the shared cluster that may create tables, and no more.
pub const OWNER: &str = "owner";
/// Another one.
pub const STRANGER: &str = "stranger";

/// A database of a test's own.
pub struct Database<'cluster> {
    /// Where it is.
    pub cluster: &'cluster Cluster,
    /// Its name.
    pub name: String,
}

impl Database<'static> {
    /// A new database in the cluster of this test file, with the extension.
    pub fn new() -> Database<'static> {
        Cluster::shared().database()
    }
}

impl Database<'_> {
    /// A session as `role`.
    pub fn connect(&self, role: &str) -> Session {
        self.cluster.connect(&self.name, role)
    }

    /// A session as the role that owns nothing but what it creates.
    pub fn owner(&self) -> Session {
        self.connect(OWNER)
    }

    /// A session as the superuser.
    pub fn superuser(&self) -> Session {
        self.connect(SUPERUSER)
    }
}

/// All that the server said, or the client where it was not the server.
pub fn explain(error: &postgres::Error) -> String {
    error.as_db_error().map_or(error.to_string(), |error| {
        format!("{}: {} {:?} {:?}", error.code().code(), error.message(), error.detail(), error.hint())
    })
}

/// A retry succeeds: somebody else was first.
pub fn is_serialization_failure(error: &postgres::Error) -> bool {
    error.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE)
}

/// A program runs and says that it succeeded; gives what it wrote.
#[track_caller]
pub fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Waits, but not for ever.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until every table of each subscription has been copied. The tables are copied one by one: before that, one of
/// two tables that a transaction wrote can be there without the other.
#[track_caller]
pub fn wait_for_copies(subscriber: &mut Session) {
    let pending = "SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'";
    wait_until("the tables are copied", || subscriber.value(pending) == "0");
}

/// Sends a signal to processes of the server, some of which may be gone.
pub fn signal(name: &str, processes: &[u32]) {
    let processes = processes.iter().map(u32::to_string);
    let _ = Command::new("kill").args(["-s", name]).args(processes).stderr(Stdio::null()).status();
}

fn script(name: &str) -> Command {
    let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join(name));
    // A backtrace would become part of an error's DETAIL.
    command.env_remove("RUST_BACKTRACE");
    command
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// The parent of a process that is running, or dead and not yet buried: PostgreSQL does not start beside either.
fn parent_of(process: u32) -> Option<u32> {
    let line = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // After its name in parentheses: its state, and its parent.
    line.rsplit(") ").next()?.split(' ').nth(1)?.parse().ok()
}

fn children(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    let processes = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    processes.filter(|&process| parent_of(process) == Some(parent)).collect()
}
