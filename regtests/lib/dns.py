#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted nameserver for the tests, over UDP and TCP on 127.0.0.1.

  dns.py PORT ZONE [LOG]

ZONE is read again for each query: lines of a name and what it does. A name that is not there does not exist (NXDOMAIN).
  a.test 127.0.0.1 ::1      addresses: A and AAAA
  a.test cname b.test       an alias; b.test follows in the answer
  a.test nx | refused | servfail | mute | garbage
  a.test slow MS ADDR...    the answer comes after MS milliseconds
  a.test forged ADDR...     answers with wrong ids and of another name come first: they say 127.0.0.66
  a.test tc ADDR...         truncated over UDP, whole over TCP
  a.test many N             N addresses from 127.1.0.1 on
  _x.a.test srv REC...      SRV records, each PRIORITY:WEIGHT:PORT:TARGET; "srv" alone: none
  _x.a.test srv+ REC...     the same with the addresses of the targets
Over UDP an answer that is longer than what the query allows (EDNS, else 512 bytes) is truncated.
LOG: one line a query: udp|tcp name type
"""
import ipaddress
import socket
import struct
import sys
import threading
import time

A, CNAME, AAAA, SRV, OPT = 1, 5, 28, 33, 41
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5


def zone():
    rows = {}
    for line in open(sys.argv[2]):
        words = line.split()
        if words:
            rows[words[0].lower()] = words[1:]
    return rows


def encode(name):
    return b"".join(bytes([len(x)]) + x.encode() for x in name.split(".") if x) + b"\0"


def record(name, rtype, data):
    return encode(name) + struct.pack("!HHIH", rtype, 1, 0, len(data)) + data


def addresses(words, rtype):
    ips = [ipaddress.ip_address(w) for w in words]
    return [ip.packed for ip in ips if (ip.version == 4) == (rtype == A)]


def reply(qid, question, rcode, records=(), tc=False, more=()):
    flags = 0x8180 | (0x0200 if tc else 0) | rcode
    return struct.pack("!HHHHHH", qid, flags, 1, len(records), 0, len(more)) + question + b"".join([*records, *more])


def services(name, words):
    for word in words:
        priority, weight, port, target = word.split(":")
        yield target, record(name, SRV, struct.pack("!HHH", int(priority), int(weight), int(port)) + encode(target))


def allowed(query, end):
    """Bytes that may be sent over UDP: what an OPT record behind the question says."""
    if struct.unpack("!H", query[10:12])[0] and query[end] == 0 and struct.unpack("!H", query[end + 1:end + 3])[0] == OPT:
        return struct.unpack("!H", query[end + 3:end + 5])[0]
    return 512


def answer(query, over):
    """The datagrams to send, each after a pause."""
    qid = struct.unpack("!H", query[:2])[0]
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    rtype = struct.unpack("!H", query[at + 1:at + 3])[0]
    question, name, rows = query[12:at + 5], ".".join(labels).lower(), zone()
    if len(sys.argv) > 3:
        with open(sys.argv[3], "a") as log:
            log.write("%s %s %s\n" % (over, name, {A: "A", AAAA: "AAAA", SRV: "SRV"}.get(rtype, rtype)))
    what = rows.get(name, ["nx"])
    records, owner, wait = [], name, 0
    while what[0] == "cname":
        records.append(record(owner, CNAME, encode(what[1])))
        owner, what = what[1], rows.get(what[1], ["nx"])
    if what[0] == "mute":
        return []
    if what[0] == "garbage":
        return [(0, struct.pack("!H", qid) + b"\x81\x80" + b"\0\1\0\7\0\0\0\0" + question + b"\xc0\xff\xc0" + b"\x3f" * 40)]
    codes = {"nx": NXDOMAIN, "refused": REFUSED, "servfail": SERVFAIL}
    if what[0] in codes:
        return [(0, reply(qid, question, codes[what[0]], records))]
    first = []
    if what[0] == "slow":
        wait, what = int(what[1]) / 1000, what[2:]
    elif what[0] == "forged":
        bad = [record(name, A, socket.inet_aton("127.0.0.66"))]
        first = [(0, reply(qid ^ 1, question, NOERROR, bad)), (0, reply(qid, encode("other.test") + question[-4:], NOERROR, bad))]
        what = what[1:]
    elif what[0] == "tc":
        what = what[1:]
        if over == "udp":
            return [(0, reply(qid, question, NOERROR, tc=True))]
    elif what[0] == "many":
        what = [str(ipaddress.ip_address("127.1.0.1") + i) for i in range(int(what[1]))]
    more = []
    if what[:1] in (["srv"], ["srv+"]):
        listed = list(services(owner, what[1:])) if rtype == SRV else []
        records += [r for _, r in listed]
        for target in dict.fromkeys(t for t, _ in listed if what[0] == "srv+"):
            words = rows.get(target.lower(), [])
            more += [record(target, t, ip) for t in (A, AAAA) for ip in addresses(words, t)]
    else:
        records += [record(owner, rtype, ip) for ip in addresses(what, rtype)]
    whole = reply(qid, question, NOERROR, records, more=more)
    if over == "udp" and len(whole) > allowed(query, at + 5):
        whole = reply(qid, question, NOERROR, tc=True)
    return first + [(wait, whole)]


def udp(sock):
    while True:
        query, peer = sock.recvfrom(4096)

        def send(query=query, peer=peer):
            for wait, text in answer(query, "udp"):
                time.sleep(wait)
                sock.sendto(text, peer)
        threading.Thread(target=send, daemon=True).start()


def tcp_one(c):
    with c:
        while True:
            head = c.recv(2, socket.MSG_WAITALL)
            if len(head) < 2:
                return
            query = c.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL)
            for wait, text in answer(query, "tcp"):
                time.sleep(wait)
                c.sendall(struct.pack("!H", len(text)) + text)


def main():
    where = ("127.0.0.1", int(sys.argv[1]))
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.bind(where)
    t = socket.create_server(where)
    threading.Thread(target=udp, args=(u,), daemon=True).start()
    while True:
        c, _ = t.accept()
        threading.Thread(target=tcp_one, args=(c,), daemon=True).start()


main()
