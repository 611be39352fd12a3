//! Settings of the extension's own.

use std::ffi::CStr;

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting, pg_sys};

/// A setting that is a whole number.
pub struct Number(GucSetting<i32>);

/// A setting that is on or off.
pub struct Switch(GucSetting<bool>);

/// Who may change a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetBy {
    /// Anybody, for a session.
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

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    None,
    /// Kilobytes.
    Kilobytes,
}

/// How a setting is called and explained.
pub struct Description {
    /// Its name, with its prefix.
    pub name: &'static CStr,
    /// What it does.
    pub short: &'static CStr,
    /// What follows from it.
    pub long: &'static CStr,
}

impl Number {
    /// A setting with this default.
    pub const fn new(default: i32) -> Number {
        Number(GucSetting::<i32>::new(default))
    }

    /// Defines it, when the library is loaded: from 1 to `max`.
    pub fn define(&'static self, description: Description, max: i32, unit: Unit, by: SetBy) {
        let flags = if unit == Unit::Kilobytes { GucFlags::UNIT_KB } else { GucFlags::default() };
        let Description { name, short, long } = description;
        GucRegistry::define_int_guc(name, short, long, &self.0, 1, max, by.context(), flags);
    }

    /// Its value.
    pub fn get(&self) -> i32 {
        self.0.get()
    }
}

impl Switch {
    /// A setting with this default.
    pub const fn new(default: bool) -> Switch {
        Switch(GucSetting::<bool>::new(default))
    }

    /// Defines it, when the library is loaded.
    pub fn define(&'static self, description: Description, by: SetBy) {
        let Description { name, short, long } = description;
        GucRegistry::define_bool_guc(name, short, long, &self.0, by.context(), GucFlags::default());
    }

    /// Its value.
    pub fn get(&self) -> bool {
        self.0.get()
    }
}

/// Tells PostgreSQL that there are no other settings with this prefix than those defined by now, so that a misspelt one is
/// refused.
pub fn reserve_prefix(prefix: &'static CStr) {
    // SAFETY: the library is being loaded; the name is never freed.
    unsafe { pg_sys::MarkGUCPrefixReserved(prefix.as_ptr()) };
}
