//! The equality of two values of a column, and their hash.

use pgrx::pg_sys;

use super::column::Column;
use super::text::string;

/// The hash function of a column's type: values that are equal by the type have equal hashes.
#[derive(Clone, Copy)]
pub struct ValueHash {
    pub(super) type_id: pg_sys::Oid,
    pub(super) function: *mut pg_sys::FmgrInfo,
    pub(super) collation: pg_sys::Oid,
    /// Whether the function takes a seed and gives 64 bits. Types of before PostgreSQL 11 have a plain one with 32.
    pub(super) is_extended: bool,
}

impl ValueHash {
    /// The hash function of the column's type, if its default hash operator class has one.
    pub fn of(column: &Column) -> Option<ValueHash> {
        // SAFETY: an entry of the type cache lives as long as the backend, at the same address.
        unsafe {
            let flags = pg_sys::TYPECACHE_HASH_EXTENDED_PROC_FINFO
                | pg_sys::TYPECACHE_HASH_PROC_FINFO
                | pg_sys::TYPECACHE_EQ_OPR;
            let entry = pg_sys::lookup_type_cache(column.type_id, flags as i32);
            let extended = (&raw mut (*entry).hash_extended_proc_finfo, true);
            let plain = (&raw mut (*entry).hash_proc_finfo, false);
            let (function, is_extended) =
                [extended, plain].into_iter().find(|(function, _)| (**function).fn_oid != pg_sys::InvalidOid)?;
            Some(ValueHash { type_id: column.type_id, function, collation: column.collation, is_extended })
        }
    }

    /// The hash of a value; the seed is the hash of what comes before.
    ///
    /// # Safety
    /// The datum is a value, not NULL, of the column's type.
    pub(super) unsafe fn of_value(self, datum: pg_sys::Datum, seed: u64) -> u64 {
        // SAFETY: by the contract of this function; the function hashes values of this type.
        unsafe {
            if self.is_extended {
                let seed = pg_sys::Datum::from(seed as i64);
                return pg_sys::FunctionCall2Coll(self.function, self.collation, datum, seed).value() as u64;
            }
            let hash = pg_sys::FunctionCall1Coll(self.function, self.collation, datum).value() as u32;
            // The steps of splitmix64, so that the order of columns counts, and each bit of both.
            let mut mixed = (seed ^ u64::from(hash)).wrapping_add(0x9E37_79B9_7F4A_7C15);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^ (mixed >> 31)
        }
    }
}

/// Whether the operator has the equality of the column's type by default: it calls the same function.
pub(super) fn is_equality_of(operator: pg_sys::Oid, column: &Column) -> bool {
    // SAFETY: take the oids of any type and of any operator.
    unsafe {
        let default = (*pg_sys::lookup_type_cache(column.type_id, pg_sys::TYPECACHE_EQ_OPR as i32)).eq_opr;
        operator == default || pg_sys::get_opcode(operator) == pg_sys::get_opcode(default)
    }
}

/// An operator in SQL, independent of the search_path.
pub fn operator_sql(operator: pg_sys::Oid) -> String {
    // SAFETY: an operator that exists has a name; `format_operator_qualified` writes `schema.=(type,type)`.
    let text = unsafe { string(pg_sys::format_operator_qualified(operator)) };
    format!("OPERATOR({})", text.rsplit_once('(').map_or(text.as_str(), |(name, _)| name))
}

/// The equality of a column: the type's default B-tree operator, under the column's collation.
#[derive(Clone, Copy)]
pub struct Equality {
    pub(super) type_id: pg_sys::Oid,
    /// A function of the type cache, whose entries live as long as the backend, at the same address.
    pub(super) function: *mut pg_sys::FmgrInfo,
    pub(super) collation: pg_sys::Oid,
    operator: pg_sys::Oid,
}

impl Equality {
    /// The column's equality, if the column's type has an equality and an order.
    pub fn of(column: &Column) -> Option<Equality> {
        // SAFETY: takes any type's oid.
        unsafe {
            let flags = pg_sys::TYPECACHE_EQ_OPR | pg_sys::TYPECACHE_EQ_OPR_FINFO | pg_sys::TYPECACHE_LT_OPR;
            let entry = pg_sys::lookup_type_cache(column.type_id, flags as i32);
            let function = &raw mut (*entry).eq_opr_finfo;
            ((*function).fn_oid != pg_sys::InvalidOid && (*entry).lt_opr != pg_sys::InvalidOid).then_some(Equality {
                type_id: column.type_id,
                function,
                collation: column.collation,
                operator: (*entry).eq_opr,
            })
        }
    }

    /// The equality operator as a strategy of the type's default GiST operator class, if the class has it.
    pub fn gist_strategy(&self, column: &Column) -> Option<i32> {
        gist_strategy(column, self.operator)
    }

    /// Whether a GiST index of the column can refuse values that differ.
    pub fn has_gist_unequal(&self, column: &Column) -> bool {
        gist_strategy(column, self.negator()).is_some()
    }

    /// The equality operator.
    pub fn operator(&self) -> pg_sys::Oid {
        self.operator
    }

    /// The negator of the operator.
    pub fn negator(&self) -> pg_sys::Oid {
        // SAFETY: takes any operator's oid; zero says that there is none.
        unsafe { pg_sys::get_negator(self.operator) }
    }

    /// The operator in SQL, independent of the search_path.
    pub fn sql(&self) -> String {
        operator_sql(self.operator)
    }

    /// The cast of a column's value to the operator's type, in SQL, if a cast is needed. In an extension's schema,
    /// other roles may have created operators of the same name that PostgreSQL would prefer, for a domain for example.
    /// In PostgreSQL's own schema no role creates operators.
    pub fn cast_of(&self, column: &Column) -> String {
        let (mut left, mut right) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
        // SAFETY: the operator exists; the variables are written. The name is a palloc'd string.
        unsafe {
            pg_sys::op_input_types(self.operator, &mut left, &mut right);
            if left == column.type_id || u32::from(self.operator) < pg_sys::FirstNormalObjectId {
                return String::new();
            }
            format!("::{}", string(pg_sys::format_type_be_qualified(left)))
        }
    }
}

fn gist_strategy(column: &Column, operator: pg_sys::Oid) -> Option<i32> {
    // SAFETY: all functions take any oids; zero says that there is none.
    unsafe {
        let class = pg_sys::GetDefaultOpClass(column.type_id, pg_sys::GIST_AM_OID);
        if class == pg_sys::InvalidOid || operator == pg_sys::InvalidOid {
            return None;
        }
        let strategy = pg_sys::get_op_opfamily_strategy(operator, pg_sys::get_opclass_family(class));
        (strategy != 0).then_some(strategy)
    }
}

/// The support function of a B-tree operator class that promises equal values with equal bytes, for deduplication;
/// access/nbtree.h.
const EQUAL_IMAGE: i16 = 4;

/// Whether values that are equal in the type's default B-tree order have the same bytes, and so the same text.
pub fn equal_have_same_bytes(type_id: pg_sys::Oid, collation: pg_sys::Oid) -> bool {
    // SAFETY: the functions take the oids of any types, and then of what the first has found; the support function
    // takes the type of the operator class and returns a boolean.
    unsafe {
        let class = pg_sys::GetDefaultOpClass(type_id, pg_sys::BTREE_AM_OID);
        if class == pg_sys::InvalidOid {
            return false;
        }
        let (family, input) = (pg_sys::get_opclass_family(class), pg_sys::get_opclass_input_type(class));
        let function = pg_sys::get_opfamily_proc(family, input, input, EQUAL_IMAGE);
        let typical = pg_sys::get_typcollation(type_id);
        let collation = if collation == pg_sys::InvalidOid { typical } else { collation };
        function != pg_sys::InvalidOid && pg_sys::OidFunctionCall1Coll(function, collation, input.into()).value() != 0
    }
}
