"""What may stand between a client and a server: one that ends TLS, and a proxy that tunnels."""

import asyncio
import ssl
import subprocess
import threading


def make_certificate(folder):
    """A certificate for 127.0.0.1 that vouches for itself, with its key in the same file."""
    path = folder / "relay.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    output = subprocess.run([*command.split(), "-keyout", "-"], capture_output=True, check=True, timeout=60)
    path.write_bytes(output.stdout)
    return path


class Relay:
    """Copies bytes between its clients and a server, on a thread of its own."""

    tls = None

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=self.tls))
        self.port = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self.close(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(30)
        self.loop.close()

    async def close(self):
        self.server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def serve(self, reader, writer):
        """Serves one connection to its end, whichever side ends it."""
        try:
            host, port = await self.target(reader, writer)
            far_reader, far_writer = await asyncio.open_connection(host, port)
            try:
                await asyncio.gather(self.copy(reader, far_writer), self.copy(far_reader, writer))
            finally:
                far_writer.close()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # The connection ended, or everything does.
            pass
        finally:
            writer.close()

    @staticmethod
    async def copy(reader, writer):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()


class TLSRelay(Relay):
    """Ends TLS in front of a server that speaks plain HTTP; asks for a client certificate when told to."""

    def __init__(self, url, certificate, asks_for_client=False):
        self.port_behind = int(url.split("/")[2].split(":")[1])
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate)
        if asks_for_client:
            self.tls.verify_mode = ssl.CERT_REQUIRED
            self.tls.load_verify_locations(certificate)

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}/v1"

    async def target(self, _reader, _writer):
        return "127.0.0.1", self.port_behind


class TunnelProxy(Relay):
    """A proxy that knows CONNECT only, and to this machine only; it remembers where it was asked to go."""

    def __init__(self):
        self.asked = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def target(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        method, place, _ = head.split(b"\r\n")[0].decode().split()
        host, port = place.rsplit(":", 1)
        self.asked.append((method, place))
        assert method == "CONNECT" and host == "127.0.0.1"
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return host, int(port)
