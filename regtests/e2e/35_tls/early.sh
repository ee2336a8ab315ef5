#!/usr/bin/env bash
# 0-RTT: requests in early data are served once, are marked, can be made to wait, and only where it was asked for.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) N=$(port) O=$(port) R=$(port)
ca ca; cert a DNS:a.test
origin "$O" echo
cat >"$T/sluice.cfg" <<E2
global
  workers 3
  log stdout format raw local0
defaults
  mode http
  log global
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:$P ssl crt $T/a.pem allow-0rtt
  log-format "got %HP early=%[ssl_fc_has_early]"
  http-request wait-for-handshake if { path_beg /wait }
  http-response set-header x-early "%[ssl_fc_has_early]"
  http-request return status 200 content-type text/plain lf-string "served %[path] early=%[ssl_fc_has_early]\n" unless { path_beg /echo-head }
  default_backend out
backend out
  server s 127.0.0.1:$O
frontend without
  bind 127.0.0.1:$N ssl crt $T/a.pem
  http-request return status 200 content-type text/plain lf-string "served %[path] early=%[ssl_fc_has_early]\n"
E2
sluice_start "$T/sluice.cfg"
session() { hs "$1" -tls1_3 -servername a.test -sess_out "$T/s" >/dev/null; }
early() { # port path [args]: a request in early data
	printf 'GET %s HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n' "$2" >"$T/req"
	timeout 10 openssl s_client -connect "127.0.0.1:$1" -servername a.test -tls1_3 -sess_in "$T/s" -early_data "$T/req" -ign_eof "${@:3}" </dev/null 2>&1 || true
}

t "a request in early data is served, and is known to be one"
session "$P"
r=$(early "$P" /hello)
match 'Early data was accepted' "$r"
match 'served /hello early=1' "$r"

t "a ticket is good for any worker, and again"
for i in 1 2 3 4 5 6; do session "$P"; match 'served /again early=1' "$(early "$P" /again)"; done

t "a rule can make it wait until the handshake is over"
session "$P"
r=$(early "$P" /wait)
match 'Early data was accepted' "$r"
match 'served /wait early=0' "$r"

t "a server is told, unless the handshake is over by then"
session "$P"
match '[Ee]arly-[Dd]ata: 1' "$(early "$P" /echo-head)"
nomatch '[Ee]arly-[Dd]ata: 1' "$(https "$P" a.test /echo-head)"

t "a listener that was not asked to takes none, the request comes after the handshake or not at all"
session "$N"
nomatch 'Early data was accepted' "$(early "$N" /hello)"
match 'served /later early=0' "$(https "$N" a.test /later)"

t "the first flight that is sent again is not served again, by no worker and no later generation"
socat -r "$T/flight" "TCP-LISTEN:$R,bind=127.0.0.1,reuseaddr" "TCP:127.0.0.1:$P" 2>/dev/null &
wait_for 5 listening "$R"
session "$P"
match 'served /once early=1' "$(early "$R" /once)"
wait_for 5 grep -q 'got /once early' "$T/sluice.out"
for i in 1 2 3 4 5 6; do timeout 2 socat -t 0.2 - "TCP:127.0.0.1:$P" <"$T/flight" >/dev/null 2>&1 || true; done
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 2 accepts' "$T/sluice.err"
for i in 1 2 3; do timeout 2 socat -t 0.2 - "TCP:127.0.0.1:$P" <"$T/flight" >/dev/null 2>&1 || true; done
session "$P"
match 'served /after early=1' "$(early "$P" /after)"
wait_for 5 grep -q 'got /after' "$T/sluice.out"
is 1 "$(grep -c 'got /once' "$T/sluice.out")"

t "keys that other machines have as well exclude early data"
for _ in 1 2 3; do openssl rand -base64 48; done >"$T/keys"
sed "s|allow-0rtt|allow-0rtt tls-ticket-keys $T/keys|" "$T/sluice.cfg" >"$T/bad.cfg"
match "'allow-0rtt' and 'tls-ticket-keys' exclude each other" "$("$SLUICE" -c -f "$T/bad.cfg" 2>&1 || true)"
