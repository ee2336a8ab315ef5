#!/usr/bin/env bash
# The lines about servers and checks, byte for byte as HAProxy 2.6 writes them, except durations.
. "$(dirname "$0")/../../lib/sluice.sh"

A=$(port) B=$(port) X=$(port) S=$(port) U=$(port)
origin "$A" a
play() { # status: what the checked server answers from now on; it reads its script anew for each check
	printf 'head\nsend "HTTP/1.1 %s\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"\n' "$1" >"$T/sc.new"
	mv "$T/sc.new" "$T/sc.txt"
}
play "200 OK"; origin "$B" sc -s "$T/sc.txt"
cat >"$T/c.cfg" <<E
global
  workers 1
  log stdout format short local0
defaults
  mode http
  log global
  timeout connect 20s
  timeout client 30s
  timeout server 30s
  timeout check 20s
backend b
  option log-health-checks
  option httpchk GET /
  http-check disable-on-404
  server s 127.0.0.1:$B check inter 50ms fall 2 rise 2 init-state fully-up
  server spare 127.0.0.1:$A backup
backend quiet
  server s 127.0.0.1:$X check inter 50ms fall 1 rise 1
backend tr
  server s 127.0.0.1:$X track quiet/s
backend two
  server s 127.0.0.1:$X check inter 50ms fall 1 rise 1
  server ok 127.0.0.1:$A
backend bk
  server ok 127.0.0.1:$A
  server s 127.0.0.1:$X check inter 50ms fall 1 rise 1 backup
listen both
  bind 127.0.0.1:$S
  server s 127.0.0.1:$X check inter 50ms fall 1 rise 1
E
sluice_start "$T/c.cfg"
lines() { grep -E "$1" "$T/sluice.out" | sed -E 's/duration: [0-9]+ms/duration: Nms/'; }
got() { [ "$(lines "$1" | grep -cxF -- "$2")" -ge 1 ]; }
has() { wait_for 5 got "$1" "$2" || fail "no line '$2' in: $(lines "$1")"; }
LEFT="0 sessions active, 0 requeued, 0 remaining in queue."
REFUSED='reason: Layer4 connection problem, info: "Connection refused", check duration: Nms'

t "a server that falls: level alert, reason, the fleet that is left"
has quiet/s "<1>Server quiet/s is DOWN, $REFUSED. 0 active and 0 backup servers left. $LEFT"
has two/s "<1>Server two/s is DOWN, $REFUSED. 1 active and 0 backup servers left. $LEFT"
has bk/s "<1>Backup Server bk/s is DOWN, $REFUSED. 1 active and 0 backup servers left. $LEFT"
t "a follower says whom it follows"
has tr/s "<1>Server tr/s is DOWN via quiet/s. 0 active and 0 backup servers left. $LEFT"
t "nobody left is an emergency, of a backend or of a proxy that is both"
has 'no server' "<0>backend quiet has no server available!"
has 'no server' "<0>backend tr has no server available!"
has 'no server' "<0>proxy both has no server available!"
[ -z "$(lines 'no server' | grep -E 'two|bk| b ' || true)" ] || fail "$(lines 'no server')"
t "without log-health-checks no check is logged"
[ -z "$(lines 'Health check for server (quiet|two|both)')" ] || fail "$(lines 'Health check')"
t "404 with disable-on-404: stopping"
play "404 Not Found"
has b/s "<5>Health check for server b/s conditionally succeeded, reason: Layer7 check conditionally passed, code: 404, check duration: Nms, status: 2/2 UP."
has b/s "<5>Server b/s is stopping, reason: Layer7 check conditionally passed, code: 404, check duration: Nms. 0 active and 1 backup servers online. Running on backup. 0 sessions requeued, 0 total in queue."
t "failures step by step, then down"
play "503 Service Unavailable"
has b/s '<5>Health check for server b/s failed, reason: Layer7 wrong status, code: 503, info: "Service Unavailable", check duration: Nms, status: 1/2 UP.'
has b/s '<5>Health check for server b/s failed, reason: Layer7 wrong status, code: 503, info: "Service Unavailable", check duration: Nms, status: 0/2 DOWN.'
has b/s "<1>Server b/s is DOWN, reason: Layer7 wrong status, code: 503, info: \"Service Unavailable\", check duration: Nms. 0 active and 1 backup servers left. Running on backup. $LEFT"
t "and up"
play "200 OK"
has b/s '<5>Health check for server b/s succeeded, reason: Layer7 check passed, code: 200, check duration: Nms, status: 1/2 DOWN.'
has b/s '<5>Health check for server b/s succeeded, reason: Layer7 check passed, code: 200, check duration: Nms, status: 2/2 UP.'
has b/s '<5>Server b/s is UP, reason: Layer7 check passed, code: 200, check duration: Nms. 1 active and 1 backup servers online. 0 sessions requeued, 0 total in queue.'
