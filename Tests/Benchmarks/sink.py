"""Takes callbacks and answers 200 as cheaply as Python can, so that the simulator is what is measured."""

import asyncio

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Connection(asyncio.Protocol):
    """One keep-alive connection: cuts the stream into requests by their Content-Length."""

    def connection_made(self, transport):
        self.transport = transport
        self.buffer = b""

    def data_received(self, data):
        self.buffer += data
        while True:
            head = self.buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            field = self.buffer[:head].lower().find(b"content-length:")
            length = int(self.buffer[field + 15 : head].split(b"\r\n", 1)[0]) if field >= 0 else 0
            if len(self.buffer) < head + 4 + length:
                return
            self.buffer = self.buffer[head + 4 + length :]
            self.transport.write(ANSWER)


async def main():
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
