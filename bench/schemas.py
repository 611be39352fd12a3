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
    # Looks at the root alone.
    root = {"type": "object", "required": large["required"], "properties": {"items": {"type": "array"}}}
    schemas = {"large": large, "small": {"$schema": large["$schema"], **root}}
    documents = [source.document(large, size.document_bytes) for _ in range(size.documents)]
    psql("DROP TABLE IF EXISTS documents", "CREATE TABLE documents (document jsonb, n serial)")
    load("documents (document)", documents)
    psql("VACUUM ANALYZE documents")
    reading = "reading the documents"
    queries = {reading: "FROM documents WHERE jsonb_typeof(document) = 'object'"}
    for name, schema in schemas.items():
        texts = f"{name}_texts"
        # Stored as it is, so that reading it costs no decompression.
        psql(
            f"DROP TABLE IF EXISTS {texts}",
            f"CREATE TABLE {texts} (schema json, n serial)",
            f"ALTER TABLE {texts} ALTER schema SET STORAGE EXTERNAL",
        )
        load(f"{texts} (schema)", ({**schema, "$comment": str(n)} for n in range(size.documents)))
        psql(f"VACUUM ANALYZE {texts}")
        each = f"FROM documents JOIN {texts} USING (n) WHERE"
        queries |= {
            f"{name} schema: compiled once": f"FROM documents WHERE jsonb_matches_schema({literal(schema)}, document)",
            f"{name} schema: compiled at every call": f"{each} jsonb_matches_schema(schema, document)",
            f"{name} schema: the same, and the document as text": f"{each} json_matches_schema(schema, document::json)",
        }

    def measure(query):
        # No worker is started, and the library is loaded before.
        output = psql(
            "SET max_parallel_workers_per_gather = 0",
            "SELECT FROM (VALUES (jsonb_matches_schema('true', '1'))) AS loaded",
            r"\timing on",
            f"SELECT count(*) {query}",
        )
        count, time = output.splitlines()[-2:]
        if int(count) != size.documents:
            raise RuntimeError(f"{count} documents match, not {size.documents}")
        return float(time.split()[1]) / 1000

    measures = {name: functools.partial(measure, query) for name, query in queries.items()}
    numbers = take_turns("scan", measures, size.runs)
    rows = []
    for name, seconds in numbers.items():
        per_row = statistics.median(seconds) / size.documents * 1e6
        every_call = f"{name.split(':')[0]}: compiled at every call"
        against = "" if name == reading else f"{median_ratio(numbers, name, every_call):.4f}"
        rows.append([name, f"{statistics.median(seconds):.3f}", spread(seconds, 3), f"{per_row:.0f}", against])
    kilobytes = {name: f"{len(text(schema)) / 1000:.1f} kB" for name, schema in schemas.items()}
    report.section(
        "A scan",
        f"SELECT count(*) of {size.documents:,} documents of {statistics.mean(map(len, map(text, documents))) / 1000:.1f} kB"
        f" (text), all of which match. The large schema has {kilobytes['large']} with {len(large['definitions'])} shared"
        f" definitions, the small one {kilobytes['small']}, for the root alone. Compiled at every call: the text of the"
        " schema differs from row to row in a $comment, so that nothing is kept. As text:"
        " json_matches_schema(schema, document::json).",
        ["call", "seconds", "range", "µs a row", "× compiled at every call"],
        rows,
    )
    psql("DROP TABLE documents, large_texts, small_texts")
    ratio = median_ratio(numbers, "large schema: compiled once", "large schema: compiled at every call")
    report.figure("scan, large schema, against compiling at every call", ratio, 0.025, 0.01)


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

    measures = {kind: functools.partial(measure, kind) for kind in KINDS}
    numbers = take_turns("commits", measures, size.runs, "{:,.0f} a second")
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
    psql("DROP TABLE IF EXISTS events, registered", "CREATE TABLE registered (given jsonb)")
    load("registered", ({"schema": schema, "document": source.document(schema, 300)} for schema in schemas))
    say(f"memory: registering {len(schemas)} schemas")
    psql(
        "ALTER TABLE registered ADD n serial",
        "SELECT count(register_schema('type.' || n, given->'schema')) FROM registered",
        "CREATE TABLE events (type text, payload jsonb)",
        "SELECT add_validation('events', document => 'payload', type => 'type')",
    )

    def memory_after(count):
        """Bytes that a session needs more after so many schemas than after one."""
        session = subprocess.Popen(
            ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"],
            env=ENVIRONMENT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

        def ask(question):
            session.stdin.write(question + ";\n")
            session.stdin.flush()
            return session.stdout.readline().strip()

        def insert(count):
            inserted = ask(
                "WITH inserted AS (INSERT INTO events SELECT 'type.' || n, given->'document' FROM registered"
                f" WHERE n <= {count} RETURNING 1) SELECT count(*) FROM inserted"
            )
            if inserted != str(count):
                raise RuntimeError("a document was refused")

        backend = int(ask("SELECT pg_backend_pid()"))
        insert(1)
        start = private_memory(backend)
        insert(count)
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
