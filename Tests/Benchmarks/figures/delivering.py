"""How many deliveries are handled and settled durably, inside the program itself."""

import json

# Of the deliveries that are asked for; a file costs more than nothing.
SHARES = {"none": 1, "file": 0.25}


def deliveries(setting):
    """Deliveries through a handler that does nothing, and through the one that writes files."""
    result = {}
    for handler, share in SHARES.items():
        count = max(1, int(setting.options.deliveries * share))
        result[handler] = []
        for _ in range(setting.runs):
            with setting.fresh_folder() as folder:
                arguments = ["--count", count, "--handler", handler, "--folder", folder, "--output", "json"]
                result[handler].append(json.loads(setting.command("bench", "deliveries", *arguments)))
    return result
