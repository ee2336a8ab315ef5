#!/usr/bin/env bash
# Every timeout ends what it is about, with the status the client should see and the termination state that tells the operator who was late.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) K=$(port) KH=$(port) C=$(port) S=$(port) Q=$(port) X=$(port) O=$(port) B=$(port) H=$(port) F=$(port)
origin "$O" a
origin "$B" blocked -b
printf 'head\nsend "HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\nhello"\neof\n' >"$T/half"
origin "$H" half -s "$T/half"
cat >"$T/c.cfg" <<E
global
  workers 1
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 20s
  timeout client 30s
  timeout server 30s
  timeout http-request 30s
frontend first
  bind 127.0.0.1:$P
  timeout http-request 300ms
  default_backend b
frontend keep
  bind 127.0.0.1:$K
  timeout http-keep-alive 200ms
  default_backend b
frontend later
  bind 127.0.0.1:$KH
  timeout http-request 400ms
  timeout http-keep-alive 30s
  default_backend b
frontend client
  bind 127.0.0.1:$C
  timeout client 300ms
  default_backend b
frontend server
  bind 127.0.0.1:$S
  use_backend half if { path /half }
  default_backend slow
frontend queue
  bind 127.0.0.1:$Q
  use_backend patient if { path_beg /patient } or { path /hold/patient }
  default_backend q
frontend connect
  bind 127.0.0.1:$X
  default_backend x
frontend fin
  bind 127.0.0.1:$F
  timeout tarpit 200ms
  http-request tarpit if { path /tarpit }
  default_backend b
backend b
  server a 127.0.0.1:$O
backend slow
  timeout server 300ms
  server a 127.0.0.1:$O
backend half
  timeout server 300ms
  server a 127.0.0.1:$H
backend q
  timeout queue 300ms
  server a 127.0.0.1:$O maxconn 1
backend patient
  timeout queue 30s
  server a 127.0.0.1:$O maxconn 1
backend x
  timeout connect 200ms
  retries 1
  server a 127.0.0.1:$B
E
sluice_start "$T/c.cfg"
logged() { # frontend extended-regex
	wait_for 4 grep -qE " $1 .*$2" "$T/sluice.out" || fail "no line of $1 with '$2': $(grep " $1 " "$T/sluice.out")"
}
open() { exec 3<>"/dev/tcp/127.0.0.1/$1"; }
say() { printf '%b' "$1" >&3 2>/dev/null || true; }
rest() { # everything until the proxy closes
	OUT=; IFS= read -r -d '' -t 20 OUT <&3 || [ $? -le 128 ] || fail "not closed"
	exec 3>&-
	OUT=${OUT//$'\r'/}
}
trap '' PIPE
ms() { date +%s%3N; }

t "a client that sends nothing gets 408 after timeout http-request"
a=$(ms); open "$P"; rest; b=$(($(ms) - a))
match "^HTTP/1.1 408 .*[Cc]onnection: close" "$OUT"
[ $b -ge 290 ] || fail "after $b ms already"
logged first 'first/<NOSRV> -1/-1/-1/-1/([2-9][0-9][0-9]|[0-9]{4,}) 408 [0-9]+ - - cR-- .* "<BADREQ>"'
t "a client that sends half a head gets 408"
open "$P"; say 'GET / HTTP/1.1\r\nHost: a\r\n'; rest
match "^HTTP/1.1 408 " "$OUT"
t "single bytes do not prolong timeout http-request"
open "$P"
(for c in G E T ' ' $(seq 300); do printf %.1s "$c" 2>/dev/null || exit 0; sleep 0.06; done; : >"$T/all") >&3 &
rest; kill $! 2>/dev/null || true
match "^HTTP/1.1 408 " "$OUT"
[ ! -e "$T/all" ] || fail "not while the bytes came"
t "the time between two requests is ruled by timeout http-keep-alive and ends without a word"
open "$K"; say 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n'; rest
is 1 "$(grep -c '^HTTP/1' <<<"$OUT")"
nomatch "408" "$OUT"
is 1 "$(grep -c ' keep ' "$T/sluice.out")"
t "the head of a later request is ruled by timeout http-request"
first_and_a_half() { exec 3>&-; open "$KH"; say 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HT'; }
undisturbed 300 first_and_a_half; rest
match "^HTTP/1.1 200 .*HTTP/1.1 408 " "$OUT"
logged later '408 [0-9]+ - - cR'
t "a client that stops in its body gets 408"
open "$C"; say 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello'; rest
match "^HTTP/1.1 408 " "$OUT"
logged client 'b/a .* 408 [0-9]+ - - cH-- .*POST /echo'
t "a client that does not take its answer is dropped"
open "$C"; say 'GET /size/30000000 HTTP/1.1\r\nHost: a\r\n\r\n'
logged client 'b/a .* 200 [0-9]+ - - cD-- .*/size/30000000'
exec 3>&-
t "a client is not late while the server is"
open "$C"; say 'GET /delay/700 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'; rest
match "^HTTP/1.1 200 .*late" "$OUT"
t "a server that does not answer is a 504"
is 504 "$(code "http://127.0.0.1:$S/hold/never")"
logged server 'slow/a 0/0/[0-9]+/-1/[0-9]+ 504 [0-9]+ - - sH-- '
t "a server that stops in its answer ends the connection, and the answer does not look complete"
rc=0; http "http://127.0.0.1:$S/half" >/dev/null 2>&1 || rc=$?; is 18 $rc
logged server 'half/a .* 200 [0-9]+ - - sD-- '
t "a request that waits too long in the queue is a 503"
curl -s "http://127.0.0.1:$Q/hold/queue" -o "$T/held" &
held=$!
wait_for 3 grep -q 'GET /hold/queue' "$T/origin.a.log"
is 503 "$(code "http://127.0.0.1:$Q/x")"
logged queue 'q/<NOSRV> .* 503 [0-9]+ - - sQ-- '
: >"$T/queue"; wait $held
is a "$(cat "$T/held")"
t "a slot that comes free is given to who waits"
curl -s "http://127.0.0.1:$Q/hold/patient" -o /dev/null &
held=$!
wait_for 3 grep -q 'GET /hold/patient' "$T/origin.a.log"
curl -s "http://127.0.0.1:$Q/patient" -o "$T/y" &
waits=$!
: >"$T/patient"; wait $held $waits
is a "$(cat "$T/y")"
t "a server that does not take the connection is a 503 after all tries"
exec 4<>"/dev/tcp/127.0.0.1/$B" 5<>"/dev/tcp/127.0.0.1/$B"
is 503 "$(code "http://127.0.0.1:$X/")"
logged connect 'x/a .* 503 [0-9]+ - - sC-- [0-9/]+/\+?1 '
exec 4>&- 5>&-
t "a tarpit holds the client for timeout tarpit"
a=$(ms); is 500 "$(code "http://127.0.0.1:$F/tarpit")"; b=$(($(ms) - a))
[ $b -ge 190 ] || fail "only $b ms"
logged fin '500 [0-9]+ - - PT'
t "nothing is left behind: no connection is counted as open"
is 1 "$(grep -c 'New worker' "$T/sluice.err")"
