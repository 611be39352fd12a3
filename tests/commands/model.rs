//! What is in the schema of a program: read from the catalogs, so that commands name what there is.

use crate::support::Session;

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    /// Its type, as PostgreSQL writes it.
    pub kind: String,
    pub is_generated: bool,
    pub is_needed: bool,
    /// A seq, a hash or a position of a chain, which its trigger fills in.
    pub is_of_chain: bool,
}

/// A table, or what is like one.
#[derive(Clone, Debug)]
pub struct Table {
    pub name: String,
    /// `r`, `p`, `v`, `m`.
    pub kind: String,
    /// The names of its guarantees, and an empty text for none.
    pub guarantees: String,
    /// The table whose partition it is.
    pub parent: Option<String>,
    pub columns: Vec<Column>,
    pub indexes: Vec<String>,
    pub constraints: Vec<String>,
    pub triggers: Vec<String>,
    pub rules: Vec<String>,
    pub policies: Vec<String>,
}

/// All of the schema.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub tables: Vec<Table>,
    pub statistics: Vec<String>,
    pub sequences: Vec<String>,
    pub labels: Vec<(String, String)>,
    pub attributes: Vec<(String, String)>,
    pub domain_constraints: Vec<(String, String)>,
}

/// The tables of events are left out: their owner may append to them by hand, and the history then says what the table does not.
const QUERY: &str = "
WITH t AS (
    SELECT * FROM pg_class WHERE relnamespace = 'w'::regnamespace
      AND oid NOT IN (SELECT tgconstrrelid FROM pg_trigger WHERE tgfoid = 'veritable.history'::regproc))
SELECT * FROM (
SELECT 1 AS n, relname::text AS t, relkind::text AS a, concat_ws(' ',
        (SELECT 'chain' FROM pg_trigger g WHERE g.tgrelid = t.oid AND g.tgfoid = 'veritable.seal'::regproc LIMIT 1),
        (SELECT 'packing' FROM pg_trigger g WHERE g.tgrelid = t.oid AND g.tgfoid = 'veritable.pack'::regproc LIMIT 1),
        (SELECT 'history' FROM pg_trigger g WHERE g.tgrelid = t.oid AND g.tgfoid = 'veritable.record'::regproc LIMIT 1),
        (SELECT 'validation' FROM pg_trigger g WHERE g.tgrelid = t.oid AND g.tgfoid = 'veritable.validate'::regproc LIMIT 1),
        (SELECT 'dedup' FROM pg_trigger g WHERE g.tgrelid = t.oid AND g.tgfoid = 'veritable.deduplicate'::regproc LIMIT 1)) AS b,
    (SELECT p.relname::text FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent WHERE i.inhrelid = t.oid AND t.relispartition) AS c,
    NULL AS d, 0 AS place
FROM t WHERE relkind IN ('r', 'p', 'v', 'm')
UNION ALL
SELECT 2, relname, attname, format_type(atttypid, atttypmod), CASE WHEN attgenerated <> '' THEN 'generated' ELSE attidentity::text END,
    CASE WHEN EXISTS (SELECT FROM pg_trigger g CROSS JOIN LATERAL (VALUES ('seq'), ('previous'), ('hash'), ('recorded'), ('position'),
                                                                     ('salt'), ('commitment')) AS k (name)
            WHERE g.tgrelid = t.oid AND g.tgfoid = 'veritable.seal'::regproc
              AND attname::text = ANY (veritable.trigger_argument(g.tgargs, k.name))) THEN 'chain'
        WHEN attnotnull AND NOT atthasdef AND attidentity = '' THEN 'needed' END, attnum
FROM t JOIN pg_attribute a ON attrelid = t.oid WHERE relkind IN ('r', 'p', 'v', 'm') AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT 3, t.relname, i.relname, NULL, NULL, NULL, 0 FROM t JOIN pg_index x ON x.indrelid = t.oid JOIN pg_class i ON i.oid = x.indexrelid
UNION ALL
SELECT 4, t.relname, conname, contype::text, NULL, NULL, 0 FROM t JOIN pg_constraint ON conrelid = t.oid WHERE contype <> 't'
UNION ALL
SELECT 5, t.relname, tgname, NULL, NULL, NULL, 0 FROM t JOIN pg_trigger ON tgrelid = t.oid WHERE NOT tgisinternal
UNION ALL
SELECT 6, t.relname, rulename, NULL, NULL, NULL, 0 FROM t JOIN pg_rewrite ON ev_class = t.oid WHERE rulename <> '_RETURN'
UNION ALL
SELECT 7, t.relname, polname, NULL, NULL, NULL, 0 FROM t JOIN pg_policy ON polrelid = t.oid
UNION ALL
SELECT 8, '', stxname, NULL, NULL, NULL, 0 FROM pg_statistic_ext WHERE stxnamespace = 'w'::regnamespace
UNION ALL
SELECT 9, '', relname, NULL, NULL, NULL, 0 FROM t WHERE relkind = 'S'
UNION ALL
SELECT 10, typname, enumlabel, NULL, NULL, NULL, 0 FROM pg_enum JOIN pg_type y ON y.oid = enumtypid WHERE typnamespace = 'w'::regnamespace
UNION ALL
SELECT 11, relname, attname, NULL, NULL, NULL, attnum FROM t JOIN pg_attribute ON attrelid = t.oid WHERE relkind = 'c' AND NOT attisdropped
UNION ALL
SELECT 12, typname, conname, NULL, NULL, NULL, 0 FROM pg_constraint JOIN pg_type y ON y.oid = contypid WHERE typnamespace = 'w'::regnamespace
) AS m (n, t, a, b, c, d, place) ORDER BY n, t COLLATE \"C\", place, a COLLATE \"C\"";

impl Model {
    /// Reads the catalogs as this session sees them.
    pub fn read(session: &mut Session) -> Result<Model, postgres::Error> {
        let mut model = Model::default();
        for message in session.simple_query(QUERY)? {
            let postgres::SimpleQueryMessage::Row(row) = message else { continue };
            let field = |n: usize| row.get(n).unwrap_or_default().to_string();
            let (owner, name) = (field(1), field(2));
            match field(0).as_str() {
                "1" => model.tables.push(Table {
                    name: owner,
                    kind: name,
                    guarantees: field(3),
                    parent: row.get(4).map(str::to_string),
                    columns: vec![],
                    indexes: vec![],
                    constraints: vec![],
                    triggers: vec![],
                    rules: vec![],
                    policies: vec![],
                }),
                "8" => model.statistics.push(name),
                "9" => model.sequences.push(name),
                "10" => model.labels.push((owner, name)),
                "11" => model.attributes.push((owner, name)),
                "12" => model.domain_constraints.push((owner, name)),
                kind => {
                    let Some(table) = model.tables.iter_mut().find(|table| table.name == owner) else { continue };
                    match kind {
                        "2" => table.columns.push(Column {
                            name,
                            kind: field(3),
                            is_generated: field(4) == "generated" || field(4) == "a",
                            is_needed: field(5) == "needed",
                            is_of_chain: field(5) == "chain",
                        }),
                        "3" => table.indexes.push(name),
                        "4" => table.constraints.push(name),
                        "5" => table.triggers.push(name),
                        "6" => table.rules.push(name),
                        _ => table.policies.push(name),
                    }
                }
            }
        }
        Ok(model)
    }

    /// The table of this name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}
