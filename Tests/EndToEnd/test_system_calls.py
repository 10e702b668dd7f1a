"""Watches the system calls of the real program: an answer of 200 leaves only after the disk was told to sync."""

import json
import re
import shutil
import subprocess

import pytest

from processes import LIVE_AUTH_KEY

CONFIGURATION = """
listen: { address: 127.0.0.1:$PORT }
console: { address: 127.0.0.1:$CONSOLE }
accounts: [{ name: live, callback-auth-keys: [live_auth_simulator] }]
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing")
def test_a_sync_ends_between_each_request_and_its_answer(receiver, tmp_path):
    trace = tmp_path / "trace"
    calls = "trace=fdatasync,fsync,read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg"
    running = receiver(
        CONFIGURATION, prefix=("strace", "-D", "-f", "-y", "-s", "64", "-e", calls, "-o", str(trace))
    )
    count = 20
    for number in range(count):
        body = {"task_id": f"{number:024x}", "status": "completed", "response": {"n": number}}
        assert running.post(json.dumps(body).encode()) == 200
    assert running.stop() == 0

    request, answered, synced, answers, syncs = False, False, False, 0, 0
    for line in trace.read_text(errors="replace").splitlines():
        if re.search(r"(read|recv\w*)\(.*\"POST /callbacks", line) or "\"POST /callbacks" in line:
            request, synced = True, False
        elif re.search(r"(fdatasync|fsync)\(.*-wal>\)\s+= 0", line) or re.search(r"<\.\.\. f(data)?sync resumed>\)\s*= 0", line):
            synced = True
            syncs += 1
        elif "HTTP/1.1 200" in line:
            assert request, f"an answer without a request: {line}"
            assert synced, f"answered before a sync had ended: {line}"
            request = False
            answers += 1
    print(f"answers {answers}, syncs of the write-ahead log {syncs}")
    assert answers == count
    assert syncs >= count
