"""What everything together costs a table of billing events (examples/billing.sql), and what settings and indexes do for it."""

import dataclasses
import functools
import statistics

from measure import FILES, Report, median_ratio, pgbench, psql, spread, take_turns, timed

BARE, INDEXED, EVERYTHING = "bare", "same columns and indexes", "everything"
# What is added step by step. The second has all columns and indexes of the last, and no trigger: no guarantee could cost less.
PARTS = {BARE: "", INDEXED: "i", "chained": "c", "validated": "v", "deduplicated": "d", EVERYTHING: "cvd"}
DAYS = 12


@dataclasses.dataclass
class Size:
    rows: int = 300_000
    runs: int = 3
    seconds: int = 6
    clients: int = 8
    customers: int = 10_000


QUICK = Size(10_000, 2, 1, 8, 1_000)

size = Size()
report = Report("billing")


def prepare(quick):
    """Chooses the size, and registers the schema of the events."""
    global size
    if quick:
        size = QUICK
        report.quick = True
    if psql("SELECT count(*) FROM veritable.event_schemas WHERE name = 'api_call'") == "0":
        psql(
            """SELECT register_schema('api_call', '{"type": "object", "required": ["endpoint"], "additionalProperties": false,
            "properties": {"endpoint": {"type": "string", "maxLength": 200}, "region": {"enum": ["eu", "us"]}}}')"""
        )


def make_table(kind, fillfactor=100, time_index="brin", own_indexes=True):
    """Makes the table of the example anew, with some of its guarantees; the bare one has the indexes for bills and times alone."""
    parts = PARTS.get(kind, kind)
    commands = [
        "DROP TABLE IF EXISTS events",
        "CREATE TABLE events (id uuid NOT NULL DEFAULT gen_random_uuid(), organization_id int NOT NULL, transaction_id text NOT NULL,"
        " external_customer_id text NOT NULL, code text NOT NULL, \"timestamp\" timestamptz NOT NULL, properties jsonb NOT NULL,"
        " value text, decimal_value numeric NOT NULL, created_at timestamptz NOT NULL DEFAULT now()) PARTITION BY RANGE (\"timestamp\")",
        "CREATE TABLE events_default PARTITION OF events DEFAULT",
    ]
    for day in range(DAYS):
        start, end = (f"timestamptz '2026-03-01' + interval '{n} days'" for n in (day, day + 1))
        commands.append(f"CREATE TABLE events_{day} PARTITION OF events FOR VALUES FROM ({start}) TO ({end}) WITH (fillfactor = {fillfactor})")
    if own_indexes:
        commands.append('CREATE INDEX ON events (organization_id, external_customer_id, code, "timestamp")')
    if time_index:
        commands.append(f'CREATE INDEX events_time ON events USING {time_index} ("timestamp")')
    if "i" in parts:
        commands.append(
            "ALTER TABLE events ADD seq bigint NOT NULL DEFAULT random() * 1000000, ADD previous_event_hash bytea NOT NULL DEFAULT sha256('1'),"
            " ADD event_hash bytea NOT NULL DEFAULT sha256('2')"
        )
        commands.append("CREATE INDEX ON events (organization_id, external_customer_id, seq)")
        commands.append("CREATE INDEX ON events (organization_id, transaction_id)")
    if "v" in parts:
        commands.append("SELECT add_validation('events', 'properties', type => 'code')")
    if "d" in parts:
        commands.append("SELECT add_dedup('events', '{organization_id,transaction_id}')")
    if "c" in parts:
        commands.append("SELECT add_chain('events', '{organization_id,external_customer_id}', recorded => 'created_at')")
    psql(*commands)


COLUMNS = 'organization_id, transaction_id, external_customer_id, code, "timestamp", properties, decimal_value'
CHAIN = "seq, previous_event_hash, event_hash"


@functools.cache
def events_file(rows):
    """A file of events of twelve days, in the order of time. A customer belongs to one organization, as in billing_insert.sql."""
    path = f"{FILES}/bench-billing-{rows}.copy"
    psql(
        f"COPY (SELECT customer % 10, md5(n::text)::uuid, 'customer-' || customer, 'api_call',"
        f" timestamptz '2026-03-01' + n * interval '{DAYS} days' / {rows + 1}, '{{\"endpoint\": \"/v1/rates\", \"region\": \"eu\"}}'::jsonb, 1"
        f" FROM generate_series(1, {rows}) AS n, LATERAL (SELECT (hashint8(n) & 2147483647) % {size.customers} AS customer) AS of_event)"
        f" TO '{path}'"
    )
    return path


@functools.cache
def finished_file(rows):
    """The same events with the columns of the chain."""
    path = f"{FILES}/bench-billing-{rows}-finished.copy"
    make_table("chained")
    psql(
        f"COPY events ({COLUMNS}) FROM '{events_file(rows)}'",
        f"COPY (SELECT {COLUMNS}, {CHAIN} FROM events ORDER BY \"timestamp\") TO '{path}'",
    )
    return path


def copy(kind, **table):
    """Rows per second of a COPY into a new table."""
    path, columns = events_file(size.rows), COLUMNS
    if kind == INDEXED:
        path, columns = finished_file(size.rows), f"{COLUMNS}, {CHAIN}"
    make_table(kind, **table)
    return size.rows / timed(f"COPY events ({columns}) FROM '{path}'")[0]


def commits(kind, days=1, **table):
    """Transactions per second of one event each."""
    make_table(kind, **table)
    tps, failed = pgbench("billing_insert.sql", size.clients, "-T", size.seconds, customers=size.customers, days=days)
    if failed:
        raise RuntimeError(f"{failed} transactions failed")
    return tps


def require_whole():
    """Nothing that was measured is wrong."""
    if psql("SELECT count(*) FROM verify_chain('events')") != "0" or psql("SELECT count(*) FROM verify_dedup('events')") != "0":
        raise RuntimeError("verification found faults")


def rows_of(numbers):
    return [
        [kind, f"{statistics.median(values):,.0f}", spread(values, 0), f"{median_ratio(numbers, kind, BARE):.2f}"]
        for kind, values in numbers.items()
    ]


def case_billing_commits():
    """single-row commits into the billing table, with everything on"""
    measures = {kind: functools.partial(commits, kind) for kind in PARTS}
    numbers = take_turns("single rows", measures, size.runs, "{:,.0f} a second")
    require_whole()
    report.section(
        "Single-row commits",
        f"pgbench, {size.clients} clients, {size.seconds} s, one event in each transaction, of one of {size.customers:,} customers, into the"
        f" newest of {DAYS} daily partitions. The bare table has the indexes of bills and times; the next one has all columns and indexes,"
        " and no trigger.",
        ["table", "transactions/s", "range", f"× {BARE}"],
        rows_of(numbers),
    )
    # 10,000 where the bare table makes 14,000.
    ratio = median_ratio(numbers, EVERYTHING, BARE)
    report.figure(f"single-row commits, {size.clients} clients, everything against the bare table", ratio, 0.71, 0.85, more_is_better=True)


def case_billing_copy():
    """COPY into the billing table, with everything on"""
    measures = {kind: functools.partial(copy, kind) for kind in PARTS}
    numbers = take_turns("COPY", measures, size.runs, "{:,.0f} a second")
    require_whole()
    report.section(
        "COPY",
        f"{size.rows:,} events in the order of their times, of {size.customers:,} customers, over {DAYS} daily partitions.",
        ["table", "rows/s", "range", f"× {BARE}"],
        rows_of(numbers),
    )
    report.figure("COPY, everything against the bare table", median_ratio(numbers, EVERYTHING, BARE), 0.5, 0.6, more_is_better=True)


CASES = {name.removeprefix("case_"): case for name, case in list(globals().items()) if name.startswith("case_")}
