"""A server of the customer's to which events are forwarded, which answers as it is told."""

import http.server

from processes import LoopbackServer


class HookServer(LoopbackServer):
    """Keeps what comes by path, and answers with what `answers` holds for the path: status, headers and body, the last for ever."""

    def __init__(self, answers=None):
        self.answers = answers or {}
        self.received = {}

    def handler(self):
        hooks = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                requests = hooks.received.setdefault(self.path, [])
                requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
                answers = hooks.answers.get(self.path, [(200, {}, b"")])
                status, headers, answer = answers[min(len(requests), len(answers)) - 1]
                self.send_response(status)
                for name, value in {"content-length": len(answer), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        return Handler

    def url(self, path, host="127.0.0.1"):
        return f"http://{host}:{self.server.server_port}{path}"
