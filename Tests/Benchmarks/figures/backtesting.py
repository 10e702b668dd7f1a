"""How many stored events are judged again by rules, reading them included."""

import json
import pathlib

from .setting import BODY_SIZE

RULES = pathlib.Path(__file__).resolve().parent.parent / "rules.yaml"


def backtest(setting):
    """Back-tests of ten rules over a store of its own, on all cores."""
    with setting.fresh_folder() as folder:
        store = folder / "events.db"
        setting.command("bench", "fill", "--store", store, "--events", setting.options.deliveries, "--body-size", BODY_SIZE)
        arguments = ["--config", RULES.name, "--store", store, "--output", "json"]
        return [
            json.loads(setting.command("rules", "backtest", *arguments, folder=RULES.parent)) for _ in range(setting.runs)
        ]
