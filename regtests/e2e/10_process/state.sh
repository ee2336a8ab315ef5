#!/usr/bin/env bash
# What a new generation knows from the one before: health, by name, without being told to keep it.
. "$(dirname "$0")/../../lib/sluice.sh"

S=$(port) P=$(port) A=$(port) B=$(port) D=$(port)
origin "$A" a; origin "$B" b
cfg() { # port of the observed server
	cat <<E
global
  workers 2
defaults
  mode http
  timeout connect 1s
  timeout client 20s
  timeout server 5s
frontend f
  bind 127.0.0.1:$P
  default_backend seen
backend seen
  retries 0
  server dead 127.0.0.1:$1 check inter 600s fastinter 600s downinter 600s init-state fully-up observe layer4 error-limit 1 on-error mark-down
  server fine 127.0.0.1:$A
backend probed
  option httpchk GET /probed
  server s1 127.0.0.1:$B check inter 400ms fall 1
  server s2 127.0.0.1:$B check inter 400ms fall 1
frontend state
  bind 127.0.0.1:$S
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(seen/dead)] %[srv_is_up(probed/s1)]\n"
E
}
cfg "$D" >"$T/c.cfg"
sluice_start "$T/c.cfg"
state() { curl -s --max-time 2 "http://127.0.0.1:$S/"; }
state_is() { [ "$(state)" = "$1" ]; }
leader_is_new() { L2=$(kids leader | tail -1); [ -n "$L2" ] && [ "$L2" != "$L" ]; }
accepts() { [ "$(grep -c 'accepts connections' "$T/sluice.err")" -gt "$N" ]; }
reload() { N=$(grep -c 'accepts connections' "$T/sluice.err") L=$(kids leader | head -1); kill -HUP "$MASTER"; wait_for 10 accepts && wait_for 10 gone "$L"; }

t "a server that was down is down from the first request on"
wait_for 5 state_is "1 1"
down() { curl -s -o /dev/null --max-time 2 "http://127.0.0.1:$P/"; state_is "0 1"; }
wait_for 10 down
reload
is "0 1" "$(state)"

t "and after any number of reloads"
reload; reload
is "0 1" "$(state)"

t "a server that has another address begins anew"
cfg "$A" >"$T/c.cfg"
reload
is "1 1" "$(state)"

t "reloads make no additional checks"
probes() { grep -c /probed "$T/origin.b.log"; }
FROM=$(probes) SINCE=$(date +%s%3N)
reload; reload; reload; reload
wait_for 5 eval '[ $(($(date +%s%3N) - SINCE)) -gt 1600 ]'
MADE=$(($(probes) - FROM)) MS=$(($(date +%s%3N) - SINCE))
# two servers, one check in 400 ms each; the first check of a generation comes within its first interval
[ "$MADE" -le $((2 * MS / 400 + 2 + 4)) ] || fail "$MADE checks in $MS ms"
[ "$MADE" -ge 2 ] || fail "only $MADE checks in $MS ms"

t "a draining generation sends no checks and follows the states of the one that serves"
ask() { # descriptor: one request on a connection that is open; prints the body
	local line
	printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >&"$1"
	while read -r -t 5 line <&"$1"; do [[ $line != [01]\ [01]* ]] || { echo "$line"; return; }; done
}
for fd in {20..39}; do
	eval "exec $fd<>/dev/tcp/127.0.0.1/$S"
	is "1 1" "$(ask $fd)"
done
N=$(grep -c 'accepts connections' "$T/sluice.err"); kill -HUP "$MASTER"; wait_for 10 accepts
is 2 "$(kids leader | wc -l)"
one_checker() { [ "$(kids checker | wc -l)" = 1 ]; }
wait_for 5 one_checker
kill "${PIDS[1]}"
wait_for 10 state_is "1 0"
FD=20
follows() { [ $FD -lt 40 ] || return 1; FD=$((FD + 1)); [ "$(ask $((FD - 1)))" = "1 0" ]; }
wait_for 5 follows || fail "the old generation does not know of the change"
for fd in {20..39}; do eval "exec $fd<&-"; done
sluice_stop
