//! Go's own verifiers of notes and proofs, golang.org/x/mod/sumdb, behind a program of ours: `go/main.go`.
//!
//! Without Go the tests fail: `scripts/test client` installs Debian's `golang-go` and `golang-golang-x-mod-dev`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

/// What Go says: what it was asked for, or its reason to refuse.
pub type Answer = Result<String, String>;

/// The running program.
pub struct Go {
    program: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Go {
    /// Starts the program, which is built once.
    pub fn start() -> Go {
        let mut program = Command::new(built());
        let mut program = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
        let commands = program.stdin.take().expect("a pipe");
        let answers = BufReader::new(program.stdout.take().expect("a pipe"));
        Go { program, commands, answers }
    }

    /// Whether a note has a right signature by one of these keys, and no wrong one.
    pub fn note(&mut self, note: &str, vkeys: &[&str]) -> Answer {
        self.ask(&[&["note", &hex(note)], vkeys].concat())
    }

    /// A note with this text, signed by a private key.
    pub fn sign(&mut self, text: &str, key: &str) -> Answer {
        self.ask(&["sign", &hex(text), key]).map(|note| from_hex(&note))
    }

    /// Whether an inclusion proof is good.
    pub fn inclusion(&mut self, size: u64, root: &str, index: u64, leaf: &str, proof: &[&str]) -> Answer {
        let (size, index) = (size.to_string(), index.to_string());
        self.ask(&[&["inclusion", &size, root, &index, leaf], proof].concat())
    }

    /// Whether a consistency proof is good.
    pub fn consistency(&mut self, new: u64, new_root: &str, old: u64, old_root: &str, proof: &[&str]) -> Answer {
        let (new, old) = (new.to_string(), old.to_string());
        self.ask(&[&["consistency", &new, new_root, &old, old_root], proof].concat())
    }

    /// The inclusion proof of a leaf in the tree of these leaves.
    pub fn prove_inclusion(&mut self, index: u64, leaves: &[&str]) -> Answer {
        let (size, index) = (leaves.len().to_string(), index.to_string());
        self.ask(&[&["prove-inclusion", &size, &index], leaves].concat())
    }

    /// The proof that the tree of these leaves begins with the tree of `old` of them.
    pub fn prove_consistency(&mut self, old: u64, leaves: &[&str]) -> Answer {
        let (new, old) = (leaves.len().to_string(), old.to_string());
        self.ask(&[&["prove-consistency", &new, &old], leaves].concat())
    }

    /// The root of the tree of these leaves.
    pub fn root(&mut self, leaves: &[&str]) -> Answer {
        self.ask(&[&["root"], leaves].concat())
    }

    /// Whether a file of c2sp.org/tlog-proof is good for a leaf of a log with this origin.
    pub fn proof(&mut self, proof: &str, origin: &str, leaf: &str, vkeys: &[&str]) -> Answer {
        self.ask(&[&["proof", &hex(proof), origin, leaf], vkeys].concat())
    }

    fn ask(&mut self, words: &[&str]) -> Answer {
        assert!(words.iter().all(|word| !word.is_empty() && !word.contains(char::is_whitespace)), "{words:?}");
        writeln!(self.commands, "{}", words.join(" ")).expect("the program reads");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("the program answers");
        match answer.trim_end().split_once(' ').unwrap_or((answer.trim_end(), "")) {
            ("ok", answer) => Ok(answer.to_string()),
            ("error", reason) => Err(reason.to_string()),
            _ => panic!("the program has answered {answer:?} to {words:?}"),
        }
    }
}

impl Drop for Go {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// The path of the program.
fn built() -> &'static Path {
    static BUILT: OnceLock<std::path::PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("verify-log");
        let mut go = Command::new("go");
        go.args(["build", "-o"])
            .arg(&program)
            .arg(".")
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/log/go"));
        // Debian's packages of Go's libraries are a GOPATH, and nothing is fetched.
        go.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").env("GOFLAGS", "").env("CGO_ENABLED", "0");
        go.env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go"));
        let output = go.output().expect("go, of the package golang-go: `scripts/test client` installs it");
        assert!(
            output.status.success(),
            "go build failed; it needs the packages golang-go and golang-golang-x-mod-dev, which `scripts/test client` \
             installs: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        program
    })
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(digits: &str) -> String {
    let pair = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex digits");
    String::from_utf8((0..digits.len()).step_by(2).map(pair).collect()).expect("UTF-8")
}
