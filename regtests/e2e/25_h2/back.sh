#!/usr/bin/env bash
# HTTP/2 towards servers: the four combinations, many requests on one connection and when another is made, what is sent
# again after a refusal, and what a server may not do. The server is a frontend of sluice, nginx, or raw frames.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port) O=$(port) N=$(port)
for b in refuse goaway limit junk one bad push dead; do eval "S_$b=$(port)"; done
export ORIGIN_RAW=1
cat >"$T/cfg" <<E
global
  workers 1
  log stdout format raw local0
defaults
  mode http
  log global
  log-format "%b/%s %ST %ts retries=%rc %r"
  retries 3
  timeout connect 2s
  timeout client 8s
  timeout server 3s
frontend in
  bind 127.0.0.1:$P
  use_backend %[path,field(2,/)] if { path_reg ^/(refuse|goaway|limit|junk|one|bad|push|dead|nginx)/ }
  default_backend h2
backend h2
  server s 127.0.0.1:$Q proto h2
backend nginx
  http-request set-path %[path,regsub(^/nginx,)]
  server s 127.0.0.1:$N proto h2
backend refuse
  server s 127.0.0.1:$S_refuse proto h2
backend goaway
  server s 127.0.0.1:$S_goaway proto h2
backend limit
  server s 127.0.0.1:$S_limit proto h2
backend junk
  server s 127.0.0.1:$S_junk proto h2
backend one
  server s 127.0.0.1:$S_one proto h2 max-reuse 1
backend bad
  server s 127.0.0.1:$S_bad proto h2
backend push
  server s 127.0.0.1:$S_push proto h2
backend dead
  retries 0
  server s 127.0.0.1:$S_dead proto h2
frontend origin
  bind 127.0.0.1:$Q proto h2
  log-format "origin %ci:%cp %r"
  default_backend h1
backend h1
  server o 127.0.0.1:$O
E
origin "$O" one
sluice_start "$T/cfg"
h1() { http --http1.1 "$@"; }
h2() { http --http2-prior-knowledge "$@"; }
logged() { grep -qE "$1" "$T/sluice.out"; }
conns() { grep -c "^origin" "$T/sluice.out"; }
server() { "$TOOLS/h2peer" -l "${@:2}" "$1" <&0 >"$T/peer.$1" 2>&1 & PIDS+=($!); wait_for 5 listening "$1"; }
hello="settings
wait SETTINGS
ack"
ok=':status=200|content-type=text/plain'

for c in h1 h2; do
	t "$c to h2: bodies of any length, both ways"
	is one "$($c "http://127.0.0.1:$P/")"
	head -c 2000000 /dev/urandom >"$T/big"
	$c --data-binary @"$T/big" -o "$T/back" "http://127.0.0.1:$P/echo"; cmp "$T/big" "$T/back"
	$c -H 'Content-Length:' -T - -o "$T/back" "http://127.0.0.1:$P/echo" <"$T/big"; cmp "$T/big" "$T/back"
	is 400000 "$($c "http://127.0.0.1:$P/chunked/400/1000" | wc -c)"
	t "$c to h2: HEAD, 204, interim responses, trailers, 100-continue, an error in the middle"
	is 50 "$($c -I "http://127.0.0.1:$P/size/50" | tr -d '\r' | sed -n 's/[Cc]ontent-[Ll]ength: //p')"
	is 204 "$($c -o "$T/null" -w '%{http_code}' "http://127.0.0.1:$P/status/204")"
	is 2 "$($c -v "http://127.0.0.1:$P/1xx/2" 2>&1 | grep -c '^< HTTP.* 103')"
	match 'x-sum: 42' "$($c --raw -v "http://127.0.0.1:$P/trailers" 2>&1)"
	is 100000 "$(head -c 100000 "$T/big" | $c -H 'Expect: 100-continue' --data-binary @- "http://127.0.0.1:$P/echo" | wc -c)"
	$c -o "$T/null" "http://127.0.0.1:$P/trunc" 2>/dev/null && fail "a broken response looked complete" || true
done
t "a server of another make: nginx"
nginx_origin "$N" ngx
sed -i "s/listen 127.0.0.1:$N;/listen 127.0.0.1:$N http2;/" "$T/nginx.ngx/nginx.conf"
kill -HUP "$(cat "$T/nginx.ngx/pid")"
wait_for 5 curl -s --http2-prior-knowledge "http://127.0.0.1:$N/id"
ngx() { [ "$(h1 "http://127.0.0.1:$P/nginx/id")" = ngx ]; }
wait_for 5 ngx
is 1048576 "$(h2 "http://127.0.0.1:$P/nginx/big" | wc -c)"
match '500 succeeded, 0 failed' "$(h2load -n 500 -c 5 -m 20 "http://127.0.0.1:$P/nginx/id")"

t "requests of many clients share a connection, concurrently"
: >"$T/sluice.out"
h2load -n 400 -c 10 -m 4 "http://127.0.0.1:$P/delay/20" >"$T/load"
match '400 succeeded, 0 failed' "$(cat "$T/load")"
n=$(sed -n 's/^origin \([^ ]*\) .*/\1/p' "$T/sluice.out" | sort -u | wc -l)
[ "$n" -le 3 ] || fail "$n connections for 40 requests at once"
t "a stream that is reset does not disturb the others of its connection"
(for i in 1 2 3 4 5 6; do timeout 0.05 curl -s "http://127.0.0.1:$P/delay/500" & done; wait) || true
is one "$(h1 "http://127.0.0.1:$P/")"

t "a request that the server refuses is sent again, a POST as well when it is still held"
server "$S_refuse" <<S
$hello
wait HEADERS 1
f 3 0 1 00000007
wait HEADERS 3
h 3 h $ok
d 3 e again
wait HEADERS 5
wait DATA 5
f 3 0 5 00000007
wait HEADERS 7
wait DATA 7 e 4 body
h 7 h $ok
d 7 e posted
S
is again "$(h1 "http://127.0.0.1:$P/refuse/")"
is posted "$(h1 -d body "http://127.0.0.1:$P/refuse/")"
wait_for 5 logged 'refuse/s 200 -- retries=1 POST'
t "requests behind the last stream of a GOAWAY go to a new connection, those before it are answered"
cat >"$T/g1" <<S
$hello
wait HEADERS 1
wait HEADERS 3
f 7 0 0 0000000100000000
h 1 h $ok
d 1 e first
wait EOF
S
cat >"$T/g2" <<S
$hello
wait HEADERS 1
h 1 h $ok
d 1 e second
wait EOF
S
server "$S_goaway" <"$T/g1"
h1 "http://127.0.0.1:$P/goaway/1" >"$T/a1" & a=$!
wait_for 5 grep -qs HEADERS "$T/peer.$S_goaway"
mv "$T/peer.$S_goaway" "$T/peer.g1"
server "$S_goaway" <"$T/g2"
h1 "http://127.0.0.1:$P/goaway/2" >"$T/a2" & b=$!
wait $a $b
is "first second" "$(cat "$T/a1") $(cat "$T/a2")"
t "the server's limit of concurrent streams is kept: more requests, more connections"
cat >"$T/l1" <<S
settings 3=1
wait HEADERS 1
ack
sleep 300
h 1 h $ok
d 1 e done
wait EOF
S
server "$S_limit" <"$T/l1"
h1 "http://127.0.0.1:$P/limit/warm" >"$T/w" & w=$!
wait_for 5 grep -q HEADERS "$T/peer.$S_limit"
server "$S_limit" <"$T/l1"
h1 "http://127.0.0.1:$P/limit/2" >"$T/a2"
wait $w
is "done done" "$(cat "$T/w") $(cat "$T/a2")"
t "max-reuse ends a connection after so many further requests"
cat >"$T/m1" <<S
$hello
wait HEADERS 1
h 1 h $ok
d 1 e x
wait HEADERS 3
h 3 h $ok
d 3 e y
wait EOF
S
server "$S_one" <"$T/m1"
is x "$(h1 "http://127.0.0.1:$P/one/1")"
server "$S_one" <"$T/m1"
is "y x" "$(h1 "http://127.0.0.1:$P/one/2") $(h1 "http://127.0.0.1:$P/one/3")"

for bad in 'h 1 eh x=y' 'h 1 eh :status=200|connection=close' 'h 1 h :status=200|content-length=5
d 1 e abc' 'h 1 h :status=101' 'h 1 eh :status=200|X-Upper=1' 'd 1 e nohead' 'f 1 5 1 ffffffffff'; do
	t "a response that is none is a 502 or is broken off: ${bad//$'\n'/; }"
	server "$S_bad" <<S
$hello
wait HEADERS 1
$bad
sleep 100
S
	out=$(http -o "$T/body" -w '%{http_code} %{exitcode}' "http://127.0.0.1:$P/bad/" 2>/dev/null || true)
	match '^(502 0|200 (18|56))' "$out"
	kill "${PIDS[-1]}" 2>/dev/null || true; wait "${PIDS[-1]}" 2>/dev/null || true
done
t "a server cannot push"
server "$S_push" <<S
$hello
wait HEADERS 1
f 5 4 1 00000002828684
wait GOAWAY
S
match '50[23]' "$(code "http://127.0.0.1:$P/push/")"
t "interim responses without end are not followed"
server "$S_junk" <<S
$hello
wait HEADERS 1
x 200 h 1 h :status=103
wait RST
S
is 502 "$(code "http://127.0.0.1:$P/junk/")"
t "a server that does not take connections is a 503"
is 503 "$(code "http://127.0.0.1:$P/dead/")"
