#!/usr/bin/env python3
"""A study of schema compatibility: verdicts on pairs of public schemas, each attacked, and checked by another validator.

    bench/compatibility.py --sample FILE [--pairs N] [--steps N] [--jobs N] [--git DIR PATH]… [FOLDER…]

Each FOLDER is a source: any JSON Schema below it of at most 256 kB is changed by every kind of change (evolve.py), one or three
at once. --git adds consecutive versions of the files of PATH in a git directory. The pairs whose both sides are admitted are
kept in FILE; where FILE exists, they are taken from there. Each pair is decided in both directions by the release build of
crates/schema/examples/study, and attacked with --steps steps. Verdicts are kept in FILE.verdicts, and the figures are printed.
Needs cargo, and Python's jsonschema with its checks of formats.
"""

import argparse
import collections
import json
import os
import queue
import random
import re
import signal
import statistics
import subprocess
import sys
import threading
from pathlib import Path

sys.dont_write_bytecode = True

import evolve
from measure import say, table

LARGEST = 256 << 10
# One pair, both directions and both attacks.
SECONDS = 120
SEED = 20
ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
DIRECTIONS = ("backward", "forward")


# --- pairs


def parsed(text):
    """The schema in a text, if it is one."""
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError):
        return None
    words = ("properties", "definitions", "$defs", "oneOf", "anyOf", "allOf", "items", "enum", "patternProperties", "$ref")
    is_schema = isinstance(schema, dict) and isinstance(schema.get("$schema", ""), str) and any(map(schema.__contains__, words))
    return schema if is_schema and ("json-schema.org" in schema.get("$schema", "") or "type" in schema) else None


def schemas_below(folder):
    """The different schemas below a folder, by their place."""
    found, seen = {}, set()
    for path in sorted(Path(folder).rglob("*.json")):
        if path.is_file() and path.stat().st_size <= LARGEST:
            text = path.read_text(errors="replace")
            if text not in seen and (schema := parsed(text)):
                seen.add(text)
                found[str(path.relative_to(folder))] = schema
    return found


def strata(names, schemas, lot):
    """The names in an order in which small and large schemas take turns."""
    names = sorted(names, key=lambda name: len(json.dumps(schemas[name])))
    fourth = max(1, len(names) // 4)
    parts = [names[:fourth], names[fourth : 2 * fourth], names[2 * fourth : 3 * fourth], names[3 * fourth :]]
    for part in parts:
        lot.shuffle(part)
    turns = max(map(len, parts))
    return [part[turn % len(part)] for turn in range(turns) for part in parts if part]


def evolved_pairs(source, schemas, count, lot):
    """Pairs by every kind of change, the rarest of them first; alone and in threes in turn."""
    uses, pairs = collections.Counter(), []
    order = strata(schemas, schemas, lot)
    for turn in range(count * 4):
        if len(pairs) == count:
            break
        name = order[turn % len(order)]
        together = 1 if turn % 2 else 3
        for kind in sorted(evolve.KINDS, key=lambda kind: (uses[kind], lot.random()))[:8]:
            kinds = [kind, *lot.sample([it for it in evolve.KINDS if it != "everything allowed"], together - 1)]
            new = evolve.evolved(schemas[name], kinds, lot)
            if new is not None and len(json.dumps(new)) <= LARGEST:
                uses[kind] += 1
                pair = {"name": f"{source}/{name} {turn}", "source": source, "kinds": kinds}
                pairs.append({**pair, "old": schemas[name], "new": new})
                break
    return pairs


def versions(directory, path, count, lot):
    """Consecutive versions of files in a git directory."""

    # A file that the copy of the repository lacks is no schema.
    def git(*arguments):
        return subprocess.run(["git", "-C", directory, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout

    log = git("log", "--format=", "--raw", "--no-abbrev", "--no-renames", "--diff-filter=M", "HEAD", "--", path).decode()
    changes = re.findall(r"^:\d+ \d+ ([0-9a-f]{40}) ([0-9a-f]{40}) M\t(.*\.json)$", log, re.MULTILINE)
    lot.shuffle(changes)
    for old, new, name in changes:
        if count == 0:
            return
        texts = [git("cat-file", "blob", blob) for blob in (old, new)]
        sides = [parsed(text) if len(text) <= LARGEST else None for text in texts]
        if all(sides):
            count -= 1
            yield {"name": f"{name} {old[:8]}", "source": "versions", "kinds": ["versions"], "old": sides[0], "new": sides[1]}


def admitted(program, pairs):
    """The pairs whose both sides are admitted."""
    lines = "".join(json.dumps(pair) + "\n" for pair in pairs)
    done = subprocess.run([program, "admitted"], input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def sample(program, folders, repositories, count, lot):
    """Pairs of all sources, none of which has more than a third."""
    pairs, sources = [], {}
    for folder in folders:
        schemas = schemas_below(folder)
        good = {pair["name"] for pair in admitted(program, [{"name": it, "old": schemas[it], "new": True} for it in schemas])}
        sources[Path(folder).name] = {name: schemas[name] for name in schemas if name in good}
        say(f"{folder}: {len(good)} of {len(schemas)} schemas are admitted")
    sources = {name: schemas for name, schemas in sources.items() if schemas}
    # A source gives as much as it can, up to eight pairs a schema.
    left = count
    for source, schemas in sorted(sources.items(), key=lambda source: len(source[1])):
        waiting = len(sources) - len({pair["source"] for pair in pairs})
        share = min(left // max(1, waiting), count // 3, 8 * len(schemas))
        found = admitted(program, evolved_pairs(source, schemas, share + share // 8, lot))[:share]
        pairs += found
        left -= len(found)
    for directory, path in repositories:
        found = admitted(program, versions(directory, path, count // 4, lot))
        pairs += [{**pair, "source": "versions"} for pair in found]
    return pairs


# --- verdicts


class Program:
    """The program at work on one pair at a time."""

    def __init__(self, command):
        self.command, self.process = command, None

    def verdicts(self, pair):
        if self.process is None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        killed = threading.Event()
        timer = threading.Timer(SECONDS, lambda: (killed.set(), self.process.kill()))
        timer.start()
        try:
            self.process.stdin.write(json.dumps({key: pair[key] for key in ("name", "old", "new")}).encode() + b"\n")
            self.process.stdin.flush()
            return [json.loads(self.process.stdout.readline()) for _ in DIRECTIONS]
        except (ValueError, OSError):
            self.process.kill()
            self.process.wait()
            self.process = None
            verdict = "time-out" if killed.is_set() else "crash"
            return [{"name": pair["name"], "direction": direction, "verdict": verdict} for direction in DIRECTIONS]
        finally:
            timer.cancel()


def decided(command, pairs, jobs, kept):
    """The verdicts of all pairs, in the order of the pairs; in the file as they come."""
    waiting, found = queue.Queue(), {}
    for number, pair in enumerate(pairs):
        waiting.put((number, pair))

    def work():
        program = Program(command)
        while True:
            try:
                number, pair = waiting.get_nowait()
            except queue.Empty:
                break
            found[number] = program.verdicts(pair)
            kept.write("".join(json.dumps({**verdict, "pair": number}) + "\n" for verdict in found[number]))
            kept.flush()
            if len(found) % 200 == 0:
                say(f"{len(found)} of {len(pairs)} pairs are decided")
        if program.process:
            program.process.stdin.close()
            program.process.wait()

    threads = [threading.Thread(target=work) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [{**verdict, "pair": number} for number in range(len(pairs)) for verdict in found[number]]


# --- the other validator


class TooLong(Exception):
    """The other validator takes too long."""


def interrupt(*_):
    raise TooLong


def is_valid(schema, document, formats):
    import jsonschema

    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    return kind(schema, format_checker=kind.FORMAT_CHECKER if formats else None).is_valid(document)


def checked(pair, verdict):
    """What the other validator says of an example: "agrees", "differs", or why it cannot say."""
    old, new = (pair["old"], pair["new"]) if verdict["direction"] == "backward" else (pair["new"], pair["old"])
    document = verdict["example"]
    words = json.dumps([old, new])
    signal.alarm(20)
    try:
        if is_valid(old, document, True) and not is_valid(new, document, True):
            return "agrees"
        # Which formats it knows, and how well, is its own matter.
        if is_valid(old, document, False) and not is_valid(new, document, False):
            return "agrees"
        # The validators bring along different texts of them.
        if '"$ref": "http://json-schema.org/' in words:
            return "meta-schemas"
        # Beneath `not` and `oneOf`, a format that it does not know decides either way.
        if '"format"' in words:
            return "formats"
        return "media types" if '"contentMediaType"' in words or '"contentEncoding"' in words else "differs"
    except TooLong:
        return "time"
    except re.error:
        return "regular expressions"
    except Exception as error:
        return type(error).__name__
    finally:
        signal.alarm(0)


# --- figures


def share(some, all_):
    return f"{100 * len(some) / len(all_):.1f} %" if all_ else ""


def undecided(verdicts):
    return [it for it in verdicts if it["verdict"] == "undecided"]


def by_pair(verdicts):
    pairs = collections.defaultdict(list)
    for verdict in verdicts:
        pairs[verdict["pair"]].append(verdict)
    return pairs


def row(name, verdicts):
    pairs = by_pair(verdicts)
    backward = [it for it in verdicts if it["direction"] == "backward"]
    either = [pair for pair, both in pairs.items() if undecided(both)]
    times = sorted(it["ms"] for it in verdicts if "ms" in it)
    quantile = lambda part: f"{times[min(len(times) - 1, int(part * len(times)))]:.0f}" if times else ""
    memory = max((it["memory"] for it in verdicts if "memory" in it), default=0) / (1 << 20)
    return [
        name, len(pairs), share(undecided(backward), backward), share(either, pairs),
        quantile(0.5), quantile(0.9), quantile(0.99), quantile(1), f"{memory:.0f}",
    ]  # fmt: skip


HEADER = ["pairs", "number", "undecided backward", "either", "median ms", "90 %", "99 %", "max", "MB"]


def report(pairs, verdicts):
    evolved = [it for it in verdicts if pairs[it["pair"]]["source"] != "versions"]
    of = lambda test: [it for it in verdicts if test(pairs[it["pair"]])]
    size = lambda pair: len(json.dumps(pair["old"]))
    rows = [row("all that evolved", evolved)]
    for together in (1, 3):
        rows.append(row(f"{together} change{'s' * (together > 1)}", [it for it in evolved if len(pairs[it["pair"]]["kinds"]) == together]))
    for name, low, high in (("up to 4 kB", 0, 4), ("4 to 32 kB", 4, 32), ("32 to 256 kB", 32, 1 << 20)):
        rows.append(row(name, [it for it in evolved if low << 10 <= size(pairs[it["pair"]]) < high << 10]))
    for source in sorted({pair["source"] for pair in pairs}):
        rows.append(row(f"source {source}", of(lambda pair: pair["source"] == source)))
    print(table(HEADER, rows), end="\n\n")
    alone = [row(kind, of(lambda pair: pair["kinds"] == [kind]))[:4] for kind in evolve.KINDS]
    print(table(["change, alone", *HEADER[1:4]], alone), end="\n\n")
    compatible = [it for it in verdicts if it["verdict"] == "compatible"]
    incompatible = [it for it in verdicts if it["verdict"] == "incompatible"]
    python = collections.Counter(it["python"] for it in incompatible if "python" in it)
    reasons = collections.Counter(it["reason"] for it in undecided(verdicts))
    facts = [
        ["compatible", len(compatible)],
        ["… attacked with documents of which at least one was valid under the old schema", sum(it.get("valid", 0) > 0 for it in compatible)],
        ["… documents, in millions, and of these valid under the old schema", " / ".join(f"{sum(it.get(key, 0) for it in compatible) / 1e6:.1f}" for key in ("tried", "valid"))],
        ["… **with a counterexample**", sum(it.get("attack") is not None for it in compatible)],
        ["incompatible", len(incompatible)],
        ["… with a document", sum(it["has_example"] for it in incompatible)],
        ["… **whose document is none**", sum(it.get("example_holds") is False for it in incompatible)],
        *[[f"… {'**' * (word == 'differs')}by Python's jsonschema: {word}{'**' * (word == 'differs')}", count] for word, count in python.most_common()],
        ["undecided", len(undecided(verdicts))],
        ["… where the attack has a counterexample", sum(it.get("attack") is not None for it in undecided(verdicts))],
        *[[f"… {reason}", count] for reason, count in reasons.most_common(10)],
        *[[word, sum(it["verdict"] == word for it in verdicts)] for word in ("crash", "time-out")],
    ]  # fmt: skip
    print(table(["verdicts", "directions"], facts))
    wrong = [it for it in verdicts if it["verdict"] == "compatible" and it.get("attack") is not None]
    wrong += [it for it in incompatible if it.get("example_holds") is False or it.get("python") == "differs"]
    for verdict in wrong:
        say(f"contradiction: {verdict['name']}, {verdict['direction']}: {json.dumps(verdict)[:600]}")
    return not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="*", metavar="FOLDER")
    parser.add_argument("--sample", required=True, type=Path, help="the file of pairs: read if it is there, made if not")
    parser.add_argument("--git", nargs=2, action="append", default=[], metavar=("DIR", "PATH"))
    parser.add_argument("--pairs", type=int, default=3200)
    parser.add_argument("--steps", type=int, default=10_000_000, help="of each attack: ten times what the search may use")
    parser.add_argument("--jobs", type=int, default=1, help="more than one disturbs the measured times")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    subprocess.run(
        ["cargo", "build", "--quiet", "--release", "--package", "veritable_schema", "--example", "study"], cwd=ROOT, check=True
    )
    program = TARGET / "release/examples/study"
    if not arguments.sample.exists():
        pairs = sample(program, arguments.folders, arguments.git, arguments.pairs, random.Random(arguments.seed))
        arguments.sample.write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    pairs = [json.loads(line) for line in arguments.sample.read_text().splitlines()]
    say(f"{len(pairs)} pairs")
    kept = arguments.sample.with_name(arguments.sample.name + ".verdicts")
    with kept.open("w") as file:
        verdicts = decided([program, str(arguments.steps)], pairs, arguments.jobs, file)
    signal.signal(signal.SIGALRM, interrupt)
    for verdict in verdicts:
        if verdict["verdict"] == "incompatible" and verdict["has_example"]:
            verdict["python"] = checked(pairs[verdict["pair"]], verdict)
    kept.write_text("".join(json.dumps(verdict) + "\n" for verdict in verdicts))
    if not report(pairs, verdicts):
        sys.exit("at least one verdict is contradicted")


if __name__ == "__main__":
    main()
