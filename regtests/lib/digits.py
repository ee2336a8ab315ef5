#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One port on 127.0.0.2, .3 and .4, where each answers every request with its last digit: who was asked is seen from the answer.

  digits.py PORT [keep]       keep: connections stay open between requests
"""
import asyncio
import sys

KEEP = len(sys.argv) > 2


async def listen(ip):
    async def client(reader, writer):
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n%s\r\n%s" % (b"" if KEEP else b"Connection: close\r\n", ip[-1].encode()))
                await writer.drain()
                if not KEEP:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()
    return await asyncio.start_server(client, ip, int(sys.argv[1]))


async def main():
    for i in (2, 3, 4):
        await listen("127.0.0.%d" % i)
    await asyncio.Event().wait()

asyncio.run(main())
