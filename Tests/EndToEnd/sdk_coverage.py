"""Records which methods of the official SDKs the tests used with success, so that a gap cannot go unseen.

The SDKs run as they are: each public method is wrapped for the length of the session in a function that calls it and
takes a note when it returned. A note counts when its test passed.
"""

import enum
import functools
import importlib
import inspect
import pkgutil

import nucleus
import scaleapi
from nucleus.async_job import AsyncJob
from scaleapi.exceptions import ScaleException

# What of Nucleus belongs here (contract B9): datasets with their items, appending, and following the jobs.
NUCLEUS = {
    nucleus.NucleusClient: ("create_dataset", "delete_dataset", "get_dataset", "get_job", "list_jobs"),
    nucleus.Dataset: ("append", "delete_item", "info", "items_generator", "refloc"),
    AsyncJob: ("status", "errors", "sleep_until_complete", "from_id", "from_json"),
}


class Recorder:
    """The notes of one session: method to the tests that used it, and the refusals that the SDK raised."""

    def __init__(self):
        self.used = {}
        self.raised = {}
        self.test = None
        self.notes = []

    def note(self, book, name):
        self.notes.append((book, name, self.test))

    def settle(self, passed):
        """Keeps the notes of a test that passed, and drops those of one that did not."""
        for book, name, test in self.notes if passed else ():
            book.setdefault(name, {}).setdefault(test)
        self.notes.clear()

    def watch(self, owner, name):
        """Wraps one method."""
        raw = owner.__dict__[name]
        kind = type(raw) if isinstance(raw, (staticmethod, classmethod)) else None
        original = raw.__func__ if kind else raw
        title = f"{owner.__name__}.{name}"

        if inspect.isgeneratorfunction(original):
            # A generator counts once it was read to its end.
            @functools.wraps(original)
            def watched(*arguments, **named):
                result = yield from original(*arguments, **named)
                self.note(self.used, title)
                return result
        else:
            @functools.wraps(original)
            def watched(*arguments, **named):
                try:
                    result = original(*arguments, **named)
                except ScaleException as error:
                    self.note(self.raised, type(error).__name__)
                    raise
                self.note(self.used, title)
                return result

        setattr(owner, name, kind(watched) if kind else watched)


def scaleapi_methods():
    """Every public method of every class that `scaleapi` defines, but for its generated v2 client."""
    names = [module.name for module in pkgutil.iter_modules(scaleapi.__path__) if module.name != "api_client"]
    modules = [scaleapi, *(importlib.import_module(f"scaleapi.{name}") for name in names)]
    return [
        (owner, name)
        for module in modules
        for owner in vars(module).values()
        if inspect.isclass(owner) and owner.__module__ == module.__name__
        if not issubclass(owner, (enum.Enum, Exception))
        for name, member in vars(owner).items()
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, (staticmethod, classmethod)))
    ]


def nucleus_methods():
    return [(owner, name) for owner, names in NUCLEUS.items() for name in names]


RECORDER = Recorder()
METHODS = [*scaleapi_methods(), *nucleus_methods()]
for method in METHODS:
    RECORDER.watch(*method)
