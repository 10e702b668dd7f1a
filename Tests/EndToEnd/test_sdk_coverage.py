"""The tests of the official SDKs leave none of their public methods out."""

import pathlib

import pytest
from scaleapi.exceptions import ExceptionMap

from sdk_coverage import METHODS, RECORDER

# Methods that are not to be used here, and why.
LEFT_OUT = {
    "ScaleClient.v2_get_tasks": "is of the v2 API of another product, on a host that the SDK does not let one change",
}


def test_every_public_method_of_the_sdks_was_used_with_success(request):
    folder = pathlib.Path(__file__).parent
    modules = {path.name for path in folder.glob("test_*sdk*.py")}
    missing = modules - {item.path.name for item in request.session.items}
    if missing or request.config.option.keyword or any("::" in name for name in request.config.args):
        pytest.skip("only a part of the tests ran")
    names = {f"{owner.__name__}.{name}" for owner, name in METHODS}
    assert len(names) > 70
    for name in sorted(names - set(LEFT_OUT)):
        tests = list(RECORDER.used.get(name, ()))
        print(f"{name:48} {', '.join(tests[:2])}{f' and {len(tests) - 2} more' if len(tests) > 2 else ''}")
    assert names - set(RECORDER.used) == set(LEFT_OUT)
    assert {kind.__name__ for kind in ExceptionMap.values()} <= set(RECORDER.raised)
