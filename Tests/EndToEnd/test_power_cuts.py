"""Power cuts, on a disk that forgets what was not synced: what was acknowledged is still there.

CUTS=20 cuts as often in each way; SEED repeats a run.
"""

import os
import random
import signal

import pytest

from processes import Disk, Load

CUTS = int(os.environ.get("CUTS", "4"))


def verdict(running, disk, acknowledged, what):
    """Nothing acknowledged is missing, nothing is there twice, and the file is whole."""
    stored = [event["task_id"] for event in running.events()]
    missing = acknowledged - set(stored)
    print(
        f"{what}, acknowledged {len(acknowledged)}, stored {len(stored)}, "
        f"acknowledged minus stored {len(missing)}, stored twice {len(stored) - len(set(stored))}"
    )
    assert len(acknowledged) > CUTS * 20
    assert not missing
    assert len(stored) == len(set(stored))
    assert b"The store is whole" in running.run("store", "check").stdout


@pytest.mark.parametrize("torn", [False, True], ids=["whole blocks", "torn blocks"])
def test_nothing_acknowledged_is_lost_by_power_cuts(disk, receiver, tmp_path, torn):
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    chance = random.Random(seed)
    running = receiver(Disk.RECEIVER)
    load = Load(running, tmp_path)
    forgotten = 0
    try:
        for _ in range(CUTS):
            load.wait(chance.randrange(2000, 20_000))
            running.kill()
            forgotten += disk(do="cut", seed=chance.randrange(1 << 32), torn=torn)["dirty_blocks"]
            running.start()
    finally:
        acknowledged = load.end()
    verdict(running, disk, acknowledged, f"seed {seed}, cuts {CUTS}, dirty blocks at the cuts {forgotten}")
    assert forgotten > 0, "nothing was in danger"


@pytest.mark.parametrize("killed", [False, True], ids=["leaves by itself", "killed at that moment"])
def test_nothing_acknowledged_is_lost_when_a_sync_fails_and_then_the_power(disk, receiver, tmp_path, killed):
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    chance = random.Random(seed)
    running = receiver(Disk.RECEIVER)
    load = Load(running, tmp_path)
    try:
        for _ in range(CUTS):
            load.wait(chance.randrange(2000, 20_000))
            disk(do="fail", call="sync", after=chance.randrange(1, 20), error="EIO", kill=killed)
            # By itself it leaves with a code of its own. Either way a supervisor starts it again.
            assert running.program.process.wait(60) == (-signal.SIGKILL if killed else 74)
            running.program.close()
            running.start()
            load.wait(chance.randrange(2000, 20_000))
            running.kill()
            disk(do="cut", seed=chance.randrange(1 << 32), torn=False)
            running.start()
    finally:
        acknowledged = load.end()
    count = disk(do="count")
    assert count["failed"] == CUTS
    verdict(running, disk, acknowledged, f"seed {seed}, failed syncs {count['failed']}, cuts {CUTS}")
