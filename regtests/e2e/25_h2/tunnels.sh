#!/usr/bin/env bash
# What is not request and response: tunnels by Upgrade and extended CONNECT (RFC 8441) in all combinations, gRPC, and the end
# of a connection that still carries exchanges.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port) O=$(port) G=$(port) X=$(port) D=$(port) S=$(port)
. "$(dirname "$0")/../../lib/certs.sh"
ca ca; cert srv DNS:h
cat >"$T/cfg" <<E
global
  workers 1
  log stdout format raw local0
defaults
  mode http
  log global
  log-format "%ft %b/%s %ST %ts grpc=%[res.grpc_status] %r"
  timeout connect 2s
  timeout client 8s
  timeout server 3s
  timeout tunnel 1s
  retries 0
frontend in
  bind 127.0.0.1:$P
  use_backend grpc if { path_beg /grpc }
  use_backend none if { path_beg /none }
  use_backend wsh1 if { path_beg /wsh1 }
  use_backend wsh2 if { path_beg /wsh2 }
  use_backend wsauto if { path_beg /wsauto }
  use_backend h2 if { path_beg /h2 }
  default_backend h1
backend h1
  server o 127.0.0.1:$O
backend h2
  http-request set-path %[path,regsub(^/h2,)]
  server s 127.0.0.1:$Q proto h2
backend grpc
  server s 127.0.0.1:$G proto h2
backend none
  server s 127.0.0.1:$X proto h2
backend wsh1
  http-request set-path %[path,regsub(^/wsh1,)]
  server s 127.0.0.1:$D proto h2 ws h1
backend wsh2
  http-request set-path %[path,regsub(^/wsh2,)]
  server s 127.0.0.1:$D ws h2
backend wsauto
  http-request set-path %[path,regsub(^/wsauto,)]
  server s 127.0.0.1:$S ssl verify none alpn h2,http/1.1
frontend origin
  bind 127.0.0.1:$Q proto h2
  default_backend h1
frontend both
  bind 127.0.0.1:$D
  bind 127.0.0.1:$S ssl crt $T/srv.pem alpn h2,http/1.1
  log-format "both %r"
  default_backend h1
E
ORIGIN_RAW=1 origin "$O" one
sluice_start "$T/cfg"
peer() { { printf "magic\nsettings\nwait SETTINGS ack\n"; cat; } | timeout 20 "$TOOLS/h2peer" "${1:-$P}"; }
logged() { grep -qE "$1" "$T/sluice.out"; }
server() { "$TOOLS/h2peer" -l "$G" <&0 >"$T/peer.$1" 2>&1 & PIDS+=($!); wait_for 5 listening "$G"; }
WS=':method=CONNECT|:protocol=websocket|:scheme=http|:authority=h'
RPC=':method=POST|:scheme=http|:authority=h|content-type=application/grpc|te=trailers'
upgrade() { # path: an HTTP/1 client that upgrades, says hello, and prints what it gets
	(printf 'GET %s HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n' "$1"
	 sleep 0.2; printf 'hello'; sleep 0.3) | socat -t 1 - "TCP:127.0.0.1:$P"
}

for via in "" /h2; do
	t "an extended CONNECT becomes an upgrade for the server, bytes flow both ways (to ${via:-/h1})"
	out=$(peer <<S
h 1 h $WS|:path=$via/upgrade|sec-websocket-version=13
wait HEADERS 1 h :status=200
d 1 - hello
wait hello
d 1 - again
wait again
d 1 e *0
stop
S
)
	nomatch 'HEADERS 1 [^ ]* .*(upgrade|connection|sec-websocket-accept)=' "$out"
done
t "an HTTP/1 client upgrades through an HTTP/2 server, with the proof that its key was read"
out=$(upgrade /h2/upgrade | tr -d '\r')
match 'HTTP/1.1 101' "$out"
match '[Ss]ec-[Ww]eb[Ss]ocket-[Aa]ccept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=' "$out"
match 'hello' "$out"
t "a server that does not upgrade answers as it likes"
out=$(peer <<S
h 1 h $WS|:path=/status/403|sec-websocket-version=13
wait HEADERS 1
stop
S
)
match 'HEADERS 1 [eh]* :status=403' "$out"
t "a server whose settings do not allow it is not asked"
"$TOOLS/h2peer" -l "$X" >"$T/none" <<<'settings
wait EOF' & PIDS+=($!)
wait_for 5 listening "$X"
match 'HTTP/1.1 50[0-9]' "$(upgrade /none/upgrade)"
nomatch HEADERS "$(cat "$T/none")"
t "ws h1 and ws h2 choose for WebSocket alone, auto takes HTTP/1 of a server that offers both"
for w in wsh1=1 wsh2=2 wsauto=1; do
	match 'HTTP/1.1 101.*hello' "$(upgrade "/${w%=*}/upgrade" | tr -d '\r\n')"
	out=$(peer <<S
h 1 h $WS|:path=/${w%=*}/upgrade|sec-websocket-version=13
wait HEADERS 1 h :status=200
d 1 - hello
wait DATA 1 - 5 hello
d 1 e *0
stop
S
)
	wait_for 5 eval "[ \"\$(grep -c '^both .*/upgrade.* HTTP/${w#*=}' '$T/sluice.out')\" = 2 ]" || fail "$w: $(grep ^both "$T/sluice.out")"
	is one "$(http "http://127.0.0.1:$P/${w%=*}/")"
	: >"$T/sluice.out"
done
t "other requests of these servers go on in their own protocol"
is "one one one one" "$(for i in 1 2; do http "http://127.0.0.1:$P/wsh1/"; http "http://127.0.0.1:$P/wsh2/"; done | xargs)"
wait_for 5 eval "[ \"\$(grep -c '^both.*HTTP/2' '$T/sluice.out') \$(grep -c '^both.*HTTP/1' '$T/sluice.out')\" = '2 2' ]"
t "an upgrade to HTTP/2 is not passed on: rules would see one request of many"
is one "$(http --http2 "http://127.0.0.1:$P/")"
is one "$(http --http2 "http://127.0.0.1:$P/h2/")"
http -H "Connection: Upgrade, HTTP2-Settings" -H "Upgrade: foo, h2c" -H "HTTP2-Settings: AAMAAABkAAQAoAAA" "http://127.0.0.1:$P/" >"$T/null"
nomatch "[Hh]2c|2-Settings" "$(cat "$T/origin.one.log")"

t "timeout tunnel ends a silent one, and no sooner a talking one"
out=$(peer <<S
h 1 h $WS|:path=/upgrade|sec-websocket-version=13
wait HEADERS 1 h :status=200
x 4 d 1 - hello; wait hello; sleep 400
wait RST_STREAM 1
stop
S
)
is 4 "$(grep -c 'DATA 1 - 5 hello' <<<"$out")"

t "a unary call passes with its trailers, and its status is seen"
server unary <<S
settings
wait HEADERS 1
wait DATA 1 e
ack
h 1 h :status=200|content-type=application/grpc
d 1 - reply
h 1 eh grpc-status=5|grpc-message=none
wait EOF
S
out=$(peer <<S
h 1 h :path=/grpc/unary|$RPC
d 1 e question
wait grpc-status=5
stop
S
)
match 'HEADERS 1 eh grpc-status=5\|grpc-message=none' "$out"
match 'te=trailers' "$(cat "$T/peer.unary")"
wait_for 5 logged 'grpc/s 200 -- grpc=5 POST'
kill "${PIDS[-1]}"; wait "${PIDS[-1]}" 2>"$T/null" || true
t "both directions stream at once"
server stream <<S
settings
wait HEADERS 1
h 1 h :status=200|content-type=application/grpc
wait a1
d 1 - b1
wait a2
d 1 - b2
wait DATA 1 e
h 1 eh grpc-status=0
wait EOF
S
out=$(peer <<S
h 1 h :path=/grpc/stream|$RPC
wait HEADERS 1
d 1 - a1
wait b1
d 1 - a2
wait b2
d 1 e *0
wait grpc-status=0
stop
S
)
kill "${PIDS[-1]}"; wait "${PIDS[-1]}" 2>"$T/null" || true
t "the deadline of a call limits the wait for its server, and the client is told in its own terms"
server slow <<S
settings
wait HEADERS 1
wait RST
S
out=$(peer <<S
h 1 eh :path=/grpc/slow|$RPC|grpc-timeout=300m
wait HEADERS 1
stop
S
)
match 'HEADERS 1 eh :status=200\|.*grpc-status=4' "$out"
wait_for 5 logged 'grpc/s 200 sH grpc=4 POST'
kill "${PIDS[-1]}" 2>"$T/null" || true; wait "${PIDS[-1]}" 2>"$T/null" || true
t "a deadline that passes behind the head of the response is told in trailers, a server that gives up there as well"
server late <<S
settings
wait HEADERS 1
h 1 h :status=200|content-type=application/grpc
d 1 - part
wait EOF
S
out=$(peer <<S
h 1 h :path=/grpc/late|$RPC|grpc-timeout=300m
wait DATA 1
wait grpc-status
stop
S
)
match 'HEADERS 1 eh grpc-status=4\|grpc-message=Gateway Timeout' "$out"
wait "${PIDS[-1]}" || fail "$(cat "$T/peer.late")"
server gone <<S
settings
wait HEADERS 1
h 1 h :status=200|content-type=application/grpc
d 1 - part
f 3 0 1 00000002
wait EOF
S
out=$(peer <<S
h 1 eh :path=/grpc/gone|$RPC
wait DATA 1
wait grpc-status
stop
S
)
match 'HEADERS 1 eh grpc-status=14\|grpc-message=Bad Gateway' "$out"
wait_for 5 logged 'grpc/s 200 sD grpc=4 POST'
kill "${PIDS[-1]}" 2>"$T/null" || true; wait "${PIDS[-1]}" 2>"$T/null" || true
t "a call that finds no server is unavailable, a call that is HTTP alone gets a page"
out=$(peer <<S
h 1 eh :path=/grpc/none|$RPC
wait HEADERS 1
h 3 eh :method=GET|:scheme=http|:authority=h|:path=/grpc/none
wait HEADERS 3
stop
S
)
match 'HEADERS 1 eh :status=200\|.*grpc-status=14' "$out"
match 'HEADERS 3 h :status=503' "$out"

t "a reload says GOAWAY twice, requests in between and under way are answered"
cat >"$T/drain.script" <<S
h 1 eh :method=GET|:scheme=http|:authority=h|:path=/delay/1200
wait GOAWAY 2147483647 NO_ERROR
h 3 eh :method=GET|:scheme=http|:authority=h|:path=/
wait DATA 3 e
f 6 1 0 0000000000000000
wait GOAWAY 3 NO_ERROR
wait DATA 1 e
wait EOF
S
peer <"$T/drain.script" >"$T/drain" & D=$!
wait_for 5 grep -q delay/1200 "$T/origin.one.log"
kill -HUP "$MASTER"
wait $D || fail "$(cat "$T/drain")"
