"""What the guard costs commands: on tables that have nothing to do with it, and where the guarantee is verified."""

import dataclasses
import functools
import statistics

from measure import Report, median_ratio, psql, spread, take_turns, timed

GUARDS = ("veritable_before_ddl", "veritable_note_dropped", "veritable_note_rewritten", "veritable_after_ddl")
WITHOUT, ALONE, AMONG = "without the guard", "no chain", "1,000 chains"


@dataclasses.dataclass
class Size:
    chains: int = 1_000
    commands: int = 200
    runs: int = 5
    rows: int = 1_000_000


QUICK = Size(50, 20, 3, 20_000)

size = Size()
report = Report("commands")

# Each pair leaves the table as it was. The names are for the report.
COMMANDS = {
    "ALTER TABLE … ADD COLUMN, DROP COLUMN": ("ALTER TABLE plain ADD COLUMN b int", "ALTER TABLE plain DROP COLUMN b"),
    "CREATE TABLE, DROP TABLE": ("CREATE TABLE other (a int)", "DROP TABLE other"),
    "CREATE INDEX, DROP INDEX": ("CREATE INDEX plain_a ON plain (a)", "DROP INDEX plain_a"),
}


def prepare(quick):
    """Chooses the size, and makes the function that measures."""
    global size
    if quick:
        size = QUICK
        report.quick = True
    psql(
        "CREATE OR REPLACE FUNCTION command_cost(first text, second text, count int) RETURNS float8 LANGUAGE plpgsql AS $$"
        " DECLARE began timestamptz; times float8[] := '{}';"
        " BEGIN"
        "     FOR i IN 1..count LOOP"
        "         began := clock_timestamp();"
        "         EXECUTE first; EXECUTE second;"
        "         times := times || extract(epoch FROM clock_timestamp() - began)::float8;"
        "     END LOOP;"
        "     RETURN (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t) FROM unnest(times) AS t) / 2;"
        " END $$"
    )


def switch(to):
    psql(*(f"ALTER EVENT TRIGGER {guard} {to}" for guard in GUARDS))


def chains(count):
    """Chained tables of others, or none."""
    psql("DROP SCHEMA IF EXISTS many CASCADE")
    if count:
        psql(
            "CREATE SCHEMA many",
            "DO $$ BEGIN"
            f" FOR i IN 1..{count} LOOP"
            "     EXECUTE format('CREATE TABLE many.chain_%s (id int NOT NULL, note text)', i);"
            "     EXECUTE format('SELECT add_chain(''many.chain_%s'', ''{id}'')', i);"
            " END LOOP; END $$",
            "VACUUM ANALYZE pg_catalog.pg_trigger",
        )


def case_commands_unprotected():
    """commands on tables that have no guarantee, in a database with 1,000 chains"""

    def measure(pair, guarded):
        if not guarded:
            switch("DISABLE")
        first, second = (command.replace("'", "''") for command in pair)
        psql("DROP TABLE IF EXISTS plain", "CREATE TABLE plain (a int)")
        answer = float(psql(f"SELECT command_cost('{first}', '{second}', {size.commands})"))
        if not guarded:
            switch("ENABLE")
        return answer * 1000

    rows, most = [], 0.0
    numbers = {}
    for count, kinds in ((0, (WITHOUT, ALONE)), (size.chains, (AMONG,))):
        chains(count)
        for name, pair in COMMANDS.items():
            measures = {kind: functools.partial(measure, pair, kind != WITHOUT) for kind in kinds}
            numbers.setdefault(name, {}).update(take_turns(name, measures, size.runs, "{:.3f} ms"))
    for name, of in numbers.items():
        medians = {kind: statistics.median(of[kind]) for kind in (WITHOUT, ALONE, AMONG)}
        more = medians[AMONG] - medians[WITHOUT]
        most = max(most, more)
        rows.append([name, *(f"{medians[kind]:.2f}" for kind in medians), f"{more:.2f}", spread(of[AMONG], 2)])
    chains(0)
    psql("DROP TABLE plain")
    report.section(
        "Commands on unprotected tables",
        f"Milliseconds of one of the two commands, the median of {size.commands} in one transaction; among {size.chains:,} chained tables"
        " of the same owner.",
        ["commands", WITHOUT, ALONE, AMONG, "more", "range among chains"],
        rows,
    )
    report.figure("a command on an unprotected table among 1,000 chains, ms more", most, 1, 0.5)


def case_commands_verified():
    """a column of a chained table that is widened, which verifies the chain"""

    def measure(chained):
        psql(
            "DROP TABLE IF EXISTS widened",
            "CREATE TABLE widened (id int NOT NULL, note varchar(50), amount int)",
            "SELECT add_chain('widened', '{id}')" if chained else "SELECT 1",
            f"INSERT INTO widened SELECT n % 1000, 'note ' || n, n FROM generate_series(1, {size.rows}) AS n",
            "VACUUM ANALYZE widened",
        )
        in_place = timed("ALTER TABLE widened ALTER COLUMN note TYPE text")[0]
        rewriting = timed("ALTER TABLE widened ALTER COLUMN amount TYPE bigint")[0]
        verifying = timed("SELECT count(*) FROM verify_chain('widened')")[0] if chained else 0.0
        found.setdefault(chained, []).append((in_place, rewriting, verifying))
        return in_place + rewriting

    found = {}
    kinds = {"no chain": False, "chained": True}
    numbers = take_turns("widening", {kind: functools.partial(measure, chained) for kind, chained in kinds.items()}, size.runs)
    psql("DROP TABLE widened")
    rows = [
        [kind, *(f"{statistics.median(run[i] for run in found[chained]):.2f}" for i in range(3))] for kind, chained in kinds.items()
    ]
    report.section(
        "Commands that verify",
        f"Seconds on a table of {size.rows:,} rows in 1,000 chains: varchar(50) to text, which rewrites nothing, int to bigint, which"
        " rewrites the table, and verify_chain() alone.",
        ["table", "varchar to text", "int to bigint", "verify_chain()"],
        rows,
    )
    report.figure("widening two columns, chained against not", median_ratio(numbers, "chained", "no chain"), 5, 3)


CASES = {name.removeprefix("case_"): case for name, case in list(globals().items()) if name.startswith("case_")}
