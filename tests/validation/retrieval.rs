//! Nothing is retrieved, neither over the network nor from a file, whatever a schema refers to.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{Cluster, Database, Session, succeed};

/// A server that nobody must ask, and a file that nobody must open.
struct Bait {
    server: TcpListener,
    file: PathBuf,
}

impl Bait {
    fn new() -> Bait {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        server.set_nonblocking(true).expect("a socket");
        let file = Cluster::shared().folder.join("bait.json");
        // Who opens a pipe to read waits for one who writes.
        succeed(Command::new("mkfifo").args(["--mode=666"]).arg(&file));
        Bait { server, file }
    }

    /// Addresses of schemas that are somewhere, but not in the database.
    fn addresses(&self) -> Vec<String> {
        let server = self.server.local_addr().expect("an address");
        let file = self.file.display();
        let mut addresses =
            ["http", "https", "ftp", "ws", "HTTP"].map(|scheme| format!("{scheme}://{server}/s.json")).to_vec();
        addresses.extend([
            format!("//{server}/s.json"),
            format!("file://{file}"),
            format!("file:{file}"),
            file.to_string(),
        ]);
        let relative =
            ["s.json", "../s.json", "/s.json", "?s", "veritable:s", "veritable://host/s", "urn:s", "data:,true"];
        addresses.extend(relative.map(str::to_string));
        addresses
    }

    fn nobody_came(&self) {
        let came = self.server.accept().map(|(_, from)| from).map_err(|error| error.kind());
        assert_eq!(came, Err(ErrorKind::WouldBlock));
    }
}

/// Schemas that lead to an address, by every keyword that can.
fn schemas(address: &str, server: &str) -> Vec<String> {
    let dialect = |draft: &str| format!("\"$schema\": \"https://json-schema.org/draft/{draft}/schema\"");
    vec![
        format!("{{\"$ref\": \"{address}\"}}"),
        format!("{{\"$ref\": \"{address}#/definitions/a\"}}"),
        format!("{{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"items\": {{\"$ref\": \"{address}\"}}}}"),
        format!("{{\"$schema\": \"http://json-schema.org/draft-04/schema#\", \"not\": {{\"$ref\": \"{address}#\"}}}}"),
        format!("{{{}, \"$dynamicRef\": \"{address}#a\"}}", dialect("2020-12")),
        format!("{{\"$id\": \"http://{server}/\", \"$ref\": \"{address}\"}}"),
        format!("{{\"$id\": \"http://{server}/a/b.json\", \"properties\": {{\"a\": {{\"$ref\": \"{address}\"}}}}}}"),
        format!("{{\"$schema\": \"{address}\"}}"),
    ]
}

fn check(session: &mut Session, bait: &Bait) {
    // A retrieval waits until it is over.
    session.run("SET statement_timeout = '5 s'");
    let server = bait.server.local_addr().expect("an address").to_string();
    for address in bait.addresses() {
        for schema in schemas(&address, &server) {
            session.refused(&format!("SELECT register_schema('s', '{schema}')")).with("22023", "schema is not valid");
            session.refused(&format!("SELECT register_schema('s', '{schema}', strict => false)")).with_code("22023");
            assert_ne!(session.value(&format!("SELECT count(*) FROM schema_problems('{schema}')")), "0", "{schema}");
            for function in ["json", "jsonb"] {
                session
                    .refused(&format!("SELECT {function}_matches_schema('{schema}', '{{}}')"))
                    .with("22023", "schema is not valid");
            }
            // It looks at the meta-schema only, and knows a draft's; so it is not asked where a reference leads.
            let is_valid = if schema.contains("Ref\"") || schema.contains("$ref\"") { "t" } else { "f" };
            assert_eq!(session.value(&format!("SELECT jsonschema_is_valid('{schema}')")), is_valid, "{schema}");
            let errors = format!("SELECT cardinality(jsonschema_validation_errors('{schema}', '[{{}}]'))");
            assert_eq!(session.value(&errors), "1", "{schema}");
        }
        // The functions of pg_jsonschema ignore a dialect below the root.
        let within = format!("{{\"not\": {{\"$schema\": \"{address}\", \"$id\": \"http://{server}/a\"}}}}");
        session.refused(&format!("SELECT register_schema('s', '{within}')")).with("22023", "schema is not valid");
        assert_eq!(session.value(&format!("SELECT jsonb_matches_schema('{within}', '{{}}')")), "f");
    }
    bait.nobody_came();
}

#[test]
fn nothing_is_retrieved() {
    let database = Database::new();
    check(&mut database.superuser(), &Bait::new());
}

/// The documents of a validated table, and those of `schema_errors`, hold addresses as any other text.
#[test]
fn no_document_leads_anywhere() {
    let database = Database::new();
    let mut session = database.superuser();
    let bait = Bait { server: TcpListener::bind("127.0.0.1:0").expect("a port"), file: PathBuf::new() };
    bait.server.set_nonblocking(true).expect("a socket");
    let address = format!("http://{}/s.json", bait.server.local_addr().expect("an address"));
    session.run(&format!(
        "SELECT register_schema('s', '{{\"properties\": {{\"a\": {{\"format\": \"uri\"}}}}}}');
         CREATE TABLE t (document jsonb);
         SELECT add_validation('t', 'document', schema => 's');
         INSERT INTO t VALUES ('{{\"a\": \"{address}\", \"$ref\": \"{address}\", \"$schema\": \"{address}\"}}')"
    ));
    bait.nobody_came();
}
