"""What the benchmarks share: running PostgreSQL's programs, measuring in turns, reporting figures that have a bound."""

import datetime
import os
import platform
import re
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The server reads and writes it: psql's part in a COPY is not measured.
FILES = os.environ.get("PGHOST", "")
# Numbers are read from what psql and pgbench print, notices are not.
ENVIRONMENT = {**os.environ, "LC_ALL": "C", "PGOPTIONS": "-c client_min_messages=warning"}


def say(text):
    print("==>", text, file=sys.stderr, flush=True)


# --- PostgreSQL


def run(program, *arguments):
    """What a program prints when it succeeds."""
    done = subprocess.run(
        [program, *map(str, arguments)], env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    if done.returncode != 0:
        raise RuntimeError(f"{program}: {done.stderr.strip()}")
    return done.stdout.strip()


def psql(*commands, file=None):
    """Runs each command in a transaction of its own, then the file; answers what they print."""
    arguments = ["-XqAt", "-v", "ON_ERROR_STOP=1"]
    for command in commands:
        arguments += ["-c", command]
    if file:
        arguments += ["-f", HERE / file]
    return run("psql", *arguments)


def timed(statement=None, file=None):
    """Seconds that one statement takes after a checkpoint, and what it answers."""
    commands = [statement] if statement else []
    output = psql("CHECKPOINT", r"\timing on", *commands, file=file)
    return float(re.findall(r"Time: ([\d.]+) ms", output)[-1]) / 1000, output.splitlines()[0]


def transaction(statement):
    """Seconds that one statement takes, and the locks that its transaction has before it commits."""
    psql("CHECKPOINT")
    output = psql("BEGIN", r"\timing on", statement, r"\timing off", "SELECT count(*) FROM pg_locks", "COMMIT")
    seconds, locks = re.fullmatch(r"Time: ([\d.]+) ms.*\n(\d+)", output, re.DOTALL).groups()
    return float(seconds) / 1000, int(locks)


def pgbench(file, clients, *options, **variables):
    """Transactions per second, and how many failed. The script knows the variables, and how many clients there are."""
    psql("CHECKPOINT")
    variables["clients"] = clients
    defined = [argument for name, value in variables.items() for argument in ("-D", f"{name}={value}")]
    output = run("pgbench", "-n", "-M", "prepared", "-c", clients, "-j", 2, *options, *defined, "-f", HERE / file, "postgres")
    failed = re.search(r"number of failed transactions: (\d+)", output)
    return float(re.search(r"tps = ([\d.]+)", output)[1]), int(failed[1])


def setting(name):
    return psql(f"SHOW {name}")


def major_version():
    return setting("server_version_num")[:-4]


def private_memory(process):
    """Bytes of memory that a process shares with nobody; 0 when it has gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = re.search(r"RssAnon:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def tidy():
    """Removes the files that the server was given to read."""
    for path in Path(FILES).glob("bench-*.copy"):
        path.unlink()


# --- measuring


def take_turns(what, measures, runs, show="{:.3f} s"):
    """Runs each of the named measures in turn, so many times; answers the numbers of each name."""
    numbers = {name: [] for name in measures}
    for turn in range(runs):
        for name, measure in measures.items():
            number = measure()
            numbers[name].append(number)
            say(f"{what}, run {turn + 1} of {runs}: {name}: {show.format(number)}")
    return numbers


def median_ratio(numbers, name, other):
    return statistics.median(numbers[name]) / statistics.median(numbers[other])


def spread(numbers, digits):
    return f"{min(numbers):.{digits}f} to {max(numbers):.{digits}f}"


# --- reporting


def table(header, rows):
    """A Markdown table: the first column is text, the others are numbers."""
    rows = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    lines = [
        "| " + " | ".join(f"{cell:{'<' if i == 0 else '>'}{widths[i]}}" for i, cell in enumerate(row)) + " |" for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 1) + ("-" if i == 0 else ":") for i, width in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


class Report:
    """What the cases of a feature found."""

    def __init__(self, feature):
        self.feature = feature
        self.quick = False
        self.figures = []
        self.sections = []

    def figure(self, measure, value, must, aim, more_is_better=False):
        """Notes a figure that has a bound."""
        reaches = (lambda bound: value >= bound) if more_is_better else (lambda bound: value <= bound)
        verdict = "aim reached" if reaches(aim) else "reached" if reaches(must) else "**missed**"
        if self.quick:
            verdict = "too little data"
        sign = "≥" if more_is_better else "≤"
        self.figures.append([measure, f"{value:.3g}", f"{sign} {must:g}", f"{sign} {aim:g}", verdict])

    def not_measured(self, measure, must, aim):
        """Notes a figure that has a bound and could not be measured here; the section says why."""
        self.figures.append([measure, "–", f"≤ {must:g}", f"≤ {aim:g}", "NOT MEASURED"])

    def section(self, title, remark, header, rows):
        self.sections.append(f"## {title}\n{remark}\n\n{table(header, rows)}\n")

    def text(self, about):
        parts = [f"# Benchmark of {self.feature}, PostgreSQL {major_version()}\n{about}\n"]
        if self.figures:
            parts.append(table(["measure", "this run", "must reach", "aim", "verdict"], self.figures) + "\n")
        return "\n".join(parts + self.sections)


def machine():
    """Where, when and with what it was measured."""

    def first(path, pattern):
        try:
            found = re.search(pattern, Path(path).read_text(), re.MULTILINE)
        except OSError:
            found = None
        return found[1] if found else "unknown"

    processor = first("/proc/cpuinfo", r"^model name\s*: (.*)$")
    memory = first("/proc/meminfo", r"^MemTotal:\s*(\d+) kB")
    memory = f"{int(memory) / 2**20:.0f} GB" if memory.isdigit() else memory
    distribution = first("/etc/os-release", r'^PRETTY_NAME="(.*)"$')
    commit = subprocess.run(
        ["git", "-C", HERE, "describe", "--always", "--dirty"], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ).stdout.strip()
    extension = psql("SELECT extversion FROM pg_extension WHERE extname = 'veritable'")
    settings = (
        "shared_buffers", "fsync", "synchronous_commit", "max_wal_size", "work_mem", "jit",
        "max_parallel_workers_per_gather", "max_locks_per_transaction",
    )  # fmt: skip
    return "\n".join(
        [
            f"- {datetime.date.today()}, {os.cpu_count()} × {processor}, {memory}, {distribution}, Linux {platform.release()}"
            if platform.system() == "Linux"
            else f"- {datetime.date.today()}, {platform.platform()}",
            f"- load average at the start: {os.getloadavg()[0]:.1f}",
            f"- PostgreSQL {setting('server_version')}, veritable {extension}" + (f", commit {commit}" if commit else ""),
            "- settings: " + ", ".join(f"{name} = {setting(name)}" for name in settings),
        ]
    )
