"""What all measurements share: the program, a folder on the disk, how long and how often to measure, what came of it."""

import contextlib
import datetime
import importlib.util
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile

from .processes import busy_share

ROOT = pathlib.Path(__file__).resolve().parents[3]
VENV = ROOT / ".build" / "benchmarks-venv"
NEEDS = ["fastapi==0.165.0", "uvicorn[standard]==0.54.0"]
PACKAGES = {"nginx": "/usr/sbin/nginx=nginx-light", "webhook": "webhook=webhook"}
BODY_SIZE = 2048
KEY = "benchmark-auth-key"


class Setting:
    """One run of the command."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = pathlib.Path(folder)
        self.binary = pathlib.Path(options.binary).resolve()
        self.runs = options.runs
        self.seconds = options.seconds
        self.raw = {}
        self.busy = {}

    def note(self, text):
        print(text, file=sys.stderr, flush=True)

    def measure(self, name, function):
        """Runs one measurement, after a look at what others do on this machine."""
        self.busy[name] = round(busy_share(), 3)
        self.note(f"{name}: {function.__doc__.splitlines()[0]}")
        self.raw[name] = function(self)

    @contextlib.contextmanager
    def fresh_folder(self):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def command(self, *arguments, folder=None, seconds=600, codes=(0,)):
        """Runs a command of the program to its end; its output."""
        result = subprocess.run(
            [self.binary, *map(str, arguments)], cwd=folder or self.folder, stdin=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "SCALE_CALLBACK_AUTH_KEY": KEY}, capture_output=True, timeout=seconds,
        )
        if result.returncode not in codes:
            raise SystemExit(f"{' '.join(map(str, arguments))} ended with {result.returncode}: {result.stderr.decode()}")
        return result.stdout.decode()

    def load(self, url, connections=64, seconds=None, rate=None, empty=False):
        """Lets the program's own load loose on `url`; what it says. Only 2xx count as accepted."""
        seconds = seconds or self.seconds
        arguments = ["--url", url, "--connections", connections, "--duration", f"{int(seconds * 1000)}ms"]
        arguments += ["--warmup", f"{int(min(3, seconds / 2) * 1000)}ms", "--timeout", "30s", "--output", "json"]
        arguments += ["--body-size", BODY_SIZE]
        arguments += ["--rate", rate] if rate else []
        arguments += ["--empty"] if empty else []
        # 1: not everything was accepted. The figures say so.
        output = self.command("bench", "callbacks", *arguments, seconds=seconds + 120, codes=(0, 1))
        return json.loads(output)


def median(runs, *path):
    """The median over runs of what lies at `path` in each."""

    def value(run):
        for key in path:
            run = run[key]
        return run

    return statistics.median(map(value, runs))


def ratio(value, other):
    """How many times the other it is; not a number when there was nothing of the other."""
    return value / other if other else float("nan")


def prepare(options):
    """Builds the program and installs the peers, as far as they are wanted and missing."""
    install(PACKAGES[peer] for peer in options.peers if peer in PACKAGES)
    if "fastapi" in options.peers:
        # Another list than last time, or an installation that broke off, installs anew.
        listed = VENV / "needs"
        if not listed.exists() or listed.read_text() != "\n".join(NEEDS):
            if importlib.util.find_spec("ensurepip") is None:
                install(["/usr/share/doc/python3-venv=python3-venv"])
            subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
            subprocess.run([VENV / "bin" / "pip", "install", "--quiet", *NEEDS], check=True)
            listed.write_text("\n".join(NEEDS))
    if options.binary is None:
        install(["/usr/include/openssl/evp.h=libssl-dev", "/usr/include/sqlite3.h=libsqlite3-dev",
                 "/usr/include/zstd.h=libzstd-dev"])
        subprocess.run(
            ["swift", "build", "-c", "release", "--product", "scale-callbacks", "--scratch-path", ".build-release"],
            cwd=ROOT, stdout=sys.stderr, check=True,
        )
        options.binary = ROOT / ".build-release" / "release" / "scale-callbacks"


def install(needs):
    """Installs packages that are missing; each is written as a command or file, and the package that has it."""
    if needs := list(needs):
        subprocess.run([ROOT / "deploy" / "prepare", *needs], check=True)


def machine(folder):
    """Where and when this is measured. Nothing in it names a place of the machine."""
    processor = [
        line.split(":", 1)[1].strip()
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit.stdout.strip() or "unknown",
        "kernel": platform.release(),
        "processor": processor[0] if processor else platform.machine(),
        "processors": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "file_system": file_system(folder),
        "load_average": os.getloadavg()[0],
    }


def file_system(folder):
    """The type of the file system that holds `folder`."""
    folder = pathlib.Path(folder).resolve()
    mounts = [line.split()[1:3] for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()]
    holding = [(mount, kind) for mount, kind in mounts if folder.is_relative_to(mount.replace("\\040", " "))]
    return max(holding, key=lambda pair: len(pair[0]))[1]
