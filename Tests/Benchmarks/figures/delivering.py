"""How many deliveries are handled and settled durably, inside the program itself."""

import json

# Of the deliveries that are asked for; a file costs more than nothing.
SHARES = {"none": 1, "file": 0.25}


def deliveries(setting):
    """Deliveries through a handler that does nothing, and through the one that writes files."""
    result = {}
    for handler, share in SHARES.items():
        count = max(1, int(setting.options.deliveries * share))
        arguments = ["--count", count, "--handler", handler, "--keep", "--output", "json"]
        # The files stay until all runs are over: ext4 without a journal does not use the inodes of files that were removed in the last
        # minutes, and passes over all of them each time it makes a file.
        with setting.fresh_folder() as folder:
            result[handler] = [
                json.loads(setting.command("bench", "deliveries", "--folder", folder, *arguments))
                for _ in range(setting.runs)
            ]
    return result
