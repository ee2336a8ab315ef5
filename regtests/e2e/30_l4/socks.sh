#!/usr/bin/env bash
# Servers behind a SOCKS4 proxy: in the clear, in TLS, one that speaks first, and their checks.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) Q=$(port) S=$(port) O=$(port) M=$(port) R=$(port) V=$(port) D=$(port)
ca ca; cert srv DNS:srv.test
origin "$O" a
printf 'send "220 first\\r\\n"\nsleep 100\nfin\n' >"$T/m.txt"
origin "$M" mail -s "$T/m.txt"
python3 "$ROOT/regtests/lib/socks.py" "$S" "$T/socks.log" "$R" & PIDS+=($!)
wait_for 5 listening "$S"
cat >"$T/c.cfg" <<E
global
  workers 1
  log stdout format raw local0
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  retries 0
frontend web
  bind 127.0.0.1:$P
  use_backend %[path,field(2,/)] if { path_beg /clear /tls /refused }
frontend tls
  bind 127.0.0.1:$V ssl crt $T/srv.pem
  http-request return status 200 content-type text/plain string "in TLS"
backend clear
  http-request set-path /
  server s 127.0.0.1:$O socks4 127.0.0.1:$S
backend tls
  server s 127.0.0.1:$V socks4 127.0.0.1:$S ssl ca-file $T/ca.pem verifyhost srv.test sni str(srv.test)
backend refused
  server s 127.0.0.1:$R socks4 127.0.0.1:$S
listen four
  mode tcp
  bind 127.0.0.1:$Q
  server s 127.0.0.1:$M socks4 127.0.0.1:$S
defaults
  mode tcp
  log global
  option log-health-checks
  timeout connect 5s
  timeout server 10s
backend c1
  server s 127.0.0.1:$O socks4 127.0.0.1:$S check-via-socks4 check inter 100ms fall 1 rise 1
backend c2
  server s 127.0.0.1:$R socks4 127.0.0.1:$S check-via-socks4 check inter 100ms fall 1 rise 1
backend c3
  option tcp-check
  tcp-check connect via-socks4 port $M
  tcp-check expect string 220
  server s 127.0.0.1:$D socks4 127.0.0.1:$S check inter 100ms fall 1 rise 1
backend c4
  server s 127.0.0.1:$D socks4 127.0.0.1:$S check inter 100ms fall 1 rise 1
E
sluice_start "$T/c.cfg"
said() { wait_for 5 grep -qF "Health check for server $1/s $2" "$T/sluice.out" || fail "no '$2' of $1: $(grep "server $1/s" "$T/sluice.out" | head -3)"; }

t "a request reaches the server through the proxy, again and on the same connection"
is a "$(http "http://127.0.0.1:$P/clear" | tr -d '\n')"; is a "$(http "http://127.0.0.1:$P/clear" | tr -d '\n')"
match "vn=4 cd=1 127.0.0.1:$O user=b'.x00'" "$(cat "$T/socks.log")"
t "TLS begins behind it"
is "in TLS" "$(http "http://127.0.0.1:$P/tls")"
t "what a server says first is not lost"
is "220 first" "$({ sleep 0.3; } | socat -t 2 - "TCP:127.0.0.1:$Q" | tr -d '\r')"
t "a proxy that will not is a server that cannot be reached"
is 503 "$(code "http://127.0.0.1:$P/refused")"
t "checks go through it when they are told to"
said c1 'succeeded, reason: Layer4 check passed'
said c2 'failed, reason: Layer4 connection problem, info: "Connection refused"'
said c3 'succeeded, reason: Layer7 check passed'
said c4 'failed, reason: Layer4 connection problem, info: "Connection refused"'
