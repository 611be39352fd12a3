"""What a chain costs, against no trigger and against a chain made by hand in PL/pgSQL (chains_by_hand.sql)."""

import dataclasses
import functools
import select
import statistics
import subprocess
from pathlib import Path

from measure import (
    ENVIRONMENT, FILES, Report, median_ratio, pgbench, private_memory, psql, say, spread, take_turns, timed, transaction,
)  # fmt: skip

NO_TRIGGER, VERITABLE, BY_HAND = "no trigger", "veritable", "by hand"
# PostgreSQL inserts row by row, not by the page, where there is any BEFORE trigger: the floor for every chain.
NEVER_FIRES = "a trigger that never fires"


@dataclasses.dataclass
class Size:
    rows: int = 300_000
    entities: int = 1_000
    runs: int = 5
    seconds: int = 10
    client_entities: int = 10_000
    one_transaction: int = 1_000_000
    verified_rows: int = 5_000_000


QUICK = Size(10_000, 100, 3, 1, 1_000, 20_000, 100_000)

size = Size()
report = Report("chains")


def prepare(quick):
    """Chooses the size, and makes the functions that the cases use."""
    global size
    if quick:
        size = QUICK
        report.quick = True
    psql(file="chains_events.sql")
    psql(file="chains_by_hand.sql")


def make_table(kind, hash_type="bytea", partitions=0, chained=True, recorded=False, erasable=False):
    """Makes entity_events anew: the same columns and indexes for each kind, unless it is not to be chained."""
    columns = f", seq bigint NOT NULL, previous_event_hash {hash_type}, event_hash {hash_type} NOT NULL" if chained else ""
    # A unique index must contain the partition key.
    key = "event_id, valid_from" if partitions else "event_id"
    commands = [
        "DROP TABLE IF EXISTS entity_events",
        "CREATE TABLE entity_events (event_id uuid, entity_id uuid NOT NULL, payload jsonb NOT NULL,"
        " valid_from timestamptz NOT NULL, transaction_time timestamptz NOT NULL DEFAULT now()"
        f" {columns}, PRIMARY KEY ({key})) {'PARTITION BY RANGE (valid_from)' if partitions else ''}",
    ]
    for i in range(partitions):
        start, end = (f"timestamptz '2018-01-01 UTC' + {n} * interval '252460800 seconds' / {partitions}" for n in (i, i + 1))
        commands.append(f"CREATE TABLE entity_events_{i} PARTITION OF entity_events FOR VALUES FROM ({start}) TO ({end})")
    if chained:
        commands.append(f"CREATE {'' if partitions else 'UNIQUE'} INDEX ON entity_events (entity_id, seq)")
    if kind == VERITABLE:
        given = ", recorded => 'transaction_time'" if recorded else ""
        if erasable:
            given += ", erasable => '{payload}'"
            commands.append("ALTER TABLE entity_events ALTER payload DROP NOT NULL")
        commands.append(f"SELECT add_chain('entity_events', '{{entity_id}}'{given})")
    if kind == NEVER_FIRES:
        commands.append(
            "CREATE TRIGGER seal BEFORE INSERT ON entity_events"
            " FOR EACH ROW WHEN (NEW.seq < 0) EXECUTE FUNCTION seal_by_hand_bytea()"
        )
    if kind == BY_HAND:
        commands.append(
            "CREATE TRIGGER seal BEFORE INSERT ON entity_events"
            f" FOR EACH ROW EXECUTE FUNCTION seal_by_hand_{hash_type}()"
        )
    psql(*commands)


BARE = "event_id, entity_id, payload, valid_from, transaction_time"


@functools.cache
def events_file(rows):
    """A file of events without chain columns."""
    path = f"{FILES}/bench-{rows}.copy"
    psql(f"COPY (SELECT * FROM events({rows}, {size.entities})) TO '{path}'")
    return path


@functools.cache
def finished_file(rows, hash_type):
    """The same events in the same order, as a chained table stores them."""
    path = f"{FILES}/bench-{rows}-{hash_type}.copy"
    make_table(VERITABLE, hash_type)
    psql(
        f"COPY entity_events ({BARE}) FROM '{events_file(rows)}'",
        f"COPY (SELECT * FROM entity_events ORDER BY ctid) TO '{path}'",
    )
    return path


def copy(kind, rows=None, hash_type="bytea", chained=True, **table):
    """Seconds that a COPY into a new table takes."""
    rows = rows or size.rows
    if chained and kind in (NO_TRIGGER, NEVER_FIRES):
        columns, path = f"{BARE}, seq, previous_event_hash, event_hash", finished_file(rows, hash_type)
    else:
        columns, path = BARE, events_file(rows)
    make_table(kind, hash_type, chained=chained, **table)
    return timed(f"COPY entity_events ({columns}) FROM '{path}'")[0]


def require_intact():
    faults = psql("SELECT count(*) FROM verify_chain('entity_events')")
    if faults != "0":
        raise RuntimeError(f"verify_chain found {faults} faults")


def commits(kind, clients, entities, seconds):
    """Transactions per second, and how many failed."""
    make_table(kind)
    script = "chains_insert_finished.sql" if kind == NO_TRIGGER else "chains_insert.sql"
    answer = pgbench(script, clients, "-T", seconds, entities=entities)
    if kind == VERITABLE:
        require_intact()
    return answer


# --- the cases


def case_copy():
    """COPY into an empty table"""
    measures = {
        "no chain columns, no index on seq": lambda: copy(NO_TRIGGER, chained=False),
        NO_TRIGGER: lambda: copy(NO_TRIGGER),
        NEVER_FIRES: lambda: copy(NEVER_FIRES),
        VERITABLE: lambda: copy(VERITABLE),
        BY_HAND: lambda: copy(BY_HAND),
        "veritable, recorded time": lambda: copy(VERITABLE, recorded=True),
        "veritable, erasable payload": lambda: copy(VERITABLE, erasable=True),
        "no trigger, text": lambda: copy(NO_TRIGGER, hash_type="text"),
        "veritable, text": lambda: copy(VERITABLE, hash_type="text"),
        "by hand, text": lambda: copy(BY_HAND, hash_type="text"),
    }
    numbers = take_turns("COPY", measures, size.runs)
    rows = []
    for name, seconds in numbers.items():
        suffix = ", text" if name.endswith(", text") else ""
        per_row = statistics.median(seconds) / size.rows * 1e6
        against = [f"{median_ratio(numbers, name, other + suffix):.2f}" for other in (NO_TRIGGER, BY_HAND)]
        rows.append([name, f"{statistics.median(seconds):.2f}", spread(seconds, 2), f"{per_row:.1f}", *against])
    report.section(
        "COPY",
        f"{size.rows:,} rows over {size.entities:,} entities in no order, into a new table with a primary key on event_id"
        " and a unique index on (entity_id, seq); hashes are bytea, or text where it says so. The tables without a trigger"
        " that fires are given the finished rows, with seq and hashes; the others the bare ones. The recorded time is set"
        " only where it says so. Ratios compare like with like: bytea with bytea, text with text. Any BEFORE trigger makes"
        " COPY insert row by row instead of by the page: what one costs that never fires is the least a chain can cost.",
        ["table", "seconds", "range", "µs a row", "× no trigger", "× by hand"],
        rows,
    )
    report.figure("COPY, against the same table without our trigger", median_ratio(numbers, VERITABLE, NO_TRIGGER), 1.6, 1.25)
    report.figure(
        "COPY with an erasable payload, against the same chain without",
        median_ratio(numbers, "veritable, erasable payload", VERITABLE), 1.15, 1.1,
    )  # fmt: skip
    report.figure("COPY, against the trigger made by hand", median_ratio(numbers, VERITABLE, BY_HAND), 0.65, 0.5)


def client_case(clients, entities, seconds, what):
    failed = {NO_TRIGGER: 0, VERITABLE: 0, BY_HAND: 0}

    def measure(kind):
        tps, failures = commits(kind, clients, entities, seconds)
        failed[kind] += failures
        return tps

    numbers = take_turns(what, {kind: functools.partial(measure, kind) for kind in failed}, size.runs, "{:,.0f} a second")
    rows = [
        [kind, f"{statistics.median(tps):,.0f}", spread(tps, 0), f"{median_ratio(numbers, kind, NO_TRIGGER):.3f}", failed[kind]]
        for kind, tps in numbers.items()
    ]
    report.section(
        what,
        f"pgbench, {clients} clients, {entities:,} entities, {seconds} seconds a run, prepared statements, one row a"
        " transaction, an empty table at the start. The chain is verified after each run.",
        ["table", "transactions/s", "range", "× no trigger", "failed"],
        rows,
    )
    return numbers, failed


def case_commits():
    """single-row transactions of 8 clients"""
    numbers, _ = client_case(8, size.client_entities, size.seconds, "Single-row commits")
    ratio = median_ratio(numbers, VERITABLE, NO_TRIGGER)
    report.figure("single-row commits, 8 clients, against no trigger", ratio, 0.88, 0.95, more_is_better=True)


def case_hot():
    """16 clients that append to 4 entities"""
    _, failed = client_case(16, 4, max(1, size.seconds // 2), "Hot entities")
    report.figure("failed transactions, 16 clients on 4 entities", failed[VERITABLE], 0, 0)


def case_verify():
    """verification of an intact and of a broken table"""
    copy(BY_HAND)
    psql("DROP TABLE IF EXISTS events_by_hand", "ALTER TABLE entity_events RENAME TO events_by_hand")
    copy(VERITABLE)
    psql("VACUUM ANALYZE events_by_hand", "VACUUM ANALYZE entity_events")

    def verify(faults):
        seconds, answer = timed("SELECT count(*) FROM verify_chain('entity_events')")
        if answer != str(faults):
            raise RuntimeError(f"verify_chain found {answer} faults, not {faults}")
        return seconds

    def verify_by_hand():
        seconds, answer = timed(file="chains_verify_by_hand.sql")
        if answer != "0":
            raise RuntimeError(f"the check by hand found {answer} faults")
        return seconds

    def read():
        return timed("SELECT count(*), sum(length(e::text)) FROM entity_events AS e")[0]

    # One run that does not count, to warm the cache.
    verify(0), verify_by_hand(), read()
    intact, by_hand, reading, broken = "verify_chain", "by hand", "reading all rows as text", "verify_chain, one altered row"
    numbers = take_turns("verify", {intact: lambda: verify(0), by_hand: verify_by_hand, reading: read}, size.runs)
    psql(
        "ALTER TABLE entity_events DISABLE TRIGGER ALL;"
        " UPDATE entity_events SET payload = payload || '{\"amount\": 0}'"
        " WHERE event_id = (SELECT event_id FROM entity_events WHERE seq = 2 LIMIT 1);"
        " ALTER TABLE entity_events ENABLE TRIGGER ALL;"
        " ALTER TABLE entity_events ENABLE ALWAYS TRIGGER zz_veritable_chain,"
        " ENABLE ALWAYS TRIGGER zz_veritable_chain_guard, ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate"
    )
    numbers |= take_turns("verify", {broken: lambda: verify(1)}, size.runs)
    rows = [
        [name, f"{statistics.median(seconds):.3f}", spread(seconds, 3)]
        + [f"{statistics.median(seconds) / size.rows * 1e6:.2f}", f"{median_ratio(numbers, name, by_hand):.2f}"]
        for name, seconds in numbers.items()
    ]
    psql("DROP TABLE events_by_hand")
    report.section(
        "Verification",
        f"The whole table: {size.rows:,} rows over {size.entities:,} entities, in memory. By hand: lag() and digest() over"
        " the rows that the trigger made by hand sealed (chains_verify_by_hand.sql).",
        ["check", "seconds", "range", "µs a row", "× by hand"],
        rows,
    )
    report.figure("verify, against doing it in SQL", median_ratio(numbers, intact, by_hand), 0.5, 0.3)


def parallel_workers(backend):
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            title = (folder / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if title.startswith(b"postgres:") and b"parallel worker for PID %d" % backend in title:
            yield int(folder.name)


def memory_of_verify():
    """Runs verify_chain and watches it: growth of the backend, greatest size of a worker, greatest of all together."""
    session = subprocess.Popen(
        ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"], env=ENVIRONMENT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )

    def ask(question):
        session.stdin.write(question + ";\n")
        session.stdin.flush()

    ask("SELECT pg_backend_pid()")
    backend = int(session.stdout.readline())
    start = private_memory(backend)
    growth = worker = together = 0
    ask("SELECT count(*) FROM verify_chain('entity_events')")
    while not select.select([session.stdout], [], [], 0.02)[0]:
        leader = private_memory(backend) - start
        workers = [private_memory(process) for process in parallel_workers(backend)]
        growth, worker = max([growth, leader]), max([worker, *workers])
        together = max(together, leader + sum(workers))
    answer = session.stdout.readline().strip()
    session.communicate()
    if answer != "0":
        raise RuntimeError(f"verify_chain found {answer} faults")
    return growth, worker, together


def case_memory():
    """memory of verify_chain on a big table"""
    if not Path("/proc/self/status").exists():
        raise RuntimeError("memory is measured through /proc, which this system does not have")
    rows, worst = [], 0
    for entities in (size.verified_rows // 1000, size.verified_rows // 5):
        make_table(VERITABLE)
        say(f"memory: sealing {size.verified_rows:,} rows over {entities:,} entities")
        psql(
            f"INSERT INTO entity_events ({BARE}) SELECT * FROM events({size.verified_rows}, {entities})",
            "VACUUM ANALYZE entity_events",
        )
        growth, worker, together = (number / 2**20 for number in memory_of_verify())
        say(f"memory: {growth:.1f} MB in the backend, {worker:.1f} MB in a worker")
        rows.append([f"{entities:,}", f"{growth:.1f}", f"{worker:.1f}", f"{together:.1f}"])
        worst = max(worst, growth, worker)
    psql("DROP TABLE entity_events")
    report.section(
        "Memory of verification",
        f"{size.verified_rows:,} rows. Memory that a process shares with nobody (RssAnon), sampled 50 times a second, in"
        " MB: the backend's above its start, the largest parallel worker's from zero, all processes together.",
        ["entities", "backend", "worker", "together"],
        rows,
    )
    report.figure("verify, MB of a backend above its start", worst, 64, 32)


def case_size():
    """bytes that a chain adds to a row"""
    tables = {
        "no chain": lambda: copy(NO_TRIGGER, chained=False),
        "hashes as bytea": lambda: copy(VERITABLE),
        "hashes as text": lambda: copy(VERITABLE, hash_type="text"),
    }
    rows, first = [], None
    for name, load in tables.items():
        say(f"size: {name}")
        load()
        heap, indexes = map(
            int, psql("SELECT pg_table_size('entity_events'), pg_indexes_size('entity_events')").split("|")
        )
        first = first or (heap, indexes)
        sizes = [heap, indexes, heap + indexes, heap - first[0], indexes - first[1], heap + indexes - sum(first)]
        rows.append([name] + [f"{number / size.rows:.1f}" for number in sizes])
    report.section(
        "Size",
        f"Bytes a row, after a COPY of {size.rows:,} rows: seq, two hashes, and the index on (entity_id, seq).",
        ["table", "heap", "indexes", "sum", "heap added", "indexes added", "sum added"],
        rows,
    )


def case_million():
    """one transaction that touches a million entities"""
    rows = []
    for kind in (NO_TRIGGER, VERITABLE, BY_HAND):
        say(f"one transaction, {size.one_transaction:,} entities: {kind}")
        make_table(kind)
        finished = ", 1, NULL, '\\x9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'"
        columns, values = (f"{BARE}, seq, previous_event_hash, event_hash", finished) if kind == NO_TRIGGER else (BARE, "")
        insert = (
            f"INSERT INTO entity_events ({columns}) SELECT event_id, event_id, payload, valid_from, transaction_time{values}"
            f" FROM events({size.one_transaction}, 1)"
        )
        try:
            seconds, locks = transaction(insert)
            rows.append([kind, f"{seconds:.1f}", locks, "succeeded"])
        except RuntimeError as error:
            # The chain made by hand keeps a lock for each entity, and there is room for some thousands.
            if kind != BY_HAND or "out of shared memory" not in str(error):
                raise
            rows.append([kind, "", "", "failed: out of shared memory"])
        if kind == VERITABLE:
            require_intact()
    report.section(
        "One transaction, many entities",
        f"INSERT … SELECT of {size.one_transaction:,} rows, each of an entity of its own, with the default"
        " max_locks_per_transaction; locks are the rows of pg_locks before the COMMIT.",
        ["table", "seconds", "locks", "outcome"],
        rows,
    )


CASES = {name.removeprefix("case_"): case for name, case in list(globals().items()) if name.startswith("case_")}
