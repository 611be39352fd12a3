//! Statements of ours that define something, while they run: what they command is our own.

use std::cell::Cell;

thread_local! {
    static DEFINES: Cell<bool> = const { Cell::new(false) };
}

/// The first words of the statements that define something.
const DEFINING: [&str; 6] = ["ALTER ", "COMMENT ", "CREATE ", "DROP ", "GRANT ", "REVOKE "];

/// Whether the innermost statement of ours that is running defines something. Of these, `CREATE INDEX` alone can run code of a role: its
/// planning evaluates constants in expressions of the other indexes of the table.
pub fn is_defining() -> bool {
    DEFINES.get()
}

/// A mark of the running statement, as long as the value lives.
pub struct Running {
    before: bool,
}

impl Running {
    /// Begins a statement.
    pub fn begin(sql: &str) -> Running {
        let sql = sql.trim_start();
        Running { before: DEFINES.replace(DEFINING.iter().any(|word| sql.starts_with(word))) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        DEFINES.set(self.before);
    }
}
