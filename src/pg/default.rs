//! The defaults of columns.

use pgrx::pg_sys;

use super::column::Column;
use super::relation::Relation;
use super::types::base_type;

impl Relation {
    /// Whether a column that an INSERT leaves out gets a value: its own default, an identity, or the default of its domain.
    pub fn has_default(&self, column: &Column) -> bool {
        self.default_of(column).is_some()
    }

    /// Whether the column's default gives rows different values: it is volatile, or a time that is not fixed.
    pub fn default_varies(&self, column: &Column) -> bool {
        // `current_user` and the like are no more than stable, but say something about rows that belong together.
        let is_time = matches!(
            base_type(column.type_id),
            pg_sys::DATEOID | pg_sys::TIMEOID | pg_sys::TIMETZOID | pg_sys::TIMESTAMPOID | pg_sys::TIMESTAMPTZOID
        );
        // SAFETY: the expression is complete; both read the volatility of its functions and run none of them.
        self.default_of(column).is_some_and(|default| unsafe {
            pg_sys::contain_volatile_functions(default) || is_time && pg_sys::contain_mutable_functions(default)
        })
    }

    fn default_of(&self, column: &Column) -> Option<*mut pg_sys::Node> {
        if column.generated {
            return None;
        }
        // SAFETY: the relation is open and has this attribute; attributes are counted from one.
        let default = unsafe { pg_sys::build_column_default(self.raw(), column.place as i32 + 1) };
        (!default.is_null()).then_some(default)
    }
}
