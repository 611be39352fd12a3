"""What validation costs: against compiling the schema for each document, against a CHECK, and against none."""

import dataclasses
import functools
import statistics
import subprocess
import tempfile
from pathlib import Path

from documents import ORDER, Source, text
from measure import (
    ENVIRONMENT, FILES, Report, median_ratio, pgbench, private_memory, psql, say, spread, take_turns, timed,
)  # fmt: skip

NONE, VERITABLE, CHECK = "no validation", "veritable", "CHECK (jsonb_matches_schema(…))"
# PostgreSQL inserts row by row, not by the page, where there is any BEFORE trigger: the floor for every validation by one.
NEVER_FIRES = "a trigger that never fires"
KINDS = (NONE, NEVER_FIRES, VERITABLE, CHECK)


@dataclasses.dataclass
class Size:
    documents: int = 1_000
    document_bytes: int = 9_000
    definitions: int = 30
    rows: int = 100_000
    runs: int = 5
    seconds: int = 10
    schemas: int = 128
    # Of some 20 kB each.
    schema_definitions: int = 14


QUICK = Size(documents=200, rows=5_000, runs=3, seconds=1, schemas=16)

size = Size()
report = Report("schemas")


def prepare(quick):
    """Chooses the size, and registers the schema of the small documents."""
    global size
    if quick:
        size = QUICK
        report.quick = True
    psql(
        "CREATE OR REPLACE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        f"SELECT register_schema('order.created', {literal(ORDER)})",
    )


def literal(document):
    return "'" + text(document).replace("'", "''") + "'"


def load(table, documents):
    """Fills a table of one column."""
    with tempfile.NamedTemporaryFile("w", suffix=".copy") as file:
        file.writelines(text(document).replace("\\", "\\\\") + "\n" for document in documents)
        file.flush()
        psql(f"\\copy {table} FROM '{file.name}'")


# --- schemas given with the call


def case_schemas_scan():
    """jsonb_matches_schema in a scan"""
    source = Source(9)
    large = source.schema(size.definitions)
    # What a beginner writes: the root alone.
    small = {"$schema": large["$schema"], "type": "object", "required": large["required"], "properties": {"items": {"type": "array"}}}
    documents = [source.document(large, size.document_bytes) for _ in range(size.documents)]
    psql("DROP TABLE IF EXISTS documents, schema_texts", "CREATE TABLE documents (document jsonb, n serial)")
    load("documents (document)", documents)
    psql("VACUUM ANALYZE documents")
    reading = "reading the documents"
    queries = {reading: "SELECT count(*) FROM documents WHERE jsonb_typeof(document) = 'object'"}
    names = {"large": large, "small": small}
    for name, schema in names.items():
        # Stored as it is, so that reading it costs no decompression.
        psql(
            f"DROP TABLE IF EXISTS {name}_texts",
            f"CREATE TABLE {name}_texts (schema json, n serial)",
            f"ALTER TABLE {name}_texts ALTER schema SET STORAGE EXTERNAL",
        )
        load(f"{name}_texts (schema)", ({**schema, "$comment": str(n)} for n in range(size.documents)))
        psql(f"VACUUM ANALYZE {name}_texts")
        each = f"FROM documents JOIN {name}_texts USING (n) WHERE"
        queries |= {
            f"{name} schema: compiled once": f"SELECT count(*) FROM documents WHERE jsonb_matches_schema({literal(schema)}, document)",
            f"{name} schema: compiled at every call": f"SELECT count(*) {each} jsonb_matches_schema(schema, document)",
            f"{name} schema: the same, and the document as text": f"SELECT count(*) {each} json_matches_schema(schema, document::json)",
        }

    def measure(query):
        # The library is loaded before, and no worker is started.
        output = psql(
            "SET max_parallel_workers_per_gather = 0", "SELECT FROM (VALUES (jsonb_matches_schema('true', '1'))) AS loaded",
            r"\timing on", query,
        )  # fmt: skip
        count, time = output.splitlines()
        if int(count) != size.documents:
            raise RuntimeError(f"{count} documents match, not {size.documents}")
        return float(time.split()[1]) / 1000

    numbers = take_turns("scan", {name: functools.partial(measure, query) for name, query in queries.items()}, size.runs)
    rows = []
    for name, seconds in numbers.items():
        per_row = statistics.median(seconds) / size.documents * 1e6
        every_call = f"{name.split(':')[0]}: compiled at every call"
        against = "" if name == reading else f"{median_ratio(numbers, name, every_call):.4f}"
        rows.append([name, f"{statistics.median(seconds):.3f}", spread(seconds, 3), f"{per_row:.0f}", against])
    kilobytes = {name: f"{len(text(schema)) / 1000:.1f} kB" for name, schema in names.items()}
    report.section(
        "A scan",
        f"SELECT count(*) of {size.documents:,} documents of {statistics.mean(map(len, map(text, documents))) / 1000:.1f} kB"
        f" (text), all of which match. The large schema has {kilobytes['large']} with {len(large['definitions'])} shared"
        f" definitions, the small one {kilobytes['small']}, for the root alone. Compiled at every call: the text of the schema"
        " differs from row to row in a $comment, so that nothing is kept. As text: json_matches_schema(schema, document::json).",
        ["call", "seconds", "range", "µs a row", "× compiled at every call"],
        rows,
    )
    ratio = median_ratio(numbers, "large schema: compiled once", "large schema: compiled at every call")
    report.figure("scan, large schema, against compiling at every call", ratio, 0.025, 0.01)
    psql("DROP TABLE documents, large_texts, small_texts")


# --- inserting documents


def make_table(kind):
    """Makes events anew, of this kind."""
    check = f", CHECK (jsonb_matches_schema({literal(ORDER)}, payload))" if kind == CHECK else ""
    psql(
        "DROP TABLE IF EXISTS events",
        f"CREATE TABLE events (id bigserial PRIMARY KEY, type text NOT NULL, payload jsonb NOT NULL{check})",
    )
    if kind == NEVER_FIRES:
        psql("CREATE TRIGGER pass BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.id < 0) EXECUTE FUNCTION pass()")
    if kind == VERITABLE:
        psql("SELECT add_validation('events', document => 'payload', type => 'type')")


def require_rows(count):
    found = int(psql("SELECT count(*) FROM events"))
    if found != count:
        raise RuntimeError(f"the table has {found} rows, not {count}")


@functools.cache
def events_file():
    """A file of small documents with their type."""
    path = f"{FILES}/bench-orders.copy"
    source = Source(300)
    psql("DROP TABLE IF EXISTS orders", "CREATE TABLE orders (payload jsonb)")
    load("orders", (source.order() for _ in range(size.rows)))
    psql(f"COPY (SELECT 'order.created', payload FROM orders) TO '{path}'", "DROP TABLE orders")
    return path


def case_schemas_commits():
    """validated single-row transactions of 8 clients"""
    clients = 8
    order = Source(300).order()

    def measure(kind):
        make_table(kind)
        tps, failed = pgbench("schemas_insert.sql", clients, "-T", size.seconds, document=text(order))
        if failed:
            raise RuntimeError(f"{failed} transactions failed")
        return tps

    numbers = take_turns(
        "commits", {kind: functools.partial(measure, kind) for kind in KINDS}, size.runs, "{:,.0f} a second"
    )
    rows = [
        [kind, f"{statistics.median(tps):,.0f}", spread(tps, 0), f"{median_ratio(numbers, kind, NONE):.3f}"]
        for kind, tps in numbers.items()
    ]
    report.section(
        "Single-row commits",
        f"pgbench, {clients} clients, {size.seconds} seconds a run, prepared statements, one row a transaction: a document of"
        f" {len(text(order))} bytes, whose type is in another column.",
        ["table", "transactions/s", "range", "× no validation"],
        rows,
    )
    ratio = median_ratio(numbers, VERITABLE, NONE)
    report.figure("single-row commits, 8 clients, against no validation", ratio, 0.95, 0.98, more_is_better=True)


def case_schemas_copy():
    """validated COPY into an empty table"""

    def measure(kind):
        make_table(kind)
        seconds, _ = timed(f"COPY events (type, payload) FROM '{events_file()}'")
        require_rows(size.rows)
        return seconds

    events_file()
    numbers = take_turns("COPY", {kind: functools.partial(measure, kind) for kind in KINDS}, size.runs)
    rows = []
    for kind, seconds in numbers.items():
        per_row = statistics.median(seconds) / size.rows * 1e6
        against = [f"{median_ratio(numbers, kind, other):.2f}" for other in (NONE, NEVER_FIRES)]
        rows.append([kind, f"{statistics.median(seconds):.2f}", spread(seconds, 2), f"{per_row:.1f}", *against])
    report.section(
        "COPY",
        f"{size.rows:,} documents of about 300 bytes into a new table with a primary key. Any BEFORE trigger makes COPY insert"
        " row by row instead of by the page: what one costs that never fires is the least that validation by a trigger can"
        " cost. A CHECK does not.",
        ["table", "seconds", "range", "µs a row", "× no validation", "× a trigger that never fires"],
        rows,
    )
    report.figure("COPY, against no validation", median_ratio(numbers, VERITABLE, NONE), 1.25, 1.1)


# --- memory


def case_schemas_memory():
    """memory of a backend that knows many schemas"""
    if not Path("/proc/self/status").exists():
        raise RuntimeError("memory is measured through /proc, which this system does not have")
    source = Source(128)
    schemas = [source.schema(size.schema_definitions) for _ in range(4 * size.schemas)]
    documents = [source.document(schema, 300) for schema in schemas]
    psql("DROP TABLE IF EXISTS events, registered", "CREATE TABLE registered (given jsonb)")
    load("registered", ({"schema": schema, "document": document} for schema, document in zip(schemas, documents)))
    say(f"memory: registering {len(schemas)} schemas")
    psql(
        "ALTER TABLE registered ADD n serial",
        "SELECT count(register_schema('type.' || n, given->'schema')) FROM registered",
        "CREATE TABLE events (type text, payload jsonb)",
        "SELECT add_validation('events', document => 'payload', type => 'type')",
    )

    def memory_after(count):
        """Bytes that a session needs more after so many schemas than after none."""
        session = subprocess.Popen(
            ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"], env=ENVIRONMENT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

        def ask(question):
            session.stdin.write(question + ";\n")
            session.stdin.flush()
            return session.stdout.readline().strip()

        insert = "WITH new AS (INSERT INTO events SELECT 'type.' || n, given->'document' FROM registered WHERE n <= {} RETURNING 1) SELECT count(*) FROM new"
        backend = int(ask("SELECT pg_backend_pid()"))
        ask(insert.format(1))
        start = private_memory(backend)
        if ask(insert.format(count)) != str(count):
            raise RuntimeError("a document was refused")
        end = private_memory(backend)
        session.communicate()
        return end - start

    rows = []
    for count in (size.schemas // 4, size.schemas, 4 * size.schemas):
        megabytes = memory_after(count) / 2**20
        say(f"memory: {megabytes:.1f} MB after {count} schemas")
        rows.append([f"{count:,}", f"{megabytes:.1f}"])
    psql("DROP TABLE events, registered")
    report.section(
        "Memory of a backend",
        f"Registered schemas of {statistics.mean(len(text(schema)) for schema in schemas) / 1000:.0f} kB, each of which has"
        " validated a document. Memory that the process shares with nobody (RssAnon), in MB above its start.",
        ["schemas", "MB"],
        rows,
    )


CASES = {name.removeprefix("case_"): case for name, case in list(globals().items()) if name.startswith("case_")}
