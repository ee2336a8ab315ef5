#!/usr/bin/env bash
# What stands at the edges: parts of certificates in several files, hellos in slices, renegotiation, what is known of servers.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) B=$(port) R=$(port) C=$(port)
ca ca; cert a DNS:a.test; cert srv DNS:srv.test ca rsa
ocsp_index a
mkdir "$T/store" "$T/keys"
cp "$T/a.crt" "$T/store/a.crt"; cp "$T/a.k" "$T/keys/a.key"; cp "$T/ca.pem" "$T/store/issuer.pem"
ocsp_file a "$T/store/answer.der"
cat >"$T/sluice.cfg" <<E2
global
  workers 2
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  timeout client-hs 5s
crt-store web
  crt-base $T/store
  key-base $T/keys
  load crt a.crt key a.key issuer issuer.pem ocsp answer.der alias a
frontend front
  bind 127.0.0.1:$P ssl crt @web/a
  bind 127.0.0.1:$C
  http-response set-header x-bc "%[ssl_bc] %[ssl_bc_protocol] %[ssl_bc_cipher] %[ssl_bc_alpn] %[ssl_bc_sni] %[ssl_bc_alg_keysize] %[ssl_bc_use_keysize] %[ssl_bc_curve]"
  http-response set-header x-s "%[ssl_s_s_dn(CN)] %[ssl_s_i_dn(CN)] %[ssl_s_key_alg] %[ssl_s_version] %[ssl_s_serial,hex] %[ssl_s_sha1,hex]"
  default_backend back
backend back
  server s 127.0.0.1:$B ssl ca-file $T/ca.pem sni str(srv.test) alpn http/1.1 ciphersuites TLS_AES_256_GCM_SHA384 ssl-min-ver TLSv1.3
frontend inner
  bind 127.0.0.1:$B ssl crt $T/srv.pem
  http-request return status 200 content-type text/plain string "inner"
E2
sluice_start "$T/sluice.cfg"

t "certificate, key, issuer and response may lie in four files of a crt-store"
r=$(hs "$P" -status -servername a.test)
match 'Cert Status: good' "$r"
match 'Verification: OK' "$r"

t "what is known of the server's connection and certificate"
h=$(http -D - -o /dev/null "http://127.0.0.1:$C/" | tr -d '\r')
match 'x-bc: 1 TLSv1.3 TLS_AES_256_GCM_SHA384 http/1.1 srv.test 256 256 ' "$h"
id=$(openssl x509 -in "$T/srv.crt" -noout -serial | cut -d= -f2)
sha=$(openssl x509 -in "$T/srv.crt" -noout -fingerprint -sha1 | cut -d= -f2 | tr -d :)
match "x-s: srv ca rsaEncryption 3 $id $sha" "$h"

t "a client that wants to negotiate again is told no, and the connection lives on"
mkfifo "$T/in"
openssl s_client -tls1_2 -connect "127.0.0.1:$P" <"$T/in" >"$T/out" 2>&1 &
PIDS+=($!)
exec 7>"$T/in"
wait_for 5 grep -q 'Verify return code' "$T/out"
echo R >&7
wait_for 5 grep -qE 'RENEGOTIATING' "$T/out"
wait_for 5 grep -qE 'no renegotiation|alert number 100|closed' "$T/out"
exec 7>&-

t "a hello that comes byte by byte is answered as one that comes at once"
socat -r "$T/flight" "TCP-LISTEN:$R,bind=127.0.0.1,reuseaddr" "TCP:127.0.0.1:$P" 2>/dev/null &
wait_for 5 listening "$R"
hs "$R" -servername a.test >/dev/null
hello=$(od -An -tx1 -v -N "$((5 + $(od -An -tu1 -j3 -N2 "$T/flight" | awk '{ print $1 * 256 + $2 }')))" "$T/flight" | tr -d ' \n')
exec 8<>"/dev/tcp/127.0.0.1/$P"
for ((i = 0; i < ${#hello}; i += 2)); do printf "\\x${hello:i:2}" >&8; done
is 160303 "$(head -c 3 <&8 | od -An -tx1 | tr -d ' \n')"
exec 8>&-
