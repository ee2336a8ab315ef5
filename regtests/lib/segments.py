# SPDX-License-Identifier: GPL-3.0-or-later
"""How many segments with data an exchange took, as the kernel of the client counts them (tcp_info, tcpi_data_segs_in).

usage: segments.py PORT answer|ticket
  answer  TLS 1.3, and a request that closes; prints the segments that came, and the length of the answer
  ticket  a handshake and nothing else: waits until a ticket has come"""
import socket
import ssl
import struct
import sys
import time

DATA_SEGS_IN = 152
port, how = int(sys.argv[1]), sys.argv[2]
s = socket.create_connection(("127.0.0.1", port), 10)
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
ctx.minimum_version = ssl.TLSVersion.TLSv1_3
s = ctx.wrap_socket(s)
if how == "ticket":
    s.settimeout(0.05)
    end = time.monotonic() + 10
    while not s.session.has_ticket and time.monotonic() < end:
        try:
            s.recv(1)
        except TimeoutError:
            pass
    print("ticket" if s.session.has_ticket else "none")
    sys.exit()
s.sendall(b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
got = b""
while chunk := s.recv(65536):
    got += chunk
info = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
print(struct.unpack_from("I", info, DATA_SEGS_IN)[0], len(got.partition(b"\r\n\r\n")[2]))
