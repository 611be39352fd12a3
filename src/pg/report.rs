//! Errors as PostgreSQL's users know them: SQLSTATE, message, DETAIL, HINT. The only place that knows SQLSTATEs.

use pgrx::PgSqlErrorCode as Code;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, pg_sys};

/// What kind of refusal an [`Error`] is; each is one SQLSTATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 23001: a sealed row is not changed or removed.
    AppendOnly,
    /// 23502: a value that must be there is not.
    NullValue,
    /// 23514: a value is not what it must be.
    Check,
    /// 40001: somebody else was first; a retry succeeds.
    Serialization,
    /// 42501: the caller may not do that.
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
    /// 42710: it exists already.
    Duplicate,
    /// 55000: not in the state that this needs.
    State,
    /// 22008: a time that its type cannot hold.
    TimeRange,
    /// 22023: an argument is out of its domain.
    Argument,
    /// 54000: larger than a limit.
    Limit,
    /// 53200: out of memory.
    Memory,
    /// 0A000: not supported.
    Unsupported,
    /// 39P01: a trigger function called otherwise than as a trigger.
    TriggerProtocol,
    /// 39P03: an event trigger function called otherwise than as an event trigger.
    EventTriggerProtocol,
    /// XX001: stored data is damaged.
    Corrupted,
    /// 57014: the statement has to end.
    Canceled,
    /// 42P13: a function is declared otherwise than it is written.
    Declaration,
    /// XX000: what no user can cause.
    Internal,
}

impl Class {
    fn sqlstate(self) -> Code {
        match self {
            Class::AppendOnly => Code::ERRCODE_RESTRICT_VIOLATION,
            Class::NullValue => Code::ERRCODE_NOT_NULL_VIOLATION,
            Class::Check => Code::ERRCODE_CHECK_VIOLATION,
            Class::Serialization => Code::ERRCODE_T_R_SERIALIZATION_FAILURE,
            Class::Privilege => Code::ERRCODE_INSUFFICIENT_PRIVILEGE,
            Class::WrongType => Code::ERRCODE_DATATYPE_MISMATCH,
            Class::WrongObject => Code::ERRCODE_WRONG_OBJECT_TYPE,
            Class::DuplicateColumn => Code::ERRCODE_DUPLICATE_COLUMN,
            Class::UndefinedColumn => Code::ERRCODE_UNDEFINED_COLUMN,
            Class::UndefinedObject => Code::ERRCODE_UNDEFINED_OBJECT,
            Class::Duplicate => Code::ERRCODE_DUPLICATE_OBJECT,
            Class::State => Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            Class::TimeRange => Code::ERRCODE_DATETIME_FIELD_OVERFLOW,
            Class::Argument => Code::ERRCODE_INVALID_PARAMETER_VALUE,
            Class::Limit => Code::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
            Class::Memory => Code::ERRCODE_OUT_OF_MEMORY,
            Class::Unsupported => Code::ERRCODE_FEATURE_NOT_SUPPORTED,
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
}

/// What can be refused.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with its primary message: lower case, no full stop, names quoted.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Error { class, message: message.into(), detail: None, hint: None }
    }

    /// The error of an argument that must be given.
    pub fn null_argument(name: &str) -> Error {
        Error::new(Class::Argument, format!("argument \"{name}\" must not be null"))
    }

    /// The error of a catalog or an answer of PostgreSQL's that is not as it must be. Nothing is skipped for that.
    pub fn damaged(what: &str) -> Error {
        Error::new(Class::Corrupted, format!("unexpected null or missing value in {what}"))
    }

    /// The error of a value that is not of the type, or not of the row, that it is used for.
    pub(super) fn mismatch(what: &str) -> Error {
        Error::new(Class::Internal, format!("{what} does not fit what it is used for"))
    }

    /// Ends the current statement with this error from where no `Result` is returned, as functions of PostgreSQL's do.
    #[cold]
    pub(super) fn fail(self) -> ! {
        self.raise();
        unreachable!("an error has been raised")
    }

    /// It says that the arguments of a trigger do not fit its table: for verification, a fault like any other.
    pub fn is_misconfiguration(&self) -> bool {
        matches!(
            self.class,
            Class::Argument | Class::DuplicateColumn | Class::UndefinedColumn | Class::WrongType | Class::Unsupported
        )
    }

    /// Adds the DETAIL, a sentence. Values of rows only where the caller may read them.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the HINT, a sentence that says what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// It is about a value that cannot be written: too large, or damaged.
    pub fn is_about_value(&self) -> bool {
        matches!(self.class, Class::Limit | Class::Corrupted)
    }

    /// What kind of refusal it is.
    pub fn class(&self) -> Class {
        self.class
    }

    /// Its primary message.
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

/// Keeps backtraces out of what clients are told, whatever the server's environment asks for: pgrx puts them into the
/// DETAIL of each error.
pub fn without_backtraces() {
    // SAFETY: the library is being loaded, in a process that has one thread.
    unsafe {
        std::env::set_var("RUST_LIB_BACKTRACE", "0");
        std::env::set_var("RUST_BACKTRACE", "0");
    }
}

/// Tells the client something that is not an error.
pub fn notice(message: String) {
    ErrorReport::new(Code::ERRCODE_SUCCESSFUL_COMPLETION, message, "veritable").report(PgLogLevel::NOTICE);
}

/// The same, with what to do about it.
pub fn notice_with_hint(message: String, hint: &str) {
    ErrorReport::new(Code::ERRCODE_SUCCESSFUL_COMPLETION, message, "veritable")
        .set_hint(hint)
        .report(PgLogLevel::NOTICE);
}

/// Warns the client of what was let pass.
pub fn warning(message: String, detail: String) {
    ErrorReport::new(Code::ERRCODE_WARNING, message, "veritable").set_detail(detail).report(PgLogLevel::WARNING);
}

/// `1 event`, `2 events`.
pub fn number(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
