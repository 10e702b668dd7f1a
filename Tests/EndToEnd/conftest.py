import pytest

from processes import Receiver, Simulator


@pytest.fixture
def simulator(tmp_path):
    """Starts simulators; all are stopped at the end."""
    started = []

    def start(*options):
        started.append(Simulator(tmp_path, *options))
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
