//! Errors as PostgreSQL's users see them: SQLSTATE, message, DETAIL, HINT. No other file knows SQLSTATEs.

use pgrx::PgSqlErrorCode as Code;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, pg_sys};

use super::constraint_name;
use super::relation::Relation;

/// The kind of refusal of an [`Error`]; each is one SQLSTATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 23001: a sealed row must not be changed or removed.
    AppendOnly,
    /// 23502: a required value is missing.
    NullValue,
    /// 23503: a row refers to what is not there.
    ForeignKey,
    /// 23505: a key exists already.
    Unique,
    /// 23514: a value breaks a rule.
    Check,
    /// 40001: another transaction was first; a retry succeeds.
    Serialization,
    /// 42501: the caller lacks a privilege.
    Privilege,
    /// 42804: a column is of the wrong type.
    WrongType,
    /// 42809: the wrong kind of relation.
    WrongObject,
    /// 42701: a column is named twice.
    DuplicateColumn,
    /// 42703: no such column.
    UndefinedColumn,
    /// 42704: no such object.
    UndefinedObject,
    /// 2BP01: other objects depend on the object.
    DependentObjects,
    /// 42710: the object exists already.
    Duplicate,
    /// 42723: the function exists already.
    DuplicateFunction,
    /// 55006: open transactions are in the way; a retry succeeds.
    InUse,
    /// 55000: an object is not in the required state.
    State,
    /// 22008: the type cannot hold the time.
    TimeRange,
    /// 22023: an argument is out of its domain.
    Argument,
    /// 54000: larger than a limit.
    Limit,
    /// 53200: out of memory.
    Memory,
    /// 0A000: not supported.
    Unsupported,
    /// 25006: the transaction cannot write.
    ReadOnly,
    /// 39P01: a trigger function called in another way than as a trigger.
    TriggerProtocol,
    /// 39P03: an event trigger function called in another way than as an event trigger.
    EventTriggerProtocol,
    /// XX001: stored data is damaged.
    Corrupted,
    /// 57014: the statement has to end.
    Canceled,
    /// 42P13: a function's declaration does not fit its code.
    Declaration,
    /// XX000: an error that no user can cause.
    Internal,
}

impl Class {
    fn sqlstate(self) -> Code {
        match self {
            Class::AppendOnly => Code::ERRCODE_RESTRICT_VIOLATION,
            Class::NullValue => Code::ERRCODE_NOT_NULL_VIOLATION,
            Class::ForeignKey => Code::ERRCODE_FOREIGN_KEY_VIOLATION,
            Class::Unique => Code::ERRCODE_UNIQUE_VIOLATION,
            Class::Check => Code::ERRCODE_CHECK_VIOLATION,
            Class::Serialization => Code::ERRCODE_T_R_SERIALIZATION_FAILURE,
            Class::Privilege => Code::ERRCODE_INSUFFICIENT_PRIVILEGE,
            Class::WrongType => Code::ERRCODE_DATATYPE_MISMATCH,
            Class::WrongObject => Code::ERRCODE_WRONG_OBJECT_TYPE,
            Class::DuplicateColumn => Code::ERRCODE_DUPLICATE_COLUMN,
            Class::UndefinedColumn => Code::ERRCODE_UNDEFINED_COLUMN,
            Class::UndefinedObject => Code::ERRCODE_UNDEFINED_OBJECT,
            Class::DependentObjects => Code::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
            Class::Duplicate => Code::ERRCODE_DUPLICATE_OBJECT,
            Class::DuplicateFunction => Code::ERRCODE_DUPLICATE_FUNCTION,
            Class::InUse => Code::ERRCODE_OBJECT_IN_USE,
            Class::State => Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            Class::TimeRange => Code::ERRCODE_DATETIME_FIELD_OVERFLOW,
            Class::Argument => Code::ERRCODE_INVALID_PARAMETER_VALUE,
            Class::Limit => Code::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
            Class::Memory => Code::ERRCODE_OUT_OF_MEMORY,
            Class::Unsupported => Code::ERRCODE_FEATURE_NOT_SUPPORTED,
            Class::ReadOnly => Code::ERRCODE_READ_ONLY_SQL_TRANSACTION,
            Class::TriggerProtocol => Code::ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
            Class::EventTriggerProtocol => Code::ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED,
            Class::Corrupted => Code::ERRCODE_DATA_CORRUPTED,
            Class::Canceled => Code::ERRCODE_QUERY_CANCELED,
            Class::Declaration => Code::ERRCODE_INVALID_FUNCTION_DEFINITION,
            Class::Internal => Code::ERRCODE_INTERNAL_ERROR,
        }
    }
}

/// An error on its way to the client.
#[derive(Debug)]
pub struct Error {
    class: Class,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    constraint: Option<Box<constraint_name::Names>>,
}

/// The result of a step that can be refused.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with its primary message: lower case, no full stop, names quoted.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Error { class, message: message.into(), detail: None, hint: None, constraint: None }
    }

    /// The error for a missing argument.
    pub fn null_argument(name: &str) -> Error {
        Error::new(Class::Argument, format!("argument \"{name}\" must not be null"))
    }

    /// The error for a catalog or an answer of PostgreSQL that is not as expected. No code skips such a case.
    pub fn damaged(what: &str) -> Error {
        Error::new(Class::Corrupted, format!("unexpected null or missing value in {what}"))
    }

    /// The error for a value that is not of the expected type or row.
    pub(super) fn mismatch(what: &str) -> Error {
        Error::new(Class::Internal, format!("{what} does not fit what it is used for"))
    }

    /// Ends the current statement with this error, in a function that returns no `Result`, as PostgreSQL's functions do.
    #[cold]
    pub(super) fn fail(self) -> ! {
        self.raise();
        unreachable!("an error has been raised")
    }

    /// Marks a misfit between a trigger's arguments and its table: for verification, a fault like any other.
    pub fn is_misconfiguration(&self) -> bool {
        matches!(
            self.class,
            Class::Argument | Class::DuplicateColumn | Class::UndefinedColumn | Class::WrongType | Class::Unsupported
        )
    }

    /// Adds the DETAIL, a sentence. The DETAIL holds values of rows only if the caller may read them.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the HINT, a sentence that says what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the name of the constraint that a row of the table breaks, for clients that look for it.
    pub fn constraint(mut self, table: &Relation, name: &str) -> Self {
        self.constraint = constraint_name::Names::of(table, name).map(Box::new);
        self
    }

    /// Whether the error is about a value that cannot be written: too large, or damaged.
    pub fn is_about_value(&self) -> bool {
        matches!(self.class, Class::Limit | Class::Corrupted)
    }

    /// The kind of refusal.
    pub fn class(&self) -> Class {
        self.class
    }

    /// The primary message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Ends the current statement with this error.
    pub(super) fn raise(self) -> pg_sys::Datum {
        let mut report = ErrorReport::new(self.class.sqlstate(), self.message, "veritable");
        if let Some(detail) = self.detail {
            report = report.set_detail(detail);
        }
        if let Some(hint) = self.hint {
            report = report.set_hint(hint);
        }
        if let Some(names) = self.constraint {
            names.give_to_next_error();
        }
        report.report(PgLogLevel::ERROR);
        pg_sys::Datum::null()
    }
}

impl From<veritable_core::line::Error> for Error {
    fn from(error: veritable_core::line::Error) -> Self {
        use veritable_core::line::Error as Line;
        let (class, message) = match error {
            Line::Damaged(_) => (Class::Corrupted, "stored value is damaged"),
            Line::TooLong => (Class::Limit, "row is too large to be hashed"),
            Line::OutOfMemory => (Class::Memory, "out of memory"),
        };
        Error::new(class, message).detail(error.to_string())
    }
}

/// Keeps backtraces out of messages to clients, whatever the server's environment asks for: pgrx captures one with each
/// error, and would add it to the DETAIL.
///
/// Rust reads the environment at the first capture, and once: so the first one is made here, in an environment that asks
/// for none. The environment itself stays as it is, for other libraries and for programs that the server starts.
pub fn without_backtraces() {
    const VARIABLES: [&str; 2] = ["RUST_LIB_BACKTRACE", "RUST_BACKTRACE"];
    let before = VARIABLES.map(|name| (name, std::env::var_os(name)));
    // SAFETY: the library is being loaded, in a process that has one thread.
    unsafe {
        VARIABLES.iter().for_each(|name| std::env::set_var(name, "0"));
        drop(std::backtrace::Backtrace::capture());
        for (name, value) in before {
            match value {
                Some(value) => std::env::set_var(name, value),
                None => std::env::remove_var(name),
            }
        }
    }
}

/// Sends the client a message that is not an error.
pub fn notice(message: String) {
    ErrorReport::new(Code::ERRCODE_SUCCESSFUL_COMPLETION, message, "veritable").report(PgLogLevel::NOTICE);
}

/// Sends the client a message that is not an error, with a DETAIL unless that is empty.
pub fn notice_with_detail(message: String, detail: &str) {
    let report = ErrorReport::new(Code::ERRCODE_SUCCESSFUL_COMPLETION, message, "veritable");
    let report = if detail.is_empty() { report } else { report.set_detail(detail) };
    report.report(PgLogLevel::NOTICE);
}

/// Sends the client a message that is not an error, with a HINT.
pub fn notice_with_hint(message: String, hint: &str) {
    ErrorReport::new(Code::ERRCODE_SUCCESSFUL_COMPLETION, message, "veritable")
        .set_hint(hint)
        .report(PgLogLevel::NOTICE);
}

/// Warns the client about something that was let pass.
pub fn warning(message: String, detail: String) {
    ErrorReport::new(Code::ERRCODE_WARNING, message, "veritable").set_detail(detail).report(PgLogLevel::WARNING);
}

/// Warns the client about something that was let pass, and says what to do.
pub fn warning_with_hint(message: String, detail: String, hint: &str) {
    ErrorReport::new(Code::ERRCODE_WARNING, message, "veritable")
        .set_detail(detail)
        .set_hint(hint)
        .report(PgLogLevel::WARNING);
}

/// `1 event`, `2 events`.
pub fn number(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
