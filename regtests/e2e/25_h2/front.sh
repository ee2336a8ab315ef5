#!/usr/bin/env bash
# HTTP/2 from clients, HTTP/1 to servers, in clear text: how it begins, heads and bodies both ways, early answers, aborts.
. "$(dirname "$0")/../../lib/sluice.sh"

A=$(port) K=$(port) N=$(port) O=$(port) O2=$(port)
export ORIGIN_RAW=1
cat >"$T/cfg" <<EOF2
global
  workers 1
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 8s
  timeout server 8s
frontend auto
  bind 127.0.0.1:$A
  http-request return status 200 content-type text/plain lf-string "%[fc_http_major] %[req.ver] %[method] %[path] %[req.hdr(host)] %[url]\n" if { path /fetch }
  http-request return status 200 content-type text/plain lf-string "%[req.hdr(cookie)]" if { path /cookie }
  http-request deny deny_status 403 if { path /deny }
  http-request reject if { path /reject }
  default_backend two
frontend known
  bind 127.0.0.1:$K proto h2
  default_backend one
frontend never
  bind 127.0.0.1:$N
  option disable-h2-upgrade
  default_backend one
backend one
  server o 127.0.0.1:$O
backend two
  balance roundrobin
  server o 127.0.0.1:$O
  server o2 127.0.0.1:$O2
EOF2
origin "$O" one
origin "$O2" two
sluice_start "$T/cfg"
h2() { http --http2-prior-knowledge "$@"; }
peer() { "$TOOLS/h2peer" "$@"; }
logged() { grep -qE "$1" "$T/sluice.out"; }
hello="magic
settings
wait SETTINGS ack"
get=':method=GET|:scheme=http|:authority=h'

t "a clear-text listener speaks HTTP/1 and HTTP/2, as the connection begins"
is one "$(http "http://127.0.0.1:$A/")"
is two "$(h2 "http://127.0.0.1:$A/")"
t "a preface that arrives byte by byte is still one"
out=$( (printf 'PRI * HTT'; sleep 0.05; printf 'P/2.0\r\n\r\nSM\r'; sleep 0.05; printf '\n\r\n\0\0\0\4\0\0\0\0\0'; sleep 0.2) | socat -t 0.5 - "TCP:127.0.0.1:$A" | od -An -tx1 | tr -d ' \n' | head -c 18)
match '^00001[0-9a-f]0400' "$out"
t "a request that only begins like the preface is a request"
match 'HTTP/1.1 400' "$(printf 'PRI / HTTP/1.1\r\nHost: a\r\nBad Header: 1\r\n\r\n' | raw "$A" | head -1)"
match 'HTTP/1.1 200' "$(printf 'P' | cat - <(sleep 0.05; printf 'OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n') | raw "$A" | head -1)"
t "proto h2 takes HTTP/2 alone"
is one "$(h2 "http://127.0.0.1:$K/")"
is "" "$(printf 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' | raw "$K" | grep -a HTTP/1 || true)"
t "with option disable-h2-upgrade the preface is a bad request"
match 'HTTP/1.1 (400|505)' "$(printf 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' | raw "$N" | head -1)"

t "rules see version, Host and URL of a request"
is "2 2.0 GET /fetch 127.0.0.1:$A http://127.0.0.1:$A/fetch" "$(h2 "http://127.0.0.1:$A/fetch")"
t "the log line shows the absolute URL and the version, as HAProxy prints them"
h2 -o "$T/null" "http://127.0.0.1:$A/size/5"
wait_for 5 logged "\"GET http://127.0.0.1:$A/size/5 HTTP/2.0\"\$"
t "the crumbs of a cookie are one header for rules and servers"
out=$(peer "$A" <<P
$hello
h 1 eh $get|:path=/cookie|cookie=a=1|cookie=b=2|x=y|cookie=c=3
wait DATA 1 e
stop
P
)
match 'DATA 1 e 13 a=1; b=2; c=3' "$out"
t "a server gets Host from :authority, lower-case names, and no pseudo-header"
out=$(h2 -H 'X-Mixed: Case' -H 'Cookie: a=b' "http://127.0.0.1:$K/echo-head")
match '^GET /echo-head HTTP/1.1' "$out"
match 'host: 127.0.0.1' "$out"
match 'x-mixed: Case' "$out"
nomatch ':(authority|path|method)' "$out"

t "bodies of any length pass both ways, with and without a length"
head -c 3000000 /dev/urandom >"$T/big"
h2 --data-binary @"$T/big" -o "$T/back" "http://127.0.0.1:$K/echo"; cmp "$T/big" "$T/back"
h2 -H 'Content-Length:' -T - -o "$T/back" "http://127.0.0.1:$K/echo" <"$T/big"; cmp "$T/big" "$T/back"
is 5000000 "$(h2 "http://127.0.0.1:$K/size/5000000" | wc -c)"
is 400000 "$(h2 "http://127.0.0.1:$K/chunked/400/1000" | wc -c)"
is 1000 "$(h2 "http://127.0.0.1:$K/close" -o "$T/null" -w '%{http_code}' | grep -c 200)000"
t "HEAD, 204 and 304 end with their head"
is 50 "$(h2 -I "http://127.0.0.1:$K/size/50" | tr -d '\r' | sed -n 's/content-length: //p')"
is 204 "$(code --http2-prior-knowledge "http://127.0.0.1:$K/status/204")"
is 304 "$(code --http2-prior-knowledge "http://127.0.0.1:$K/status/304")"
t "interim responses and trailers reach the client"
out=$(h2 -v "http://127.0.0.1:$K/1xx/2" 2>&1)
is 2 "$(grep -c 'HTTP/2 103' <<<"$out")"
match 'x-sum: 42' "$(h2 -v "http://127.0.0.1:$K/trailers" 2>&1)"
t "trailers of a request reach the server"
peer "$K" >"$T/null" <<P
$hello
h 1 h :method=POST|:scheme=http|:authority=h|:path=/|x-id=trl
d 1 - hello
h 1 eh x-sum=7
wait HEADERS 1
stop
P
wait_for 5 grep -q 'x-sum: 7' "$T/origin.one.log"
t "Expect: 100-continue is answered and the body follows"
is 100000 "$(head -c 100000 "$T/big" | h2 -H 'Expect: 100-continue' --data-binary @- "http://127.0.0.1:$K/echo" | wc -c)"

t "an early answer ends the exchange and asks for no more of the body, the connection goes on"
out=$(peer "$A" <<P
$hello
h 1 h :method=POST|:scheme=http|:authority=h|:path=/deny
wait RST_STREAM 1 NO_ERROR
h 3 eh $get|:path=/fetch
wait DATA 3 e
stop
P
)
match 'HEADERS 1 [a-z]* :status=403' "$out"
t "reject resets the exchange alone"
out=$(peer "$A" <<P
$hello
h 1 eh $get|:path=/reject
wait RST_STREAM 1 CANCEL
h 3 eh $get|:path=/fetch
wait DATA 3 e
stop
P
)
t "a response that a server breaks off is reset, not ended"
out=$(peer "$K" <<P
$hello
h 1 eh $get|:path=/trunc
wait RST_STREAM 1 INTERNAL_ERROR
stop
P
)
t "a client that resets ends the exchange with its server at once"
# the first request leaves a connection to the server, so that the second does not wait for one
peer "$K" >"$T/null" <<P
$hello
h 1 eh $get|:path=/fetch
wait HEADERS 1
f 6 0 0 0000000000000000
wait PING ack
h 3 eh $get|:path=/delay/5000
f 6 0 0 0000000000000000
wait PING ack
f 3 0 3 00000008
h 5 eh $get|:path=/fetch
wait HEADERS 5
stop
P
wait_for 3 logged 'CH--.*/delay/5000'

t "requests of one connection go to all servers"
out=$(nghttp "http://127.0.0.1:$A/"{1,2,3,4})
is "2 2" "$(grep -c one <<<"$out") $(grep -c two <<<"$out")"
t "a slow answer does not hold up the others on its connection"
out=$(peer "$K" <<P
$hello
h 1 eh $get|:path=/delay/600
h 3 eh $get|:path=/
wait DATA 3 e
wait DATA 1 e
stop
P
)
match 'DATA 3 e.*DATA 1 e' "$(tr '\n' ' ' <<<"$out")"

t "a client that half-closes gets the answers it has asked for"
out=$(peer "$K" <<P
$hello
h 1 eh $get|:path=/delay/100
fin
wait DATA 1 e
wait EOF
P
)
t "many requests at once over many connections are all answered"
out=$(h2load -n 3000 -c 10 -m 50 "http://127.0.0.1:$K/size/2000")
match '3000 succeeded, 0 failed' "$out"
