//! veritable: sealed rows, so that tampering shows; packed periods; and documents that match their schemas.
//! ARCHITECTURE.md is the map. The SQL surface is hand-written, in sql/install.

mod as_of;
mod chain;
mod database;
mod ddl;
mod dedup;
mod features;
mod history;
mod log;
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
    table::audit::register(&features::BESIDE);
    table::keepers::register(&features::KEEPERS);
    table::loosened::register(&features::LISTENERS);
    chain::define_settings();
    log::define_setting();
    validation::define_settings();
    pg::guc::reserve_prefix(c"veritable");
}
