"""What a key without duplicates costs in a partitioned table, against a unique index on a table without partitions."""

import dataclasses
import functools
import statistics
from pathlib import Path

from measure import FILES, Report, median_ratio, pgbench, psql, spread, take_turns, timed

UNIQUE = "unique index, no partitions"
NOTHING = "12 partitions, an index that is not unique"
DEDUP = "12 partitions, add_dedup"
WITHIN = "12 partitions, add_dedup within 1 day"
ALONE = "add_dedup, no partitions"
KINDS = (UNIQUE, NOTHING, ALONE, DEDUP, WITHIN)

PARTITIONS = 12
# Each partition has a month of 30 days.
START, MONTH = "timestamptz '2026-01-01 UTC'", "interval '30 days'"


@dataclasses.dataclass
class Size:
    before: int = 1_000_000
    rows: int = 200_000
    runs: int = 3
    seconds: int = 5
    clients: int = 8


QUICK = Size(5_000, 2_000, 2, 1, 4)

size = Size()
report = Report("dedup")


def prepare(quick):
    """Chooses the size."""
    global size
    if quick:
        size = QUICK
        report.quick = True


def rows(first, last, months=PARTITIONS):
    """Rows with random keys, in random months: of the last months, if not of all."""
    return (
        f"SELECT 'organization ' || n % 100, md5(n::text)::uuid, {START} + {MONTH} * ({PARTITIONS} - {months} * random()),"
        f" n, '{{\"kind\": \"payment\", \"amount\": 4711.08, \"currency\": \"EUR\"}}'::jsonb FROM generate_series({first}, {last}) AS n"
    )


def file_of_rows(months):
    """The rows that COPY adds, in a file."""
    path = Path(FILES) / f"bench-dedup-{size.rows}-{months}.copy"
    if not path.exists():
        psql(f"COPY ({rows(size.before + 1, size.before + size.rows, months)}) TO '{path}'")
    return path


def make_table(kind):
    """Makes the table anew, with the rows of before: the same columns and indexes for each kind."""
    is_plain = kind in (UNIQUE, ALONE)
    commands = [
        "DROP TABLE IF EXISTS usage",
        "CREATE TABLE usage (organization text NOT NULL, transaction uuid NOT NULL, at timestamptz NOT NULL, quantity bigint, more jsonb)"
        + ("" if is_plain else " PARTITION BY RANGE (at)"),
    ]
    for i in range(0 if is_plain else PARTITIONS):
        # The last partition has its end within it.
        end = f"{START} + {MONTH} * {i + 1}" if i + 1 < PARTITIONS else "'infinity'"
        commands.append(
            f"DO $$ BEGIN EXECUTE format('CREATE TABLE usage_{i} PARTITION OF usage FOR VALUES FROM (%L) TO (%L)', {START} + {MONTH} * {i}, {end}); END $$"
        )
    commands.append(f"INSERT INTO usage {rows(1, size.before)}")
    columns = 'transaction, organization COLLATE "C"'
    commands.append(f"CREATE {'UNIQUE' if kind == UNIQUE else ''} INDEX ON usage ({columns})")
    if kind in (DEDUP, WITHIN, ALONE):
        within = ", within => '1 day'" if kind == WITHIN else ""
        commands.append(f"SELECT add_dedup('usage', '{{organization,transaction}}'{within})")
    commands += ["VACUUM ANALYZE usage", "CHECKPOINT"]
    psql(*commands)


def copy(kind, months):
    make_table(kind)
    return timed(f"COPY usage FROM '{file_of_rows(months)}'")[0]


def case_dedup_copy():
    """COPY of rows with new keys"""
    for months, where in ((PARTITIONS, "all partitions"), (1, "the newest partition")):
        numbers = take_turns(where, {kind: functools.partial(copy, kind, months) for kind in KINDS}, size.runs)
        report.section(
            f"COPY into {where}",
            f"{size.rows:,} rows with new random keys, into a table that has {size.before:,} rows.",
            ["table", "seconds", "range", f"× {UNIQUE}"],
            [
                [kind, f"{statistics.median(seconds):.2f}", spread(seconds, 2), f"{median_ratio(numbers, kind, UNIQUE):.2f}"]
                for kind, seconds in numbers.items()
            ],
        )
        report.figure(f"COPY into {where}, dedup against a unique index", median_ratio(numbers, DEDUP, UNIQUE), 1.3, 1.1)
        report.figure(f"COPY into {where}, dedup within a day, against a unique index", median_ratio(numbers, WITHIN, UNIQUE), 1.3, 1.1)


def case_dedup_commits():
    """single-row transactions with new keys"""

    def measure(kind):
        make_table(kind)
        tps, failed = pgbench("dedup_insert.sql", size.clients, "-T", size.seconds, months=PARTITIONS)
        if failed:
            raise RuntimeError(f"{failed} transactions failed")
        return tps

    numbers = take_turns("single rows", {kind: functools.partial(measure, kind) for kind in KINDS}, size.runs, "{:,.0f} a second")
    report.section(
        "Single-row commits",
        f"pgbench, {size.clients} clients, {size.seconds} s, one row with a new random key in each transaction, in a random partition.",
        ["table", "transactions/s", "range", f"time, × {UNIQUE}"],
        [
            [kind, f"{statistics.median(tps):,.0f}", spread(tps, 0), f"{median_ratio(numbers, UNIQUE, kind):.3f}"]
            for kind, tps in numbers.items()
        ],
    )
    report.figure("single-row commits, dedup against a unique index", median_ratio(numbers, UNIQUE, DEDUP), 1.3, 1.1)


CASES = {name.removeprefix("case_"): case for name, case in list(globals().items()) if name.startswith("case_")}
