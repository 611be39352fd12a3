"""What chains in many partitions cost: against no chain, and against finished rows; and the memory of heads."""

import dataclasses
import functools
import select
import statistics
import subprocess

import chains
from measure import ENVIRONMENT, FILES, Report, median_ratio, pgbench, private_memory, psql, say, spread, take_turns, timed

NO_CHAIN, VERITABLE = "no chain", "veritable"
NO_TRIGGER = "no trigger"


@dataclasses.dataclass
class Size:
    rows: int = 300_000
    entities: int = 1_000
    runs: int = 3
    seconds: int = 6
    client_entities: int = 10_000
    partitions: int = 400
    statement_rows: int = 8_000_000
    statement_entities: int = 160_000
    pruned_events: int = 1_000_000
    pruned_entities: int = 100_000


QUICK = Size(6_000, 100, 2, 1, 1_000, 20, 20_000, 4_000, 10_000, 1_000)

size = Size()
report = Report("partitions")


def prepare(quick):
    """Chooses the size."""
    global size
    if quick:
        size = QUICK
        report.quick = True
    psql(file="chains_events.sql")


def make_table(kind, partitions=0, rows=0):
    """A table of small events, in partitions of equal ranges of `at`. All kinds have the columns and indexes of a chain."""
    span = max(1, -(-(rows or size.rows) // max(1, partitions)))
    commands = [
        "DROP TABLE IF EXISTS parted",
        "CREATE TABLE parted (entity int NOT NULL, at int NOT NULL, payload text NOT NULL, seq bigint NOT NULL,"
        f" previous_event_hash bytea, event_hash bytea NOT NULL) {'PARTITION BY RANGE (at)' if partitions else ''}",
    ]
    for i in range(partitions):
        commands.append(f"CREATE TABLE parted_{i} PARTITION OF parted FOR VALUES FROM ({i * span}) TO ({(i + 1) * span})")
    commands.append(f"CREATE {'' if partitions else 'UNIQUE'} INDEX ON parted (entity, seq)")
    if kind == VERITABLE:
        commands.append("SELECT add_chain('parted', '{entity}')")
    psql(*commands)


def event(n, entities):
    """The columns of event number n, as SQL."""
    return f"(hashint8({n}) & 2147483647) % {entities}, {n}, 'payload ' || md5(({n})::text)"


@functools.cache
def files(order):
    """Files of events, without and with the columns of the chain."""
    bare, finished = (f"{FILES}/bench-parted-{order}-{kind}.copy" for kind in ("bare", "finished"))
    by = "valid_from, event_id" if order == "time" else "event_id"
    psql(f"COPY (SELECT * FROM events({size.rows}, {size.entities}) ORDER BY {by}) TO '{bare}'")
    chains.make_table(VERITABLE)
    psql(
        f"COPY entity_events ({chains.BARE}) FROM '{bare}'",
        f"COPY (SELECT * FROM entity_events ORDER BY ctid) TO '{finished}'",
    )
    return bare, finished


def copy(kind, order, partitions):
    """Seconds that a COPY takes, into the table of the benchmark of chains."""
    bare, finished = files(order)
    chains.make_table(kind, partitions=partitions)
    if kind == VERITABLE:
        return timed(f"COPY entity_events ({chains.BARE}) FROM '{bare}'")[0]
    return timed(f"COPY entity_events ({chains.BARE}, seq, previous_event_hash, event_hash) FROM '{finished}'")[0]


def require_intact(table="parted"):
    faults = psql(f"SELECT count(*) FROM verify_chain('{table}')")
    if faults != "0":
        raise RuntimeError(f"verify_chain found {faults} faults")


def case_parted_copy():
    """COPY into 12 and 100 partitions, in the order of the partitions and in random order"""
    for partitions, must, aim in ((12, 1.6, 1.4), (100, 1.8, 1.5)):
        for order in ("time", "random"):
            measures = {kind: functools.partial(copy, kind, order, partitions) for kind in (NO_TRIGGER, VERITABLE)}
            numbers = take_turns(f"COPY into {partitions} partitions, {order} order", measures, size.runs)
            require_intact("entity_events")
            report.section(
                f"COPY into {partitions} partitions, {order} order",
                f"{size.rows:,} events of {size.entities:,} entities.",
                ["", "seconds", "range", f"× {NO_TRIGGER}"],
                [
                    [kind, f"{statistics.median(seconds):.2f}", spread(seconds, 2), f"{median_ratio(numbers, kind, NO_TRIGGER):.2f}"]
                    for kind, seconds in numbers.items()
                ],
            )
            report.figure(f"COPY into {partitions} partitions, {order} order", median_ratio(numbers, VERITABLE, NO_TRIGGER), must, aim)


def commits(kind, file):
    make_table(kind, size.partitions, size.partitions * 1_000)
    tps, failed = pgbench(file, 1, "-T", size.seconds, entities=size.client_entities, last=size.partitions * 1_000 - 1)
    if failed:
        raise RuntimeError(f"{failed} transactions failed")
    if kind == VERITABLE:
        require_intact()
    return tps


def case_parted_commits():
    """single-row transactions in a table of 400 partitions: at random, and always the newest partition"""
    for where, file in (("random", "partitions_random.sql"), ("newest", "partitions_newest.sql")):
        files_ = {NO_CHAIN: file.replace(".sql", "_finished.sql"), VERITABLE: file}
        measures = {kind: functools.partial(commits, kind, files_[kind]) for kind in (NO_CHAIN, VERITABLE)}
        numbers = take_turns(f"{size.partitions} partitions, {where}", measures, size.runs, "{:,.0f} a second")
        report.section(
            f"Single-row commits, {size.partitions} partitions, {where}",
            f"pgbench, 1 client, {size.seconds} s, one event in each transaction, of one of {size.client_entities:,} entities.",
            ["", "transactions/s", "range", f"× {NO_CHAIN}"],
            [
                [kind, f"{statistics.median(tps):,.0f}", spread(tps, 0), f"{median_ratio(numbers, kind, NO_CHAIN):.2f}"]
                for kind, tps in numbers.items()
            ],
        )
        what = f"single-row commits, {size.partitions} partitions, {where}"
        report.figure(what, median_ratio(numbers, VERITABLE, NO_CHAIN), 0.75, 0.85, more_is_better=True)


def case_parted_statement():
    """one INSERT … SELECT that takes many entities in turn"""
    bare = f"SELECT n % {size.statement_entities}, n, 'payload ' || n FROM generate_series(0, {size.statement_rows - 1}) AS n"
    make_table(VERITABLE)
    psql("DROP TABLE IF EXISTS finished", f"INSERT INTO parted (entity, at, payload) {bare}")
    require_intact()
    psql("CREATE UNLOGGED TABLE finished AS SELECT * FROM parted ORDER BY ctid")

    def measure(kind):
        make_table(kind)
        if kind == VERITABLE:
            return timed(f"INSERT INTO parted (entity, at, payload) {bare}")[0]
        return timed("INSERT INTO parted SELECT * FROM finished")[0]

    numbers = take_turns("one statement", {kind: functools.partial(measure, kind) for kind in (NO_TRIGGER, VERITABLE)}, 1)
    psql("DROP TABLE finished")
    report.section(
        "One statement",
        f"INSERT … SELECT of {size.statement_rows:,} events of {size.statement_entities:,} entities in turn, into a table without partitions;"
        " without a trigger: of the finished rows.",
        ["", "seconds", f"× {NO_TRIGGER}"],
        [[kind, f"{statistics.median(seconds):.1f}", f"{median_ratio(numbers, kind, NO_TRIGGER):.2f}"] for kind, seconds in numbers.items()],
    )
    report.figure("one statement with many entities in turn", median_ratio(numbers, VERITABLE, NO_TRIGGER), 1.6, 1.4)


def memory(kind):
    """Private memory in MB of a session that has written to each partition."""
    make_table(kind, size.partitions, size.partitions * 1_000)
    if kind == VERITABLE:
        columns, values = "entity, at, payload", "1, {}, 'p'"
    else:
        columns, values = "entity, at, payload, seq, event_hash", "1, {}, 'p', 1, '\\x00'"
    session = subprocess.Popen(
        ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"], env=ENVIRONMENT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    for _ in range(2):
        for i in range(size.partitions):
            session.stdin.write(f"INSERT INTO parted ({columns}) VALUES ({values.format(i * 1_000)});\n")
    session.stdin.write("SELECT pg_backend_pid();\n")
    session.stdin.flush()
    select.select([session.stdout], [], [], 600)
    process = int(session.stdout.readline())
    answer = private_memory(process) / (1 << 20)
    session.stdin.close()
    session.wait()
    return answer


def case_parted_memory():
    """memory of a session that has written to all of 400 partitions"""
    numbers = {kind: memory(kind) for kind in (NO_CHAIN, VERITABLE)}
    more = numbers[VERITABLE] - numbers[NO_CHAIN]
    say(f"memory: {numbers}")
    report.section(
        "Memory",
        f"Private memory of a session that has written to each of {size.partitions} partitions twice.",
        ["", "MB"],
        [[kind, f"{megabytes:.1f}"] for kind, megabytes in numbers.items()],
    )
    report.figure(f"MB of a session that wrote to {size.partitions} partitions, above no chain", more, 16, 8)


def case_parted_pruning():
    """detaching a partition and attaching it again, and verification beside what was pruned"""
    make_table(VERITABLE, 2, 2 * size.pruned_events)
    psql(
        f"INSERT INTO parted (entity, at, payload) SELECT (hashint8(n) & 2147483647) % {size.pruned_entities}, n, 'payload ' || md5(n::text)"
        f" FROM generate_series(0, {2 * size.pruned_events - 1}) AS n",
        "VACUUM ANALYZE parted",
    )
    whole, pruned = "verify_chain of both partitions", "verify_chain of the one that is left"
    detach, attach = "DETACH PARTITION", "ATTACH PARTITION"
    attached = f"ALTER TABLE parted ATTACH PARTITION parted_0 FOR VALUES FROM (0) TO ({size.pruned_events})"
    verified = "SELECT count(*) FROM verify_chain('parted')"
    measures = {
        whole: lambda: timed(verified)[0],
        detach: lambda: timed("ALTER TABLE parted DETACH PARTITION parted_0")[0],
        pruned: lambda: timed(verified)[0],
        attach: lambda: timed(attached)[0],
    }
    numbers = take_turns("pruning", measures, size.runs)
    require_intact()
    report.section(
        "Pruning",
        f"Two partitions of {size.pruned_events:,} events of the same {size.pruned_entities:,} entities; the older one is detached, and"
        " attached again.",
        ["", "seconds", "range"],
        [[what, f"{statistics.median(seconds):.2f}", spread(seconds, 2)] for what, seconds in numbers.items()],
    )
    report.figure(f"seconds, detaching {size.pruned_events:,} events", statistics.median(numbers[detach]), 3, 1)
    report.figure(f"seconds, attaching {size.pruned_events:,} events", statistics.median(numbers[attach]), 6, 3)
    report.figure("verification beside as many pruned events / before", median_ratio(numbers, pruned, whole), 0.8, 0.6)


CASES = {name.removeprefix("case_"): case for name, case in list(globals().items()) if name.startswith("case_")}
