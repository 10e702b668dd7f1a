"""The house as it is meant to be: imports run right, and each outside library is known to the targets that own it."""

import json
import re
import subprocess

import pytest

from processes import ROOT

# What each target may import of ours.
OURS = {
    "ScaleAPI": set(),
    "Callbacks": {"COpenSSL", "ScaleAPI"},
    "Handlers": {"CSQLite", "CZlib", "Callbacks", "ScaleAPI"},
    "CallbackQueue": {"CLinux", "CSQLite", "CZstd", "Callbacks", "ScaleAPI"},
    "CallbackServer": {"CLinux", "CallbackQueue", "Callbacks", "ScaleAPI"},
    "CallbackService": {"CallbackQueue", "CallbackServer", "Callbacks", "Handlers", "ScaleAPI"},
    "scale-callbacks": {"CallbackService"},
    "ScaleSimulator": set(),
    "scale-simulator": {"ScaleSimulator"},
    "COpenSSL": set(),
    "CLinux": set(),
    "CSQLite": set(),
    "CZlib": set(),
    "CZstd": set(),
}
# Who is alone in knowing a library.
OWNERS = {
    "ArgumentParser": {"CallbackService", "scale-simulator"},
    "AsyncHTTPClient": {"ScaleAPI", "ScaleSimulator", "CallbackService"},
    "COpenSSL": {"Callbacks"},
    "CLinux": {"CallbackQueue", "CallbackServer"},
    "CSQLite": {"CallbackQueue", "Handlers"},
    "CZlib": {"Handlers"},
    "CZstd": {"CallbackQueue"},
    "GRDB": {"CallbackQueue"},
    "Histogram": {"CallbackService"},
    "Hummingbird": {"CallbackServer", "ScaleSimulator"},
    "HummingbirdCore": set(),
    "NIOExtras": {"CallbackServer"},
    "NIOSSL": {"CallbackServer", "ScaleAPI", "CallbackService"},
    "Subprocess": {"Handlers"},
    "SystemPackage": {"Handlers"},
    "Yams": {"CallbackService"},
}
# What comes with Swift.
SYSTEM = {"Darwin", "Dispatch", "Foundation", "FoundationEssentials", "FoundationNetworking", "Glibc", "Musl", "Synchronization"}
IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?([A-Za-z_]\w*)",
    re.MULTILINE,
)


@pytest.fixture(scope="module")
def tracked():
    """The paths in git."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a git clone")
    output = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return output.decode().split("\0")[:-1]


@pytest.fixture(scope="module")
def declared():
    """The dependencies of each target in the manifest, by name."""
    output = subprocess.run(
        ["swift", "package", "dump-package"], cwd=ROOT, capture_output=True, check=True, timeout=300
    ).stdout
    return {
        target["name"]: {(entry.get("byName") or entry.get("product") or entry.get("target"))[0] for entry in target["dependencies"]}
        for target in json.loads(output)["targets"]
        if target["type"] != "test"
    }


def imported(target):
    """What the sources of a target import, with a file that does."""
    found = {}
    for path in sorted((ROOT / "Sources" / target).rglob("*.swift")):
        for name in IMPORT.findall(path.read_text()):
            found.setdefault(name, path.relative_to(ROOT))
    return found


def test_the_imports_of_all_forms_are_found():
    text = "import A\npublic import B\n  @testable import C\n@preconcurrency internal import struct D.E\n// import F\nlet x = 1"
    assert IMPORT.findall(text) == ["A", "B", "C", "D"]


def test_every_folder_of_sources_is_a_target_with_a_place(declared):
    folders = {path.name for path in (ROOT / "Sources").iterdir()}
    assert folders == set(OURS) == set(declared)
    assert all(imported(target) for target in OURS if not target.startswith("C") or target.startswith("Callback"))


@pytest.mark.parametrize("target", OURS)
def test_imports_run_right(target, declared):
    names = imported(target)
    ours = {name: path for name, path in names.items() if name in OURS}
    assert ours.keys() <= OURS[target], ours
    assert {name for name in declared[target] if name in OURS} <= OURS[target]


@pytest.mark.parametrize("target", OURS)
def test_outside_libraries_are_known_to_their_owners_only(target, declared):
    for name, path in imported(target).items():
        owners = OWNERS.get(name)
        assert owners is None or target in owners, f"{path} imports {name}"
    for name in declared[target]:
        assert target in OWNERS.get(name, {target}), f"Package.swift gives {name} to {target}"


@pytest.mark.parametrize("target", OURS)
def test_what_is_imported_is_declared(target, declared):
    # SwiftPM lets a target import what its dependencies import, which hides a dependency.
    undeclared = {name: path for name, path in imported(target).items() if name not in SYSTEM | declared[target]}
    assert not undeclared


def test_the_top_level_holds_what_a_reader_expects(tracked):
    top = {path.split("/")[0] for path in tracked}
    assert {name for name in top if not name.startswith(".")} <= {
        "Package.swift", "README.md", "Samples", "Sources", "Tests", "deploy"
    }


def test_no_file_names_a_path_of_the_machine_it_was_written_on(tracked):
    # Built from parts, so that this file does not name them.
    places = re.compile("|".join("/" + name for name in ("work/", "home/[a-z]", "root/", "tmp/trees", "Users/")))
    found = []
    for path in tracked:
        text = (ROOT / path).read_bytes().decode(errors="replace") if (ROOT / path).is_file() else ""
        for number, line in enumerate(text.splitlines(), 1):
            if match := places.search(line):
                found.append(f"{path}:{number}: {line[max(0, match.start() - 30):match.end() + 30].strip()}")
    assert not found, "\n".join(found)
