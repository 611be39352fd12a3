//! The privileges of roles on a relation.

use pgrx::pg_sys;

use super::relation::{Lock, Relation};
use super::report::{Class, Error, Result};

/// Whether the caller owns the relation (or is a member of the owning role, or superuser), without a lock; no relation, no owner.
pub fn is_owner(relation: pg_sys::Oid) -> bool {
    // SAFETY: take any oids; an owner is asked for only if there is such a relation.
    unsafe {
        if !super::relation::exists(relation) {
            return false;
        }
        #[cfg(feature = "pg15")]
        return pg_sys::pg_class_ownercheck(relation, pg_sys::GetUserId());
        #[cfg(not(feature = "pg15"))]
        pg_sys::object_ownercheck(pg_sys::RelationRelationId, relation, pg_sys::GetUserId())
    }
}

impl Relation {
    /// Opens a relation that the caller must own. Ownership is checked before waiting for the lock.
    pub fn open_owned(oid: pg_sys::Oid, lock: Lock) -> Result<Relation> {
        {
            Relation::open(oid, Lock::AccessShare)?.require_ownership()?;
        }
        Relation::open(oid, lock)
    }

    /// The error, unless the caller owns the relation.
    pub fn require_ownership(&self) -> Result<()> {
        if self.is_owned_by_caller() {
            return Ok(());
        }
        Err(Error::new(Class::Privilege, format!("must be owner of table {}", self.name())))
    }

    /// The error, unless the relation is a user's table, partitioned or not.
    pub fn require_table(&self) -> Result<()> {
        let name = self.name();
        let what = match self.kind() {
            pg_sys::RELKIND_RELATION | pg_sys::RELKIND_PARTITIONED_TABLE => None,
            pg_sys::RELKIND_VIEW => Some("views"),
            pg_sys::RELKIND_MATVIEW => Some("materialized views"),
            pg_sys::RELKIND_FOREIGN_TABLE => Some("foreign tables"),
            pg_sys::RELKIND_SEQUENCE => Some("sequences"),
            pg_sys::RELKIND_INDEX | pg_sys::RELKIND_PARTITIONED_INDEX => Some("indexes"),
            _ => Some("this kind of relation"),
        };
        if let Some(what) = what {
            return Err(Error::new(Class::WrongObject, format!("\"{name}\" is not a table"))
                .detail(format!("This operation is not supported for {what}.")));
        }
        if self.is_catalog() {
            return Err(Error::new(Class::Privilege, format!("permission denied: \"{name}\" is a system catalog")));
        }
        Ok(())
    }

    /// The error, unless the caller may delete the table's rows.
    pub fn require_delete(&self) -> Result<()> {
        if self.is_granted(pg_sys::ACL_DELETE) {
            return Ok(());
        }
        Err(Error::new(Class::Privilege, format!("permission denied for table {}", self.name())))
    }

    /// Whether this role is the owner itself.
    pub fn is_owned_by(&self, role: pg_sys::Oid) -> bool {
        self.owner() == role
    }

    /// Whether one role owns both relations.
    pub fn has_same_owner(&self, other: &Relation) -> bool {
        self.owner() == other.owner()
    }

    /// The error, unless the caller may let other tables refer to these columns, as for a foreign key.
    pub fn require_references(&self, places: &[usize]) -> Result<()> {
        if !self.is_in_usable_schema() {
            return Err(Error::new(Class::Privilege, format!("permission denied for schema {}", self.schema())));
        }
        if self.is_granted(pg_sys::ACL_REFERENCES) || self.are_granted(pg_sys::ACL_REFERENCES, places) {
            return Ok(());
        }
        Err(Error::new(Class::Privilege, format!("permission denied for table {}", self.name())))
    }

    /// Whether the caller owns the relation (or is a member of the owning role, or superuser).
    pub fn is_owned_by_caller(&self) -> bool {
        // SAFETY: both take any oids.
        unsafe {
            #[cfg(feature = "pg15")]
            return pg_sys::pg_class_ownercheck(self.oid(), pg_sys::GetUserId());
            #[cfg(not(feature = "pg15"))]
            pg_sys::object_ownercheck(pg_sys::RelationRelationId, self.oid(), pg_sys::GetUserId())
        }
    }

    /// Whether row-level security would hide rows from the caller.
    pub fn hides_rows(&self) -> bool {
        // SAFETY: takes any relation's oid; an invalid role means the current one.
        unsafe {
            pg_sys::check_enable_rls(self.oid(), pg_sys::InvalidOid, true)
                == pg_sys::CheckEnableRlsResult::RLS_ENABLED as i32
        }
    }

    /// The error for a table that hides rows from the caller, in the server's own words.
    pub fn hidden_rows(&self) -> Error {
        let message = format!("query would be affected by row-level security policy for table \"{}\"", self.name());
        Error::new(Class::Privilege, message)
    }

    /// The error, unless the caller may read all columns and rows of the table. `purpose` names what is verified.
    pub fn require_readable(&self, purpose: &str) -> Result<()> {
        self.require_whole(&format!("A {purpose} can be verified only as a whole"))
    }

    /// The error, unless the caller may read all columns and rows of the table. `why` says what needs that, in a HINT.
    pub fn require_whole(&self, why: &str) -> Result<()> {
        let denied = |what: String| Err(Error::new(Class::Privilege, format!("permission denied for {what}")));
        if !self.is_in_usable_schema() {
            return denied(format!("schema {}", self.schema()));
        }
        if !self.is_granted(pg_sys::ACL_SELECT) && !self.are_all_columns_granted(pg_sys::ACL_SELECT) {
            return denied(format!("table {}", self.name()));
        }
        if self.hides_rows() {
            // Security that is forced hides rows from the owner, too.
            let who = if self.is_owned_by_caller() { "" } else { ", or owns the table" };
            return Err(self.hidden_rows().hint(format!("{why}: use a role that has BYPASSRLS{who}.")));
        }
        Ok(())
    }

    /// The error, unless the caller may read the table, or columns of it.
    pub fn require_select(&self) -> Result<()> {
        if !self.is_in_usable_schema() {
            return Err(Error::new(Class::Privilege, format!("permission denied for schema {}", self.schema())));
        }
        if self.is_granted(pg_sys::ACL_SELECT) || self.is_any_column_granted(pg_sys::ACL_SELECT) {
            return Ok(());
        }
        Err(Error::new(Class::Privilege, format!("permission denied for table {}", self.name())))
    }

    /// Whether the caller may name objects in the relation's schema.
    fn is_in_usable_schema(&self) -> bool {
        // SAFETY: takes any oids.
        let answer = unsafe {
            let (schema, role, usage) = (self.schema_oid(), pg_sys::GetUserId(), pg_sys::ACL_USAGE as pg_sys::AclMode);
            #[cfg(feature = "pg15")]
            let answer = pg_sys::pg_namespace_aclcheck(schema, role, usage);
            #[cfg(not(feature = "pg15"))]
            let answer = pg_sys::object_aclcheck(pg_sys::NamespaceRelationId, schema, role, usage);
            answer
        };
        answer == pg_sys::AclResult::ACLCHECK_OK
    }

    /// Whether the caller has this privilege on each column of the relation.
    fn are_all_columns_granted(&self, privilege: u32) -> bool {
        self.are_columns_granted(privilege, pg_sys::AclMaskHow::ACLMASK_ALL)
    }

    /// Whether the caller has this privilege on some column of the relation.
    fn is_any_column_granted(&self, privilege: u32) -> bool {
        self.are_columns_granted(privilege, pg_sys::AclMaskHow::ACLMASK_ANY)
    }

    fn are_columns_granted(&self, privilege: u32, how: pg_sys::AclMaskHow::Type) -> bool {
        // SAFETY: takes any oids.
        let answer = unsafe {
            pg_sys::pg_attribute_aclcheck_all(self.oid(), pg_sys::GetUserId(), privilege as pg_sys::AclMode, how)
        };
        answer == pg_sys::AclResult::ACLCHECK_OK
    }

    /// Whether the caller may read all columns and rows of the relation, so that an error may show them.
    pub fn is_readable(&self) -> bool {
        self.is_granted(pg_sys::ACL_SELECT) && !self.hides_rows()
    }

    /// Whether the caller may read these columns of all rows.
    pub fn are_readable(&self, places: &[usize]) -> bool {
        self.may_select(places) && !self.hides_rows()
    }

    /// Whether the caller has the privilege to read these columns, of all rows or of those that row-level security leaves.
    pub fn may_select(&self, places: &[usize]) -> bool {
        self.is_granted(pg_sys::ACL_SELECT) || self.are_granted(pg_sys::ACL_SELECT, places)
    }

    /// Whether the caller has this privilege on each of these columns.
    fn are_granted(&self, privilege: u32, places: &[usize]) -> bool {
        let is_granted = |place: &usize| {
            let number = *place as pg_sys::AttrNumber + 1;
            let mode = privilege as pg_sys::AclMode;
            // SAFETY: takes any oids, and any number of a column.
            let answer = unsafe { pg_sys::pg_attribute_aclcheck(self.oid(), number, pg_sys::GetUserId(), mode) };
            answer == pg_sys::AclResult::ACLCHECK_OK
        };
        places.iter().all(is_granted)
    }

    /// Whether the caller has this privilege on the whole relation.
    fn is_granted(&self, privilege: u32) -> bool {
        // SAFETY: takes any oids.
        let answer =
            unsafe { pg_sys::pg_class_aclcheck(self.oid(), pg_sys::GetUserId(), privilege as pg_sys::AclMode) };
        answer == pg_sys::AclResult::ACLCHECK_OK
    }
}
