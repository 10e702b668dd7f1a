"""Looking after the store: its size, its wholeness, backups under load, and what retention removes."""

import base64
import json
import os
import random
import sqlite3
import subprocess

from processes import BINARIES, LIVE_AUTH_KEY, wait_until

SERVICE = """
listen: { address: 127.0.0.1:$PORT }
console: { address: 127.0.0.1:$CONSOLE }
accounts: [{ name: live, callback-auth-keys: [live_auth_simulator] }]
"""
HOUR = 3_600_000


def fill(running, count):
    for number in range(count):
        body = {"task_id": f"t{number}", "task": {"task_id": f"t{number}", "status": "completed"}, "fill": noise(number)}
        assert running.post(json.dumps(body).encode()) == 200


def noise(number, size=20_000):
    """A text that cannot be made smaller by much, the same for the same number."""
    return base64.b64encode(random.Random(number).randbytes(size * 3 // 4)).decode()


def age(folder, hours, upto, name="scale-callbacks.db"):
    """Lets the first events be older than they are."""
    with sqlite3.connect(folder / name) as database:
        database.execute("UPDATE event SET receivedAt = receivedAt - ? WHERE id <= ?", (hours * HOUR, upto))
    database.close()


def bodies(running):
    sizes = {row["what"]: row["value"] for row in running.rows("store", "size")}
    return sizes["bodies"]


def test_a_backup_under_load_is_whole_and_takes_over(receiver, tmp_path):
    running = receiver(SERVICE)
    ids = tmp_path / "acknowledged"
    ids.touch()
    load = subprocess.Popen(
        [
            str(BINARIES / "scale-callbacks"), "bench", "--url", running.url, "--connections", "16",
            "--duration", "600s", "--warmup", "0s", "--body-size", "2048", "--ids-file", str(ids),
        ],
        env={"PATH": os.environ["PATH"], "SCALE_CALLBACK_AUTH_KEY": LIVE_AUTH_KEY},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: ids.stat().st_size > 60_000, "some callbacks")
        before = ids.read_text().split("\n")[:-1]
        running.run("store", "backup", "copy.db")
        size = ids.stat().st_size
        wait_until(lambda: ids.stat().st_size > size, "callbacks after the backup")
        # Again: nothing may be overwritten.
        again = running.run("store", "backup", "copy.db", check=False)
        assert again.returncode == 74 and b"exists already" in again.stderr
        assert b"whole" in running.run("store", "check").stdout
    finally:
        load.terminate()
        load.wait(60)
    running.kill()
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600

    # The restore, as the help says it.
    for name in ["scale-callbacks.db", "scale-callbacks.db-wal", "scale-callbacks.db-shm"]:
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / "copy.db").rename(tmp_path / "scale-callbacks.db")
    running.start()
    events = running.events()
    numbers = sorted(event["id"] for event in events)
    assert numbers == list(range(1, len(numbers) + 1)), "one moment: no event without those before it"
    missing = set(before) - {event["task_id"] for event in events}
    print(f"acknowledged before the backup {len(before)}, in the backup {len(events)}, missing {len(missing)}")
    assert not missing
    assert f"{len(events)} bodies".encode() in running.run("store", "check").stdout
    fill(running, 1)
    assert len(running.events()) == len(events) + 1


def test_a_body_that_changed_on_the_disk_is_found(receiver, tmp_path):
    running = receiver(SERVICE)
    fill(running, 20)
    assert running.stop() == 0
    assert running.run("store", "check").stdout == b"The store is whole: structure, references, 20 bodies.\n"
    path = tmp_path / "scale-callbacks.db"
    intact = path.read_bytes()
    with sqlite3.connect(path) as database:
        stored = database.execute("SELECT bytes FROM body WHERE eventID = 7").fetchone()[0]
    database.close()
    place = intact.index(stored[1000:1100]) + 50
    path.write_bytes(intact[:place] + bytes([intact[place] ^ 1]) + intact[place + 1 :])
    result = running.run("store", "check", check=False)
    assert result.returncode == 1
    assert result.stdout == b"the body of event 7 is not what arrived\n"
    assert b"1 problems found" in result.stderr
    assert running.run("events", "raw", "7", check=False).returncode in (0, 74)
    path.write_bytes(intact)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute("INSERT INTO delivery (eventID, handlerID, subject, dueAt) VALUES (1, 77, 1, 0)")
    database.close()
    result = running.run("store", "check", check=False)
    assert result.returncode == 1 and b"refers to a handler that is not there" in result.stdout


def test_what_is_past_its_time_goes_by_itself_and_by_command(receiver, tmp_path):
    running = receiver(SERVICE + "retention: { bodies: 48h, facts: 96h }\n")
    fill(running, 300)
    sizes = {row["what"]: row["value"] for row in running.rows("store", "size")}
    assert sizes["events"] == sizes["bodies"] == 300
    assert sizes["file"] > 300 * 15_000 and sizes["part:body"] > 300 * 15_000 and sizes["part:eventBySubject"] > 0
    assert running.stop() == 0

    age(tmp_path, 72, upto=100)
    counted = running.run("store", "prune").stdout
    assert counted == b"0 events, 100 bodies and 0 refusals would be removed. Say --yes to do it.\n"
    assert bodies(running) == 300, "counting removes nothing"
    assert b"100 bodies" in running.run("store", "prune", "--yes").stdout
    assert bodies(running) == 200
    assert (tmp_path / "scale-callbacks.db").stat().st_size < sizes["file"] - 500_000

    # The service does it at its start, without being asked.
    age(tmp_path, 72, upto=200)
    running.start()
    wait_until(lambda: bodies(running) == 100, "pruning by the service")
    assert len(running.events()) == 200, "the facts of the first 100 are gone as well"
    wait_until(lambda: "Store pruned" in running.program.log_text(), "a line in the log")

    # While it runs, the command asks it through the control socket.
    other = tmp_path / "other.yaml"
    text = (tmp_path / "receiver.yaml").read_text().replace("bodies: 48h", "bodies: 1h")
    other.write_text(text)
    assert running.stop() == 0
    age(tmp_path, 2, upto=250)
    running.start()
    result = running.run("store", "prune", "--yes", "--config", "other.yaml", config=False)
    assert b"50 bodies" in result.stdout
    assert bodies(running) == 50
    fill(running, 301)
    assert bodies(running) == 50 + 101, "what was sent again is a repeat where the facts are left, else new"
    assert running.stop() == 0
