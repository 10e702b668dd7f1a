"""The reference of the libraries: it can be made, its links lead somewhere, and no operation is left out."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

from processes import BINARIES, ROOT

CATALOG = ROOT / "Sources" / "ScaleAPI" / "Documentation.docc"
OPERATIONS = (CATALOG / "Operations.md").read_text()


@pytest.mark.skipif(shutil.which("docc") is None, reason="this toolchain has no docc")
def test_the_reference_is_made_without_a_warning(tmp_path):
    result = subprocess.run(
        [ROOT / "deploy" / "documentation", tmp_path / "site"], capture_output=True, text=True, timeout=600
    )
    assert result.returncode == 0, result.stdout + result.stderr
    for page in ["scaleapi", "scaleapi/operations", "scaleapi/scaleclient/audittask(_:accepted:comments:)"]:
        assert (tmp_path / "site" / "ScaleAPI.doccarchive" / "data" / "documentation" / f"{page}.json").exists(), page


def test_every_call_of_the_client_is_in_the_table_of_operations():
    listed = set(re.findall(r"``ScaleClient/(\w+)", OPERATIONS))
    calls = set()
    for source in (ROOT / "Sources" / "ScaleAPI").rglob("ScaleClient+*.swift"):
        calls |= set(re.findall(r"^    public func (\w+)", source.read_text(), re.MULTILINE))
    assert len(calls) > 50
    assert calls == listed


def test_every_call_of_the_sdk_in_the_table_is_made_by_the_test_it_names():
    rows = re.findall(r"^\| .*\| (.*) \| `(test_\w+\.py)` \|$", OPERATIONS, re.MULTILINE)
    assert len(rows) > 40
    for calls, test in rows:
        text = (pathlib.Path(__file__).parent / test).read_text()
        for call in re.findall(r"`(?:\w+\.)?(\w+)`", calls):
            assert re.search(rf"\.{call}\b", text), f"{test} does not call {call}"


def test_every_view_function_and_check_of_rules_is_in_the_readme():
    schema = json.loads(subprocess.run(
        [BINARIES / "scale-callbacks", "rules", "schema", "--output", "json"], capture_output=True, check=True
    ).stdout)
    spans = re.findall(r"`([^`\n]+)`", (ROOT / "README.md").read_text())
    words = {word for span in spans for word in re.findall(r"[a-z][a-z0-9_-]*", span)}
    rows = {row.split("`")[1]: row for row in (ROOT / "README.md").read_text().splitlines() if row.startswith("| `")}
    assert len(schema["views"]) > 10 and len(schema["checks"]) > 20
    for view in schema["views"]:
        told = set(re.findall(r"`([^`]+)`", rows[view["name"]])[-1].split())
        assert told == {column["name"] for column in view["columns"]}, view["name"]
    for function in schema["functions"]:
        assert function["signature"].partition("(")[0] in words | {"regexp"}, function
    for check in schema["checks"]:
        assert check["name"] in words, check["name"]
        assert {parameter["name"] for parameter in check["parameters"]} <= words, check["name"]
        assert set(check["columns"]) <= words, check["name"]
