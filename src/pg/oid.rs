//! The numbers of catalog objects: relations, types, functions, roles. Each function documents the kind of its number,
//! so that no number of one kind is taken for one of another.

use pgrx::pg_sys;
pub use pgrx::pg_sys::Oid;

/// The operator `&&` of ranges.
pub const RANGE_OVERLAPS: Oid = Oid::from_u32(pg_sys::OID_RANGE_OVERLAP_OP);

/// The number that no object has.
pub const INVALID: Oid = pg_sys::InvalidOid;

/// The types with numbers that PostgreSQL itself knows.
pub mod types {
    pub use pgrx::pg_sys::{
        BPCHAROID as BPCHAR, BYTEAOID as BYTEA, INT2OID as INT2, INT4OID as INT4, INT8OID as INT8, JSONBOID as JSONB,
        JSONOID as JSON, NAMEOID as NAME, OIDOID as OID, TEXTOID as TEXT, TIDOID as TID, TIMESTAMPTZOID as TIMESTAMPTZ,
        VARCHAROID as VARCHAR,
    };
}

/// The catalogs that can contain an object.
pub mod catalogs {
    pub use pgrx::pg_sys::{
        NamespaceRelationId as SCHEMAS, RelationRelationId as RELATIONS, TriggerRelationId as TRIGGERS,
        TypeRelationId as TYPES,
    };

    /// `RewriteRelationId` of catalog/pg_rewrite.h, which pgrx does not bind.
    pub const RULES: super::Oid = super::Oid::from_u32(2618);
}
