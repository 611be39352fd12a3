"""What packing costs, against its exclusion constraint alone and against packing by hand (packing_by_hand.sql)."""

import dataclasses
import functools
import statistics

from measure import Report, median_ratio, pgbench, psql, say, spread, take_turns, timed, transaction

# All three have the same exclusion constraint. Alone, it leaves equal rows that overlap or adjoin as they are.
ALONE, VERITABLE, BY_HAND = "constraint alone", "veritable", "by hand"
KINDS = (ALONE, VERITABLE, BY_HAND)


@dataclasses.dataclass
class Size:
    rows: int = 100_000
    keys: int = 1_000
    runs: int = 5
    client_rows: int = 60_000
    many_keys: int = 100_000
    full_rows: int = 1_000_000
    full_keys: int = 10_000
    full_inserts: int = 10_000


QUICK = Size(2_000, 100, 3, 2_000, 5_000, 10_000, 1_000, 200)

size = Size()
report = Report("packing")


def prepare(quick):
    """Chooses the size, and makes the functions that the cases use."""
    global size
    if quick:
        size = QUICK
        report.quick = True
    psql(file="packing_facts.sql")
    psql(file="packing_by_hand.sql")
    # First of all, since it makes the table anew.
    definitions()


# --- the table


def make_table():
    """Makes tariffs anew, without constraint or triggers."""
    psql(
        "DROP TABLE IF EXISTS tariffs",
        "CREATE TABLE tariffs (id serial PRIMARY KEY, location_id int NOT NULL, tariff_type text NOT NULL,"
        " price_per_hour numeric NOT NULL, price_since daterange NOT NULL)",
    )


@functools.cache
def definitions():
    """What add_packing makes: the definition of the constraint, and those of the triggers."""
    make_table()
    psql("SELECT add_packing('tariffs', 'price_since', '{location_id,tariff_type}', '{price_per_hour}')")
    constraint = psql("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'tariffs_packing'")
    triggers = psql("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'tariffs'::regclass")
    return constraint, triggers.splitlines()


def constrain():
    psql(f"ALTER TABLE tariffs ADD CONSTRAINT tariffs_packing {definitions()[0]}")


def arm(kind):
    """Gives tariffs the triggers of this kind, in place of others."""
    names = psql("SELECT tgname FROM pg_trigger WHERE tgrelid = 'tariffs'::regclass AND NOT tgisinternal").splitlines()
    # As in a replica, where nothing keeps a packing's triggers from being dropped.
    psql(f"SET session_replication_role = replica; {''.join(f'DROP TRIGGER {name} ON tariffs;' for name in names)}")
    if kind == VERITABLE:
        psql(*definitions()[1])
    if kind == BY_HAND:
        psql("CREATE TRIGGER pack BEFORE INSERT OR UPDATE ON tariffs FOR EACH ROW EXECUTE FUNCTION pack_by_hand()")


def make_packing(kind):
    """Makes tariffs anew, of this kind."""
    make_table()
    constrain()
    arm(kind)


@functools.cache
def facts(rows, keys, prices, days):
    """A table of facts that are ready to be inserted."""
    name = f"facts_{rows}_{keys}_{prices}_{days}"
    psql(f"CREATE UNLOGGED TABLE {name} AS SELECT * FROM facts({rows}, {keys}, {prices}, {days})")
    return name


COLUMNS = "location_id, tariff_type, price_per_hour, price_since"


def insert(source):
    return f"INSERT INTO tariffs ({COLUMNS}) SELECT {COLUMNS} FROM {source}"


def require_packed(rows=None):
    """The table is packed, and has this many rows."""
    faults = psql("SELECT count(*) FROM verify_packing('tariffs')")
    if faults != "0":
        raise RuntimeError(f"verify_packing found {faults} faults")
    found = int(psql("SELECT count(*) FROM tariffs"))
    if rows is not None and found != rows:
        raise RuntimeError(f"{found} rows are left, not {rows}")


# --- the cases


def case_packing_bulk():
    """many rows in one statement: nothing merges, everything merges"""
    # How many prices follow each other, how many days a period has, and how many rows are left of a key's.
    nothing, adjoin, overlap = "nothing merges", "everything merges, adjoining", "everything merges, overlapping"
    shapes = {nothing: (7, 30, size.rows), adjoin: (1, 30, size.keys), overlap: (1, 45, size.keys)}

    def measure(kind, shape):
        prices, days, left = shapes[shape]
        source = facts(size.rows, size.keys, prices, days)
        make_packing(kind)
        seconds, _ = timed(insert(source))
        if kind == VERITABLE:
            require_packed(left)
        return seconds

    measures = {f"{shape}: {kind}": functools.partial(measure, kind, shape) for shape in shapes for kind in KINDS}
    numbers = take_turns("one statement", measures, size.runs)
    rows = []
    for name, seconds in numbers.items():
        shape = name.split(": ")[0]
        per_row = statistics.median(seconds) / size.rows * 1e6
        against = [f"{median_ratio(numbers, name, f'{shape}: {other}'):.2f}" for other in (ALONE, BY_HAND)]
        rows.append([name, f"{statistics.median(seconds):.2f}", spread(seconds, 2), f"{per_row:.1f}", *against])
    report.section(
        "One statement",
        f"INSERT … SELECT of {size.rows:,} rows over {size.keys:,} keys in no order into an empty table, all of which have"
        f" {definitions()[0]}. The periods of a key adjoin and no two that do have the same price; or all have the same"
        " price; or they have, and each overlaps the next by half of its length.",
        ["rows and table", "seconds", "range", "µs a row", "× constraint alone", "× by hand"],
        rows,
    )
    ratio = functools.partial(median_ratio, numbers)
    report.figure("nothing merges, against the constraint alone", ratio(f"{nothing}: {VERITABLE}", f"{nothing}: {ALONE}"), 1.3, 1.1)
    report.figure("everything merges, against by hand", ratio(f"{adjoin}: {VERITABLE}", f"{adjoin}: {BY_HAND}"), 0.2, 0.05)


def case_packing_commits():
    """single-row transactions of 8 clients"""
    single_row_commits(0, "nothing merges", "no two periods of a key that adjoin have the same price")
    single_row_commits(1, "one in four merges", "one in four has the same price and merges with it")


def single_row_commits(merging, name, remark):
    clients = 8
    failed = dict.fromkeys(KINDS, 0)

    def measure(kind):
        make_packing(kind)
        share = size.client_rows // clients
        tps, failures = pgbench(
            "packing_insert.sql", clients, "-t", share, keys=size.keys, first=0, n=-1, merging=merging
        )
        failed[kind] += failures
        if kind == VERITABLE:
            require_packed()
        return tps

    what = f"Single-row commits, {name}"
    numbers = take_turns(what, {kind: functools.partial(measure, kind) for kind in KINDS}, size.runs, "{:,.0f} a second")
    rows = [
        [kind, f"{statistics.median(tps):,.0f}", spread(tps, 0)]
        + [f"{median_ratio(numbers, kind, other):.3f}" for other in (ALONE, BY_HAND)]
        + [failed[kind]]
        for kind, tps in numbers.items()
    ]
    report.section(
        what,
        f"pgbench, {clients} clients, {size.client_rows:,} transactions of one row each, prepared statements, an empty table"
        f" at the start. Each row is the next period of one of {size.keys:,} keys, which come in no order; it adjoins the"
        f" key's last one, and {remark}.",
        ["table", "transactions/s", "range", "× constraint alone", "× by hand", "failed"],
        rows,
    )
    ratio = median_ratio(numbers, VERITABLE, BY_HAND)
    report.figure(f"single-row commits, 8 clients, {name}, against by hand", ratio, 1.0, 1.5, more_is_better=True)


def case_packing_keys():
    """one statement that touches very many keys"""
    source = facts(2 * size.many_keys, size.many_keys, 1, 30)
    rows = []
    for kind in KINDS:
        say(f"one statement, {size.many_keys:,} keys: {kind}")
        make_packing(kind)
        seconds, locks = transaction(insert(source))
        if kind == VERITABLE:
            require_packed(size.many_keys)
        rows.append([kind, f"{seconds:.1f}", locks, f"{int(psql('SELECT count(*) FROM tariffs')):,}"])
    report.section(
        "One statement, many keys",
        f"INSERT … SELECT of {2 * size.many_keys:,} rows, two that merge for each of {size.many_keys:,} keys, with the default"
        " max_locks_per_transaction; locks are the rows of pg_locks before the COMMIT.",
        ["table", "seconds", "locks", "rows left"],
        rows,
    )


def case_packing_full():
    """single rows into a table that is full"""
    source = facts(size.full_rows, size.full_keys, 7, 30)
    make_table()
    say(f"full table: {size.full_rows:,} rows")
    psql(insert(source))
    constrain()
    psql("VACUUM ANALYZE tariffs", "ALTER ROLE CURRENT_USER SET synchronous_commit = off")
    inserted = 0

    def measure(kind):
        nonlocal inserted
        arm(kind)
        given = {"keys": size.full_keys, "first": size.full_rows // size.full_keys, "n": inserted - 1, "merging": 1}
        tps, _ = pgbench("packing_insert.sql", 1, "-t", size.full_inserts, **given)
        inserted += size.full_inserts
        return 1e6 / tps

    numbers = take_turns("full table", {kind: functools.partial(measure, kind) for kind in KINDS}, size.runs, "{:.0f} µs")
    rows = [
        [kind, f"{statistics.median(micros):.0f}", spread(micros, 0)]
        + [f"{median_ratio(numbers, kind, other):.2f}" for other in (ALONE, BY_HAND)]
        for kind, micros in numbers.items()
    ]
    psql("DROP TABLE tariffs", "ALTER ROLE CURRENT_USER RESET synchronous_commit")
    report.section(
        "A full table",
        f"pgbench, 1 client, {size.full_inserts:,} transactions of one row each, as in single-row commits, into a table of"
        f" {size.full_rows:,} rows over {size.full_keys:,} keys, with synchronous_commit = off so that no disk is measured.",
        ["table", "µs a transaction", "range", "× constraint alone", "× by hand"],
        rows,
    )


CASES = {name.removeprefix("case_"): case for name, case in list(globals().items()) if name.startswith("case_")}
