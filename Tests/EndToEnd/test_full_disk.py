"""A disk that is full, on file systems of the kernel: refused until there is room, pruned meanwhile, lost nothing.

FLOOD=20000 sends as many callbacks while the disk fills up.
"""

import os
import random
import time

import pytest

import faults
from faults import Flood, get, judge, post
from processes import wait_until
from test_store import age

FLOOD = int(os.environ.get("FLOOD", "200"))
OLD = 150
MEGABYTE = 1 << 20


def names(prefix, count):
    return [f"{prefix}{number}" for number in range(count)]


@pytest.mark.parametrize("kind", ["tmpfs", "ext4"])
def test_a_full_disk_refuses_lets_prune_and_recovers(volume, receiver, tmp_path, kind):
    disk = volume(kind, 128)
    running = receiver(faults.ON_VOLUME + "retention: { bodies: forever, facts: forever }\n")
    ballast = tmp_path / "volume" / "store.db-ballast"
    assert ballast.stat().st_blocks * 512 >= 32 * MEGABYTE
    acknowledged = Flood(running, names("old", OLD), 60_000).end().acknowledged
    assert len(acknowledged) == OLD
    wait_until(lambda: not running.rows("deliveries", "list", "--state", "pending"), "all deliveries")
    assert running.stop() == 0
    age(tmp_path / "volume", 48, upto=OLD - 10, name="store.db")
    running.start()

    # It fills up under load.
    disk.fill(leaving=2 * MEGABYTE)
    flood = Flood(running, names("new", FLOOD), 20_000).end()
    acknowledged |= flood.acknowledged
    assert set(flood.values()) == {200, 503}, flood.counts()
    refused = flood.named(503)
    assert ballast.stat().st_size == 0
    assert get(running.port, "/healthz")[0] == 200
    wait_until(lambda: get(running.port, "/readyz")[0] == get(running.console_port, "/readyz")[0] == 503, "not ready", 5)
    print(f"{kind}, filled under load: {flood.counts()}, slowest answer {flood.slowest:.2f} s")

    # What was taken is worked off all the same, or waits without harm; and a crash changes nothing.
    running.kill()
    running.start()
    assert post(running, "while-full") == 503
    flood = Flood(running, names("killed", FLOOD // 4)).end()
    assert flood.counts() == {503: FLOOD // 4}
    running.kill()
    running.start()
    print(f"{kind}, killed twice while full: starts, and refuses {flood.counts()}")

    # Pruning makes its own room: nobody else has given any back.
    other = tmp_path / "other.yaml"
    other.write_text((tmp_path / "receiver.yaml").read_text().replace("bodies: forever", "bodies: 24h"))
    begin = time.monotonic()
    pruned = running.run("store", "prune", "--yes", "--config", "other.yaml", config=False)
    assert f"{OLD - 10} bodies".encode() in pruned.stdout
    wait_until(lambda: post(running, "after-pruning") == 200, "recovery by pruning", 10)
    print(f"{kind}, {pruned.stdout.decode().strip()} Taken again after {time.monotonic() - begin:.1f} s")
    acknowledged.add("after-pruning")
    assert ballast.stat().st_size == 32 * MEGABYTE
    wait_until(lambda: get(running.port, "/readyz")[0] == 200, "ready", 5)

    # Full to the last block, by another program and after the ballast was given up, too: room that is given back is enough.
    disk.fill(leaving=2 * MEGABYTE)
    flood = Flood(running, names("brim", FLOOD), 20_000).end()
    acknowledged |= flood.acknowledged
    disk.fill()
    assert post(running, "at-the-brim") == 503
    assert running.program.process.poll() is None
    refused |= flood.named(503)
    disk.empty()
    begin = time.monotonic()
    wait_until(lambda: post(running, "after-room") == 200, "recovery", 10)
    print(f"{kind}, full to the brim: {flood.counts()}, taken again {time.monotonic() - begin:.1f} s after there was room")
    acknowledged.add("after-room")
    # Scale repeats what was refused.
    repeated = Flood(running, sorted(refused), 2000).end()
    assert repeated.counts() == {200: len(refused)}
    judge(running, acknowledged | refused, f"{kind}, in all")
    wait_until(lambda: not running.rows("deliveries", "list", "--state", "pending"), "all deliveries")
    assert not running.rows("deliveries", "list", "--state", "dead")
    assert running.stop() == 0


def test_a_service_without_ballast_lives_through_a_full_disk(volume, receiver, tmp_path):
    disk = volume("tmpfs", 32)
    running = receiver(faults.ON_VOLUME + "ballast: 0B\n")
    assert not (tmp_path / "volume" / "store.db-ballast").exists()
    disk.fill(leaving=MEGABYTE)
    flood = Flood(running, names("new", 200), 20_000).end()
    assert set(flood.values()) == {200, 503}
    running.kill()
    disk.empty()
    running.start()
    assert post(running, "after") == 200
    judge(running, flood.acknowledged | {"after"}, f"no ballast, {flood.counts()}")
    assert running.stop() == 0
