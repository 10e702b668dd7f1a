"""Processes, each of which is ended by whoever started it, and what the kernel tells of them and of the machine."""

import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def end_with_parent():
    """Has the kernel end this process when the one that started it is gone, even if that was killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Program:
    """A process with a log of its own, ended at the end of a `with`."""

    def __init__(self, command, folder, environment=None):
        self.name = pathlib.Path(str(command[0])).name
        self.log = pathlib.Path(folder) / f"{self.name}.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                list(map(str, command)), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                env={"PATH": os.environ["PATH"], **(environment or {})}, preexec_fn=end_with_parent,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        return self.process.pid

    def line(self):
        """The next line of its output; a program that ends instead is an error."""
        line = self.process.stdout.readline().decode()
        if not line:
            self.fail("ended before it was ready")
        return line

    def wait_for(self, condition, what, seconds=30):
        """Polls until `condition` gives something, and returns that."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if result := condition():
                return result
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        return self.fail(f"{what}: not within {seconds} s")

    def fail(self, what):
        raise SystemExit(f"{self.name} {what}:\n{self.log.read_text(errors='replace')[-2000:]}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(30)
        self.process.stdout.close()

    def memory(self):
        """Its resident memory now, and the most it ever was, in bytes."""
        fields = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines())
        return int(fields["VmRSS"].split()[0]) * 1024, int(fields["VmHWM"].split()[0]) * 1024

    def processor_seconds(self):
        """What it has spent, with the processes that it started."""

        def spent(pid):
            folder = pathlib.Path(f"/proc/{pid}")
            try:
                # Of itself and of children that have ended.
                seconds = sum(map(int, (folder / "stat").read_text().rsplit(")", 1)[1].split()[11:15])) / TICKS
                return seconds + sum(map(spent, (folder / "task" / str(pid) / "children").read_text().split()))
            except FileNotFoundError:
                return 0

        return spent(self.pid)


def free_port():
    """A port that nobody has now; for programs that cannot be told to let the kernel choose."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def listens(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def busy_share(seconds=1.0):
    """The share of the machine's processors that is at work; call it while nothing of ours is."""

    def times():
        fields = list(map(int, pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]))
        # Waiting for a disk is not work.
        return sum(fields), sum(fields) - fields[3] - fields[4]

    total, busy = times()
    time.sleep(seconds)
    later, busier = times()
    return (busier - busy) / max(1, later - total)
