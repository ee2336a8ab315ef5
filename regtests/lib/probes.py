#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An origin that answers health checks and remembers when each came.

  probes.py serve PORT LOG             answers 200 to everything; LOG: "<ms, monotonic> <server>" a probe, as `http-check send-state` names it
  probes.py rate LOG [FROM_MS]         prints: probes, seconds, most probes in any one second, most probes of one server in any one second,
                                       servers; of what is in LOG from FROM_MS on
"""
import asyncio
import re
import sys
import time

NAME = re.compile(rb"name=([^;]+);")


def serve(port, path):
    log = open(path, "a", buffering=1)

    async def client(reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            name = NAME.search(head)
            log.write("%d %s\n" % (time.monotonic_ns() // 1000000, name.group(1).decode() if name else "?"))
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def run():
        server = await asyncio.start_server(client, "127.0.0.1", port, backlog=1024)
        async with server:
            await server.serve_forever()

    asyncio.run(run())


def most_in_a_second(times):
    most, first = 0, 0
    for i, t in enumerate(times):
        while times[first] <= t - 1000:
            first += 1
        most = max(most, i - first + 1)
    return most


def rate(path, begin):
    of = {}
    every = []
    for line in open(path):
        ms, name = line.split()
        if int(ms) >= begin:
            every.append(int(ms))
            of.setdefault(name, []).append(int(ms))
    every.sort()
    seconds = (every[-1] - every[0]) / 1000 if every else 0
    print(len(every), "%.1f" % seconds, most_in_a_second(every), max((most_in_a_second(sorted(t)) for t in of.values()), default=0), len(of))


if sys.argv[1] == "serve":
    serve(int(sys.argv[2]), sys.argv[3])
else:
    rate(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0)
