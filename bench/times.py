"""What it costs to ask for the past and to record changes: against queries and triggers by hand, and against other extensions."""

import dataclasses
import functools
import statistics

from measure import Report, major_version, median_ratio, pgbench, psql, say, spread, take_turns, timed

AS_OF, HAND_WRITTEN = "as-of", "hand-written"
WITHOUT, HISTORY, PERIODS, TABLE_LOG = "without", "history", "periods", "table_log"
# A trigger that does what that of supa_audit does, and the least that a trigger by hand can do.
AUDIT, LEAST = "jsonb trigger, as supa_audit", "jsonb trigger, the least"
# The extension of each peer, and how Debian calls its package.
PEERS = {PERIODS: "periods", TABLE_LOG: "table_log"}
NOT_MEASURED = "NOT MEASURED"


@dataclasses.dataclass
class Size:
    entities: int = 20
    events: int = 10_000
    population: int = 10_000
    population_events: int = 100
    rows: int = 100_000
    runs: int = 5
    seconds: int = 10
    asked: int = 20_000
    children: int = 100_000
    parents: int = 1_000


QUICK = Size(4, 1_000, 200, 20, 2_000, 3, 1, 500, 1_000, 50)

size = Size()
report = Report("times")


def prepare(quick):
    """Chooses the size, and makes the functions that the cases use."""
    global size
    if quick:
        size = QUICK
        report.quick = True
    psql(file="times_by_hand.sql")


@functools.cache
def missing(peer):
    """Why a peer is not measured; nothing if it is."""
    name = PEERS[peer]
    if psql(f"SELECT count(*) FROM pg_available_extensions WHERE name = '{name}'") == "0":
        package = f"postgresql-{major_version()}-{name.replace('_', '')}"
        return f"PostgreSQL does not find the extension {name} (Debian: {package})"
    psql(f"CREATE EXTENSION IF NOT EXISTS {name} CASCADE")
    return ""


def at_hand(kinds):
    """The kinds that can be measured; says so of the others."""
    for kind in kinds:
        if kind in PEERS and missing(kind):
            say(f"{NOT_MEASURED}: {kind}: {missing(kind)}")
    return [kind for kind in kinds if kind not in PEERS or not missing(kind)]


def absent(kinds, columns):
    """Rows of a table for the kinds that are not at hand."""
    return [[kind, NOT_MEASURED, *[""] * (columns - 2)] for kind in kinds if kind in PEERS and missing(kind)]


def reasons(kinds):
    """Why kinds are not at hand, as the end of a remark."""
    return "".join(f" {NOT_MEASURED}: {kind}: {missing(kind)}." for kind in kinds if kind in PEERS and missing(kind))


def against_peer(numbers, measure, peer, must, aim):
    """A figure against a peer, if it is at hand."""
    if missing(peer):
        report.not_measured(measure, must, aim)
    else:
        report.figure(measure, median_ratio(numbers, HISTORY, peer), must, aim)


# --- as of a time


def make_events(entities, events):
    """A chain of this many events for each entity, with two times, and what asks for them."""
    say(f"{entities * events:,} events of {entities:,} entities")
    psql(
        "DROP TABLE IF EXISTS events CASCADE",
        "CREATE TABLE events (entity_id bigint NOT NULL, valid_from timestamptz NOT NULL, payload jsonb NOT NULL,"
        " recorded timestamptz)",
        "SELECT add_chain('events', '{entity_id}', recorded => 'recorded')",
        # An event corrects the past now and then.
        "INSERT INTO events (entity_id, valid_from, payload)"
        " SELECT entity, timestamptz '2026-01-01 UTC' + (n - CASE WHEN n % 10 = 0 THEN 5 ELSE 0 END) * interval '1 minute',"
        "        jsonb_build_object('price', n % 900, 'location', entity)"
        f" FROM generate_series(1, {events}) AS n, generate_series(1, {entities}) AS entity",
        "SELECT add_as_of('events', valid => 'valid_from')",
        "VACUUM ANALYZE events",
    )


def case_times_one():
    """the state of one entity, as of a time"""
    make_events(size.entities, size.events)
    scripts = {AS_OF: "times_one.sql", HAND_WRITTEN: "times_one_by_hand.sql"}

    def measure(kind):
        given = {"entities": size.entities, "minutes": size.events}
        return 1e6 / pgbench(scripts[kind], 1, "-t", size.asked, **given)[0]

    measures = {kind: functools.partial(measure, kind) for kind in scripts}
    numbers = take_turns("one entity", measures, size.runs, "{:.1f} µs")
    report.section(
        "One entity",
        f"pgbench, 1 client, {size.asked:,} prepared queries for the state of one of {size.entities} entities with {size.events:,}"
        " events each, as of a random valid time. By hand: ORDER BY valid_from DESC, seq DESC LIMIT 1, with the same index.",
        ["query", "µs", "range", "× hand-written"],
        [
            [kind, f"{statistics.median(micros):.1f}", spread(micros, 1), f"{median_ratio(numbers, kind, HAND_WRITTEN):.2f}"]
            for kind, micros in numbers.items()
        ],
    )
    measure = f"one entity with {size.events:,} events, as-of against hand-written"
    report.figure(measure, median_ratio(numbers, AS_OF, HAND_WRITTEN), 1.1, 1.0)


def case_times_population():
    """the state of all entities, as of a time"""
    make_events(size.population, size.population_events)
    valid = f"timestamptz '2026-01-01 UTC' + {size.population_events // 2} * interval '1 minute'"
    queries = {
        AS_OF: f"events_as_of({valid}, 'infinity')",
        HAND_WRITTEN: f"(SELECT DISTINCT ON (entity_id) * FROM events WHERE valid_from <= {valid} AND recorded <= 'infinity'"
        " ORDER BY entity_id, valid_from DESC, seq DESC)",
    }

    def measure(kind):
        seconds, answer = timed(f"SELECT count(*), sum((payload->>'price')::int) FROM {queries[kind]} AS state")
        answers.add(answer)
        return seconds

    answers = set()
    numbers = take_turns("population", {kind: functools.partial(measure, kind) for kind in queries}, size.runs)
    if len(answers) != 1:
        raise RuntimeError(f"the queries differ: {answers}")
    report.section(
        "A population",
        f"The state of {size.population:,} entities with {size.population_events} events each, as of one valid time. By hand:"
        " DISTINCT ON (entity_id), with the same index.",
        ["query", "seconds", "range", "× hand-written"],
        [
            [kind, f"{statistics.median(seconds):.3f}", spread(seconds, 3), f"{median_ratio(numbers, kind, HAND_WRITTEN):.2f}"]
            for kind, seconds in numbers.items()
        ],
    )
    measure = f"{size.population:,} entities with {size.population_events} events each, as-of against hand-written"
    report.figure(measure, median_ratio(numbers, AS_OF, HAND_WRITTEN), 1.1, 1.0)


# --- histories


TRIGGERS = {AUDIT: "audit_as_supa_audit", LEAST: "audit_by_hand"}


def remove_orders():
    """Removes the table, and what was attached to it."""
    if psql("SELECT to_regclass('orders')") == "":
        return
    if psql("SELECT to_regclass('orders_history') IS NOT NULL AND to_regclass('periods.system_versioning') IS NOT NULL") == "t":
        psql(
            "SELECT periods.drop_system_versioning(table_name, 'CASCADE', true) FROM periods.system_versioning"
            " WHERE table_name = 'orders'::regclass"
        )
    psql("SELECT drop_history(target) FROM veritable.histories WHERE target = 'orders'::regclass")
    psql("DROP TABLE IF EXISTS orders, orders_history, orders_log CASCADE", "DROP SEQUENCE IF EXISTS orders_log_seq", "TRUNCATE audit, audit_versions")


def make_orders(kind):
    """Makes the table anew, with a history of this kind."""
    remove_orders()
    psql(f"SELECT make_orders({size.rows})")
    if kind == HISTORY:
        psql("SELECT add_history('orders')")
    if kind in TRIGGERS:
        psql(f"CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION {TRIGGERS[kind]}()")
    if kind == PERIODS:
        psql("SELECT periods.add_system_time_period('orders')", "SELECT periods.add_system_versioning('orders')")
    if kind == TABLE_LOG:
        # Old and new row of each change, when, and by whom.
        psql("SELECT table_log_init(5, 'public', 'orders', 'public', 'orders_log')")
    psql("VACUUM ANALYZE orders")


def require_recorded(kind, changes):
    """Each change was recorded."""
    tables = {HISTORY: "orders_history WHERE seq > 1", AUDIT: "audit_versions", LEAST: "audit", PERIODS: "orders_history", TABLE_LOG: "orders_log"}
    if kind in tables:
        # table_log keeps the old and the new row apart.
        found = int(psql(f"SELECT count(*) FROM {tables[kind]}")) // (2 if kind == TABLE_LOG else 1)
        if found != changes:
            raise RuntimeError(f"{kind}: {found} of {changes} changes are recorded")
    if kind == HISTORY and psql("SELECT count(*) FROM verify_history('orders')") != "0":
        raise RuntimeError("verify_history found faults")


KINDS = (WITHOUT, HISTORY, AUDIT, LEAST, PERIODS, TABLE_LOG)


def case_times_update():
    """UPDATE of many rows in one statement"""

    def measure(kind):
        make_orders(kind)
        seconds, _ = timed("UPDATE orders SET price = price + 1")
        require_recorded(kind, size.rows)
        return seconds

    numbers = take_turns("one UPDATE", {kind: functools.partial(measure, kind) for kind in at_hand(KINDS)}, size.runs)
    rows = [
        [kind, f"{statistics.median(seconds):.2f}", spread(seconds, 2), f"{statistics.median(seconds) / size.rows * 1e6:.1f}"]
        + [f"{median_ratio(numbers, kind, other):.2f}" for other in (WITHOUT, AUDIT, LEAST)]
        for kind, seconds in numbers.items()
    ]
    report.section(
        "One UPDATE",
        f"UPDATE of one column of all {size.rows:,} rows of a table of six columns, in one statement. periods keeps the former row and"
        " hashes nothing; table_log keeps the former and the new row; the triggers by hand keep both as jsonb."
        + reasons(KINDS),
        ["history", "seconds", "range", "µs a row", f"× {WITHOUT}", f"× {AUDIT}", f"× {LEAST}"],
        rows + absent(KINDS, 7),
    )
    what = f"UPDATE of {size.rows:,} rows"
    report.figure(f"{what}: history against a jsonb trigger as that of supa_audit", median_ratio(numbers, HISTORY, AUDIT), 0.6, 0.4)
    against_peer(numbers, f"{what}: history against periods' system versioning", PERIODS, 1.5, 1.0)


def case_times_commits():
    """single-row UPDATE transactions of 8 clients"""

    def measure(kind):
        make_orders(kind)
        tps, failures = pgbench("times_update.sql", 8, "-T", size.seconds, rows=size.rows)
        failed[kind] += failures
        if kind == HISTORY:
            psql("SELECT 1 / (count(*) = 0)::int FROM verify_history('orders')")
        return tps

    kinds = at_hand(KINDS)
    failed = dict.fromkeys(kinds, 0)
    measures = {kind: functools.partial(measure, kind) for kind in kinds}
    numbers = take_turns("single-row UPDATEs", measures, size.runs, "{:,.0f} a second")
    rows = [
        [kind, f"{statistics.median(tps):,.0f}", spread(tps, 0), f"{median_ratio(numbers, kind, WITHOUT):.3f}", failed[kind]]
        for kind, tps in numbers.items()
    ]
    report.section(
        "Single-row commits",
        f"pgbench, 8 clients, {size.seconds} s, transactions of one UPDATE of one of {size.rows:,} rows, prepared statements."
        + reasons(KINDS),
        ["history", "transactions/s", "range", f"× {WITHOUT}", "failed"],
        rows + absent(KINDS, 5),
    )
    ratio = median_ratio(numbers, HISTORY, WITHOUT)
    report.figure("single-row UPDATE commits, 8 clients: with history against without", ratio, 0.75, 0.85, more_is_better=True)


def case_times_verify():
    """verify_history(), against verify_chain() of the history"""
    make_orders(HISTORY)
    for _ in range(2):
        psql("UPDATE orders SET price = price + 1")
    psql("VACUUM ANALYZE orders", "VACUUM ANALYZE orders_history")
    queries = {"verify_history": "verify_history('orders')", "verify_chain": "verify_chain('orders_history')"}

    def measure(name):
        seconds, faults = timed(f"SELECT count(*) FROM {queries[name]}")
        if faults != "0":
            raise RuntimeError(f"{name} found {faults} faults")
        return seconds

    numbers = take_turns("verification", {name: functools.partial(measure, name) for name in queries}, size.runs)
    report.section(
        "Verification",
        f"A table of {size.rows:,} rows, and its history of three times as many events.",
        ["verification", "seconds", "range", "× verify_chain"],
        [
            [name, f"{statistics.median(seconds):.2f}", spread(seconds, 2), f"{median_ratio(numbers, name, 'verify_chain'):.2f}"]
            for name, seconds in numbers.items()
        ],
    )
    report.figure("verify_history against verify_chain", median_ratio(numbers, "verify_history", "verify_chain"), 1.5, 1.2)


# --- temporal foreign keys

NO_KEY, REFERENCE, PERIOD = "no foreign key", "add_reference", "PERIOD of PostgreSQL 18"
BUILT_IN = "PostgreSQL has no foreign keys with PERIOD before version 18"


def make_children(kind):
    """Parents whose periods adjoin, and an empty table of children with a foreign key of this kind."""
    psql(
        "DROP TABLE IF EXISTS children, parents CASCADE",
        "CREATE TABLE parents (id int NOT NULL, price int NOT NULL, during daterange NOT NULL)",
        "CREATE TABLE children (id bigserial PRIMARY KEY, parent int NOT NULL, during daterange NOT NULL)",
        "INSERT INTO parents SELECT parent, n, daterange(date '2026-01-01' + 30 * n, date '2026-01-01' + 30 * (n + 1))"
        f" FROM generate_series(1, {size.parents}) AS parent, generate_series(0, 11) AS n",
        {
            NO_KEY: "SELECT 1",
            REFERENCE: "SELECT add_packing('parents', 'during', '{id}', '{price}');"
            " SELECT add_reference('children', '{parent}', 'during', 'parents', '{id}')",
            PERIOD: "ALTER TABLE parents ADD PRIMARY KEY (id, during WITHOUT OVERLAPS);"
            " ALTER TABLE children ADD FOREIGN KEY (parent, PERIOD during) REFERENCES parents (id, PERIOD during)",
        }[kind],
        "VACUUM ANALYZE parents",
    )


def case_times_reference():
    """INSERT of many rows under a temporal foreign key"""
    kinds = [NO_KEY, REFERENCE] + ([PERIOD] if int(major_version()) >= 18 else [])

    def measure(kind):
        make_children(kind)
        # Each child needs two or three parents.
        seconds, _ = timed(
            "INSERT INTO children (parent, during)"
            f" SELECT 1 + n % {size.parents}, daterange(date '2026-01-01' + n % 250, date '2026-01-01' + n % 250 + 60)"
            f" FROM generate_series(1, {size.children}) AS n"
        )
        return seconds

    numbers = take_turns("temporal foreign key", {kind: functools.partial(measure, kind) for kind in kinds}, size.runs)
    rows = [
        [kind, f"{statistics.median(seconds):.2f}", spread(seconds, 2), f"{median_ratio(numbers, kind, NO_KEY):.2f}"]
        for kind, seconds in numbers.items()
    ]
    if PERIOD not in kinds:
        say(f"{NOT_MEASURED}: {BUILT_IN}")
        rows.append([PERIOD, NOT_MEASURED, "", ""])
    report.section(
        "Temporal foreign keys",
        f"INSERT … SELECT of {size.children:,} rows whose periods of 60 days need two or three of the twelve rows of one of"
        f" {size.parents:,} keys."
        + ("" if PERIOD in kinds else f" {NOT_MEASURED}: {BUILT_IN}."),
        ["foreign key", "seconds", "range", f"× {NO_KEY}"],
        rows,
    )
    what = f"INSERT of {size.children:,} children: add_reference against PERIOD"
    if PERIOD in kinds:
        report.figure(what, median_ratio(numbers, REFERENCE, PERIOD), 1.5, 0.8)
    else:
        report.not_measured(what, 1.5, 0.8)


CASES = {name.removeprefix("case_"): case for name, case in list(globals().items()) if name.startswith("case_")}
