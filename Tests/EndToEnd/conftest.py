import os
import subprocess

import pytest
import scaleapi

import loopback
from faults import Volume
from processes import CallbackSink, Disk, Receiver, Simulator
from sdk_coverage import RECORDER

loopback.keep_inside()


def pytest_collection_modifyitems(items):
    """The look at what the tests of the SDKs used comes after them."""
    items.sort(key=lambda item: item.path.name == "test_sdk_coverage.py")


def pytest_runtest_setup(item):
    RECORDER.test = f"{item.path.name}::{item.originalname}"


def pytest_runtest_logreport(report):
    if report.when == "call":
        RECORDER.settle(report.passed)


@pytest.fixture(scope="module")
def scale(request, tmp_path_factory):
    """One simulator for all tests of a module, with the options the module names in `SIMULATOR`."""
    simulator = Simulator(tmp_path_factory.mktemp("scale"), *getattr(request.module, "SIMULATOR", ()))
    yield simulator
    assert simulator.stop() == 0


@pytest.fixture(scope="module")
def live(scale):
    """The official SDK with a live key: tasks wait until they are worked on."""
    return scaleapi.ScaleClient("live_simulator", source="end-to-end", api_instance_url=scale.url)


@pytest.fixture(scope="module")
def quick(scale):
    """The official SDK with a test key: tasks are completed at once."""
    return scaleapi.ScaleClient("test_simulator", source="end-to-end", api_instance_url=scale.url)


@pytest.fixture
def sink():
    """Takes callbacks and keeps them."""
    with CallbackSink() as sink:
        yield sink


@pytest.fixture
def simulator(tmp_path):
    """Starts simulators; all are stopped at the end."""
    started = []

    def start(*options, prefix=()):
        started.append(Simulator(tmp_path, *options, prefix=prefix))
        return started[-1]

    yield start
    for simulator in started:
        simulator.stop()


@pytest.fixture
def receiver(tmp_path):
    """Starts receivers in the test's folder; all are stopped at the end."""
    started = []

    def start(configuration=None, environment=None, prefix=(), arguments=()):
        started.append(Receiver(tmp_path, configuration, environment))
        return started[-1].start(prefix, arguments)

    yield start
    for receiver in started:
        if receiver.program.process.poll() is None:
            receiver.stop()


@pytest.fixture
def disk(tmp_path):
    """A lossy disk, mounted in the test's folder at `disk`; ask for it before the receiver, which must end first."""
    if not os.access("/dev/fuse", os.W_OK) or os.geteuid() != 0:
        pytest.skip("faults of the disk need FUSE, and root to mount it")
    disk = Disk(tmp_path)
    yield disk
    disk.end()


@pytest.fixture
def volume(tmp_path):
    """Mounts a small file system in the test's folder at `volume`; ask for it before the receiver, which must end first."""
    if os.geteuid() != 0:
        pytest.skip("a small volume needs root to mount it")
    mounted = []

    def mount(kind, megabytes):
        try:
            mounted.append(Volume(tmp_path, kind, megabytes))
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"{kind} cannot be mounted here: {error}")
        return mounted[-1]

    yield mount
    for volume in mounted:
        volume.end()
