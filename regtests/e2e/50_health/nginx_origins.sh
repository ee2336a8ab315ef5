#!/usr/bin/env bash
# Three real nginx servers under load: one is killed, leaves the rotation, comes back.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) S=$(port) A=$(port) B=$(port) C=$(port)
nginx_origin "$A" a; nginx_origin "$B" b; nginx_origin "$C" c
cat >"$T/c.cfg" <<E
global
  workers 2
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 20s
  timeout client 30s
  timeout server 30s
  timeout check 20s
frontend f
  bind 127.0.0.1:$P
  default_backend b
backend b
  balance roundrobin
  # the kernel may still take a connection for a process that is dying: that is an empty response
  retry-on conn-failure empty-response
  option httpchk GET /id
  http-check expect status 200
  option log-health-checks
  default-server check inter 200ms fall 3 rise 2
  server a 127.0.0.1:$A
  server b 127.0.0.1:$B
  server c 127.0.0.1:$C
frontend state
  bind 127.0.0.1:$S
  http-request return status 200 content-type text/plain lf-string "%[nbsrv(b)] %[srv_is_up(b/a)]%[srv_is_up(b/b)]%[srv_is_up(b/c)] %[be_conn(b)] %[srv_conn(b/a)] %[srv_conn(b/b)] %[srv_conn(b/c)]"
E
state() { curl -s --max-time 30 "http://127.0.0.1:$S/"; }
state_is() { [ "$(state)" = "$1" ]; }
state_beg() { [[ "$(state)" == "$1"* ]]; }
sluice_start "$T/c.cfg"

t "all three servers take part"
wait_for 5 state_beg "3 111"
is "a b c" "$(for _ in 1 2 3 4 5 6 7 8 9; do http "http://127.0.0.1:$P/id"; done | sort -u | xargs)"

t "killing a server under load fails no request"
"$TOOLS/client" -s -p "$P" -u /id -c 16 -d 60 -f "$T/stop" >"$T/load" & L=$!
wait_for 5 grep -q '"GET /id' "$T/sluice.out"
kill -9 $(cat "$T/nginx.b/pid") $(pgrep -P "$(cat "$T/nginx.b/pid")")
wait_for 5 state_beg "2 101"
t "its fall is logged with the reason"
wait_for 5 grep -q 'Server b/b is DOWN, reason: Layer4 connection problem' "$T/sluice.out"
match 'Health check for server b/b failed, reason: Layer4 connection problem' "$(cat "$T/sluice.out")"
t "a server that is back returns after rise checks and is logged"
nginx_origin "$B" b
wait_for 10 state_beg "3 111"
wait_for 5 grep -q 'Server b/b is UP, reason: Layer7 check passed, code: 200' "$T/sluice.out"
t "it gets requests again"
is "a b c" "$(for _ in 1 2 3 4 5 6 7 8 9; do http "http://127.0.0.1:$P/id"; done | sort -u | xargs)"
t "not one request of the load failed"
touch "$T/stop"
wait "$L" || fail "$(cat "$T/load")"
match "refused=0 reset=0 eof=0 timeout=0 status=0 mismatch=0" "$(cat "$T/load")"
t "nothing is in flight afterwards"
wait_for 5 state_is "3 111 0 0 0 0"
