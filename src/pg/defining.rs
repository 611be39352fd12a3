//! Statements of ours that define something, while they run: the one command that each gives is our own.
//!
//! Functions of roles can give others meanwhile: to build a GiST index of ranges, say, PostgreSQL calls the `subtype_diff` of their type.

use std::cell::Cell;

/// What the innermost statement of ours that is running is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Statement {
    /// It defines nothing.
    Other,
    /// It defines something, and its command has yet to begin.
    Defining,
    /// It defines something by the command with this identity.
    Command(usize),
}

thread_local! {
    static STATEMENT: Cell<Statement> = const { Cell::new(Statement::Other) };
}

/// The first words of the statements that define something.
const DEFINING: [&str; 6] = ["ALTER ", "COMMENT ", "CREATE ", "DROP ", "GRANT ", "REVOKE "];

/// Whether a command that begins is that of the statement.
pub fn begins(command: usize) -> bool {
    if STATEMENT.get() == Statement::Defining {
        STATEMENT.set(Statement::Command(command));
    }
    runs(command)
}

/// Whether a command is that of the statement.
pub fn runs(command: usize) -> bool {
    STATEMENT.get() == Statement::Command(command)
}

/// A mark of the running statement, as long as the value lives.
pub struct Running {
    before: Statement,
}

impl Running {
    /// Begins a statement.
    pub fn begin(sql: &str) -> Running {
        let defines = DEFINING.iter().any(|word| sql.trim_start().starts_with(word));
        Running { before: STATEMENT.replace(if defines { Statement::Defining } else { Statement::Other }) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        STATEMENT.set(self.before);
    }
}
