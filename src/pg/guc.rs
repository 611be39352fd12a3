//! The settings of the extension itself.

use std::ffi::{CStr, CString};

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting, pg_sys};

/// A setting with a whole number.
pub struct Number(GucSetting<i32>);

/// A setting with a text, which only superusers and members of pg_read_all_settings see.
pub struct Text(GucSetting<Option<CString>>);

/// A setting with the values on and off.
pub struct Switch(GucSetting<bool>);

/// The roles that may change a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetBy {
    /// Any role, for a session.
    Anybody,
    /// A superuser.
    Superuser,
}

impl SetBy {
    fn context(self) -> GucContext {
        match self {
            SetBy::Anybody => GucContext::Userset,
            SetBy::Superuser => GucContext::Suset,
        }
    }
}

/// The unit of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A count.
    None,
    /// Kilobytes.
    Kilobytes,
}

/// The name and the explanation of a setting.
pub struct Description {
    /// The setting's name, with its prefix.
    pub name: &'static CStr,
    /// The effect of the setting.
    pub short: &'static CStr,
    /// The consequences of the setting.
    pub long: &'static CStr,
}

impl Number {
    /// A setting with this default.
    pub const fn new(default: i32) -> Number {
        Number(GucSetting::<i32>::new(default))
    }

    /// Defines the setting when PostgreSQL loads the library: from 1 to `max`.
    pub fn define(&'static self, description: Description, max: i32, unit: Unit, by: SetBy) {
        let flags = if unit == Unit::Kilobytes { GucFlags::UNIT_KB } else { GucFlags::default() };
        let Description { name, short, long } = description;
        GucRegistry::define_int_guc(name, short, long, &self.0, 1, max, by.context(), flags);
    }

    /// The setting's value.
    pub fn get(&self) -> i32 {
        self.0.get()
    }
}

impl Text {
    /// A setting that is empty by default.
    pub const fn empty() -> Text {
        Text(GucSetting::<Option<CString>>::new(Some(c"")))
    }

    /// Defines the setting when PostgreSQL loads the library. A superuser sets it.
    pub fn define(&'static self, description: Description) {
        let Description { name, short, long } = description;
        GucRegistry::define_string_guc(name, short, long, &self.0, GucContext::Suset, GucFlags::SUPERUSER_ONLY);
    }

    /// The setting's value; `None` if it is empty.
    pub fn get(&self) -> Option<String> {
        let text = self.0.get()?.into_string().ok()?;
        (!text.is_empty()).then_some(text)
    }
}

impl Switch {
    /// A setting with this default.
    pub const fn new(default: bool) -> Switch {
        Switch(GucSetting::<bool>::new(default))
    }

    /// Defines the setting when PostgreSQL loads the library.
    pub fn define(&'static self, description: Description, by: SetBy) {
        let Description { name, short, long } = description;
        GucRegistry::define_bool_guc(name, short, long, &self.0, by.context(), GucFlags::default());
    }

    /// The setting's value.
    pub fn get(&self) -> bool {
        self.0.get()
    }
}

/// Tells PostgreSQL that no other settings with this prefix will be defined, so that PostgreSQL refuses a misspelt one.
pub fn reserve_prefix(prefix: &'static CStr) {
    // SAFETY: the library is being loaded; the name is never freed.
    unsafe { pg_sys::MarkGUCPrefixReserved(prefix.as_ptr()) };
}
