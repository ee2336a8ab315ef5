#!/usr/bin/env bash
# What rules and logs see of TLS, and what is said of handshakes that fail.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) E=$(port) C=$(port) N=$(port) D=$(port)
ca ca; ca other
cert b.test DNS:b.test; cert client DNS:client; cert foreign DNS:foreign other
cat >"$T/sluice.cfg" <<E2
global
  workers 1
  log stdout format raw local0
defaults
  mode http
  log global
  timeout connect 5s
  timeout client 5s
  timeout client-hs 300ms
  timeout server 5s
frontend web
  option httpslog
  bind 127.0.0.1:$P name one ssl crt $T/b.test.pem ca-file $T/ca.pem verify optional crt-ignore-err all ca-ignore-err all
  bind 127.0.0.1:$C
  http-request return status 200 content-type text/plain lf-string "%[ssl_fc] %[ssl_fc_protocol] %[ssl_fc_cipher] sni=%[ssl_fc_sni]\n" if { path /conn }
  http-request return status 200 content-type text/plain lf-string "used=%[ssl_c_used] has=%[ssl_fc_has_crt] v=%[ssl_c_verify] err=%[ssl_c_err] dn=%[ssl_c_s_dn] o=%[ssl_c_s_dn(o)] cn=%[ssl_c_s_dn(CN)] i=%[ssl_c_i_dn(cn)] alg=%[ssl_c_key_alg] %[ssl_c_sig_alg] ver=%[ssl_c_version] own=%[ssl_f_s_dn(cn)]\n" if { path /crt }
  http-request return status 200 content-type text/plain lf-string "%[ssl_c_serial,hex] %[ssl_c_sha1,hex] %[ssl_c_notafter] %[ssl_c_der,length]\n" if { path /hex }
  http-request deny deny_status 403 unless { ssl_c_used }
  http-request return status 200 content-type text/plain string "secret\n"
frontend errors
  error-log-format "%ci failed %[fc_err] %[fc_err_str] %[ssl_fc_err,hex]"
  log-format "%ci"
  bind 127.0.0.1:$E ssl crt $T/b.test.pem
frontend null
  option dontlognull
  option httplog
  bind 127.0.0.1:$N ssl crt $T/b.test.pem
frontend deadline
  option httplog
  bind 127.0.0.1:$D ssl crt $T/b.test.pem
E2
sluice_start "$T/sluice.cfg"
id=(--cert "$T/client.pem")

t "version, cipher and name of a TLS connection, nothing of them in the clear"
is "1 TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 sni=b.test" "$(https "$P" b.test /conn --tls-max 1.2)"
is "1 TLSv1.3 TLS_AES_128_GCM_SHA256 sni=b.test" "$(https "$P" b.test /conn)"
is "0   sni=" "$(http "http://127.0.0.1:$C/conn")"

t "the client's certificate by its parts, and the verdict on it"
is "used=1 has=1 v=0 err=0 dn=/O=sluice test/CN=client o=sluice test cn=client i=ca alg=id-ecPublicKey ecdsa-with-SHA256 ver=3 own=b.test" "$(https "$P" b.test /crt "${id[@]}")"
match '^used=1 has=1 v=2[01] err=20 ' "$(https "$P" b.test /crt --cert "$T/foreign.pem")"
match '^used=0 has=0 v=0 err=0 dn= ' "$(https "$P" b.test /crt)"
serial=$(openssl x509 -in "$T/client.crt" -noout -serial | cut -d= -f2)
sha=$(openssl x509 -in "$T/client.crt" -noout -fingerprint -sha1 | cut -d= -f2 | tr -d :)
len=$(openssl x509 -in "$T/client.crt" -outform der | wc -c)
match "^0*$serial $sha [0-9]{12}Z $len$" "$(https "$P" b.test /hex "${id[@]}")"

t "a rule on the certificate opens or refuses, also on a resumed session"
is secret "$(https "$P" b.test / "${id[@]}")"
is 403 "$(https "$P" b.test / -o /dev/null -w '%{http_code}')"
openssl s_client -connect "127.0.0.1:$P" -servername b.test -cert "$T/client.pem" -sess_out "$T/s" -ign_eof >/dev/null 2>&1 <<<$'GET / HTTP/1.0\r\n\r' || true
match secret "$(openssl s_client -connect "127.0.0.1:$P" -servername b.test -sess_in "$T/s" -ign_eof 2>&1 <<<$'GET / HTTP/1.0\r\n\r')"

t "option httpslog ends with errors, resumption, name, version and cipher"
wait_for 5 grep -qE '"GET https?://b.test[^"]*/conn HTTP/2.0" 0/0000000000000000/0/0/0 b.test/TLSv1.3/TLS_AES_128_GCM_SHA256$|"GET /conn HTTP/1.1" 0/0000000000000000/0/0/0 b.test/TLSv1.3/TLS_AES_128_GCM_SHA256$' "$T/sluice.out"
wait_for 5 grep -qE '"GET /conn HTTP/1.1" 0/-/-/-/- -/-/-$' "$T/sluice.out"

t "each way to fail a handshake has its line"
printf 'GET / HTTP/1.0\r\n\r\n' | raw "$P" >/dev/null || true
wait_for 5 grep -qE '127.0.0.1:[0-9]+ \[[^]]+\] web/one: SSL handshake failure$' "$T/sluice.out"
socat -u /dev/null "TCP:127.0.0.1:$P"
wait_for 5 grep -q 'web/one: Connection closed during SSL handshake$' "$T/sluice.out"

t "who begins no handshake in timeout client-hs is closed, whatever trickles in"
from=$(date +%s)
(printf '\026\003\001\002\000'; for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do sleep 0.1; printf '\001' || break; done) 2>/dev/null | raw "$D" >/dev/null || true
wait_for 5 grep -q 'deadline/1: Timeout during SSL handshake$' "$T/sluice.out"
[ $(($(date +%s) - from)) -lt 20 ] || fail "not closed"

t "error-log-format takes the place of that line"
printf 'GET / HTTP/1.0\r\n\r\n' | raw "$E" >/dev/null || true
wait_for 5 grep -q '^127.0.0.1 failed 34 SSL handshake failure 00000000[0-9A-F]*[1-9A-F]' "$T/sluice.out"

t "dontlognull leaves out who says nothing"
socat -u /dev/null "TCP:127.0.0.1:$N"
printf 'GET / HTTP/1.0\r\n\r\n' | raw "$N" >/dev/null || true
wait_for 5 grep -q 'null/1: SSL handshake failure' "$T/sluice.out"
nomatch 'null/1: Connection closed' "$(cat "$T/sluice.out")"
