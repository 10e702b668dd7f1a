"""Starts and stops the project's own programs for the tests, by their own process ids only."""

import json
import os
import pathlib
import re
import signal
import subprocess
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
        self.program = Program(["scale-callbacks", "serve", *self.options(), *arguments], self.folder, self.environment, prefix)
        ports = re.findall(r"http://[0-9.]+:(\d+)", self.program.line)
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
            [str(BINARIES / "scale-callbacks"), *map(str, arguments), *(self.options() if config else [])],
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


class Simulator:
    """A local Scale."""

    def __init__(self, folder, *options):
        self.program = Program(["scale-simulator", *options], folder)
        self.url = re.search(r"http://\S+", self.program.line).group(0)
        self.control = self.url.removesuffix("/v1") + "/simulator"

    def get(self, path):
        with urllib.request.urlopen(f"{self.control}/{path}", timeout=30) as response:
            return json.load(response)

    def post(self, path, body=None):
        data = json.dumps(body or {}).encode()
        request = urllib.request.Request(f"{self.control}/{path}", data=data, method="POST")
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def stop(self):
        return self.program.stop()
