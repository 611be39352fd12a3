//! Composite values.

use std::marker::PhantomData;
use std::rc::Rc;

use pgrx::{pg_sys, varlena};

use super::datum::{Owned, is_toasted};
use super::function::Call;
use super::parameter::Parameter;
use super::report::Error;
use super::row::{Descriptor, Row};

/// A composite value.
pub struct Composite<'v> {
    header: pg_sys::HeapTupleHeader,
    /// The owner of the value's memory, if the value was fetched or decompressed.
    owned: Option<Rc<[u64]>>,
    marker: PhantomData<&'v ()>,
}

impl<'v> Composite<'v> {
    /// # Safety
    /// The datum is a composite value that lives as long as `'v`.
    pub(super) unsafe fn from_datum(datum: pg_sys::Datum) -> Self {
        // SAFETY: a composite value is of a varlena type.
        let owned = unsafe {
            if !is_toasted(datum.cast_mut_ptr()) && varlena::varatt_is_4b(datum.cast_mut_ptr()) {
                None
            } else {
                // Detoasted with the long header, because the parts of a tuple are aligned by the long header.
                let value = pg_sys::Datum::from(pg_sys::pg_detoast_datum(datum.cast_mut_ptr()));
                Some(Owned::copy(value, false, -1))
            }
        };
        match owned {
            Some(Owned::Copied(words)) => {
                Composite { header: words.as_ptr().cast_mut().cast(), owned: Some(words), marker: PhantomData }
            }
            _ => Composite { header: datum.cast_mut_ptr(), owned: None, marker: PhantomData },
        }
    }

    /// The oid of the value's row type; `record` for a type without a name.
    pub fn row_type(&self) -> pg_sys::Oid {
        // SAFETY: a composite value has this header.
        unsafe { (*self.header).t_choice.t_datum.datum_typeid }
    }

    /// The whole value, as a parameter for a statement.
    pub fn parameter(&self) -> Parameter<'v> {
        match &self.owned {
            Some(words) => Parameter::owned(self.row_type(), Some(Owned::Copied(Rc::clone(words)))),
            // SAFETY: the value is of this type, and lives as long as `'v`.
            None => unsafe { Parameter::borrowed(self.row_type(), Some(pg_sys::Datum::from(self.header))) },
        }
    }

    /// Takes the value apart. `descriptor` is the descriptor of its row type.
    pub fn row<'r>(&'r self, descriptor: &'r Descriptor) -> Row<'r> {
        // SAFETY: the descriptor is ours.
        if self.row_type() != unsafe { (*descriptor.raw()).tdtypeid } {
            Error::mismatch("a composite value").fail();
        }
        let mut tuple = pg_sys::HeapTupleData {
            // SAFETY: the header begins with the length.
            t_len: unsafe { varlena::varsize_any(self.header.cast()) } as u32,
            t_data: self.header,
            ..Default::default()
        };
        // SAFETY: the row is of the type that has this shape.
        unsafe { Row::of_tuple(descriptor, &mut tuple) }
    }
}

/// Values of type `record`, as one parameter of type `record[]`.
pub fn records<'v>(values: impl IntoIterator<Item = Composite<'v>>) -> Parameter<'static> {
    let values: Vec<_> = values.into_iter().collect();
    let mut datums: Vec<_> = values.iter().map(|value| pg_sys::Datum::from(value.header)).collect();
    // SAFETY: the values are composite, of variable length and aligned like a double; the array copies them, and is of a
    // varlena type.
    let array = unsafe {
        let array = pg_sys::construct_array(
            datums.as_mut_ptr(),
            datums.len() as i32,
            pg_sys::RECORDOID,
            -1,
            false,
            b'd' as std::ffi::c_char,
        );
        let copy = Owned::copy(pg_sys::Datum::from(array), false, -1);
        pg_sys::pfree(array.cast());
        copy
    };
    Parameter::owned(pg_sys::RECORDARRAYOID, Some(array))
}

impl<'call> Call<'call> {
    /// A `record` argument.
    pub fn composite(&self, position: usize) -> Option<Composite<'call>> {
        // SAFETY: takes any type's oid.
        let is_row = |type_id| type_id == pg_sys::RECORDOID || unsafe { pg_sys::type_is_rowtype(type_id) };
        let datum = self.typed(position, is_row)?;
        // SAFETY: the argument is a composite value, which lives as long as the call.
        Some(unsafe { Composite::from_datum(datum) })
    }
}
