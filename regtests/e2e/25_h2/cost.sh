#!/usr/bin/env bash
# What connections and streams of HTTP/2 cost the worker: memory of idle ones, time to end ten thousand of them.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port) O=$(port)
cat >"$T/cfg" <<E
global
  workers 1
  tune.h2.fe.max-concurrent-streams 10000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tarpit 50s
frontend f
  bind 127.0.0.1:$P
  http-request tarpit if { path /pit }
  default_backend b
backend b
  server o 127.0.0.1:$O
E
origin "$O" one
sluice_start "$T/cfg"
W=$(kids worker)
served() { is one "$(http --http2-prior-knowledge "http://127.0.0.1:$P/")"; }
memory() { awk '/^Anonymous/ { print $2 }' "/proc/$W/smaps_rollup"; }
cpu() { awk '{ print int($1 / 1000000) }' "/proc/$W/schedstat"; } # ms

t "ten thousand streams of one connection end with it, quickly"
{ printf 'magic\nsettings\nwait SETTINGS ack\nack\nquiet\n'
  printf 'x 10000 h %% eh :method=GET|:scheme=http|:authority=h|:path=/pit\n'
  printf 'f 6 0 0 0000000000000000\nwait PING ack\nstop\n'; } >"$T/open"
from=$(cpu)
timeout 60 "$TOOLS/h2peer" "$P" <"$T/open" >"$T/out" || fail "$(tail -n 3 "$T/out")"
sessions() { [ "$(ss -Htn state established "sport = :$P" | wc -l)" = 0 ]; }
wait_for 10 sessions
served
spent=$(($(cpu) - from))
grep -q libasan "/proc/$W/maps" || [ $spent -lt 2000 ] || fail "$spent ms of CPU"
is "$W" "$(kids worker)"

if grep -q libasan "/proc/$W/maps"; then exit 0; fi # its allocator has other sizes
t "an idle connection that has carried requests occupies at most 8 KiB"
cat >"$T/idle.py" <<'E'
import os, socket, struct, sys
port, n = int(sys.argv[1]), int(sys.argv[2])
frame = lambda t, f, sid, p=b"": struct.pack(">I", len(p))[1:] + bytes([t, f]) + struct.pack(">I", sid) + p
def one():
    s = socket.create_connection(("127.0.0.1", port))
    s.settimeout(30)
    s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(4, 1, 0))
    for sid in 1, 3, 5:
        s.sendall(frame(1, 5, sid, bytes([0x82, 0x86, 0x84, 0x41, 1]) + b"h"))
        got = b""
        while frame(0, 1, sid, b"one\n") not in got and frame(0, 1, sid, b"one") not in got and frame(0, 1, sid) not in got:
            got += s.recv(65536)
    return s
for s in [one() for _ in range(50)]: s.close() # what the process has for any of them
print("warm", flush=True)
sys.stdin.readline()
kept = [one() for _ in range(n)]
print("open", flush=True)
sys.stdin.readline()
E
mkfifo "$T/go"; exec 9<>"$T/go"
timeout 60 python3 "$T/idle.py" "$P" 500 <"$T/go" >"$T/idle.out" 2>&1 & PIDS+=($!)
wait_for 20 grep -q warm "$T/idle.out" || fail "$(cat "$T/idle.out")"
wait_for 10 sessions
before=$(memory)
echo >&9
wait_for 20 grep -q open "$T/idle.out" || fail "$(cat "$T/idle.out")"
small() { [ $((($(memory) - before) * 10 / 500)) -le 80 ]; }
wait_for 10 small || fail "$((($(memory) - before) * 10 / 500)) tenths of a KiB each"
echo >&9
served
