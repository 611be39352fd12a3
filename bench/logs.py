"""What a log costs those who append, and how fast it is read, consumed, proved and verified."""

import dataclasses
import functools
import statistics

import chains
from chains import VERITABLE
from measure import Report, median_ratio, pgbench, psql, say, spread, take_turns, timed

WITHOUT, WITH = "without a log", "with a log"
SCAN, READ, CONSUME = "plain index scan", "read_events", "consume"


@dataclasses.dataclass
class Size:
    rows: int = 300_000
    runs: int = 3
    seconds: int = 4
    clients: int = 8
    many_clients: int = 32
    entities: int = 10_000
    verified_rows: int = 1_000_000
    proved_rows: int = 4_000_000
    proofs: int = 2_000
    transactions: int = 50_000
    moves: int = 36_000


QUICK = Size(10_000, 2, 1, 8, 32, 1_000, 20_000, 20_000, 100, 1_000, 500)

size = Size()
report = Report("logs")


def prepare(quick):
    """Chooses the size, and makes the functions that the cases use."""
    global size
    if quick:
        size = QUICK
        report.quick = True
    psql(file="chains_events.sql")
    psql(file="chains_by_hand.sql")
    psql(file="logs_transactions.sql")


def make_table(kind, entity="{entity_id}"):
    """Makes the chained table of the other benchmarks anew, with or without a log."""
    chains.make_table("no trigger")
    # The index that the chain asks for is that of its entity.
    psql(
        "DROP INDEX entity_events_entity_id_seq_idx" if entity == "{}" else "SELECT 1",
        f"SELECT add_chain('entity_events', '{entity}')",
    )
    if kind == WITH:
        psql("SELECT add_log('entity_events')")


def copy_events(kind, rows):
    path = chains.events_file(rows)
    make_table(kind)
    return timed(f"COPY entity_events ({chains.BARE}) FROM '{path}'")[0]


def require_whole(table="entity_events"):
    """Nothing that was measured is wrong."""
    if psql(f"SELECT count(*) FROM verify_chain('{table}')") != "0":
        raise RuntimeError("verify_chain found faults")


def case_logs_copy():
    """COPY into a chained table, with a log and without"""
    measures = {kind: functools.partial(copy_events, kind, size.rows) for kind in (WITHOUT, WITH)}
    numbers = take_turns("COPY", measures, size.runs)
    require_whole()
    report.section(
        "COPY",
        f"{size.rows:,} events of 1,000 entities into a chained table with two indexes. The log adds a column, a sequence and a"
        " unique index.",
        ["chained table", "seconds", "range", f"× {WITHOUT}"],
        [
            [kind, f"{statistics.median(seconds):.2f}", spread(seconds, 2), f"{median_ratio(numbers, kind, WITHOUT):.2f}"]
            for kind, seconds in numbers.items()
        ],
    )
    report.figure("sealed COPY, with a log against without", median_ratio(numbers, WITH, WITHOUT), 1.25, 1.12)


def commits(kind, clients, entity="{entity_id}"):
    """Transactions per second of one event each."""
    make_table(kind, entity)
    tps, failed = pgbench("chains_insert.sql", clients, "-T", size.seconds, entities=size.entities)
    if failed:
        raise RuntimeError(f"{failed} transactions failed")
    return tps


def case_logs_commits():
    """single-row transactions, with a log and without"""
    measures = {kind: functools.partial(commits, kind, size.clients) for kind in (WITHOUT, WITH)}
    numbers = take_turns("single rows", measures, size.runs, "{:,.0f} a second")
    report.section(
        "Single-row commits",
        f"pgbench, {size.clients} clients, {size.seconds} s, one event in each transaction, of one of {size.entities:,} entities.",
        ["chained table", "transactions/s", "range", f"× {WITHOUT}"],
        [
            [kind, f"{statistics.median(tps):,.0f}", spread(tps, 0), f"{median_ratio(numbers, kind, WITHOUT):.3f}"]
            for kind, tps in numbers.items()
        ],
    )
    what = f"single-row commits, {size.clients} clients, with a log against without"
    report.figure(what, median_ratio(numbers, WITH, WITHOUT), 0.94, 0.98, more_is_better=True)


def case_logs_order():
    """one order of the whole table: a log, against one chain for all"""
    log, chain = "a log, and a chain for each entity", "one chain for the whole table"
    measures = {
        log: functools.partial(commits, WITH, size.many_clients),
        chain: functools.partial(commits, WITHOUT, size.many_clients, "{}"),
    }
    numbers = take_turns("one order", measures, size.runs, "{:,.0f} a second")
    report.section(
        "One order of the whole table",
        f"pgbench, {size.many_clients} clients, {size.seconds} s, one event in each transaction. Without entities, each event waits for"
        " the commit of the one before.",
        ["order", "transactions/s", "range", f"× {chain}"],
        [
            [kind, f"{statistics.median(tps):,.0f}", spread(tps, 0), f"{median_ratio(numbers, kind, chain):.2f}"]
            for kind, tps in numbers.items()
        ],
    )
    what = f"whole-table order, {size.many_clients} clients: a log against one chain for all"
    report.figure(what, median_ratio(numbers, log, chain), 3, 3, more_is_better=True)


def case_logs_transaction():
    """what a log costs a transaction, beside what it costs each event"""

    def measure(kind, apart):
        psql("DROP TABLE IF EXISTS appended", "CREATE TABLE appended (n int NOT NULL)", "SELECT add_chain('appended', '{}')")
        if kind == WITH:
            psql("SELECT add_log('appended')")
        # The server waits for no disk: what is measured is work.
        output = psql("CHECKPOINT", "SET synchronous_commit = off", r"\timing on", f"CALL append({size.transactions}, {apart})")
        return float(output.split("Time: ")[-1].split(" ms")[0]) * 1000 / size.transactions

    kinds = [(kind, apart) for kind in (WITHOUT, WITH) for apart in (False, True)]
    name = lambda kind, apart: f"{kind}, {'a transaction each' if apart else 'in one transaction'}"  # noqa: E731
    numbers = take_turns("one event", {name(*of): functools.partial(measure, *of) for of in kinds}, size.runs, "{:.2f} µs")
    medians = {of: statistics.median(numbers[name(*of)]) for of in kinds}
    more = {kind: medians[kind, True] - medians[kind, False] for kind in (WITHOUT, WITH)}
    report.section(
        "A transaction",
        f"{size.transactions:,} events by a procedure, all in one transaction, or each in one of its own. What the log costs a"
        " transaction is the difference of the differences: reading the sequence, and taking and releasing one shared lock.",
        ["events", "µs an event", "range"],
        [[kind, f"{statistics.median(micros):.2f}", spread(micros, 2)] for kind, micros in numbers.items()],
    )
    report.figure("µs that a log costs a transaction, beside its events", more[WITH] - more[WITHOUT], 2, 1)


def make_log(rows):
    """A log that is there to be read."""
    copy_events(WITH, rows)
    psql("VACUUM ANALYZE entity_events")


def case_logs_read():
    """read_events(), against the index scan of a plain query"""
    make_log(size.rows)
    for batch in (1_000, 100_000):
        batch = min(batch, size.rows // 2)
        files = {SCAN: "logs_scan.sql", READ: "logs_read.sql"}

        def measure(kind, batch=batch):
            tps, _ = pgbench(files[kind], 1, "-t", max(20, size.rows * 3 // batch), last=size.rows - batch, max=batch)
            return tps * batch

        numbers = take_turns(f"batches of {batch:,}", {kind: functools.partial(measure, kind) for kind in files}, size.runs, "{:,.0f} a second")
        report.section(
            f"Reading, batches of {batch:,}",
            f"pgbench, 1 client, all columns of {batch:,} events after a random position, of {size.rows:,}.",
            ["query", "events/s", "range", f"time, × {SCAN}"],
            [
                [kind, f"{statistics.median(rate):,.0f}", spread(rate, 0), f"{median_ratio(numbers, SCAN, kind):.2f}"]
                for kind, rate in numbers.items()
            ],
        )
        report.figure(f"read_events, batches of {batch:,}, against the plain index scan", median_ratio(numbers, SCAN, READ), 1.3, 1.1)


def case_logs_consume():
    """consume(), against read_events()"""
    make_log(size.rows)
    batch = 1_000
    psql("SELECT add_consumer('entity_events', 'bench')")

    def consume():
        psql("SELECT seek_consumer('entity_events', 'bench', 0)")
        return pgbench("logs_consume.sql", 1, "-t", size.rows // batch, max=batch)[0] * batch

    def read():
        return pgbench("logs_read.sql", 1, "-t", size.rows // batch, last=size.rows - batch, max=batch)[0] * batch

    numbers = take_turns(f"batches of {batch:,}", {READ: read, CONSUME: consume}, size.runs, "{:,.0f} a second")
    if psql("SELECT lag FROM veritable.consumers WHERE target = 'entity_events'::regclass") != "0":
        raise RuntimeError("the consumer has not consumed all")
    report.section(
        f"Consuming, batches of {batch:,}",
        f"pgbench, 1 client, all columns of {size.rows:,} events. Each batch is a transaction, and the consumer's is written to the disk.",
        ["function", "events/s", "range", f"× {READ}"],
        [
            [kind, f"{statistics.median(rate):,.0f}", spread(rate, 0), f"{median_ratio(numbers, kind, READ):.2f}"]
            for kind, rate in numbers.items()
        ],
    )
    report.figure("consume, batches of 1,000, against read_events", median_ratio(numbers, CONSUME, READ), 0.8, 0.9, more_is_better=True)


def case_logs_polling():
    """an hour of polling ten times a second: the size of the table of consumers"""
    psql(
        "DROP TABLE IF EXISTS polled", "CREATE TABLE polled (n int)", "SELECT add_chain('polled', '{}')",
        "SELECT add_log('polled')", "SELECT add_consumer('polled', 'bench')",
    )  # fmt: skip
    # Every poll finds an event, and moves the consumer.
    pgbench("logs_poll.sql", 1, "-t", size.moves)
    psql("SELECT pg_sleep(1)")
    moved, hot, kilobytes = psql(
        "SELECT n_tup_upd, n_tup_hot_upd, pg_total_relation_size(relid) / 1024 FROM pg_stat_user_tables"
        " WHERE relid = 'veritable.consumer_members'::regclass"
    ).split("|")
    report.section(
        "Polling",
        f"{size.moves:,} moves of one consumer, as an hour of ten a second makes them.",
        ["moves", "HOT updates", "kB of table and indexes afterwards"],
        [[moved, hot, kilobytes]],
    )


FORGET = (
    "DELETE FROM veritable.tiles WHERE target = '{0}'::regclass",
    "DELETE FROM veritable.notes WHERE target = '{0}'::regclass",
    "UPDATE veritable.trees SET size = 0, position = 0 WHERE target = '{0}'::regclass",
    "VACUUM veritable.tiles",
)


def forget_tree(table):
    """Lets the next checkpoint begin with the first event."""
    psql(*(command.format(table) for command in FORGET))


def case_logs_checkpoint():
    """checkpoint() of many new events"""
    make_log(size.verified_rows)

    def measure():
        forget_tree("entity_events")
        return size.verified_rows / timed("SELECT length(checkpoint('entity_events'))")[0]

    numbers = take_turns("checkpoint", {"checkpoint": measure}, size.runs, "{:,.0f} a second")["checkpoint"]
    space = psql("SELECT pg_total_relation_size('veritable.tiles') / 1024 / 1024")
    report.section(
        "Checkpoints",
        f"checkpoint() of {size.verified_rows:,} new events, in one process. The table of tiles has {space} MB afterwards, dead rows of"
        " earlier runs included.",
        ["", "events/s", "range"],
        [["checkpoint", f"{statistics.median(numbers):,.0f}", spread(numbers, 0)]],
    )
    report.figure("new events a second that checkpoint() covers", statistics.median(numbers), 300_000, 1_000_000, more_is_better=True)


def case_logs_verify():
    """verify_log(), against verify_chain()"""
    make_log(size.verified_rows)
    psql("SELECT checkpoint('entity_events')")
    queries = {"verify_log": "verify_log('entity_events')", "verify_chain": "verify_chain('entity_events')"}

    def measure(name):
        seconds, faults = timed(f"SELECT count(*) FROM {queries[name]}")
        if faults != "0":
            raise RuntimeError(f"{name} found {faults} faults")
        return seconds

    numbers = take_turns("verification", {name: functools.partial(measure, name) for name in queries}, size.runs)
    report.section(
        "Verification",
        f"{size.verified_rows:,} events of 1,000 entities, all covered by a checkpoint.",
        ["verification", "seconds", "range", "× verify_chain"],
        [
            [name, f"{statistics.median(seconds):.2f}", spread(seconds, 2), f"{median_ratio(numbers, name, 'verify_chain'):.2f}"]
            for name, seconds in numbers.items()
        ],
    )
    report.figure("verify_log against verify_chain", median_ratio(numbers, "verify_log", "verify_chain"), 1.3, 1.0)


def case_logs_proof():
    """one inclusion proof in a large log"""
    psql("DROP TABLE IF EXISTS many", "CREATE TABLE many (n int NOT NULL)", "SELECT add_chain('many', '{}')", "SELECT add_log('many')")
    say(f"{size.proved_rows:,} events")
    psql(f"INSERT INTO many SELECT n FROM generate_series(1, {size.proved_rows}) AS n", "SELECT checkpoint('many')", "VACUUM ANALYZE many")

    def measure():
        return 1000 / pgbench("logs_proof.sql", 1, "-t", size.proofs, last=size.proved_rows)[0]

    numbers = take_turns("proof", {"inclusion_proof": measure}, size.runs, "{:.3f} ms")["inclusion_proof"]
    psql("DROP TABLE many")
    report.section(
        "Proofs",
        f"pgbench, 1 client, {size.proofs:,} proofs of events at random positions of {size.proved_rows:,}.",
        ["", "ms", "range"],
        [["inclusion_proof", f"{statistics.median(numbers):.3f}", spread(numbers, 3)]],
    )
    report.figure(f"ms for an inclusion proof in a log of {size.proved_rows:,}", statistics.median(numbers), 2, 1)


CASES = {name.removeprefix("case_"): case for name, case in list(globals().items()) if name.startswith("case_")}
