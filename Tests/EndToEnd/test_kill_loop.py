"""Kills the receiver again and again under load: what was acknowledged is stored."""

import os
import random
import sqlite3
import time

from processes import Load

CONFIGURATION = """
listen: { address: 127.0.0.1:$PORT }
console: { address: 127.0.0.1:$CONSOLE }
accounts: [{ name: live, callback-auth-keys: [live_auth_simulator] }]
lease: 2s
handlers:
  - name: dump
    concurrency: 8
    file: { path: "dump/{task_id}.json" }
"""
KILLS = int(os.environ.get("KILLS", "20"))


def test_nothing_acknowledged_is_lost_over_twenty_kills(receiver, tmp_path):
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"seed {seed}")
    chance = random.Random(seed)
    running = receiver(CONFIGURATION)
    load = Load(running, tmp_path, connections=64)
    recoveries = []
    try:
        for _ in range(KILLS):
            load.wait(chance.randrange(1, 40) * 1000)
            running.kill()
            begin = time.monotonic()
            running.start()
            recoveries.append(time.monotonic() - begin)
    finally:
        acknowledged = load.end()
    assert running.stop() == 0

    stored = [event["task_id"] for event in running.events()]
    missing = acknowledged - set(stored)
    print(
        f"kills {KILLS}, acknowledged {len(acknowledged)}, stored {len(stored)}, "
        f"acknowledged minus stored {len(missing)}, stored twice {len(stored) - len(set(stored))}, "
        f"slowest start {max(recoveries):.2f} s"
    )
    assert len(acknowledged) > KILLS * 10
    assert not missing
    assert len(stored) == len(set(stored))
    with sqlite3.connect(f"file:{tmp_path / 'scale-callbacks.db'}?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute(
            "SELECT count(*) FROM event WHERE id NOT IN (SELECT eventID FROM delivery)"
        ).fetchone() == (0,)
