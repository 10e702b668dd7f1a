"""Whatever addresses the official SDKs give it, the simulator leaves the machine for none and resolves none."""

import re
import shutil

import nucleus
import pytest
import scaleapi
from scaleapi.tasks import TaskType

from processes import wait_until
from task_payloads import BOXES, PAYLOADS

# A name that does resolve, an address of the documentation's network, and one for files in the cloud.
OUTSIDE = ["https://www.example.com/a.jpg", "http://192.0.2.7:8080/a.jpg", "http://[2001:db8::7]/a.jpg"]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing")
def test_no_address_of_a_customer_is_dialled_or_resolved(simulator, sink, tmp_path):
    trace = tmp_path / "trace"
    calls = "trace=connect,sendto,sendmsg,sendmmsg,openat"
    scale = simulator(
        "--completion-delay", 0.05, prefix=("strace", "-D", "-f", "-s", "200", "-e", calls, "-o", str(trace))
    )
    for key in ("live_simulator", "test_simulator"):
        client = scaleapi.ScaleClient(key, api_instance_url=scale.url)
        client.create_project("outside", TaskType.ImageAnnotation)
        tasks = []
        for number, url in enumerate(OUTSIDE):
            client.create_batch("outside", f"outside {number}", callback=url)
            tasks.append(client.create_task(
                TaskType.ImageAnnotation, batch=f"outside {number}", attachment=url, geometries=BOXES, callback_url=url,
                context_attachments=[{"attachment": url}],
            ))
            assert client.import_file(url).attachment_url.startswith("scaledata://")
        payload = {**PAYLOADS[TaskType.VideoAnnotation], "attachments": OUTSIDE, "callback_url": sink.url}
        tasks.append(client.create_task(TaskType.VideoAnnotation, **payload))
        dataset = nucleus.NucleusClient(api_key=key, endpoint=f"{scale.url}/nucleus").create_dataset("outside", False)
        items = [nucleus.DatasetItem(image_location=url, reference_id=url) for url in OUTSIDE]
        assert dataset.append(items).job_id
        wait_until(lambda: {client.get_task(task.id).status for task in tasks} == {"completed"}, "the tasks", 60)
        # The one callback that leads to this machine arrives, which also shows that the trace sees what is dialled.
        sink.wait(lambda body: body.get("task_id") == tasks[-1].id, "the callback")

    # Three tasks and three batches of each mode.
    wait_until(lambda: scale.get("summary")["callbacks"]["not_sent"] == 12, "all other callbacks kept back", 60)
    assert scale.stop() == 0

    text = trace.read_text(errors="replace")
    dialled = re.findall(r"sin6?_port=htons\((\d+)\).*?inet_(?:addr|pton)\((?:AF_INET6, )?\"([^\"]+)\"", text)
    assert {host for _, host in dialled} == {"127.0.0.1"} and {port for port, _ in dialled} == {sink.url.split(":")[2].split("/")[0]}
    # What a look-up of a name would read first.
    assert "resolv.conf" not in text and "nsswitch.conf" not in text and "openat(" in text
