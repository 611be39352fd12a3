//! A random program: which session does what next.

use crate::grammar::Grammar;
use crate::support::random::Random;

/// Those who take part, each with a session; the first is there twice, so that its sessions meet.
pub const ROLES: [&str; 6] = ["alice", "mallory", "alice", "postgres", "member", "auditor"];
/// Those who have a schema of their own, with the tables of the world.
pub const INHABITANTS: [&str; 4] = ["alice", "mallory", "member", "postgres"];

const TABLES: [&str; 22] = [
    "ledger",
    "typed_ledger",
    "parts",
    "parts_1",
    "parts_1a",
    "parts_2",
    "tariffs",
    "typed_tariffs",
    "refers",
    "docs",
    "plain",
    "unlogged",
    "child",
    "split",
    "split_1",
    "of_type",
    "other_heap",
    "seen",
    "kept",
    "far",
    "hidden",
    "audit_log",
];

/// What kind of statement it is, by whom it may make functions run as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// SQL that runs the functions of the tables it names as the caller.
    Plain,
    /// Calls that act over tables of others, and never run a function of theirs as the caller.
    Maintenance,
    /// Transactions, settings, locks.
    Session,
}

/// A statement of a program.
pub struct Statement {
    /// Which of the sessions does it.
    pub session: usize,
    /// Its kind.
    pub kind: Kind,
    /// Its text.
    pub sql: String,
}

/// A function of the extension, with the types of its arguments.
pub struct Function {
    /// With its schema.
    pub name: String,
    /// Its types, as PostgreSQL writes them.
    pub arguments: Vec<String>,
}

/// What makes a program up.
pub struct Program<'world> {
    random: Random,
    grammar: &'world Grammar,
    functions: &'world [Function],
    relations: Vec<(&'static str, String)>,
    count: u32,
}

impl<'world> Program<'world> {
    /// The program of a seed.
    pub fn new(seed: u64, grammar: &'world Grammar, functions: &'world [Function]) -> Program<'world> {
        let mut relations: Vec<_> =
            INHABITANTS.iter().flat_map(|role| TABLES.map(|table| (*role, format!("{role}.{table}")))).collect();
        relations.extend(["public.bank", "public.prices"].map(|name| ("postgres", name.to_string())));
        Program { random: Random(seed), grammar, functions, relations, count: 0 }
    }

    /// The next statement.
    pub fn next(&mut self) -> Statement {
        let session = self.random.below(ROLES.len() as u32) as usize;
        let (kind, start) = match self.random.below(100) {
            0..35 => (Kind::Plain, "<plain>"),
            35..45 => (Kind::Plain, "<call>"),
            45..70 => (Kind::Plain, "<ddl>"),
            70..88 => (Kind::Maintenance, "<maintenance>"),
            _ => (Kind::Session, "<session>"),
        };
        Statement { session, kind, sql: self.expand(start, ROLES[session]) }
    }

    fn expand(&mut self, start: &str, role: &'static str) -> String {
        let my = if role == "auditor" { "postgres" } else { role };
        let Program { random, grammar, functions, relations, count } = self;
        let (mut last_owner, mut last) = (my, format!("{my}.plain"));
        grammar
            .expand(start, random, &mut |name, random| {
                let of_role = |owner: &str, random: &mut Random| {
                    let theirs: Vec<_> = relations.iter().filter(|(of, _)| *of == owner).collect();
                    random.of(&theirs).1.clone()
                };
                Some(match name {
                    "relation" => {
                        // What is new is of more interest than what is there anyway.
                        let recent = relations.len().saturating_sub(12);
                        let place = if random.below(3) == 0 {
                            recent + random.below(12) as usize
                        } else {
                            random.below(relations.len() as u32) as usize
                        };
                        // Mostly what one may do something with.
                        (last_owner, last) =
                            if random.below(2) == 0 { (my, of_role(my, random)) } else { relations[place].clone() };
                        last.clone()
                    }
                    "same" => last.clone(),
                    "own" => of_role(my, random),
                    "sibling" => of_role(last_owner, random),
                    "packed" => match random.below(4) {
                        0 => "public.prices".to_string(),
                        1 => format!("{}.typed_tariffs", random.of(&INHABITANTS)),
                        _ => format!("{}.tariffs", random.of(&INHABITANTS)),
                    },
                    "new" => {
                        *count += 1;
                        relations.push((my, format!("{my}.t{count}")));
                        relations[relations.len() - 1].1.clone()
                    }
                    "temporary" => {
                        relations.push((my, "pg_temp.passing".to_string()));
                        "passing".to_string()
                    }
                    "fresh_schema" => {
                        *count += 1;
                        relations.push((my, format!("s{count}.t")));
                        format!("s{count}")
                    }
                    "me" => role.to_string(),
                    "my" => my.to_string(),
                    "anyrole" => random.of(&INHABITANTS).to_string(),
                    // The superuser gives nothing away: what a new owner's tables run then would be the superuser's fault.
                    "heir" if role == "postgres" => "nobody".to_string(),
                    "heir" => random.of(&INHABITANTS[..3]).to_string(),
                    "random" => random.below(1000).to_string(),
                    "jschema" => argument("jsonb", random),
                    "function" => {
                        let function = random.of(functions);
                        let mut arguments: Vec<_> =
                            function.arguments.iter().map(|kind| argument(kind, random)).collect();
                        if random.below(6) == 0 {
                            arguments.pop();
                        }
                        if random.below(20) == 0 {
                            arguments.push("NULL".to_string());
                        }
                        format!("{}({})", function.name, arguments.join(", "))
                    }
                    _ => return None,
                })
            })
            // The place of a schema says of which type it is.
            .replace("::CAST", "::json")
    }
}

/// What the grammar calls an argument of this type.
fn argument(kind: &str, random: &mut Random) -> String {
    let name = match kind {
        "regclass" => "regclass",
        "name" => "name",
        "name[]" => "names",
        "text[]" => "texts",
        "text" => "text",
        "boolean" => "boolean",
        "bytea" => "bytea",
        "bigint" => "bigint",
        "anyelement" => "element",
        "record" => "record",
        "\"any\"" => "any",
        "json" | "jsonb" => match random.below(5) {
            0..2 => "schema",
            2..4 => "document",
            _ => "fact",
        },
        _ => return format!("NULL::{kind}"),
    };
    if matches!(name, "schema" | "document" | "fact") { format!("(<{name}>)::{kind}") } else { format!("<{name}>") }
}
