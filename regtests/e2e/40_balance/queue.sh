#!/usr/bin/env bash
# Requests above maxconn wait, over two workers: one limit, one order, and an end to waiting.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) S=$(port) A=$(port) B=$(port) C=$(port) Q=$(port) E=$(port) H=$(port)
origin "$A" a; origin "$B" b; origin "$C" c; origin "$Q" q; origin "$H" health; HP=${PIDS[-1]}
cat >"$T/c.cfg" <<E
global
  workers 2
  log stdout format raw local0
defaults
  mode http
  balance roundrobin
  timeout connect 20s
  timeout client 20s
  timeout server 20s
  timeout queue 30s
frontend f
  log global
  log-format "%b/%s %ST %ts sq=%sq bq=%bq %[req.hdr(x-case)] Tw=%Tw"
  bind 127.0.0.1:$P
  use_backend %[req.hdr(x-be)]
backend one
  server a 127.0.0.1:$A maxconn 2
backend two
  server a 127.0.0.1:$A maxconn 1
  server b 127.0.0.1:$B maxconn 1
backend short
  timeout queue 200ms
  server a 127.0.0.1:$A maxconn 1
backend leave
  option abortonclose
  server a 127.0.0.1:$B maxconn 1
backend keyed
  balance hdr(x-user)
  server a 127.0.0.1:$A maxconn 1 maxqueue 1
backend dies2
  balance hdr(x-user)
  default-server check inter 100ms fall 1 rise 1
  server c 127.0.0.1:$C maxconn 1 port $H
  server b 127.0.0.1:$B backup
backend order
  server q 127.0.0.1:$Q maxconn 1
listen burst
  bind 127.0.0.1:$E
  server a 127.0.0.1:$A maxconn 3
  server b 127.0.0.1:$B maxconn 1
frontend state
  bind 127.0.0.1:$S
  http-request return status 200 content-type text/plain lf-string "%[srv_conn(one/a)] %[srv_queue(one/a)] %[queue(one)]\n" if { path /one }
  http-request return status 200 content-type text/plain lf-string "%[srv_conn(two/a)] %[srv_conn(two/b)] %[queue(two)]\n" if { path /two }
  http-request return status 200 content-type text/plain lf-string "%[srv_conn(short/a)] %[queue(short)]\n" if { path /short }
  http-request return status 200 content-type text/plain lf-string "%[srv_conn(leave/a)] %[queue(leave)]\n" if { path /leave }
  http-request return status 200 content-type text/plain lf-string "%[srv_conn(keyed/a)] %[queue(keyed)]\n" if { path /keyed }
  http-request return status 200 content-type text/plain lf-string "%[srv_conn(order/q)] %[queue(order)]\n" if { path /order }
  http-request return status 200 content-type text/plain lf-string "%[srv_conn(dies2/c)] %[queue(dies2)] %[nbsrv(dies2)]\n" if { path /dies2 }
  http-request return status 200 content-type text/plain lf-string "%[srv_conn(burst/a)] %[srv_conn(burst/b)] %[queue(burst)]\n" if { path /burst }
E
sluice_start "$T/c.cfg"
state() { curl -s --max-time 30 "http://127.0.0.1:$S/$1"; }
state_is() { [ "$(state "$1")" = "$2" ]; }
expect_state() { wait_for 5 state_is "$1" "$2" || fail "$1 is '$(state "$1")', wanted '$2'"; }
bg() { # case backend path [curl args]: in the background; body and status in $T/case
	local c=$1 be=$2 u=$3; shift 3
	curl -s --max-time 30 -w ' %{http_code}\n' -o "$T/$c.body" -H "X-Be: $be" -H "X-Case: $c" "$@" "http://127.0.0.1:$P$u" >"$T/$c" & PIDS+=($!)
	LAST=$!
}
line() { wait_for 5 grep -q " $1 Tw=" "$T/sluice.out"; grep " $1 Tw=" "$T/sluice.out" | sed "s/ $1 Tw=.*//"; }

t "what is above maxconn waits, and is counted"
bg h1 one /hold/go1; expect_state one "1 0 0"
bg h2 one /hold/go1; expect_state one "2 0 0"
for i in 1 2 3 4; do bg "w$i" one /; expect_state one "2 0 $i"; done
t "the slots that come free serve all who waited, in both workers"
: >"$T/go1"
for i in 1 2 3 4; do match '^one/a 200 -- sq=[0-9]+ bq=[0-9]+$' "$(line "w$i")"; done
expect_state one "0 0 0"

t "requests leave the queue in the order in which they came to a worker"
bg h3 order /hold/go3; expect_state order "1 0"
for i in 1 2 3 4 5 6; do bg "o$i" order "/o$i"; expect_state order "1 $i"; done
: >"$T/go3"
expect_state order "0 0"
for i in 1 2 3 4 5 6; do match 'order/q 200' "$(line "o$i")"; done
# which worker took which request is unknown: the arrivals at the origin are a merge of two ordered runs
runs=$(grep -oE '/o[0-9]' "$T/origin.q.log" | tr -d /o | awk '{for (r = 1; r <= n && last[r] > $1; r++); if (r > n) n = r; last[r] = $1} END {print n}')
[ "$runs" -le 2 ] || fail "served in the order $(grep -oE '/o[0-9]' "$T/origin.q.log" | xargs)"

t "a slot of any server serves who waits for the backend"
bg h4 two /hold/go4; bg h5 two /hold/go5; expect_state two "1 1 0"
bg b1 two /; expect_state two "1 1 1"
: >"$T/go4"
match '^two/[ab] 200 -- ' "$(line b1)"
: >"$T/go5"
expect_state two "0 0 0"

t "timeout queue ends the waiting with 503 sQ"
bg h6 short /hold/go6; expect_state short "1 0"
bg q1 short /
is "short/<NOSRV> 503 sQ sq=0 bq=0" "$(line q1)"
match ' q1 Tw=(19[0-9]|[2-9][0-9][0-9]|[0-9]{4,})$' "$(grep ' q1 ' "$T/sluice.out")"
match '503' "$(cat "$T/q1")"
t "who goes away while waiting leaves the queue, with abortonclose: CQ"
bg h9 leave /hold/go9; expect_state leave "1 0"
bg q2 leave /; expect_state leave "1 1"; kill $LAST
expect_state leave "1 0"; match '^leave/<NOSRV> [0-9-]+ CQ ' "$(line q2)"
: >"$T/go9"; expect_state leave "0 0"
: >"$T/go6"; expect_state short "0 0"

t "maxqueue refuses what a server's own queue does not take: 503 SQ"
bg h7 keyed /hold/go7 -H 'X-User: u'; expect_state keyed "1 0"
bg k1 keyed / -H 'X-User: u'; expect_state keyed "1 1"
is 503 "$(code -H 'X-Be: keyed' -H 'X-User: u' -H 'X-Case: k2' "http://127.0.0.1:$P/")"
match '^keyed/.* 503 SQ ' "$(line k2)"
: >"$T/go7"
match '^keyed/a 200 ' "$(line k1)"
expect_state keyed "0 0"

t "who waits for a server that dies goes to another one"
wait_for 5 state_is dies2 "0 0 1"
bg h8 dies2 /hold/go8 -H 'X-User: u'; expect_state dies2 "1 0 1"
bg d1 dies2 / -H 'X-User: u'; expect_state dies2 "1 1 1"
kill "$HP"; wait "$HP" 2>/dev/null || true
match '^dies2/b 200 ' "$(line d1)"
expect_state dies2 "1 0 1"
: >"$T/go8"; match '^dies2/c 200 ' "$(line h8)"

t "the limit holds under load over both workers, and every slot is given back"
"$TOOLS/client" -p "$E" -c 32 -n 3000 -u /size/2000 & L=$!
while kill -0 $L 2>/dev/null; do
	read -r a b _ <<<"$(state burst)"
	{ [ "$a" -le 3 ] && [ "$b" -le 1 ]; } || fail "limits are 3 and 1, in flight are $a and $b"
done
wait $L
expect_state burst "0 0 0"
