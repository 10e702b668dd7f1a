"""Clients that mean no good, as a process of its own, so that a normal client beside them measures the receiver and not them.

    python hostile_clients.py PORT SECONDS KEY=VALUE…

Keys are the names of crowds with their sizes, `pace`, how many of them may come in a second, and `once`, whether they stay
away when they were thrown out; or `wall` alone, a rate.

It tells on standard output, as one line of JSON, what became of each crowd. Loopback only.
"""

import collections
import errno
import json
import resource
import select
import socket
import sys
import time

KEY = b"live_auth_simulator"
HEAD = b"POST /callbacks HTTP/1.1\r\nHost: a\r\n"
PROBE = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
# What each crowd says at once and then twice a second, and whether it reads what it is told.
CROWDS = {
    "idle": (b"", b"", True),
    "idle-after-probe": (PROBE, b"", True),
    "slow-headers": (HEAD + b"X-A: ", b"a", True),
    "slow-bodies": (HEAD + b"Content-Length: 100000\r\nscale-callback-auth: " + KEY + b"\r\n\r\n{", b" ", True),
    "slow-readers": (PROBE * 4000, PROBE * 1000, False),
    "drips-after-refusal": (HEAD + b"Content-Length: 9999999\r\nscale-callback-auth: wrong\r\n\r\n", b"x", True),
    "slow-tls": (bytes.fromhex("16030100c8010000c40303"), b"\x00", True),
}
WRONG = HEAD + b"Content-Length: 2\r\nscale-callback-auth: wrong-key-of-a-wall\r\n\r\n{}"


def raise_limit():
    """As many files as may be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Hostile:
    """One client of a crowd, which comes again when it is thrown out, but not more often than every eight seconds."""

    PAUSE = 8

    def __init__(self, crowd, number, port):
        self.crowd = crowd
        self.beginning, self.drip, self.reads = CROWDS[crowd]
        self.number = number
        self.port = port
        self.opened = -self.PAUSE

    def connect(self):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        if not self.reads:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        # One address has not enough ports for all.
        self.socket.bind((f"127.1.{self.number // 4000}.1", 0))
        try:
            self.socket.connect(("127.0.0.1", self.port))
        except BlockingIOError:
            pass
        self.opened = time.monotonic()
        self.rest = self.beginning
        self.say()
        return self.socket.fileno()

    def say(self):
        """Sends what is left to say; false when the connection is no more."""
        while self.rest:
            try:
                self.rest = self.rest[self.socket.send(self.rest) :]
            except BlockingIOError:
                return True
            except OSError as error:
                # Not yet connected is not gone.
                return error.errno == errno.ENOTCONN
        return True

    def hear(self):
        """Reads what has come; false when it was the end."""
        try:
            while self.reads:
                if not self.socket.recv(65536):
                    return False
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True


def waiting(port):
    """How many connections the port has not accepted yet."""
    with open("/proc/net/tcp") as table:
        for line in table:
            fields = line.split()
            if fields[3] == "0A" and fields[1].endswith(f":{port:04X}"):
                return int(fields[4].split(":")[1], 16)
    return 0


def besiege(port, seconds, sizes, pace, once, is_stopped):
    """Keeps crowds of some sizes at the port, and tells how long each connection lasted. Who is thrown out waits a while."""
    poll = select.epoll()
    results = {name: {"opened": 0, "ended": 0, "longest": 0.0, "open": 0} for name in sizes}
    names = [name for name, size in sizes.items() for _ in range(size)]
    outside = collections.deque(Hostile(name, number, port) for number, name in enumerate(names))
    clients = {}

    def enter(client):
        descriptor = client.connect()
        poll.register(descriptor, (select.EPOLLIN if client.reads else 0) | select.EPOLLHUP | select.EPOLLERR)
        clients[descriptor] = client
        results[client.crowd]["opened"] += 1

    def leave(client):
        row = results[client.crowd]
        row["ended"] += 1
        row["longest"] = round(max(row["longest"], time.monotonic() - client.opened), 2)
        poll.unregister(client.socket.fileno())
        del clients[client.socket.fileno()]
        client.socket.close()
        if not once:
            outside.append(client)

    drips = any(CROWDS[name][0] or CROWDS[name][1] for name in sizes)
    end = None
    turn = late = allowed = 0
    before = time.monotonic()
    while end is None or (before < end and not is_stopped()):
        for descriptor, event in poll.poll(0.05, 4096):
            client = clients[descriptor]
            if event & (select.EPOLLHUP | select.EPOLLERR) or not client.hear():
                leave(client)
        # A tenth of the clients twenty times a second, so that each drips twice a second.
        turn += 1
        for client in list(clients.values())[turn % 10 :: 10] if drips else ():
            if client.drip and not client.rest:
                client.rest = client.drip
            if not client.say():
                leave(client)
        # Their time runs from when they are accepted, and a queue that overflows loses them for a second. They come one
        # after the other: slow ones are meant here, not a wall.
        allowed = min(allowed + (time.monotonic() - before) * pace, max(pace / 20, 10))
        while outside and allowed >= 1 and time.monotonic() - outside[0].opened >= Hostile.PAUSE:
            if int(allowed) % 5 == 0 and waiting(port) > 0:
                break
            allowed -= 1
            enter(outside.popleft())
        if end is None and sum(row["opened"] for row in results.values()) >= len(names):
            print(json.dumps({"there": len(names)}), flush=True)
            end = time.monotonic() + seconds
        now = time.monotonic()
        late = max(late, now - before)
        before = now
    for client in clients.values():
        row = results[client.crowd]
        row["open"] += 1
        row["longest"] = round(max(row["longest"], before - client.opened), 2)
        client.socket.close()
    return {"crowds": results, "late": round(late, 2)}


def wall(port, seconds, rate):
    """Knocks with a wrong key, each time on a new connection, at most `rate` times a second."""
    refused = other = 0
    begin = time.monotonic()
    print(json.dumps({"there": 0}), flush=True)
    while (now := time.monotonic()) - begin < seconds:
        due = begin + (refused + other) / rate
        if due > now:
            time.sleep(due - now)
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            client.sendall(WRONG)
            answer = b""
            while part := client.recv(4096):
                answer += part
        if answer.startswith(b"HTTP/1.1 401 "):
            refused += 1
        else:
            other += 1
    return {"refused": refused, "other": other, "seconds": round(time.monotonic() - begin, 2)}


if __name__ == "__main__":
    raise_limit()
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    numbers = {name: int(value) for name, value in (argument.split("=") for argument in sys.argv[3:])}
    # The end of standard input ends it early.
    stopped = lambda: bool(select.select([sys.stdin], [], [], 0)[0])
    if "wall" in numbers:
        print(json.dumps(wall(port, seconds, numbers["wall"])), flush=True)
    else:
        pace = numbers.pop("pace", 300)
        once = bool(numbers.pop("once", 0))
        print(json.dumps(besiege(port, seconds, numbers, pace, once, stopped)), flush=True)
