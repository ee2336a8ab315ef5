#!/usr/bin/env bash
# What rules and limits make of connections: switch-mode, expect-proxy, silent-drop, set-retries, store-response, pool-low-conn,
# redir, keep-alives, dropped trailers, limits of TLS.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) I=$(port) H1=$(port) X=$(port) D=$(port) R=$(port) S=$(port) L=$(port) LN=$(port) TL=$(port) RD=$(port) KA=$(port) TT=$(port)
O=$(port) E=$(port) K=$(port) DEAD=$(port 4)
ca ca; cert a.test DNS:a.test
cat >"$T/c.cfg" <<EOF
global
  workers 1
  stats socket $T/sock level admin
  log stdout format raw local0
  maxsslconn 2
  maxsslrate 20
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
frontend any
  mode tcp
  bind 127.0.0.1:$P
  bind 127.0.0.1:$H1
  log global
  log-format "line %b %ST %HM"
  tcp-request inspect-delay 5s
  tcp-request content accept if { dst_port $H1 } !HTTP
  tcp-request content switch-mode http proto h1 if { dst_port $H1 }
  tcp-request content switch-mode http if HTTP
  tcp-request content accept if { req.len ge 5 }
  http-request return status 200 content-type text/plain lf-string "%[path] %[req.hdr(host)]" if { path_beg /own }
  use_backend web if { path_beg /web }
  default_backend echo
frontend implied
  mode tcp
  bind 127.0.0.1:$I
  default_backend web
backend web
  http-request set-path /x
  server o 127.0.0.1:$O
backend echo
  mode tcp
  server e 127.0.0.1:$E
frontend proxied
  bind 127.0.0.1:$X
  tcp-request connection expect-proxy layer4 if { src 127.0.0.2 }
  http-request return status 200 content-type text/plain lf-string "%[src] %[dst]:%[dst_port]"
frontend dropping
  bind 127.0.0.1:$D
  http-request silent-drop if { path /drop }
  http-request return status 200
frontend retrying
  bind 127.0.0.1:$R
  log global
  log-format "tried %rc"
  http-request set-retries hdr(x-n) if { hdr(x-n) -m found }
  http-request set-retries 1 if { path /one }
  default_backend dead
backend dead
  balance roundrobin
  server a 127.0.0.1:$DEAD
  server b 127.0.0.1:$((DEAD + 1))
  server c 127.0.0.1:$((DEAD + 2))
  server d 127.0.0.1:$((DEAD + 3))
listen storing
  mode tcp
  bind 127.0.0.1:$S
  stick-table type string len 8 size 100 expire 1m
  stick store-response res.payload(0,4)
  server e 127.0.0.1:$E
  server n 127.0.0.1:$E non-stick backup
listen low
  bind 127.0.0.1:$L
  http-reuse always
  server o 127.0.0.1:$O pool-purge-delay 50ms pool-low-conn 2
listen nolow
  bind 127.0.0.1:$LN
  http-reuse always
  server o 127.0.0.1:$O pool-purge-delay 50ms
listen redirecting
  bind 127.0.0.1:$RD
  server o 127.0.0.1:$O redir http://o.test:8080
listen kept
  bind 127.0.0.1:$KA
  option tcpka
  clitcpka-idle 300
  srvtcpka-idle 5m
  srvtcpka-cnt 4
  srvtcpka-intvl 7s
  server o 127.0.0.1:$O
listen trailing
  bind 127.0.0.1:$TT
  option http-drop-response-trailers
  option http-drop-request-trailers
  server o 127.0.0.1:$O
frontend tls
  bind 127.0.0.1:$TL ssl crt $T/a.test.pem
  bind 127.0.0.1:$K
  http-request return status 200
EOF
origin "$O" o
origin "$E" e -e
sluice_start "$T/c.cfg"
ask() { printf '%s\n' "$1" | socat -t 5 stdio "unix:$T/sock" | sed '/^$/d'; }
U=http://127.0.0.1

t "a connection of mode tcp that turns out to be HTTP gets the frontend's HTTP rules and an HTTP backend"
is "/own/a 127.0.0.1:$P" "$(http "$U:$P/own/a")"
is o "$(http "$U:$P/web")"
is "o o" "$(http "$U:$P/web" "$U:$P/web" -w ' ' | xargs)"
is "1 0 " "$(http -o "$T/1" "$U:$P/web" -o "$T/2" "$U:$P/web" -w '%{num_connects} ')"
is "/own/b 127.0.0.1:$P" "$(http --http2-prior-knowledge "$U:$P/own/b")"
is hello "$(http -d hello "$U:$P/own/c" -o /dev/null "$U:$P/own/c" -w hello | tail -c 5)"
t "... in whatever pieces its first bytes come, and what is no HTTP goes on as it is"
is o "$( (printf 'GE'; sleep 0.2; printf 'T /web HTTP/1.1\r\nHost: a\r\n'; sleep 0.1; printf 'Connection: close\r\n\r\n') | raw "$P" | tail -1)"
is hello "$(printf 'hello' | raw "$P")"
t "... and a request without an HTTP backend gets a 503"
is 503 "$(code "$U:$P/other")"
wait_for 5 grep -q '^line echo 503\|^line any 503' "$T/sluice.out"
t "proto says which HTTP it is"
is o "$(http "$U:$H1/web")"
is 000 "$(code --http2-prior-knowledge "$U:$H1/web")"
wait_for 5 grep -q "^line any 505 <BADREQ>" "$T/sluice.out"
t "a frontend of mode tcp reaches a backend of mode http without a rule"
is "o o" "$(http "$U:$I/" "$U:$I/" -w ' ' | xargs)"
is o "$(http --http2-prior-knowledge "$U:$I/")"

t "expect-proxy wants a PROXY header from whom the rule says, and nobody else"
is "127.0.0.1 127.0.0.1:$X" "$(http "$U:$X/")"
is "1.2.3.4 5.6.7.8:90" "$(http --haproxy-protocol --interface 127.0.0.2 "$U:$X/" >/dev/null 2>&1; printf 'PROXY TCP4 1.2.3.4 5.6.7.8 80 90\r\nGET / HTTP/1.0\r\n\r\n' | socat -t 5 - "TCP:127.0.0.1:$X,bind=127.0.0.2" | tail -1)"
is "" "$(printf 'GET / HTTP/1.0\r\n\r\n' | socat -t 5 - "TCP:127.0.0.1:$X,bind=127.0.0.2")"

t "silent-drop lets the client wait for ever where the kernel lets us, and costs us nothing"
if (((0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) >> 12) & 1)); then
	exec 5<>"/dev/tcp/127.0.0.1/$D"
	printf 'GET /drop HTTP/1.1\r\nHost: a\r\n\r\n' >&5
	gone_from_us() { [ "$(ask "show stat" | awk -F, '$1 == "dropping" && $2 == "FRONTEND" { print $5 }')" = 0 ]; }
	wait_for 5 gone_from_us
	rc=0; read -r -t 0.5 -u 5 line || rc=$?
	[ $rc -gt 128 ] || fail "the client was told (rc $rc)"
	exec 5>&-
fi
is 200 "$(code "$U:$D/")"

t "set-retries takes the place of retries"
for n in 0 2 3; do code -H "X-N: $n" "$U:$R/" >/dev/null; done
code "$U:$R/one" >/dev/null
code "$U:$R/" >/dev/null
tried() { [ "$(sed -n 's/^tried //p' "$T/sluice.out" | xargs)" = "0 +2 +3 +1 +3" ]; }
wait_for 10 tried

t "store-response learns from the first bytes of a server in mode tcp"
is abcdef "$(printf abcdef | raw "$S")"
match "key=abcd .*server_id=1" "$(ask "show table storing")"

t "pool-low-conn idle connections are kept for ever, others not"
for p in $L $LN; do curl -sZ --no-progress-meter -o /dev/null "$U:$p/delay/100?[1-5]"; done
idle_is() { [ "$(ask "show stat" | awk -F, -v p="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "srv_icur") c = i } $1 == p && $2 == "o" { print $c }')" = "$2" ]; }
wait_for 5 idle_is nolow 0
wait_for 5 idle_is low 2

t "a server with redir is asked by the client itself, where that can be"
match "302 http://o.test:8080/a\\?b=c" "$(http -o /dev/null -w '%{http_code} %{redirect_url}' "$U:$RD/a?b=c")"
is o "$(http -d x "$U:$RD/a")"

t "TCP keep-alives come when the configuration says"
exec 5<>"/dev/tcp/127.0.0.1/$KA"
printf 'GET /hold/kept HTTP/1.1\r\nHost: a\r\n\r\n' >&5
# kept_alive COLUMN PORT: a keep-alive timer of 200 to 300 seconds (jiffies of 10 ms) on a connection with that port
kept_alive() {
	local tr
	for tr in $(awk -v c="$1" -v p="$(printf ':%04X' "$2")" '$c ~ p"$" { print $6 }' /proc/net/tcp); do
		[ "${tr%:*}" != 02 ] || { [ $((0x${tr#*:})) -gt 20000 ] && [ $((0x${tr#*:})) -le 30000 ] && return 0; }
	done
	return 1
}
wait_for 5 kept_alive 2 "$KA"
wait_for 5 kept_alive 3 "$O"
touch "$T/kept"
exec 5>&-

t "trailers are left out where that is asked for"
trailers() { printf 'GET /trailers HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' | raw "$1" | tr -d '\r' | sed '1,/^$/d'; }
match "[A-Za-z-]+: " "$(trailers "$O")"
nomatch "[A-Za-z-]+: " "$(trailers "$TT")"

t "maxsslconn holds over all TLS listeners, and for TLS alone"
mkfifo "$T/in"
exec 6<>"$T/in"
hold() { openssl s_client -quiet -connect "127.0.0.1:$TL" <&6 >"$T/hold" 2>/dev/null & HELD+=($!); PIDS+=($!); }
HELD=(); hold; hold
field() { ask "show info" | sed -n "s/^$1: //p"; }
full() { [ "$(field CurrSslConns)" = 2 ]; }
wait_for 5 full
is 2 "$(field MaxSslConns)"
curl -sk --max-time 20 -o /dev/null -w '%{http_code}' "https://127.0.0.1:$TL/" >"$T/third" & THIRD=$!
is "200 200 200" "$(code "$U:$K/") $(code "$U:$K/") $(code "$U:$K/")"
is "" "$(cat "$T/third")"
kill "${HELD[0]}"
wait "$THIRD"
is 200 "$(cat "$T/third")"
kill "${HELD[1]}"
t "maxsslrate is a limit of new TLS sessions a second, which the runtime socket changes"
is 20 "$(field SslRateLimit)"
ask "set rate-limit ssl-sessions global 5" >/dev/null
now_us; FROM=$NOW
for i in {1..12}; do curl -sk --max-time 20 -o /dev/null "https://127.0.0.1:$TL/"; done
now_us
[ $((NOW - FROM)) -ge 1000000 ] || fail "12 sessions in $(((NOW - FROM) / 1000)) ms"
