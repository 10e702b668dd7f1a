"""Starts and stops the project's own programs for the tests, by their own process ids only."""

import http.server
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARIES = pathlib.Path(os.environ.get("SCALE_CALLBACKS_BINARIES", ROOT / ".build" / "debug"))
LIVE_AUTH_KEY = "live_auth_simulator"
TEST_AUTH_KEY = "test_auth_simulator"


def wait_until(condition, what, seconds=120):
    """Polls until `condition` returns something true, and returns that; fails after the bound."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


class Program:
    """One of our programs, and the line it prints when it listens."""

    def __init__(self, arguments, folder, environment=None, prefix=()):
        self.log = open(folder / f"{pathlib.Path(arguments[0]).name}.log", "ab")
        self.process = subprocess.Popen(
            [*prefix, str(BINARIES / arguments[0]), *map(str, arguments[1:])],
            cwd=folder,
            env={"PATH": os.environ["PATH"], **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        self.line = self.process.stdout.readline().decode()
        if not self.line:
            self.process.wait(30)
            raise AssertionError(f"{arguments[0]} did not start; see {self.log.name}:\n{self.log_text()[-2000:]}")

    def log_text(self):
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def kill(self):
        """SIGKILL: no clean-up, as in a crash."""
        self.process.kill()
        self.process.wait(30)
        self.close()

    def stop(self):
        """SIGTERM: a graceful stop; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.close()
        return code

    def close(self):
        self.process.stdout.close()
        self.log.close()


class Receiver:
    """A receiver in a folder of its own, which may be killed and started again on the same ports."""

    program_name = "scale-callbacks"

    def __init__(self, folder, configuration=None, environment=None):
        self.folder = folder
        self.configuration = configuration
        self.environment = environment or {}
        self.program = None
        self.port = 0
        self.console_port = 0

    def start(self, prefix=(), arguments=()):
        if self.configuration is not None:
            text = self.configuration.replace("$PORT", str(self.port)).replace("$CONSOLE", str(self.console_port))
            (self.folder / "receiver.yaml").write_text(text)
        self.program = Program([self.program_name, "serve", *self.options(), *arguments], self.folder, self.environment, prefix)
        ports = re.findall(r"https?://[0-9.]+:(\d+)", self.program.line)
        self.port, self.console_port = int(ports[0]), int(ports[1])
        return self

    def options(self):
        return [] if self.configuration is None else ["--config", "receiver.yaml"]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/callbacks"

    def kill(self):
        self.program.kill()

    def stop(self):
        return self.program.stop()

    def run(self, *arguments, check=True, config=True):
        """Runs another command of the same program in the receiver's folder."""
        result = subprocess.run(
            [str(BINARIES / self.program_name), *map(str, arguments), *(self.options() if config else [])],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], **self.environment},
            capture_output=True,
            timeout=120,
        )
        if check and result.returncode != 0:
            raise AssertionError(f"{arguments} ended with {result.returncode}: {result.stderr.decode()}")
        return result

    def rows(self, *arguments):
        """The rows that a listing command prints as JSON Lines."""
        output = self.run(*arguments, "--output", "jsonl").stdout.decode()
        return [json.loads(line) for line in output.splitlines()]

    def events(self):
        return self.rows("events", "list", "--all")

    def post(self, body, key=LIVE_AUTH_KEY):
        """Posts a callback; the status."""
        request = urllib.request.Request(self.url, data=body, method="POST")
        if key is not None:
            request.add_header("scale-callback-auth", key)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code


class Load:
    """Sends callbacks without end by `bench`, and writes down which were acknowledged."""

    def __init__(self, running, folder, connections=8):
        self.ids = folder / "acknowledged"
        self.ids.touch()
        self.process = subprocess.Popen(
            [
                str(BINARIES / "scale-callbacks"), "bench", "--url", running.url, "--connections", str(connections),
                "--duration", "3600s", "--warmup", "0s", "--body-size", "2048", "--reconnect", "--ids-file", str(self.ids),
            ],
            env={"PATH": os.environ["PATH"], "SCALE_CALLBACK_AUTH_KEY": LIVE_AUTH_KEY},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self, more, seconds=120):
        """Waits for so many more bytes of acknowledgements; one takes 25."""
        size = self.ids.stat().st_size
        wait_until(
            lambda: self.ids.stat().st_size > size + more or self.process.poll() is not None, "acknowledgements", seconds
        )
        assert self.process.poll() is None, "the load ended"

    def end(self):
        """Stops it; what was acknowledged."""
        self.process.terminate()
        self.process.wait(60)
        return set(self.ids.read_text().split("\n")[:-1])


class Simulator:
    """A local Scale."""

    def __init__(self, folder, *options, prefix=()):
        self.program = Program(["scale-simulator", *options], folder, prefix=prefix)
        self.url = re.search(r"http://\S+", self.program.line).group(0)
        self.control = self.url.removesuffix("/v1") + "/simulator"

    def get(self, path):
        with urllib.request.urlopen(f"{self.control}/{path}", timeout=30) as response:
            return json.load(response)

    def pages(self, path):
        """All rows of one of the books."""
        after = 0
        while after is not None:
            page = self.get(f"{path}?after={after}&limit=1000")
            yield from page["docs"]
            after = page.get("next")

    def requests(self):
        """The requests so far, oldest first, as method, path with query, and status."""
        rows = self.pages("journal")
        return [(row["method"], row["path"], row["status"]) for row in rows if row["kind"] == "request"]

    def post(self, path, body=None):
        data = json.dumps(body or {}).encode()
        request = urllib.request.Request(f"{self.control}/{path}", data=data, method="POST")
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def turn(self, **knobs):
        """Turns knobs while it runs."""
        request = urllib.request.Request(f"{self.control}/knobs", data=json.dumps(knobs).encode(), method="PATCH")
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def stop(self):
        return self.program.stop()


class Disk:
    """A file system that loses what was not synced; see lossy_disk.py for what may be ordered of it."""

    # A receiver whose store is on such a disk.
    RECEIVER = """
listen: { address: 127.0.0.1:$PORT }
console: { address: 127.0.0.1:$CONSOLE }
accounts: [{ name: live, callback-auth-keys: [live_auth_simulator] }]
store: sqlite:disk/store.db
lease: 2s
handlers:
  - { name: dump, concurrency: 2, file: { path: "dump/{task_id}.json" } }
"""

    def __init__(self, folder):
        self.mount = folder / "disk"
        self.mount.mkdir()
        # The path of a unix socket must be short.
        path = os.path.relpath(folder / "disk-control")
        script = pathlib.Path(__file__).with_name("lossy_disk.py")
        self.process = subprocess.Popen([sys.executable, str(script), str(self.mount), path])
        wait_until(lambda: os.path.ismount(self.mount) or self.process.poll() is not None, "the mount", 30)
        assert self.process.poll() is None, "the disk did not come up"
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.answers = self.socket.makefile()

    def __call__(self, **order):
        self.socket.sendall(json.dumps(order).encode() + b"\n")
        return json.loads(self.answers.readline())

    def end(self):
        self.socket.close()
        subprocess.run(["umount", str(self.mount)], check=True)
        # Another mount namespace may hold on to the file system, and then it would not end by itself.
        self.process.kill()
        self.process.wait(30)


class LoopbackServer:
    """A small HTTP server of the customer's, on a port of the kernel's choice; `handler()` makes the class that answers."""

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join(30)
        self.server.server_close()


class CallbackSink(LoopbackServer):
    """A small customer who answers every callback with 200 and keeps what came: the key and the body."""

    def handler(self):
        received = self.received = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                received.append((self.headers["scale-callback-auth"], json.loads(body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/callbacks"

    def wait(self, condition, what):
        """The first callback whose body fulfils the condition, once it came."""
        return wait_until(lambda: next((row for row in list(self.received) if condition(row[1])), None), what, 30)
