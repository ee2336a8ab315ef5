#!/usr/bin/env bash
# When checks are made and how many it takes: counted in the log of the server, not timed.
. "$(dirname "$0")/../../lib/sluice.sh"

S=$(port) A=$(port) B=$(port) C=$(port) D=$(port) F=$(port) G=$(port) X=$(port)
printf 'eof\n' >"$T/mute.txt"
origin "$A" a; origin "$C" slow -s "$T/mute.txt"; origin "$F" fast -e; origin "$G" late -s "$T/mute.txt"
cat >"$T/c.cfg" <<E
global
  workers 1
  log stdout format raw local0
defaults
  mode http
  log global
  option log-health-checks
  timeout connect 20s
  timeout client 30s
  timeout server 30s
backend count
  timeout check 20s
  option httpchk GET /count
  server s 127.0.0.1:$B check inter 60ms fall 4 rise 3 init-state fully-down
backend inters
  timeout check 20s
  option httpchk GET /inters
  server s 127.0.0.1:$D check inter 600s fastinter 50ms downinter 70ms fall 3 rise 3 init-state fully-down
backend tcheck
  timeout check 150ms
  option httpchk GET /
  server s 127.0.0.1:$C check inter 100ms fall 2 rise 1 init-state fully-up
backend tinter
  option httpchk GET /
  server s 127.0.0.1:$G check inter 120ms fall 1 rise 1 init-state fully-up
backend elsewhere
  timeout check 20s
  option httpchk GET /elsewhere
  server p 127.0.0.1:$X check port $A inter 50ms fall 1 rise 1 init-state fully-down
  server q 127.0.0.3:$X check addr 127.0.0.1 port $A inter 50ms fall 1 rise 1 init-state fully-down
  server r 127.0.0.1:$A check port $X inter 50ms fall 1 rise 1 init-state fully-up
  server o 127.0.0.3:$A check addr 127.0.0.1 inter 50ms fall 1 rise 1 init-state fully-down
frontend state
  bind 127.0.0.1:$S
  no log
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(count/s)]\n" if { path /count }
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(inters/s)]\n" if { path /inters }
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(tcheck/s)]%[srv_is_up(tinter/s)]\n" if { path /timeouts }
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(elsewhere/p)]%[srv_is_up(elsewhere/q)]%[srv_is_up(elsewhere/r)]%[srv_is_up(elsewhere/o)]\n" if { path /elsewhere }
E
sluice_start "$T/c.cfg"
state_is() { [ "$(curl -s --max-time 30 "http://127.0.0.1:$S/$1")" = "$2" ]; }
expect_state() { wait_for 8 state_is "$1" "$2" || fail "$1 is '$(curl -s "http://127.0.0.1:$S/$1")', wanted '$2'"; }
lines() { grep -E "server $1 .*status: " "$T/sluice.out" | sed -E 's/.*(succeeded|failed).*status: ([0-9]+\/[0-9]+ [A-Z]+)\.$/\1 \2/'; }

t "fully-down is down until checks have passed"
expect_state count 0
t "rise successes in a row bring it up, each is logged with its place"
origin "$B" up; UP=${PIDS[-1]}
expect_state count 1
is "succeeded 1/3 DOWN,succeeded 2/3 DOWN,succeeded 4/4 UP" "$(lines count/s | grep succeeded | xargs -d '\n' | sed 's/ \(succeeded\|failed\)/,\1/g')"
[ "$(grep -c /count "$T/origin.up.log")" -ge 3 ] || fail "up after $(grep -c /count "$T/origin.up.log") checks"
t "fall failures in a row take it down"
kill "$UP"; wait "$UP" 2>/dev/null || true
expect_state count 0
is "3/4 UP,2/4 UP,1/4 UP,0/3 DOWN" "$(lines count/s | grep failed | tail -n 4 | sed 's/failed //' | paste -sd,)"
t "downinter while down, fastinter on the way, inter at the top: with an inter of ten minutes it comes up at once"
origin "$D" inters
expect_state inters 1
is 3 "$(grep -c /inters "$T/origin.inters.log")"
t "timeout check bounds the wait for an answer, without it inter does"
expect_state timeouts 00 # durations: the timer counts whole milliseconds of the turn's clock, the log those of a finer one
match 'Health check for server tcheck/s failed, reason: Layer7 timeout, check duration: (149|1[5-9][0-9]|[2-9][0-9][0-9]|[0-9]{4,})ms' "$(cat "$T/sluice.out")"
match 'Health check for server tinter/s failed, reason: Layer7 timeout, check duration: (1[1-9][0-9]|[2-9][0-9][0-9]|[0-9]{4,})ms' "$(cat "$T/sluice.out")"
t "port and addr lead the check elsewhere"
expect_state elsewhere 1101
t "a server that is up is asked again and again"
n=$(grep -c /elsewhere "$T/origin.a.log")
more() { [ "$(grep -c /elsewhere "$T/origin.a.log")" -ge $((n + 6)) ]; }
wait_for 5 more
sluice_stop

t "spread-checks changes the moments, not the number"
: >"$T/origin.fast.log"
cat >"$T/d.cfg" <<E
global
  workers 1
  spread-checks 50
defaults
  mode tcp
  timeout connect 20s
  timeout client 30s
  timeout server 30s
backend b
  server s1 127.0.0.1:$F check inter 40ms
  server s2 127.0.0.1:$F check inter 40ms
listen l
  bind 127.0.0.1:$S
  server s 127.0.0.1:$F
E
sluice_start "$T/d.cfg"
enough() { [ "$(grep -c open "$T/origin.fast.log")" -ge 40 ]; }
from=$(date +%s%N); wait_for 10 enough; ms=$((($(date +%s%N) - from) / 1000000))
[ "$ms" -ge 400 ] || fail "40 checks of two servers in $ms ms"
