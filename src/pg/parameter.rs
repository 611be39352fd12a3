//! Parameters of statements.

use std::ffi::c_char;
use std::marker::PhantomData;

use pgrx::pg_sys;

use super::datum::{Given, Owned, ToSql};
use super::report::{Error, Result};

/// A parameter of a statement, or NULL.
#[derive(Clone)]
pub struct Parameter<'a> {
    type_id: pg_sys::Oid,
    value: Option<Owned>,
    marker: PhantomData<&'a ()>,
}

impl<T: ToSql> From<T> for Parameter<'_> {
    fn from(value: T) -> Self {
        let Given { type_id, value } = value.to_sql();
        Parameter::owned(type_id, value)
    }
}

impl<'a> Parameter<'a> {
    pub(super) fn owned(type_id: pg_sys::Oid, value: Option<Owned>) -> Self {
        Parameter { type_id, value, marker: PhantomData }
    }

    /// # Safety
    /// The datum is of this type, and lives as long as `'a`.
    pub(super) unsafe fn borrowed(type_id: pg_sys::Oid, value: Option<pg_sys::Datum>) -> Self {
        Parameter { type_id, value: value.map(Owned::Direct), marker: PhantomData }
    }

    pub(super) fn type_id(&self) -> pg_sys::Oid {
        self.type_id
    }
}

/// The parameters of a statement in SPI's form, with the lifetime of the values.
pub(super) struct Parameters<'p> {
    pub(super) types: Vec<pg_sys::Oid>,
    pub(super) values: Vec<pg_sys::Datum>,
    pub(super) nulls: Vec<c_char>,
    marker: PhantomData<&'p ()>,
}

impl<'p> Parameters<'p> {
    pub(super) fn of(parameters: &'p [Parameter]) -> Parameters<'p> {
        let datum = |value: &Option<Owned>| value.as_ref().map_or(pg_sys::Datum::null(), Owned::datum);
        Parameters {
            types: parameters.iter().map(|p| p.type_id).collect(),
            values: parameters.iter().map(|p| datum(&p.value)).collect(),
            nulls: parameters.iter().map(|p| if p.value.is_some() { b' ' } else { b'n' } as c_char).collect(),
            marker: PhantomData,
        }
    }

    /// The same parameters, for a plan that was made for these types.
    pub(super) fn of_types(parameters: &'p [Parameter], types: &[pg_sys::Oid]) -> Result<Parameters<'p>> {
        if !parameters.iter().map(|parameter| parameter.type_id).eq(types.iter().copied()) {
            return Err(Error::mismatch("a parameter"));
        }
        Ok(Parameters::of(parameters))
    }

    /// The same parameters in the executor's form: values that do not change while the statement runs.
    pub(super) fn list(&self) -> pg_sys::ParamListInfo {
        // SAFETY: the list has a member for each parameter.
        unsafe {
            let list = pg_sys::makeParamList(self.types.len() as i32);
            let members = (*list).params.as_mut_ptr();
            for (number, &type_id) in self.types.iter().enumerate() {
                *members.add(number) = pg_sys::ParamExternData {
                    value: self.values[number],
                    isnull: self.nulls[number] != b' ' as c_char,
                    pflags: pg_sys::PARAM_FLAG_CONST as u16,
                    ptype: type_id,
                };
            }
            list
        }
    }
}
