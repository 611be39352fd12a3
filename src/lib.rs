//! veritable: tables whose rows are sealed, so that tampering shows, whose periods are packed, and whose documents match
//! their schemas.
//! ARCHITECTURE.md is the map.

mod chain;
mod ddl;
mod packing;
mod pg;
mod table;
mod validation;

pgrx::pg_module_magic!(name, version);

// The SQL is written by hand, so that the whole surface can be read in sql/install: a file for each feature, and the event
// triggers, which guard them all, last.
pgrx::extension_sql_file!("../sql/install/extension.sql", name = "extension", bootstrap);
pgrx::extension_sql_file!("../sql/install/table.sql", name = "table", requires = ["extension"]);
pgrx::extension_sql_file!("../sql/install/chain.sql", name = "chain", requires = ["table"]);
pgrx::extension_sql_file!("../sql/install/packing.sql", name = "packing", requires = ["table"]);
pgrx::extension_sql_file!("../sql/install/validation.sql", name = "validation", requires = ["table", "chain"]);
pgrx::extension_sql_file!("../sql/install/pg_jsonschema.sql", name = "pg_jsonschema", requires = ["extension"]);
pgrx::extension_sql_file!(
    "../sql/install/ddl.sql",
    name = "ddl",
    requires = ["chain", "packing", "validation", "pg_jsonschema"]
);

pg::function::when_loaded! {
    pg::report::without_backtraces();
    validation::define_settings();
    pg::guc::reserve_prefix(c"veritable");
}
