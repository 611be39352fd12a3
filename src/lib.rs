//! veritable: sealed rows, so that tampering shows; packed periods; and documents that match their schemas.
//! ARCHITECTURE.md is the map. The SQL surface is hand-written, in sql/install.

mod as_of;
mod chain;
mod database;
mod ddl;
mod features;
mod history;
mod packing;
mod pg;
mod reference;
mod table;
mod validation;

pgrx::pg_module_magic!(name, version);

pg::function::when_loaded! {
    pg::report::without_backtraces();
    table::feature::register(&features::FEATURES, &features::EXCLUSIONS);
    table::makers::register(&features::MAKERS);
    chain::define_settings();
    validation::define_settings();
    pg::guc::reserve_prefix(c"veritable");
}
