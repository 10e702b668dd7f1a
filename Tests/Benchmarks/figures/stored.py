"""What changes when millions of events are stored already: accepting, looking, starting, and the size of it all."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import time

from .accepting import loaded
from .servers import receiver

# Takes what `bench fill` makes due.
ARCHIVE = """
handlers:
  - { name: archive, file: { path: "archive/{batch}/{task_id}-{event_id}.json" } }
"""


def filled(setting, folder):
    """Puts a large store into `folder`: a copy of the given one, or one made for this."""
    store = folder / "store.db"
    if setting.options.store:
        given = pathlib.Path(setting.options.store)
        parts = [part for part in (given, given.with_name(f"{given.name}-wal")) if part.exists()]
        size = sum(part.stat().st_size for part in parts)
        if shutil.disk_usage(folder).free < size * 1.2:
            raise SystemExit(f"a copy of the store takes {size / 1e9:.0f} GB; name another --folder")
        for part in parts:
            target = store.with_name(part.name.replace(given.name, store.name))
            # A copy that shares its blocks, where the file system can.
            subprocess.run(["cp", "--reflink=auto", "--", part, target], check=True, timeout=3600)
    else:
        events, due = setting.options.events, setting.options.events // 10
        setting.note(f"filling a store with {events} events; a ready one can be given by --store")
        setting.command("bench", "fill", "--store", store, "--events", events, "--due", due, seconds=7200)
    os.sync()
    return store


def forget(store):
    """Lets the page cache forget the store, as after the start of a machine."""
    for part in store.parent.glob(f"{store.name}*"):
        if part.is_file():
            descriptor = os.open(part, os.O_RDONLY)
            os.fdatasync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def starts(setting, folder, store):
    """Seconds from the start of the process to the line that says it listens, all due deliveries waiting."""
    took = {"warm": [], "cold": []}
    with receiver(setting, folder, ARCHIVE):
        pass
    for _ in range(setting.runs):
        for kind, times in took.items():
            if kind == "cold":
                forget(store)
            with receiver(setting, folder, ARCHIVE) as server:
                times.append(server.started_in)
    return {kind: {"seconds": times, "median_seconds": statistics.median(times)} for kind, times in took.items()}


def pages(setting, folder):
    """How long `events list` takes as a whole, process and all, by what it is asked for; in milliseconds."""

    def rows(*arguments):
        output = setting.command("events", "list", "--config", "receiver.yaml", "--output", "json", *arguments, folder=folder)
        return json.loads(output)["items"]

    repeats = range(max(1, min(9, int(4 * setting.seconds))))
    newest = rows()
    some = newest[len(newest) // 2]
    old = rows("--after", str(max(2, newest[0]["id"] // 1000)))[-1]
    queries = {
        "first page": [],
        "next page": ["--after", str(newest[-1]["id"])],
        "an old page": ["--after", str(max(2, newest[0]["id"] // 2))],
        "one kind": ["--kind", "audit"],
        "a kind that never came": ["--kind", "canceled"],
        "an account of few": ["--account", "test"],
        "parked": ["--parked"],
        "one task": ["--task", some["task_id"]],
        "an old task": ["--task", old["task_id"]],
        "one project": ["--project", some["project"]],
        "an old project": ["--project", old["project"]],
        "one batch": ["--batch", some["batch"]],
        "an old batch": ["--batch", old["batch"]],
        "one project and kind": ["--project", some["project"], "--kind", "error"],
        "one account and kind": ["--account", "test", "--kind", "error"],
        "the last hour": ["--since", "1h"],
    }
    took = {}
    for name, arguments in queries.items():
        times = []
        for _ in repeats:
            begin = time.perf_counter()
            count = len(rows(*arguments))
            times.append((time.perf_counter() - begin) * 1000)
            # One that takes so long needs no better median.
            if sum(times) > 5000:
                break
        took[name] = {"rows": count, "median_milliseconds": statistics.median(times), "milliseconds": times}
    times = []
    for _ in repeats:
        begin = time.perf_counter()
        setting.command("help")
        times.append((time.perf_counter() - begin) * 1000)
    took["no page: help"] = {"median_milliseconds": statistics.median(times), "milliseconds": times}
    return took


def stored(setting):
    """A store that is large already: start, pages, size, and accepts beside those of an empty one."""
    with setting.fresh_folder() as folder:
        store = filled(setting, folder)
        result = {"start": starts(setting, folder, store)}
        with receiver(setting, folder):
            result["pages"] = pages(setting, folder)
        output = setting.command("store", "size", "--config", "receiver.yaml", "--output", "json", folder=folder)
        result["size"] = {item["what"]: item["value"] for item in json.loads(output)["items"]}
        result["runs"] = []
        for _ in range(setting.runs):
            run = {}
            with setting.fresh_folder() as other, receiver(setting, other) as server:
                run["empty"] = loaded(setting, server)
            with receiver(setting, folder) as server:
                run["full"] = setting.load(server.url)
            result["runs"].append(run)
    return result
