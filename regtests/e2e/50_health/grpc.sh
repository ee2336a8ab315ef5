#!/usr/bin/env bash
# option grpc-check: the call that is made, in the clear and in TLS, and what each kind of answer is taken for.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

cat >"$T/cfg" <<E
global
  workers 1
  log stdout format raw local0
defaults
  mode http
  log global
  option log-health-checks
  option grpc-check
  timeout connect 5s
  timeout server 5s
  timeout check 5s
E
N=0 WANT=()
frame() { printf 'f 0 0 1 00000000%02x%s' $((${#1} / 2)) "$1"; } # a message in hexadecimal
server() { "$TOOLS/h2peer" -l -n 100 "$1" <&0 >"$T/peer.$1" 2>&1 & PIDS+=($!); wait_for 20 listening "$1" || fail "$(cat "$T/peer.$1")"; }
chk() { # what the log says of the check, in order ["lines of the backend"]; the server's script on stdin
	local p from=up; p=$(port)
	[ "${1% *}" != "Layer7 check passed, code: 0, info:" ] || from=down
	N=$((N + 1)) WANT+=("$1"); eval "P$N=$p"
	server "$p" <&0
	printf 'backend k%s\n  %s\n  server s 127.0.0.1:%s check inter 60ms fall 1 rise 1 init-state fully-%s\n' $N "${2:-}" "$p" $from >>"$T/cfg"
}
head='settings
wait SETTINGS
ack
wait DATA 1 e'
ok='h 1 h :status=200|content-type=application/grpc'
end='h 1 eh grpc-status=0'

chk 'Layer7 check passed, code: 0, info: "SERVING"' <<<"$head
$ok
$(frame 0801)
$end"
chk 'Layer7 check passed, code: 0, info: "SERVING"' 'option grpc-check shop.v1.Orders' <<<"$head
$ok
f 0 0 1 0000
f 0 0 1 0000
f 0 0 1 0508011a0178
$end"
chk 'Layer7 wrong status, code: 0, info: "NOT_SERVING"' <<<"$head
$ok
$(frame 0802)
$end"
chk 'Layer7 wrong status, code: 0, info: "UNKNOWN"' <<<"$head
$ok
$(frame '')
$end"
chk 'Layer7 wrong status, code: 5, info: "gRPC status 5 NOT_FOUND: no such service"' <<<"$head
h 1 eh :status=200|content-type=application/grpc|grpc-status=5|grpc-message=no such service"
chk 'Layer7 wrong status, code: 12, info: "gRPC status 12 UNIMPLEMENTED"' <<<"$head
h 1 eh :status=200|content-type=application/grpc|grpc-status=12"
chk 'Layer7 wrong status, code: 503, info: "HTTP status 503 without a gRPC status"' <<<"$head
h 1 eh :status=503"
chk 'Layer7 wrong status, code: 200, info: "HTTP status 200 without a gRPC status"' <<<"$head
h 1 h :status=200|content-type=text/plain
d 1 e SERVING"
chk 'Layer7 invalid response, info: "response without a gRPC status"' <<<"$head
$ok
f 0 1 1 00000000020801"
chk 'Layer7 invalid response, info: "compressed message"' <<<"$head
$ok
f 0 0 1 01000000020801
$end"
chk 'Layer7 invalid response, info: "length of the message does not fit"' <<<"$head
$ok
f 0 0 1 00000000030801
$end"
chk 'Layer7 invalid response, info: "message is longer than a HealthCheckResponse"' <<<"$head
$ok
d 1 - *300"
chk 'Layer7 invalid response, info: "stream reset by the server: REFUSED_STREAM"' <<<"$head
f 3 0 1 00000007"
chk 'Layer7 invalid response, info: "server closes the connection: ENHANCE_YOUR_CALM"' <<<"settings
wait DATA 1 e
f 7 0 0 000000000000000b"
chk 'Layer7 invalid response, info: "connection closed before the response was complete"' <<<"$head
$ok
fin"
chk 'Layer7 invalid response, info: "server speaks HTTP/1, not HTTP/2"' <<<'bytes 485454502f312e31203430302042616420526571756573740d0a0d0a'
chk 'Layer7 invalid response, info: "server does not speak HTTP/2"' <<<'bytes 5353482d322e302d4f70656e5353485f392e320d0a'
chk 'Layer7 timeout, info: "waiting for SETTINGS"' 'timeout check 100ms' <<<'sleep 200'
chk 'Layer7 timeout, info: "waiting for the gRPC status"' 'timeout check 500ms' <<<"$head
$ok
$(frame 0801)
sleep 800"

# a frontend in mode tcp takes the TLS off in front of a scripted server
TLS=$(port) TP=$(port) TLS1=$(port) TP1=$(port)
ca ca; cert srv DNS:example.org
server "$TP" <<<"$head
$ok
$(frame 0801)
$end"
server "$TP1" <<<settings
cat >>"$T/cfg" <<E
backend tls
  server s 127.0.0.1:$TLS ssl verify required ca-file $T/ca.pem verifyhost example.org check check-sni example.org inter 60ms rise 1 init-state fully-down
backend tlsh1
  server s 127.0.0.1:$TLS1 ssl verify none check check-alpn http/1.1,h2 inter 60ms fall 1 init-state fully-up
listen terminate
  mode tcp
  no log
  bind 127.0.0.1:$TLS ssl crt $T/srv.pem alpn h2
  server p 127.0.0.1:$TP
listen terminate1
  mode tcp
  no log
  bind 127.0.0.1:$TLS1 ssl crt $T/srv.pem alpn http/1.1,h2
  server p 127.0.0.1:$TP1
E
sluice_start "$T/cfg"
said() { grep -qF -- "$1" "$T/sluice.out"; }
of() { grep -F "$1" "$T/sluice.out" | grep -qF -- "$2"; }
for i in "${!WANT[@]}"; do
	t "answer $((i + 1)): ${WANT[$i]}"
	wait_for 10 of "server k$((i + 1))/s " "${WANT[$i]}" || fail "$(grep -F " k$((i + 1))/s " "$T/sluice.out" | head -n 3)"
	[[ "${WANT[$i]}" != *passed* ]] || wait_for 5 said "Server k$((i + 1))/s is UP"
done
t "the call: method, path, service, what gRPC wants in the head"
match 'HEADERS 1 h :method=POST\|:scheme=http\|:path=/grpc.health.v1.Health/Check\|:authority=127.0.0.1:[0-9]+\|te=trailers\|content-type=application/grpc\|user-agent=sluice/[^|]*\|grpc-timeout=[0-9]+m' \
	"$(grep -m1 HEADERS "$T/peer.$P1")"
is 'DATA 1 e 5 .....' "$(grep -m1 DATA "$T/peer.$P1")"
is 'DATA 1 e 21 .......shop.v1.Orders' "$(grep -m1 DATA "$T/peer.$P2")"
t "over TLS h2 is offered and check-sni is the authority; a server that chooses another protocol is told"
wait_for 10 said 'Server tls/s is UP'
match ':scheme=https\|:path=[^|]*\|:authority=example.org\|' "$(grep -m1 HEADERS "$T/peer.$TP")"
wait_for 10 of 'server tlsh1/s ' "server chose 'http/1.1' in TLS, not h2"
