"""How many callbacks are accepted and how fast, beside what does less or the same in other ways."""

import json
import os
import statistics
import time

from .servers import PEERS, receiver
from .setting import median

CONNECTIONS = [1, 16, 64, 256]


def fdatasync(setting, folder):
    """Appends 4 kB and syncs, again and again: what the disk asks for a single durable write, in milliseconds."""
    took = []
    block = os.urandom(4096)
    descriptor = os.open(folder / "syncs", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        end = time.monotonic() + min(2, setting.seconds)
        while time.monotonic() < end or len(took) < 100:
            os.write(descriptor, block)
            begin = time.perf_counter()
            os.fdatasync(descriptor)
            took.append((time.perf_counter() - begin) * 1000)
    finally:
        os.close(descriptor)
    return {
        "syncs": len(took),
        "median_milliseconds": statistics.median(took),
        "p99_milliseconds": statistics.quantiles(took, n=100)[98],
    }


def loaded(setting, server, **load):
    """One load on a server: what the load says, what the server spent, and how much of it the server keeps."""
    before = server.program.processor_seconds()
    result = setting.load(server.url, **load)
    result["server_processor_seconds"] = server.program.processor_seconds() - before
    result["stored"] = server.stored()
    if result["accepted"] == 0:
        raise SystemExit(f"{server.program.name} accepted nothing: {json.dumps(result)}")
    return result


def accepts(setting):
    """Accepted callbacks a second, on a fresh store each time, and the same load on the peers."""
    runs = []
    for _ in range(setting.runs):
        run = {"receiver": {}, "peers": {}}
        with setting.fresh_folder() as folder:
            run["fdatasync"] = fdatasync(setting, folder)
        for connections in CONNECTIONS:
            with setting.fresh_folder() as folder, receiver(setting, folder) as server:
                run["receiver"][str(connections)] = loaded(setting, server, connections=connections)
            if connections == 64:
                # Beside it in time, as they are compared.
                for peer in setting.options.peers:
                    with setting.fresh_folder() as folder, PEERS[peer](setting, folder) as server:
                        run["peers"][peer] = loaded(setting, server, connections=64)
        runs.append(run)
    return {"runs": runs}


def maximum_rate(setting):
    """Accepts a second at 64 connections: those just measured, or else measured now."""
    if "accepts" in setting.raw:
        return median(setting.raw["accepts"]["runs"], "receiver", "64", "accepted_per_second")
    with setting.fresh_folder() as folder, receiver(setting, folder) as server:
        return loaded(setting, server)["accepted_per_second"]


def open_loop(setting):
    """Half of the highest rate, sent when it is time to and not when the answer before has come."""
    maximum = maximum_rate(setting)
    runs = []
    for _ in range(setting.runs):
        with setting.fresh_folder() as folder:
            run = {"fdatasync": fdatasync(setting, folder)}
            with receiver(setting, folder) as server:
                run["load"] = loaded(setting, server, rate=round(maximum / 2))
        runs.append(run)
    return {"maximum_rate": maximum, "runs": runs}


def one_connection(setting):
    """One callback after the other, beside one sync and one answer that keeps nothing."""
    runs = []
    for _ in range(setting.runs):
        with setting.fresh_folder() as folder, receiver(setting, folder) as server:
            run = {"fdatasync": fdatasync(setting, folder)}
            health = server.url.removesuffix("/callbacks") + "/healthz"
            run["empty"] = setting.load(health, connections=1, seconds=min(3, setting.seconds), empty=True)
            run["load"] = loaded(setting, server, connections=1)
        runs.append(run)
    return {"runs": runs}
