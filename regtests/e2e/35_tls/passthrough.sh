#!/usr/bin/env bash
# TLS that passes by in mode tcp: routed by the name in the hello, never opened.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) A=$(port) B=$(port)
ca ca; cert a.test DNS:a.test; cert b.test DNS:b.test
cat >"$T/sluice.cfg" <<E2
global
  workers 1
  log stdout format raw local0
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend sni
  bind 127.0.0.1:$P
  log global
  log-format "%b sni=%[var(sess.sni)] alpn=%[var(sess.alpn)] ver=%[var(sess.ver)] ja3=%[var(sess.ja3)] ja4=%[var(sess.ja4)]"
  tcp-request inspect-delay 2s
  tcp-request content set-var(sess.sni) req.ssl_sni if { req.ssl_hello_type 1 }
  tcp-request content set-var(sess.alpn) req.ssl_alpn
  tcp-request content set-var(sess.ver) req.ssl_ver
  tcp-request content set-var(sess.ja3) req.ssl_ja3
  tcp-request content set-var(sess.ja4) req.ssl_ja4
  tcp-request content accept if { req.ssl_hello_type 1 }
  tcp-request content reject
  use_backend %[req.ssl_sni,lower] if { req.ssl_sni -i a.test b.test }
  default_backend nobody
backend a.test
  server s 127.0.0.1:$A
backend b.test
  server s 127.0.0.1:$B
backend nobody
frontend a
  mode http
  bind 127.0.0.1:$A ssl crt $T/a.test.pem
  http-request return status 200 content-type text/plain lf-string "a %[ssl_fc_ja3] %[ssl_fc_ja4]\n"
frontend b
  mode http
  bind 127.0.0.1:$B ssl crt $T/b.test.pem
  http-request return status 200 content-type text/plain string "b\n"
E2
sluice_start "$T/sluice.cfg"

t "connections go where the name of their hello says, whatever its case, and end at the server's own certificate"
a=$(https "$P" a.test /)
match '^a ' "$a"
is b "$(https "$P" b.test /)"
is b.test "$(subject "$P" -servername B.tesT)"

t "the fingerprints of a hello that passes by are those of the handshake behind it"
wait_for 5 grep -q '^a.test sni=a.test' "$T/sluice.out"
match "ja3=$(cut -d' ' -f2 <<<"$a") ja4=$(cut -d' ' -f3 <<<"$a")" "$(grep '^a.test sni=a.test' "$T/sluice.out")"
match 'alpn=h2,http/1.1 ver=196611 ja3=[0-9a-f]{32} ja4=t13d[0-9]{4}h2_[0-9a-f]{12}_[0-9a-f]{12}' "$(grep '^a.test sni=a.test' "$T/sluice.out")"

t "a hello in pieces is waited for"
{ head -c 7 "$ROOT/regtests/fuzz/seeds/hello/in_pieces"; sleep 0.3; tail -c +8 "$ROOT/regtests/fuzz/seeds/hello/in_pieces"; sleep 0.3; } | raw "$P" >/dev/null || true
wait_for 5 grep -q '^nobody sni=www.example.org' "$T/sluice.out"

t "what is no TLS is refused at once, not at the end of the delay"
from=${EPOCHREALTIME/[.,]/}
is '' "$(printf 'GET / HTTP/1.0\r\n\r\n' | raw "$P")"
[ $((${EPOCHREALTIME/[.,]/} - from)) -lt 1900000 ] || fail "waited for the delay"
