//! veritable: tables whose rows are sealed, so that tampering shows, whose periods are packed, and whose documents match
//! their schemas.
//! ARCHITECTURE.md is the map.

mod chain;
mod ddl;
mod packing;
mod pg;
mod schema;
mod table;

pgrx::pg_module_magic!(name, version);

// The SQL is written by hand, so that the whole surface can be read in sql/install.
pgrx::extension_sql_file!("../sql/install/schema.sql", name = "schema", bootstrap);
pgrx::extension_sql_file!("../sql/install/functions.sql", name = "functions", requires = ["schema"]);
pgrx::extension_sql_file!("../sql/install/triggers.sql", name = "triggers", requires = ["functions"]);
pgrx::extension_sql_file!("../sql/install/verify.sql", name = "verify", requires = ["triggers"]);
pgrx::extension_sql_file!("../sql/install/chains.sql", name = "chains", requires = ["verify"]);
pgrx::extension_sql_file!("../sql/install/value_key.sql", name = "value_key", requires = ["chains"]);
pgrx::extension_sql_file!("../sql/install/packing.sql", name = "packing", requires = ["value_key"]);
pgrx::extension_sql_file!("../sql/install/event_schemas.sql", name = "event_schemas", requires = ["packing"]);
pgrx::extension_sql_file!("../sql/install/pg_jsonschema.sql", name = "pg_jsonschema", requires = ["event_schemas"]);
pgrx::extension_sql_file!("../sql/install/guard.sql", name = "guard", requires = ["pg_jsonschema"]);

pg::function::when_loaded! {
    pg::report::without_backtraces();
    schema::define_settings();
    pg::settings::reserve_prefix(c"veritable");
}
