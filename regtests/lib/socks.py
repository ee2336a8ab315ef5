#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A SOCKS4 proxy for tests. usage: socks.py PORT LOG [REFUSED-PORT]. Each request is a line of LOG; the answer leaves in two pieces."""
import socket
import sys
import threading
import time


def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(c, log, refused):
    q = b""
    while len(q) < 9:
        q += c.recv(9 - len(q)) or b"\0" * 9
    port, ip = int.from_bytes(q[2:4], "big"), socket.inet_ntoa(q[4:8])
    with open(log, "a") as f:
        f.write(f"vn={q[0]} cd={q[1]} {ip}:{port} user={q[8:]!r}\n")
    if port == refused:
        c.sendall(b"\0\x5b" + b"\0" * 6)
        c.close()
        return
    s = socket.create_connection((ip, port))
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    c.sendall(b"\0")
    time.sleep(0.02)
    c.sendall(b"\x5a" + b"\0" * 6)
    threading.Thread(target=pump, args=(s, c), daemon=True).start()
    pump(c, s)


def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    refused = int(sys.argv[3]) if len(sys.argv) > 3 else -1
    while True:
        c, _ = listener.accept()
        threading.Thread(target=serve, args=(c, sys.argv[2], refused), daemon=True).start()


main()
