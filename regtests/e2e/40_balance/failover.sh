#!/usr/bin/env bash
# Servers that refuse, vanish or answer badly: who tries again, where, and how often.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) A=$(port) D=$(port) L=$(port)
origin "$A" a
cat >"$T/stall.txt" <<'E'
head
eof
E
printf 'head\nsend "junk\\r\\n\\r\\n"\n' >"$T/junk.txt"
printf 'head\n' >"$T/empty.txt"
J=$(port) E0=$(port) ST=$(port) X=$(port)
origin "$J" junk -s "$T/junk.txt"; origin "$E0" empty -s "$T/empty.txt"; origin "$ST" stall -s "$T/stall.txt"
origin "$X" x
V=$(port) N1=$(port) N2=$(port)
nginx_origin "$N1" a; nginx_origin "$N2" b
cat >"$T/c.cfg" <<E
global
  workers 2
  log stdout format raw local0
defaults
  mode http
  log global
  balance roundrobin
  timeout connect 300ms
  timeout client 30s
  timeout server 30s
frontend f
  log-format "%b/%s %ST %ts %rc %[req.hdr(x-case)]"
  bind 127.0.0.1:$P
  use_backend %[req.hdr(x-be)]
backend dead1
  server d 127.0.0.1:$D
  server a 127.0.0.1:$A
backend dead2
  server d 127.0.0.1:$D
  server e 127.0.0.1:$D
  server a 127.0.0.1:$A
backend dead4
  retries 2
  server d 127.0.0.1:$D
  server e 127.0.0.1:$D
  server g 127.0.0.1:$D
  server h 127.0.0.1:$D
backend retries0
  retries 0
  server d 127.0.0.1:$D
  server a 127.0.0.1:$A
backend stay
  no option redispatch
  retries 2
  server d 127.0.0.1:$D
  server a 127.0.0.1:$A
backend only
  retries 2
  server d 127.0.0.1:$D
backend none
  server d 127.0.0.1:$D disabled
backend empty
backend ro-default
  server e 127.0.0.1:$E0
  server a 127.0.0.1:$A
backend ro-empty
  retry-on empty-response
  server e 127.0.0.1:$E0
  server a 127.0.0.1:$A
backend ro-junk
  retry-on junk-response
  server j 127.0.0.1:$J
  server a 127.0.0.1:$A
backend ro-junk-off
  retry-on empty-response
  server j 127.0.0.1:$J
  server a 127.0.0.1:$A
backend ro-timeout
  retries 10
  timeout server 200ms
  retry-on response-timeout
  server s 127.0.0.1:$ST
  server a 127.0.0.1:$A
backend ro-timeout-off
  timeout server 200ms
  server s 127.0.0.1:$ST
backend ro-503
  retry-on 503 404
  retries 2
  server x 127.0.0.1:$X
  server a 127.0.0.1:$A
backend ro-none
  retry-on none
  server d 127.0.0.1:$D
  server a 127.0.0.1:$A
backend ro-no-conn
  retry-on empty-response
  server d 127.0.0.1:$D
  server a 127.0.0.1:$A
backend ro-disabled
  retry-on all-retryable-errors
  http-request disable-l7-retry if METH_POST
  server e 127.0.0.1:$E0
  server a 127.0.0.1:$A
backend ro-all
  retry-on all-retryable-errors
  server e 127.0.0.1:$E0
  server j 127.0.0.1:$J
  server a 127.0.0.1:$A
listen load
  retry-on conn-failure empty-response
  bind 127.0.0.1:$V
  log-format "%ST %ts %rc %b/%s load"
  server a 127.0.0.1:$N1
  server b 127.0.0.1:$N2
listen l4
  mode tcp
  no log
  bind 127.0.0.1:$L
  server d 127.0.0.1:$D
  server e 127.0.0.1:$D
  server a 127.0.0.1:$A
E
sluice_start "$T/c.cfg"
requests() { grep -c ' load$' "$T/sluice.out" || true; }
more_than() { [ "$(requests)" -gt "$1" ]; }
CASE_NO=0
ask() { # backend path [curl args]: status and body's first word, then the log line of it
	local be=$1 u=$2; shift 2; CASE_NO=$((CASE_NO + 1))
	GOT=$(curl -s --max-time 30 -w ' %{http_code}' -H "X-Be: $be" -H "X-Case: case$CASE_NO" "$@" "http://127.0.0.1:$P$u" | tr -d '\n')
	wait_for 5 grep -qE " case$CASE_NO\$" "$T/sluice.out"
	LOG=$(grep -E " case$CASE_NO\$" "$T/sluice.out" | sed "s/ case$CASE_NO\$//")
}

t "a refused connection moves to another server at once, and the client does not notice"
for i in 1 2 3 4; do ask dead1 /; is "a 200" "$GOT"; match '^dead1/a 200 -- (0|\+1)$' "$LOG"; done
match 'dead1/a 200 -- \+1' "$(cat "$T/sluice.out")"
t "two dead servers in a row are two retries"
for i in 1 2 3; do ask dead2 /; is "a 200" "$GOT"; done
match 'dead2/a 200 -- \+2' "$(cat "$T/sluice.out")"
t "a request with a body moves too"
head -c 12000 /dev/zero | tr '\0' y >"$T/body"
for i in 1 2 3; do
	curl -s --max-time 30 -H "X-Be: dead2" --data-binary "@$T/body" "http://127.0.0.1:$P/echo" | cmp - "$T/body"
done
t "retries bounds the tries: with more dead servers than retries the answer is 503 SC"
ask dead4 /; match '503$' "$GOT"; match '^dead4/[degh] 503 SC \+2$' "$LOG"
t "retries 0 gives up at once, without a pause"
n=0; for i in 1 2 3 4; do ask retries0 /; case $GOT in "a 200") n=$((n + 1)) ;; *503) is "retries0/d 503 SC 0" "$LOG" ;; *) fail "$GOT" ;; esac; done
is 2 $n
t "without redispatch the same server is tried again, then 503"
n=0; for i in 1 2 3 4; do ask stay /; case $GOT in "a 200") n=$((n + 1)) ;; *503) is "stay/d 503 SC 2" "$LOG" ;; *) fail "$GOT" ;; esac; done
is 2 $n
t "an only server is tried again after a pause"
ask only /; match '503$' "$GOT"; is "only/d 503 SC 2" "$LOG"
t "no usable server: 503 SC, and nobody is named"
ask none /; match '503$' "$GOT"; is "none/<NOSRV> 503 SC 0" "$LOG"
ask empty /; match '503$' "$GOT"; is "empty/<NOSRV> 503 SC 0" "$LOG"

t "by default an empty response is not retried: 502 SH"
n=0; for i in 1 2; do ask ro-default /; case $GOT in "a 200") ;; *) match '502$' "$GOT"; is "ro-default/e 502 SH 0" "$LOG"; n=$((n + 1)) ;; esac; done
is 1 $n
t "retry-on empty-response"
for i in 1 2; do ask ro-empty /; is "a 200" "$GOT"; done
match 'ro-empty/a 200 -- \+1' "$(cat "$T/sluice.out")"
t "retry-on empty-response repeats a whole body"
for i in 1 2; do curl -s --max-time 30 -H "X-Be: ro-empty" --data-binary "@$T/body" "http://127.0.0.1:$P/echo" | cmp - "$T/body"; done
t "retry-on junk-response, and 502 PH without it"
for i in 1 2; do ask ro-junk /; is "a 200" "$GOT"; done
n=0; for i in 1 2; do ask ro-junk-off /; case $GOT in "a 200") ;; *) is "ro-junk-off/j 502 PH 0" "$LOG"; n=$((n + 1)) ;; esac; done
is 1 $n
t "retry-on response-timeout, and 504 sH without it"
for i in 1 2; do ask ro-timeout /; is "a 200" "$GOT"; done
ask ro-timeout-off /; match '504$' "$GOT"; is "ro-timeout-off/s 504 sH 0" "$LOG"
t "retry-on of a status repeats it, and the last answer goes through when tries are over"
ask ro-503 /status/503; match '503$' "$GOT"; match '^ro-503/[xa] 503 -- \+2$' "$LOG"
ask ro-503 /status/500; match '500$' "$GOT"; match '^ro-503/[xa] 500 -- 0$' "$LOG"
is 3 "$(cat "$T/origin.x.log" "$T/origin.a.log" | grep -c /status/503)"
t "retry-on none: not even a refused connection"
n=0; for i in 1 2; do ask ro-none /; case $GOT in "a 200") n=$((n + 1)) ;; *) is "ro-none/d 503 SC 0" "$LOG" ;; esac; done
is 1 $n
t "retry-on without conn-failure: nor is a refused connection"
n=0; for i in 1 2; do ask ro-no-conn /; case $GOT in "a 200") n=$((n + 1)) ;; *) is "ro-no-conn/d 503 SC 0" "$LOG" ;; esac; done
is 1 $n
t "disable-l7-retry forbids it for one request"
n=0; for i in 1 2; do ask ro-disabled / -d x=1; case $GOT in "a 200") n=$((n + 1)) ;; *) is "ro-disabled/e 502 SH 0" "$LOG" ;; esac; done
is 1 $n
for i in 1 2; do ask ro-disabled /; is "a 200" "$GOT"; done
t "all-retryable-errors goes through every kind of failure"
for i in 1 2 3; do ask ro-all /; is "a 200" "$GOT"; done
match 'ro-all/a 200 -- \+2' "$(cat "$T/sluice.out")"

t "sessions of mode tcp move to the living server as well"
for i in 1 2 3; do is a "$(http "http://127.0.0.1:$L/")"; done
"$TOOLS/client" -p "$L" -c 8 -n 400 -x
# a connection may still be taken by the kernel of a process that dies: that is an empty response
t "a server that vanishes under load, without checks, costs no client anything"
"$TOOLS/client" -s -p "$V" -u /id -c 16 -d 60 -f "$T/stop" >"$T/load" & LOAD=$!
n=$(requests); wait_for 5 more_than $((n + 300))
kill -9 $(cat "$T/nginx.b/pid") $(pgrep -P "$(cat "$T/nginx.b/pid")")
n=$(requests); wait_for 5 more_than $((n + 500))
nginx_origin "$N2" b
n=$(requests); wait_for 5 more_than $((n + 500))
touch "$T/stop"; wait "$LOAD" || fail "$(cat "$T/load") $(grep " load$" "$T/sluice.out" | grep -v ^200 | sort | uniq -c)"
match b "$(for i in 1 2 3 4; do http "http://127.0.0.1:$V/id"; done)"
