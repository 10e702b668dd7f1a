"""The receiver's resident memory: idle, at full load, and with many senders of the largest bodies."""

import json
import pathlib
import subprocess
import sys
import time

from .accepting import loaded
from .servers import receiver
from .setting import KEY

SENDER = pathlib.Path(__file__).with_name("large_bodies.py")
# The largest body that is taken, unless the configuration says otherwise.
LIMIT = 64 << 20
# The receiver's default, and one that the memory must follow.
BUDGETS = {"512MB": 512 << 20, "256MB": 256 << 20}


def with_large_bodies(setting, senders, budget):
    """The most memory while so many connections send 64 MB each without pause, and after."""
    with setting.fresh_folder() as folder, receiver(setting, folder, listen=f", in-flight-limit: {budget}") as server:
        seconds = min(20, 2 * setting.seconds)
        command = [sys.executable, SENDER, server.url, KEY, senders, setting.options.large_body, seconds]
        output = subprocess.run(list(map(str, command)), capture_output=True, timeout=seconds + 120, text=True)
        if output.returncode != 0:
            raise SystemExit(f"the sender of large bodies failed: {output.stderr[-2000:]}")
        result = json.loads(output.stdout)
        result["resident_bytes_after"], result["resident_bytes_most"] = server.program.memory()
        result["budget_bytes"] = BUDGETS[budget]
        return result


def memory(setting):
    """Resident memory: idle, at full load, and with many senders of 64 MB each."""
    result = {}
    with setting.fresh_folder() as folder, receiver(setting, folder) as server:
        time.sleep(min(3, setting.seconds))
        result["idle"] = server.program.memory()[0]
        loaded(setting, server)
        result["full_load"] = server.program.memory()[1]
    result["large"] = {
        f"{senders} connections, {budget}": with_large_bodies(setting, senders, budget)
        for senders, budget in [(64, "512MB"), (128, "512MB"), (64, "256MB")]
    }
    return result
