//! The owners of the types of a table's columns.
//!
//! A guarantee that rests on a type would keep the type's owner from changing the type, or would break by the change.
//! So the owner of a guarded table must have the privileges of its types' owners: then a change of a type is like a
//! change of the table, and every role that depends on the type has agreed to that.

use std::collections::HashSet;

use pgrx::pg_sys;

use super::column::{Column, attribute};
use super::relation::Relation;
use super::report::{Class, Error, Result};
use super::role;
use super::types::type_name;

/// The maximum depth of parts of types that is checked: PostgreSQL lets no type contain itself, but nothing else bounds
/// the depth.
const DEPTH_MAX: usize = 1000;

impl Relation {
    /// Refuses columns with a type, or a part of a type, that belongs to a role whose privileges the owner of the table
    /// lacks. Any role may use the types of PostgreSQL and of extensions.
    pub fn check_type_owners<'c>(&self, columns: impl IntoIterator<Item = &'c Column>) -> Result<()> {
        let mut seen = HashSet::new();
        // A typed table takes also its columns' names from its type.
        let own = self.row_type_of().map(|type_id| (format!("table \"{}\"", self.name()), type_id));
        let columns = columns
            .into_iter()
            .map(|column| (format!("column \"{}\" of table \"{}\"", column.name, self.name()), column.type_id));
        for (what, type_id) in own.into_iter().chain(columns) {
            if let Some(foreign) = foreign_part(self.owner(), self.owner(), type_id, &mut seen, DEPTH_MAX) {
                let (name, owner) = (type_name(foreign), role::name_of(owner_of(foreign)));
                return Err(Error::new(Class::Unsupported, format!("{what} is of a type of another role"))
                    .detail(format!(
                        "Type {name} belongs to role \"{owner}\", whose privileges the owner of the table does not have, and who may change or drop it."
                    ))
                    .hint("Use a type that belongs to the owner of the table, or grant the owner the other role."));
            }
        }
        Ok(())
    }

    /// The type of a typed table (`CREATE TABLE … OF`).
    fn row_type_of(&self) -> Option<pg_sys::Oid> {
        // SAFETY: an open relation has its pg_class row.
        let type_id = unsafe { (*(*self.raw()).rd_rel).reloftype };
        (type_id != pg_sys::InvalidOid).then_some(type_id)
    }
}

/// The first part of a type, or the type itself, with an owner whose privileges `owner` lacks, or the owner of the type
/// around it (`around`). A type that cannot be followed to its end counts as such a part.
fn foreign_part(
    owner: pg_sys::Oid,
    around: pg_sys::Oid,
    type_id: pg_sys::Oid,
    seen: &mut HashSet<(pg_sys::Oid, pg_sys::Oid)>,
    depth: usize,
) -> Option<pg_sys::Oid> {
    if u32::from(type_id) < pg_sys::FirstNormalObjectId || !seen.insert((around, type_id)) {
        return None;
    }
    let parts = parts_of(type_id);
    let is_array = parts.is_array;
    let type_owner = owner_of(type_id);
    if !is_array {
        if is_of_extension(type_id) {
            return None;
        }
        if depth == 0 || !role::has_privileges_of(owner, type_owner) || !role::has_privileges_of(around, type_owner) {
            return Some(type_id);
        }
    }
    let around = if is_array { around } else { type_owner };
    parts.types.into_iter().find_map(|part| foreign_part(owner, around, part, seen, depth.saturating_sub(1)))
}

struct Parts {
    is_array: bool,
    types: Vec<pg_sys::Oid>,
}

/// The parts of a type: the type of its elements, of a domain's values, of a range's bounds, of its attributes.
fn parts_of(type_id: pg_sys::Oid) -> Parts {
    let valid = |oid: pg_sys::Oid| (oid != pg_sys::InvalidOid).then_some(oid);
    // SAFETY: each takes any type's oid, and returns zero if there is no such part.
    let (element, base, subtype, range) = unsafe {
        let kind = pg_sys::get_typtype(type_id) as u8;
        let base = pg_sys::getBaseType(type_id);
        (
            pg_sys::get_element_type(type_id),
            if kind == pg_sys::TYPTYPE_DOMAIN && base != type_id { base } else { pg_sys::InvalidOid },
            if kind == pg_sys::TYPTYPE_RANGE { pg_sys::get_range_subtype(type_id) } else { pg_sys::InvalidOid },
            if kind == pg_sys::TYPTYPE_MULTIRANGE { pg_sys::get_multirange_range(type_id) } else { pg_sys::InvalidOid },
        )
    };
    let mut types: Vec<_> = [element, base, subtype, range].into_iter().filter_map(valid).collect();
    // A multirange type has the same parts and the same owner as its range type.
    let is_array = valid(element).is_some();
    types.extend(attribute_types(type_id));
    Parts { is_array, types }
}

fn attribute_types(type_id: pg_sys::Oid) -> Vec<pg_sys::Oid> {
    // SAFETY: takes any type's oid; a composite type has a descriptor, which is released when it has been read.
    unsafe {
        if pg_sys::get_typ_typrelid(type_id) == pg_sys::InvalidOid {
            return Vec::new();
        }
        let descriptor = pg_sys::lookup_rowtype_tupdesc_copy(type_id, -1);
        let types = (0..(*descriptor).natts as usize)
            .map(|place| attribute(descriptor, place))
            .filter(|attribute| !attribute.attisdropped)
            .map(|attribute| attribute.atttypid)
            .collect();
        pg_sys::FreeTupleDesc(descriptor);
        types
    }
}

fn owner_of(type_id: pg_sys::Oid) -> pg_sys::Oid {
    // SAFETY: looks the type up in the catalog cache; the row is read before it is released.
    unsafe {
        let row = pg_sys::SearchSysCache1(pg_sys::SysCacheIdentifier::TYPEOID as i32, pg_sys::Datum::from(type_id));
        if row.is_null() {
            return pg_sys::InvalidOid;
        }
        let (cache, number) = (pg_sys::SysCacheIdentifier::TYPEOID as i32, pg_sys::Anum_pg_type_typowner as i16);
        let mut null = false;
        let owner = pg_sys::SysCacheGetAttr(cache, row, number, &mut null);
        pg_sys::ReleaseSysCache(row);
        pg_sys::Oid::from(owner.value() as u32)
    }
}

fn is_of_extension(type_id: pg_sys::Oid) -> bool {
    // SAFETY: each takes any oids, and returns zero if there is none. A row type belongs to its relation.
    unsafe {
        let relation = pg_sys::get_typ_typrelid(type_id);
        let of = |class, object| pg_sys::getExtensionOfObject(class, object) != pg_sys::InvalidOid;
        of(pg_sys::TypeRelationId, type_id)
            || relation != pg_sys::InvalidOid && of(pg_sys::RelationRelationId, relation)
    }
}
