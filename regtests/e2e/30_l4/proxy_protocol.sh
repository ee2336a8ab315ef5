#!/usr/bin/env bash
# PROXY headers: sent, believed, and refused.
. "$(dirname "$0")/../../lib/sluice.sh"

CIP=$(port) CIPR=$(port) V1=$(port) V2=$(port) IN=$(port) LATE=$(port) TCP=$(port) TIN=$(port) O=$(port)
origin "$O" a
cat >"$T/c.cfg" <<E
global
  workers 1
defaults
  mode http
  timeout connect 20s
  timeout client 30s
  timeout http-request 30s
  timeout server 30s
listen v1
  bind 127.0.0.1:$V1
  option httpchk GET /
  server in 127.0.0.1:$IN send-proxy check inter 50ms rise 1 fall 1
  timeout check 20s
listen v2
  bind 127.0.0.1:$V2
  server in 127.0.0.1:$IN send-proxy-v2
listen in
  bind 127.0.0.1:$IN accept-proxy
  tcp-request connection reject if { src 9.9.9.9 }
  tcp-request session reject if { src 8.8.8.8 }
  http-request set-header x-src %[src]:%[src_port]
  http-request set-header x-dst %[dst]:%[dst_port]
  http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[dst]:%[dst_port]\n" unless { path /echo-head }
  server a 127.0.0.1:$O
listen cip
  bind 127.0.0.1:$CIP accept-netscaler-cip 22594
  http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[dst]:%[dst_port]\n"
listen cipr
  bind 127.0.0.1:$CIPR
  tcp-request connection expect-netscaler-cip layer4 22594 if { src 127.0.0.1 }
  http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[dst]:%[dst_port]\n"
listen late
  bind 127.0.0.1:$LATE accept-proxy
  timeout client 500ms
  server a 127.0.0.1:$O
listen tcp
  mode tcp
  bind 127.0.0.1:$TCP
  server tin 127.0.0.1:$TIN send-proxy-v2
listen tin
  mode tcp
  bind 127.0.0.1:$TIN accept-proxy
  server a 127.0.0.1:$O
E
sluice_start "$T/c.cfg"
GET='GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
say() { printf '%b' "$1" | raw "$IN"; }

t "send-proxy tells the client's addresses in version 1"
match '^127.0.0.1:[0-9]+ 127.0.0.1:'"$V1"'$' "$(http "http://127.0.0.1:$V1/")"
t "send-proxy-v2 tells them in version 2"
match '^127.0.0.1:[0-9]+ 127.0.0.1:'"$V2"'$' "$(http "http://127.0.0.1:$V2/")"
t "the header is sent once a connection, not once a request"
is 2 "$(http "http://127.0.0.1:$V1/" "http://127.0.0.1:$V1/" | grep -c ":$V1\$")"
t "checks begin with a header too: the server is up"
is 200 "$(code "http://127.0.0.1:$V1/")"
t "tcp mode sends and accepts them as well"
is a "$(http "http://127.0.0.1:$TCP/")"

t "the addresses of a header are those that rules and logs see"
match '1.2.3.4:5 6.7.8.9:10' "$(say "PROXY TCP4 1.2.3.4 6.7.8.9 5 10\r\n$GET")"
match '2001:db8::1:5 ::2:10' "$(say "PROXY TCP6 2001:db8::1 ::2 5 10\r\n$GET")"
t "TLVs are skipped, and the bytes behind the header are the client's"
match '1.2.3.4:5 6.7.8.9:10' "$(say "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x13\x01\x02\x03\x04\x06\x07\x08\x09\x00\x05\x00\x0a\x04\x00\x04abcd$GET")"
t "LOCAL and UNKNOWN keep the connection's own addresses"
match '127.0.0.1:[0-9]+ 127.0.0.1:'"$IN" "$(say "PROXY UNKNOWN\r\n$GET")"
match '127.0.0.1:[0-9]+ 127.0.0.1:'"$IN" "$(say "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00$GET")"
t "a header in pieces is put together"
match '1.2.3.4:5 6.7.8.9:10' "$( (for p in PRO 'XY TCP4 1.2.3' '.4 6.7.8.9 5 1' '0\r' "\n$GET"; do printf '%b' "$p"; sleep 0.03; done) | raw "$IN")"
t "rules of the session see its addresses, rules of the connection the peer's"
is "" "$(say "PROXY TCP4 8.8.8.8 6.7.8.9 5 10\r\n$GET")"
match '9.9.9.9:5' "$(say "PROXY TCP4 9.9.9.9 6.7.8.9 5 10\r\n$GET")"
t "a bad header, and none at all, close the connection without a word"
is "" "$(say "PROXY TCP4 1.2.3.4 6.7.8.9 5 99999\r\n$GET")"
is "" "$(say "$GET")"
t "a header that does not come within timeout client closes the connection"
a=$(date +%s%3N)
exec {f}<>"/dev/tcp/127.0.0.1/$LATE"
printf 'PROXY TCP4 1.2' >&"$f" || true
is "" "$(timeout 40 cat <&"$f" || echo late)"
exec {f}>&-
b=$(($(date +%s%3N) - a))
[ $b -ge 490 ] || fail "it was closed after $b ms"
IP4='\x45\0\0\x28\0\0\0\0\x40\x06\0\0\xc0\0\x02\x07\x0a\0\0\x01' TCPH='\x10\x92\0\x50\0\0\0\0\0\0\0\0\x50\x10\0\0\0\0\0\0'
cip() { printf '%b' "$2$GET" | raw "$1" | tail -1; }
t "a NetScaler header of either version tells the client's addresses"
is "192.0.2.7:4242 10.0.0.1:80" "$(cip "$CIP" "\0\0XB\0\0\0\x28$IP4$TCPH")"
is "192.0.2.7:4242 10.0.0.1:80" "$(cip "$CIP" "\0\0XB\0\0\0\x34\0\x01\0\x28$IP4$TCPH")"
is "192.0.2.7:4242 10.0.0.1:80" "$(cip "$CIPR" "\0\0XB\0\0\0\x2c${IP4}${TCPH}opts")"
t "another magic number, or none, closes the connection without an answer"
is "" "$(cip "$CIP" "\0\0XC\0\0\0\x28$IP4$TCPH")"
is "" "$(cip "$CIP" "")"
is "" "$(cip "$CIPR" "")"
