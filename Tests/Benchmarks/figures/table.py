"""What was measured, as rows of a table: the figure, its value, what was wanted, and whether it held."""

from .accepting import CONNECTIONS
from .setting import BODY_SIZE, median, ratio

PEER_ROWS = {
    "nginx": ("durable accepts at 64 connections, to nginx answering 200 and storing nothing", 0.40),
    "fastapi": ("the same, to FastAPI + uvicorn + SQLite (WAL, FULL)", 10),
    "webhook": ("the same, to Debian's `webhook` appending to a file, unsynced", None),
    "sink": ("the same, to the sink of these benchmarks, which stores nothing", None),
}


def number(value):
    """A number with three digits that count, or all of those before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.1 else f"{value:.2g}"


def megabytes(count):
    return f"{count / 1e6:,.0f} MB"


class Table:
    """Rows for people and programs."""

    def __init__(self):
        self.rows = []

    def add(self, figure, measured, wanted="–", held=None):
        self.rows.append({"figure": figure, "measured": measured, "wanted": wanted, "held": held})

    def at_least(self, figure, value, wanted, measured=None):
        self.add(figure, measured or number(value), f"≥ {number(wanted)}", value >= wanted)

    def at_most(self, figure, value, wanted, measured, text):
        self.add(figure, measured, f"≤ {text}", value <= wanted)

    def markdown(self):
        words = {True: "yes", False: "**no**", None: "–"}
        lines = ["| figure | measured | wanted | held |", "|---|---|---|---|"]
        for row in self.rows:
            lines.append(f"| {row['figure']} | {row['measured']} | {row['wanted']} | {words[row['held']]} |")
        return "\n".join(lines)


def accepts_rows(table, raw):
    mine = median(raw["runs"], "receiver", "64", "accepted_per_second")
    for peer in raw["runs"][0]["peers"]:
        theirs = median(raw["runs"], "peers", peer, "accepted_per_second")
        figure, wanted = PEER_ROWS[peer]
        measured = f"{number(ratio(mine, theirs))} ({number(mine)}/s to {number(theirs)}/s)"
        if wanted is None:
            table.add(figure, measured)
        else:
            table.at_least(figure, ratio(mine, theirs), wanted, measured)


def open_loop_rows(table, raw):
    sync = median(raw["runs"], "fdatasync", "median_milliseconds")
    p99 = median(raw["runs"], "load", "latency_milliseconds", "p99")
    late = sum(run["load"]["schedule"]["late"] for run in raw["runs"])
    unsent = sum(run["load"]["schedule"]["not_sent"] for run in raw["runs"])
    sent = sum(run["load"]["requests"] for run in raw["runs"])
    rate = raw["runs"][0]["load"]["schedule"]["rate"]
    measured = f"{number(p99)} ms at {number(rate)}/s; {ratio(late, sent):.1%} sent over 1 ms late, {unsent} not sent"
    wanted = f"10 × one fdatasync = {number(10 * sync)} ms"
    table.at_most("p99 at half of the maximum rate, open loop", p99, 10 * sync, measured, wanted)


def one_connection_rows(table, raw):
    sync = median(raw["runs"], "fdatasync", "median_milliseconds")
    empty = median(raw["runs"], "empty", "latency_milliseconds", "p50")
    p50 = median(raw["runs"], "load", "latency_milliseconds", "p50")
    wanted = f"2 × ({number(sync)} ms for one fdatasync + {number(empty)} ms for an empty answer)"
    table.at_most("one connection, p50", p50, 2 * (sync + empty), f"{number(p50)} ms", wanted)


def stored_rows(table, raw):
    events, per_event = raw["size"]["events"], raw["size"]["file_per_event"]
    many = f"{events / 1e6:.3g} million"
    full, empty = (median(raw["runs"], which, "accepted_per_second") for which in ("full", "empty"))
    figure = f"accept rate with {many} stored events, to an empty store"
    table.at_least(figure, ratio(full, empty), 0.9, f"{number(ratio(full, empty))} ({number(full)}/s to {number(empty)}/s)")
    measured = f"{per_event:,} bytes, {number(per_event / BODY_SIZE)} of the body"
    wanted = f"0.5 × the body of {BODY_SIZE:,} bytes"
    table.at_most("bytes of the file per stored event, all indexes in", per_event, BODY_SIZE / 2, measured, wanted)
    pages = {name: page["median_milliseconds"] for name, page in raw["pages"].items() if "rows" in page}
    slowest = max(pages, key=pages.get)
    measured = f"{number(pages['first page'])} ms; {number(pages[slowest])} ms for the slowest filter ({slowest})"
    figure = f"first page and filtered page at {many} events (`events list`, the whole process)"
    table.at_most(figure, pages[slowest], 50, measured, "50 ms")
    warm, cold = raw["start"]["warm"]["median_seconds"], raw["start"]["cold"]["median_seconds"]
    due = f"{events / 1e7:.3g} million"
    figure = f"start to listening, {due} deliveries due"
    table.at_most(figure, max(warm, cold), 1, f"{number(warm)} s; {number(cold)} s with nothing in the page cache", "1 s")


def deliveries_rows(table, raw, accepts):
    rates = {handler: median(runs, "deliveries_per_second") for handler, runs in raw.items()}
    figure = "deliveries/s through a handler that does nothing, settled durably"
    if accepts:
        mine = median(accepts["runs"], "receiver", "64", "accepted_per_second")
        table.add(figure, number(rates["none"]), f"≥ the accept rate, {number(mine)}", rates["none"] >= mine)
    else:
        table.add(figure, number(rates["none"]), "≥ the accept rate")
    table.at_least("`file` handler, events/s", rates["file"], 5000)


def backtest_rows(table, runs):
    rate, each = (median(runs, name) for name in ("events_per_second", "processor_microseconds_each"))
    measured = f"{number(rate)}, {number(each)} µs of processor time each"
    table.at_least("`rules backtest` of ten rules, events/s", rate, 25_000, measured)


def memory_rows(table, raw):
    table.at_most("resident memory, idle", raw["idle"], 60e6, megabytes(raw["idle"]), "60 MB")
    table.at_most("at full load, 64 connections", raw["full_load"], 200e6, megabytes(raw["full_load"]), "200 MB")
    for case, large in raw["large"].items():
        # The budget counts each body once. One at a time is read, and is then in memory four times.
        wanted = large["budget_bytes"] + 3 * large["body_bytes"] + 60e6
        answers = ", ".join(f"{count} × {answer}" for answer, count in sorted(large["answers"].items()))
        connections, limit = case.split(", ")
        figure = f"with {connections} sending {large['body_bytes'] >> 20} MB each without pause, in-flight-limit {limit}"
        measured = f"{megabytes(large['resident_bytes_most'])} ({answers})"
        wanted_text = f"the limit + 3 bodies + 60 MB = {megabytes(wanted)}"
        table.at_most(figure, large["resident_bytes_most"], wanted, measured, wanted_text)


def rows(raw):
    """The table of what was measured."""
    table = Table()
    if "accepts" in raw:
        accepts_rows(table, raw["accepts"])
    if "open-loop" in raw:
        open_loop_rows(table, raw["open-loop"])
    if "one-connection" in raw:
        one_connection_rows(table, raw["one-connection"])
    if "stored" in raw:
        stored_rows(table, raw["stored"])
    if "deliveries" in raw:
        deliveries_rows(table, raw["deliveries"], raw.get("accepts"))
    if "backtest" in raw:
        backtest_rows(table, raw["backtest"])
    if "memory" in raw:
        memory_rows(table, raw["memory"])
    return table


def latencies(raw):
    """The table of accepts by the number of connections; an empty text when they were not measured."""
    if "accepts" not in raw:
        return ""
    lines = ["| connections | accepted per second | p50 | p90 | p99 | max |", "|---|---|---|---|---|---|"]
    for connections in map(str, CONNECTIONS):
        runs = [run["receiver"][connections] for run in raw["accepts"]["runs"]]
        times = [f"{number(median(runs, 'latency_milliseconds', name))} ms" for name in ["p50", "p90", "p99", "max"]]
        lines.append(f"| {connections} | {number(median(runs, 'accepted_per_second'))} | {' | '.join(times)} |")
    return "\n".join(lines)


def not_accepted(raw):
    """Loads that were not accepted as a whole, which makes their rates doubtful."""
    found = []

    def look(value, path):
        if isinstance(value, dict) and "accepted" in value and "requests" in value:
            if value["accepted"] != value["requests"]:
                found.append(f"{' '.join(path)}: {value['accepted']} of {value['requests']} accepted")
        elif isinstance(value, dict):
            for key, inner in value.items():
                look(inner, [*path, key])
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                look(inner, [*path, f"{index + 1}"])

    look(raw, [])
    return found
