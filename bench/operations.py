"""What indexes, settings and batches do for a chained table of events: the figures of docs/operations.md."""

import functools
import statistics
import time

import billing
from billing import COLUMNS, Size, events_file, make_table
from measure import Report, median_ratio, pgbench, psql, run, spread, take_turns, timed

CHAINED = "chained"
QUICK = Size(10_000, 2, 1, 8, 1_000)

size = Size()
report = Report("operations")


def prepare(quick):
    """Chooses the size, which is that of the table of billing events."""
    global size
    billing.prepare(quick)
    if quick:
        size = QUICK
        report.quick = True


def load():
    """Seconds that a COPY into the table takes."""
    return timed(f"COPY events ({COLUMNS}) FROM '{events_file(size.rows)}'")[0]


def megabytes(what):
    return float(psql(f"SELECT round(sum({what}) / 1048576.0, 2) FROM pg_class WHERE relname ~ '^events_[0-9]'"))


def written(act):
    """Bytes of WAL that this writes after a checkpoint, for each event."""
    psql("CHECKPOINT")
    before = psql("SELECT pg_current_wal_insert_lsn()")
    rows = act()
    return float(psql(f"SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '{before}')")) / rows


def with_settings(settings, act):
    """Does something while the server has these settings."""
    for name, value in settings.items():
        psql(f"ALTER SYSTEM SET {name} = '{value}'")
    psql("SELECT pg_reload_conf()")
    time.sleep(0.2)
    try:
        return act()
    finally:
        for name in settings:
            psql(f"ALTER SYSTEM RESET {name}")
        psql("SELECT pg_reload_conf()")
        time.sleep(0.2)


def commits(rows=1):
    """Events per second, with so many in each transaction."""
    tps, _ = pgbench("operations_batch.sql", size.clients, "-T", size.seconds, customers=size.customers, rows=rows)
    return tps * rows


def lines(numbers, base, digits=0):
    return [
        [name, f"{statistics.median(values):,.{digits}f}", spread(values, digits), f"{median_ratio(numbers, name, base):.2f}"]
        for name, values in numbers.items()
    ]


def case_operations_time_index():
    """BRIN and B-tree on the time"""
    sizes, reads = {}, {}

    def measure(kind):
        make_table(CHAINED, time_index=kind)
        seconds = load()
        sizes[kind] = psql(
            "SELECT round(sum(pg_relation_size(indexrelid)) / 1048576.0, 2) FROM pg_stat_user_indexes WHERE relname ~ '^events_' AND indexrelname ~ 'timestamp_idx'"
        )
        psql("VACUUM ANALYZE events")
        hour = "\"timestamp\" >= '2026-03-05 10:00' AND \"timestamp\" < '2026-03-05 11:00'"
        reads.setdefault(kind, []).append(1000 * min(timed(f"SELECT count(decimal_value) FROM events WHERE {hour}")[0] for _ in range(5)))
        return size.rows / seconds

    kinds = {"no index on the time": None, "BRIN": "brin", "B-tree": "btree"}
    numbers = take_turns("COPY", {name: functools.partial(measure, kind) for name, kind in kinds.items()}, size.runs, "{:,.0f} a second")
    report.section(
        "An index on the time",
        f"COPY of {size.rows:,} events in the order of their times into twelve daily partitions, and then the events of one hour.",
        ["index", "rows/s", "range", "× none", "MB", "ms for an hour"],
        [row + [sizes[kinds[row[0]]] or "0", f"{statistics.median(reads[kinds[row[0]]]):.2f}"] for row in lines(numbers, "no index on the time")],
    )


def case_operations_batches():
    """transactions of 1, 10, 100 and 1,000 events"""

    def measure(rows):
        make_table(CHAINED)
        return commits(rows)

    numbers = take_turns("batches", {f"{rows:,}": functools.partial(measure, rows) for rows in (1, 10, 100, 1000)}, size.runs, "{:,.0f} a second")
    report.section(
        "Events in a transaction",
        f"pgbench, {size.clients} clients, {size.seconds} s, each event of another customer of {size.customers:,}.",
        ["events in a transaction", "events/s", "range", "× 1"],
        lines(numbers, "1"),
    )


def case_operations_commit():
    """synchronous_commit"""

    def measure(value):
        make_table(CHAINED)
        return with_settings({"synchronous_commit": value}, commits)

    numbers = take_turns("commits", {value: functools.partial(measure, value) for value in ("on", "off")}, size.runs, "{:,.0f} a second")
    report.section(
        "synchronous_commit",
        f"pgbench, {size.clients} clients, {size.seconds} s, one event in each transaction.",
        ["synchronous_commit", "events/s", "range", "× on"],
        lines(numbers, "on"),
    )


def case_operations_wal():
    """WAL for each event, with compression and between checkpoints"""

    def measure(settings):
        make_table(CHAINED)
        load()

        def act():
            run("pgbench", "-n", "-c", size.clients, "-t", size.rows // 20 // size.clients, "-D", f"customers={size.customers}", "-D", "days=1",
                "-f", billing.__file__.replace("billing.py", "billing_insert.sql"), "postgres")  # fmt: skip
            return size.rows // 20 // size.clients * size.clients

        return with_settings(settings, lambda: written(act))

    measures = {
        "after a checkpoint": {},
        "after a checkpoint, wal_compression = on": {"wal_compression": "on"},
        "after a checkpoint, full_page_writes = off": {"full_page_writes": "off"},
    }
    numbers = take_turns("WAL", {name: functools.partial(measure, settings) for name, settings in measures.items()}, size.runs, "{:,.0f} bytes")
    report.section(
        "WAL",
        f"Bytes of WAL for each of {size.rows // 20:,} single-row transactions after a checkpoint, into a table of {size.rows:,} events."
        " Without full_page_writes, which is not safe, is what each event takes long after a checkpoint.",
        ["", "bytes", "range", "× default"],
        lines(numbers, "after a checkpoint"),
    )


def case_operations_fillfactor():
    """fillfactor of a table that is appended to"""
    sizes = {}

    def measure(fillfactor):
        make_table(CHAINED, fillfactor=fillfactor)
        seconds = load()
        sizes[str(fillfactor)] = megabytes("pg_relation_size(oid)")
        return size.rows / seconds

    numbers = take_turns("COPY", {str(value): functools.partial(measure, value) for value in (100, 90)}, size.runs, "{:,.0f} a second")
    report.section(
        "fillfactor",
        f"COPY of {size.rows:,} events.",
        ["fillfactor", "rows/s", "range", "× 100", "MB with indexes of the partitions"],
        [row + [f"{sizes[row[0]]:.1f}"] for row in lines(numbers, "100")],
    )


def case_operations_vacuum():
    """VACUUM of a table that is appended to"""

    def measure(how):
        make_table(CHAINED)
        load()
        if how == "VACUUM (FREEZE) again":
            psql("VACUUM (FREEZE) events")
        return timed(f"{how.removesuffix(' again')} events")[0]

    numbers = take_turns("VACUUM", {how: functools.partial(measure, how) for how in ("VACUUM", "VACUUM (FREEZE)", "VACUUM (FREEZE) again")}, size.runs)
    report.section(
        "VACUUM",
        f"Seconds for a table of {size.rows:,} events in twelve partitions.",
        ["", "seconds", "range", "× VACUUM"],
        lines(numbers, "VACUUM", 3),
    )


CASES = {name.removeprefix("case_"): case for name, case in list(globals().items()) if name.startswith("case_")}
