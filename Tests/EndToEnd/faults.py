"""What the tests of faults share: callbacks that cannot be compressed, floods of them, and small volumes."""

import base64
import collections
import concurrent.futures
import http.client
import json
import os
import subprocess
import threading
import time
import urllib.error
import urllib.request

from processes import LIVE_AUTH_KEY

SERVICE = """
listen: { address: 127.0.0.1:$PORT }
console: { address: 127.0.0.1:$CONSOLE }
accounts: [{ name: live, callback-auth-keys: [live_auth_simulator] }]
"""
# With a store in a folder of its own, and a handler that leaves a file for each event.
ON_VOLUME = SERVICE + """
store: sqlite:volume/store.db
lease: 2s
handlers: [{ name: dump, file: { path: "dump/{task_id}.json" } }]
"""


def callback(name, size=2000):
    fill = base64.b64encode(os.urandom(size * 3 // 4)).decode()
    return json.dumps({"task_id": name, "task": {"task_id": name, "status": "completed"}, "fill": fill}).encode()


class Answers(dict):
    """What was answered to each callback by name: the status, or 0 for none; and how long the slowest answer took."""

    slowest = 0.0

    def named(self, *statuses):
        return {name for name, status in self.copy().items() if status in statuses}

    @property
    def acknowledged(self):
        return self.named(200)

    def counts(self):
        return dict(sorted(collections.Counter(self.copy().values()).items()))


class Flood:
    """Posts callbacks from some threads, each over a connection of its own, until stopped or `names` is through.

    Every refusal must be one that Scale repeats: 503 with Retry-After, and nothing may come but that and 200.
    """

    def __init__(self, running, names, size=2000, threads=4):
        self.port, self.names, self.size = running.port, iter(names), size
        self.answers, self.wrong = Answers(), []
        self.guard, self.stopped = threading.Lock(), threading.Event()
        self.pool = concurrent.futures.ThreadPoolExecutor(threads)
        self.work = [self.pool.submit(self.run) for _ in range(threads)]

    def run(self):
        connection = None
        while not self.stopped.is_set():
            with self.guard:
                name = next(self.names, None)
            if name is None:
                break
            body, begin = callback(name, self.size), time.monotonic()
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                connection.request("POST", "/callbacks", body, {"scale-callback-auth": LIVE_AUTH_KEY})
                response = connection.getresponse()
                response.read()
                status = response.status
                right = status == 200 or status == 503 and response.headers["retry-after"] == "5"
                if response.headers["connection"] == "close":
                    connection.close()
                    connection = None
            except (OSError, http.client.HTTPException):
                status, right = 0, True
                connection.close()
                connection = None
                # As one who tries again, not as one who floods a closed port.
                time.sleep(0.02)
            with self.guard:
                self.answers[name] = status
                self.answers.slowest = max(self.answers.slowest, time.monotonic() - begin)
                if not right:
                    self.wrong.append((name, status))
        if connection is not None:
            connection.close()

    def end(self):
        """Waits until all names are through; the answers."""
        for work in self.work:
            work.result()
        self.pool.shutdown()
        assert not self.wrong, self.wrong[:5]
        return self.answers

    def stop(self):
        self.stopped.set()
        return self.end()


def post(running, name, size=2000):
    """Posts one callback; the status, or 0 when there was no answer."""
    return Flood(running, [name], size, threads=1).end()[name]


def get(port, path):
    """The status of a GET, and how long it took."""
    begin = time.monotonic()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as response:
            status = response.status
    except urllib.error.HTTPError as error:
        status = error.code
    return status, time.monotonic() - begin


def stored_ids(running):
    """The task of each event, in order."""
    return [event["task_id"] for event in running.events()]


def judge(running, acknowledged, what):
    """Nothing acknowledged is missing, nothing is there twice, and the store is whole; prints the counts."""
    stored = stored_ids(running)
    lost, twice = set(acknowledged) - set(stored), len(stored) - len(set(stored))
    print(f"{what}: acknowledged {len(acknowledged)}, stored {len(stored)}, lost {len(lost)}, stored twice {twice}")
    assert not lost
    assert twice == 0
    check = running.run("store", "check")
    assert b"The store is whole" in check.stdout, check.stdout


class Volume:
    """A small file system of its own, mounted in a test's folder; needs root."""

    def __init__(self, folder, kind, megabytes):
        self.mount = folder / "volume"
        self.mount.mkdir()
        self.filler = self.mount / "filler"
        if kind == "tmpfs":
            source, options = "tmpfs", f"size={megabytes}m"
        else:
            source, options = folder / "volume.img", "loop"
            with open(source, "wb") as image:
                image.truncate(megabytes << 20)
            subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "1", str(source)], check=True)
        subprocess.run(["mount", "-t", kind, "-o", options, str(source), str(self.mount)], check=True)

    def fill(self, leaving=0):
        """Another program takes all the room but some bytes."""
        with open(self.filler, "ab", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            # Only asking for it tells: file systems keep some of what they call free to themselves.
            for piece in (16 << 20, 1 << 20, 4096):
                try:
                    while True:
                        os.posix_fallocate(file.fileno(), size, piece)
                        size += piece
                except OSError:
                    pass
            file.truncate(max(0, size - leaving))
            os.fsync(file.fileno())

    def empty(self):
        self.filler.unlink()

    def end(self):
        subprocess.run(["umount", str(self.mount)], check=True)
