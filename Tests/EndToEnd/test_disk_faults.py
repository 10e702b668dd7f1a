"""A disk that fails: each call in turn, and when it is full. What was acknowledged is stored, and nothing stays broken.

FAULTS=all lets every single call fail; by default only some, chosen by SEED.
"""

import base64
import json
import os
import random

import pytest

from processes import Disk, wait_until

STEPS = {"sync": 5, "write": 29, "open": 2} if os.environ.get("FAULTS") != "all" else {"sync": 1, "write": 1, "open": 1}
CALLBACKS = 12


def callback(name, size=2000):
    body = {"task_id": name, "task": {"task_id": name, "status": "completed"}, "fill": base64.b64encode(os.urandom(size)).decode()}
    return json.dumps(body).encode()


def post(running, name, size=2000):
    """The status; 0 when there is no answer."""
    try:
        return running.post(callback(name, size))
    except OSError:
        return 0


@pytest.mark.parametrize("call", ["sync", "write", "open"])
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_each_call_may_fail_once(disk, receiver, tmp_path, call, error):
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    chance = random.Random(seed)
    running = receiver(Disk.RECEIVER)
    after = chance.randrange(1, STEPS[call] + 1)
    ends = {}
    rounds = 0
    while True:
        # A store of its own each time, so that making it is part of what may fail.
        running.stop()
        for path in (tmp_path / "disk").iterdir():
            path.unlink()
        failed = disk(do="count")["failed"]
        disk(do="fail", call=call, after=after, error=error, kill=False)
        acknowledged = set()
        try:
            running.start()
        except AssertionError as error_at_start:
            # It does not crash, and its last line says why and what to do.
            last = str(error_at_start).strip().split("\n")[-1]
            assert last.startswith(("Cannot ", "The store cannot be written", "The store's disk is full")), error_at_start
            end = "not started"
        else:
            statuses = {f"c{number}": post(running, f"c{number}") for number in range(CALLBACKS)}
            acknowledged = {name for name, status in statuses.items() if status == 200}
            assert set(statuses.values()) <= {200, 503, 0}, statuses
            # Either it works at once again, or it leaves with a code of its own.
            wait_until(lambda: post(running, "after") == 200 or running.program.process.poll() is not None, "an end", 20)
            if running.program.process.poll() is None:
                end = "went on"
                running.stop()
            else:
                end = "left"
                assert running.program.process.wait(60) == 74
                running.program.close()
        hit = disk(do="count")["failed"] > failed
        disk(do="fail", call=call, after=-1, error=error, kill=False)
        if not hit:
            break
        ends[end] = ends.get(end, 0) + 1
        # Whatever happened, the next start makes it good.
        running.start()
        assert post(running, "next") == 200
        stored = {event["task_id"] for event in running.events()}
        assert acknowledged <= stored
        assert b"The store is whole" in running.run("store", "check").stdout
        rounds += 1
        after += STEPS[call]
    print(f"seed {seed}, {call} failed with {error} at {rounds} places up to number {after - STEPS[call]}: {ends}, lost 0")
    assert rounds >= 2


def test_a_full_disk_refuses_and_recovers_by_itself(disk, receiver, tmp_path):
    running = receiver(Disk.RECEIVER)
    assert post(running, "first") == 200
    used = sum(path.stat().st_size for path in (tmp_path / "disk").iterdir() if path.is_file())
    disk(do="capacity", bytes=used + 300_000)
    names = [f"t{number}" for number in range(100)]
    statuses = {name: post(running, name, 20_000) for name in names}
    refused = [name for name, status in statuses.items() if status == 503]
    print(f"accepted {len(names) - len(refused)}, refused {len(refused)}")
    assert set(statuses.values()) == {200, 503}
    assert running.program.process.poll() is None

    disk(do="capacity", bytes=None)
    wait_until(lambda: post(running, "recovered") == 200, "recovery", 10)
    for name in refused:
        assert post(running, name, 20_000) == 200
    stored = {event["task_id"] for event in running.events()}
    assert stored == {"first", "recovered", *names}
    assert b"The store is whole" in running.run("store", "check").stdout
    assert running.stop() == 0
