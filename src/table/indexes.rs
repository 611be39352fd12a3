//! Whether the B-tree indexes of protected tables agree with their tables: who reads through an index sees what the
//! index says.
//!
//! PostgreSQL's extension amcheck does the work. The caller needs the privilege EXECUTE on its function, which has its
//! own way to act as the owner of a table, restricted. Indexes of other kinds, such as the one of a packing's exclusion
//! constraint, have no such check.

use super::attempts::Attempts;
use super::faults::{Faults, Place};
use super::{feature, verification};
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{self, Lock, Relation};
use crate::pg::report::{Error, Result};
use crate::pg::spi::{self, Fetched};

/// An index, and its name in SQL.
type Named = (Oid, String);

/// Checks each valid B-tree index of each protected table that the caller may read.
pub fn verify(attempts: &mut Attempts, faults: &mut Faults) -> Result<()> {
    faults.about("index");
    let check = match check()? {
        Ok(check) => check,
        Err(reason) => {
            faults.unread_at_all(reason);
            return Ok(());
        }
    };
    let mut done = Vec::new();
    for listed in feature::all() {
        for table in verification::tables(listed.feature)? {
            if table.is_of_other_session || done.contains(&table.oid) {
                continue;
            }
            done.push(table.oid);
            let listing = attempts.next(|| {
                let relation = Relation::open(table.oid, Lock::AccessShare)?;
                verification::require_readable(&relation, listed.feature)?;
                of(&relation.leaves()?)
            })?;
            let listing = listing.unwrap_or_else(|failure| {
                if relation::exists(table.oid) {
                    faults.unread(table.oid, &format!("The indexes cannot be checked: {}.", failure.message));
                }
                Vec::new()
            });
            for (leaf, indexes) in listing {
                if leaf == table.oid || !done.contains(&leaf) {
                    done.push(leaf);
                    indexes.iter().try_for_each(|index| verify_one(&check, leaf, index, attempts, faults))?;
                }
            }
        }
    }
    Ok(())
}

fn verify_one(check: &str, table: Oid, index: &Named, attempts: &mut Attempts, faults: &mut Faults) -> Result<()> {
    let (oid, name) = index;
    let attempt = attempts.next(|| spi::connect(|session| session.query(check, &[(*oid).into()]).map(drop)))?;
    faults.rows += 1;
    if let Some(failure) = attempt.err().filter(|_| relation::exists(*oid)) {
        let place = Place::Text(name.clone());
        if failure.is_damage {
            faults.put(table, None, place, "index", &format!("{}.", failure.message));
        } else {
            faults.put(table, None, place, "unread", &format!("The index cannot be checked: {}.", failure.message));
        }
    }
    Ok(())
}

/// The call of amcheck's function for one index; or the reason why there is none, with what to do.
fn check() -> Result<std::result::Result<String, &'static str>> {
    let function = spi::connect(|session| {
        // The function is found by its extension, not by a name that somebody else could take.
        let found = session.query_as_caller(
            "SELECT n.nspname::pg_catalog.text, p.pronargs,
                    pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
                    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS allowed
             FROM pg_catalog.pg_extension e
             JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                                        AND d.refobjid = e.oid AND d.deptype = 'e'
                                        AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
             JOIN pg_catalog.pg_proc p ON p.oid = d.objid
             JOIN pg_catalog.pg_language l ON l.oid = p.prolang
             JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
             WHERE e.extname = 'amcheck' AND p.proname = 'bt_index_check' AND p.prosrc = 'bt_index_check'
               AND p.probin = '$libdir/amcheck' AND l.lanname = 'c' AND p.pronargs BETWEEN 2 AND 3
             ORDER BY allowed DESC, p.pronargs DESC
             LIMIT 1",
            &[],
        )?;
        let function = |row: Fetched| Some((row.get::<String>(0)?, row.get::<i16>(1)?, row.get::<bool>(2)?));
        found.rows().next().map(|row| function(row).ok_or_else(|| Error::damaged("pg_proc"))).transpose()
    })?;
    Ok(match function {
        None => Err("Indexes cannot be checked without the extension amcheck: CREATE EXTENSION amcheck."),
        Some((_, _, false)) => {
            Err("Indexes cannot be checked: permission denied for function bt_index_check. A superuser \
                                    can grant EXECUTE on it, and USAGE on its schema.")
        }
        Some((schema, arguments, true)) => {
            // From version 1.4 on, a third argument asks for a check of uniqueness.
            let unique = if arguments == 3 { ", true" } else { "" };
            let function = format!("{}.bt_index_check", quote::identifier(&schema));
            Ok(format!("SELECT {function}($1::pg_catalog.regclass, true{unique})"))
        }
    })
}

/// The valid B-tree indexes of each of these tables.
fn of(tables: &[Oid]) -> Result<Vec<(Oid, Vec<Named>)>> {
    let indexes_of = |table: &Oid| {
        spi::connect(|session| {
            let found = session.query_as_caller(
                "SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname)
                 FROM pg_catalog.pg_index i
                 JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                 JOIN pg_catalog.pg_am a ON a.oid = c.relam
                 WHERE i.indrelid = $1 AND c.relkind = 'i' AND a.amname = 'btree' AND i.indisvalid AND i.indisready
                 ORDER BY c.relname",
                &[(*table).into()],
            )?;
            let named = |row: Fetched| Some((row.get(0)?, row.get(1)?));
            let indexes: Result<Vec<Named>> =
                found.rows().map(|row| named(row).ok_or_else(|| Error::damaged("pg_index"))).collect();
            Ok((*table, indexes?))
        })
    };
    tables.iter().map(indexes_of).collect()
}
