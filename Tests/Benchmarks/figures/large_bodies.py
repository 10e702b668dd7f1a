"""Sends large callbacks over many connections at once, all the time until the end, and counts the answers.

usage: large_bodies.py URL KEY SENDERS BYTES SECONDS
"""

import collections
import json
import os
import socket
import sys
import threading
import time
import urllib.parse

ELEMENT = (
    '{"type":"box","label":"truck","attributes":{"occlusion":"25%"},"left":4711.125,"top":815.5,'
    '"width":42.25,"height":17.75,"uuid":"b95620ee-0807-4229-bbbb-0123456789ab"},'
).encode()
CHUNK = ELEMENT * ((1 << 18) // len(ELEMENT))


def parts(size):
    """A callback of a new task, in parts of `size` bytes together."""
    head = f'{{"status":"completed","task_id":"{os.urandom(12).hex()}","response":{{"annotations":['.encode()
    tail = b'{}],"global_attributes":{}}}'
    yield head
    left = size - len(head) - len(tail)
    while left >= len(CHUNK):
        yield CHUNK
        left -= len(CHUNK)
    # White space is nothing to JSON.
    yield b" " * left
    yield tail


def send(address, path, key, size, chunked):
    """One callback; the status that was answered, or what happened instead."""
    with socket.create_connection(address, timeout=60) as client:
        length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
        head = f"POST {path} HTTP/1.1\r\nHost: {address[0]}\r\nscale-callback-auth: {key}\r\n{length}\r\n\r\n"
        try:
            client.sendall(head.encode())
            for part in parts(size):
                client.sendall(b"%x\r\n%b\r\n" % (len(part), part) if chunked and part else part)
            if chunked:
                client.sendall(b"0\r\n\r\n")
        except OSError:
            # It was answered before its end and closed; the answer may still be there.
            pass
        try:
            answer = client.recv(4096)
        except OSError as error:
            return type(error).__name__
        return answer.split(b" ", 2)[1].decode() if answer.startswith(b"HTTP/1.1 ") else "no answer"


def main():
    url, key = urllib.parse.urlsplit(sys.argv[1]), sys.argv[2]
    senders, size, seconds = int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
    answers = collections.Counter()
    lock = threading.Lock()
    end = time.monotonic() + seconds

    def work(number):
        while time.monotonic() < end:
            try:
                answer = send((url.hostname, url.port), url.path, key, size, chunked=number % 2 == 1)
            except OSError as error:
                answer = type(error).__name__
            with lock:
                answers[answer] += 1
            if answer != "200":
                time.sleep(0.1)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 90)
    print(json.dumps({"senders": senders, "body_bytes": size, "answers": dict(answers)}))


main()
