//! What catalogs number: relations, types, functions, roles. A number of one kind is never taken for one of another, since each
//! function says of what its number is.

use pgrx::pg_sys;
pub use pgrx::pg_sys::Oid;

/// The operator `&&` of ranges.
pub const RANGE_OVERLAPS: Oid = Oid::from_u32(pg_sys::OID_RANGE_OVERLAP_OP);

/// No object has this number.
pub const INVALID: Oid = pg_sys::InvalidOid;

/// The types that PostgreSQL itself knows by their numbers.
pub mod types {
    pub use pgrx::pg_sys::{
        BPCHAROID as BPCHAR, BYTEAOID as BYTEA, INT2OID as INT2, INT4OID as INT4, INT8OID as INT8, JSONBOID as JSONB,
        JSONOID as JSON, NAMEOID as NAME, TEXTOID as TEXT, TIDOID as TID, VARCHAROID as VARCHAR,
    };
}

/// The catalogs in which an object can be.
pub mod catalogs {
    pub use pgrx::pg_sys::{RelationRelationId as RELATIONS, TriggerRelationId as TRIGGERS, TypeRelationId as TYPES};
}
