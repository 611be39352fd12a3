//! The error that something on a packed table keeps rows from being changed: a trigger, a rule, or a policy.

use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::trigger::Event;
use crate::table::problems;

/// A change that did not happen.
pub struct Prevented<'e> {
    /// The events that were to happen.
    pub events: &'e [Event],
    /// Whether the owner's privileges permitted the change: policies then count only if they are forced on the owner.
    pub as_owner: bool,
    /// What did not happen, as in `its rows from being packed`.
    pub what: &'e str,
}

impl Prevented<'_> {
    /// The error. It names what can have prevented the change.
    pub fn error(&self, relation: &Relation) -> Error {
        let Prevented { what, as_owner, .. } = *self;
        let table = relation.name();
        let suspects = match self.suspects(relation) {
            Ok(suspects) => suspects,
            Err(error) => return error,
        };
        let anyone = if as_owner { "a trigger or rule" } else { "a trigger, rule or policy" };
        let who = if let [one] = &suspects[..] { one } else { anyone };
        let error = Error::new(Class::State, format!("{who} of packed table \"{table}\" keeps {what}"));
        match suspects.len() {
            0 => error,
            1 => error.hint("Let it pass the rows as they come, or drop it."),
            _ => error.detail(format!("The table has {}.", suspects.join(", "))),
        }
    }

    /// Triggers and policies that can suppress or change a row, and rules that replace a command. Not triggers of this
    /// extension, which do neither.
    fn suspects(&self, relation: &Relation) -> Result<Vec<String>> {
        // As in the columns `tgtype` and `ev_type`. In `tgtype`, 1 is FOR EACH ROW and 2 is BEFORE.
        let bits = |event: &Event| match event {
            Event::Insert => (4, "3"),
            Event::Update => (16, "2"),
            Event::Delete => (8, "4"),
            Event::Truncate => (32, ""),
        };
        let types = self.events.iter().fold(0, |types, event| types | bits(event).0);
        let rules: Vec<_> = self.events.iter().map(|event| bits(event).1.to_string()).collect();
        problems::sentences(
            "SELECT pg_catalog.format('trigger \"%s\"', t.tgname)
             FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
             JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
             WHERE t.tgrelid = $1 AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND n.nspname <> 'veritable'
               AND t.tgtype & 3 = 3 AND t.tgtype::pg_catalog.int4 & $2 <> 0
             UNION ALL
             SELECT pg_catalog.format('rule \"%s\"', r.rulename)
             FROM pg_catalog.pg_rewrite r
             WHERE r.ev_class = $1 AND r.is_instead AND r.ev_enabled IN ('O', 'A') AND r.ev_type::pg_catalog.text = ANY ($3)
             UNION ALL
             SELECT pg_catalog.format('policy \"%s\"', o.polname)
             FROM pg_catalog.pg_policy o JOIN pg_catalog.pg_class c ON c.oid = o.polrelid
             WHERE c.oid = $1 AND c.relrowsecurity
               AND CASE WHEN $4 THEN c.relforcerowsecurity ELSE pg_catalog.row_security_active(c.oid) END
             ORDER BY 1",
            &[relation.oid().into(), types.into(), rules.into(), self.as_owner.into()],
        )
    }
}
