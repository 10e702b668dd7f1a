"""What runs out: descriptors, memory for bodies, the size of files. And a stop in the middle of the load.

STOPS=20 stops as often.
"""

import contextlib
import http.client
import itertools
import os
import pathlib
import re
import socket
import threading
import time

import faults
from faults import Flood, callback, get, judge, post
from processes import LIVE_AUTH_KEY, wait_until

STOPS = int(os.environ.get("STOPS", "3"))


def memory(running):
    """The most memory the process ever held, in bytes."""
    status = pathlib.Path(f"/proc/{running.program.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024


def connect(running):
    return socket.create_connection(("127.0.0.1", running.port), timeout=30)


def head(length, more=""):
    return (
        f"POST /callbacks HTTP/1.1\r\nhost: localhost\r\nscale-callback-auth: {LIVE_AUTH_KEY}\r\n"
        f"content-length: {length}\r\n{more}\r\n"
    ).encode()


def test_more_connections_than_descriptors_leave_the_service_whole(receiver, tmp_path):
    # Were it to run out, the runtime below would end the process: it opens files of its own to count its threads.
    limit = 240
    running = receiver(
        faults.SERVICE + 'handlers: [{ name: dump, file: { path: "dump/{task_id}.json" } }]\n',
        prefix=("prlimit", f"--nofile={limit}:{limit}"),
    )
    process = running.program.process
    customer = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)

    def serve(name):
        customer.request("POST", "/callbacks", callback(name), {"scale-callback-auth": LIVE_AUTH_KEY})
        response = customer.getresponse()
        response.read()
        return response.status

    assert serve("before") == 200
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(connect(running)) for _ in range(limit + 60)]
        served, most = [], 0
        begin = time.monotonic()
        while time.monotonic() - begin < 3:
            served.append(serve(f"meanwhile{len(served)}"))
            assert process.poll() is None, f"it ended with {process.poll()}"
            most = max(most, len(os.listdir(f"/proc/{process.pid}/fd")))
        assert len(others) > limit
        # Callbacks were committed and files written meanwhile.
        wait_until(lambda: not running.rows("deliveries", "list", "--state", "pending"), "deliveries", 30)
    begin = time.monotonic()
    wait_until(lambda: post(running, "after") == 200, "recovery", 15)
    seconds = time.monotonic() - begin
    assert set(served) == {200}
    assert most < limit
    customer.close()
    acknowledged = {"before", "after", *(f"meanwhile{number}" for number in range(len(served)))}
    wait_until(lambda: not running.rows("deliveries", "list", "--state", "pending"), "deliveries", 30)
    judge(
        running, acknowledged,
        f"{limit} descriptors, {len(others)} connections: {len(served)} callbacks over an old one, at most {most} descriptors in "
        f"use, new ones taken {seconds:.1f} s after the others went",
    )
    assert {path.stem for path in (tmp_path / "dump").iterdir()} == acknowledged
    assert max(row["attempts"] for row in running.rows("deliveries", "list", "--all")) == 1
    assert running.stop() == 0


def test_bodies_beyond_the_budget_are_refused_and_memory_is_bounded(receiver, tmp_path):
    text = faults.SERVICE.replace("$PORT }", "$PORT, body-limit: 4MB, in-flight-limit: 9MB }")
    running = receiver(text)
    assert post(running, "first") == 200
    idle = memory(running)

    # Two that are on their way take what the third would need.
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            slow = stack.enter_context(connect(running))
            slow.sendall(head(4 << 20, "expect: 100-continue\r\n"))
            assert slow.recv(100).startswith(b"HTTP/1.1 100 "), "room is taken for it"
            slow.sendall(b" " * 100_000)
        third = stack.enter_context(connect(running))
        third.sendall(head(4 << 20))
        answer = third.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 503 ") and b"\r\nretry-after: 5\r\n" in answer
        # Told before the body is sent.
        assert b"Too much is in flight" in answer
        assert post(running, "beside") == 200, "there is room for a small one"

    flood = Flood(running, [f"t{number}" for number in range(32)], 3_900_000, threads=16).end()
    grown = memory(running) - idle
    small = Flood(running, [f"small{number}" for number in range(50)]).end()
    assert set(flood.values()) <= {0, 200, 503} and flood.named(503) and flood.named(200)
    assert small.counts() == {200: 50}
    assert grown < 150 << 20
    judge(
        running, flood.acknowledged | small.acknowledged | {"first", "beside"},
        f"budget of 9 MB, 16 clients with 3.9 MB each: {flood.counts()}, memory {idle >> 20} MB idle and "
        f"{grown >> 20} MB more at most, {len(small)} small ones afterwards",
    )
    assert running.stop() == 0


def test_a_limit_on_the_size_of_files_is_no_crash(receiver, tmp_path):
    running = receiver(faults.SERVICE, prefix=("prlimit", f"--fsize={8 << 20}:{8 << 20}"))
    flood = Flood(running, (f"t{number}" for number in itertools.count()), 500_000)
    assert running.program.process.wait(60) == 74, "it was not left as a disk that cannot be trusted"
    answers = flood.stop()
    running.program.close()
    running.start()
    assert post(running, "after") == 200
    judge(running, answers.acknowledged, f"files of 8 MB at most: {answers.counts()}")


class Client:
    """Posts over one connection until that ends; knows what became of each request."""

    def __init__(self, running, name):
        self.acknowledged, self.refused, self.unanswered, self.half = [], 0, 0, []
        self.thread = threading.Thread(target=self.run, args=(running, name))
        self.thread.start()

    def run(self, running, name):
        try:
            with connect(running) as client:
                for number in itertools.count():
                    body = callback(f"{name}-{number}", 1000)
                    received = b""
                    try:
                        client.sendall(head(len(body)) + body)
                        while not self.is_whole(received):
                            part = client.recv(65536)
                            if not part:
                                break
                            received += part
                    except OSError:
                        pass
                    if self.is_whole(received) and received.startswith(b"HTTP/1.1 200 "):
                        self.acknowledged.append(f"{name}-{number}")
                    elif self.is_whole(received) and received.startswith(b"HTTP/1.1 503 "):
                        self.refused += 1
                    elif received:
                        self.half.append(received)
                    else:
                        self.unanswered += 1
                    if not self.is_whole(received) or b"connection: close" in received:
                        return
        except OSError:
            # There was no connection any more.
            pass

    @staticmethod
    def is_whole(received):
        head, separator, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        return bool(separator and length) and len(body) == int(length.group(1))


def test_a_stop_in_the_middle_of_the_load_answers_whole_or_not_at_all(receiver, tmp_path):
    running = receiver(faults.SERVICE)
    acknowledged, refused, unanswered, slowest = set(), 0, 0, 0.0
    for stop in range(STOPS):
        clients = [Client(running, f"s{stop}-{number}") for number in range(64)]
        wait_until(lambda: all(client.acknowledged for client in clients), "every client served")
        begin = time.monotonic()
        assert running.stop() == 0
        slowest = max(slowest, time.monotonic() - begin)
        for client in clients:
            client.thread.join(30)
            assert not client.thread.is_alive()
            assert not client.half, client.half
            acknowledged.update(client.acknowledged)
            refused += client.refused
            unanswered += client.unanswered
        running.start()
    # It has 25 s.
    assert slowest < 25
    judge(
        running, acknowledged,
        f"{STOPS} stops at 64 connections: refused with 503 {refused}, closed without an answer {unanswered}, "
        f"half answers 0, slowest stop {slowest:.1f} s",
    )
    assert running.stop() == 0
