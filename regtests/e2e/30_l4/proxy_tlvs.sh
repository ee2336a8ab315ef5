#!/usr/bin/env bash
# PROXY headers of version 2 with more than addresses: what is said about the client's TLS, and what is made of it at the other end.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

A=$(port) B=$(port) C=$(port) F=$(port) FS=$(port) X=$(port) H=$(port)
ca ca; cert a.test DNS:a.test; cert who DNS:who
cat >"$T/sluice.cfg" <<E2
global
  workers 1
defaults
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  mode tcp
  unique-id-format "id-%fp"
frontend secure
  bind 127.0.0.1:$A ssl crt $T/a.test.pem ca-file $T/ca.pem verify optional alpn http/1.1
  use_backend all
frontend clear
  bind 127.0.0.1:$B
  use_backend all
frontend plain
  bind 127.0.0.1:$C ssl crt $T/a.test.pem alpn http/1.1
  default_backend few
frontend web
  mode http
  bind 127.0.0.1:$H
  use_backend own
backend all
  server s 127.0.0.1:$F send-proxy-v2-ssl-cn proxy-v2-options ssl-cipher,cert-sig,cert-key,authority,crc32c,unique-id
backend few
  server s 127.0.0.1:$FS ssl verify none send-proxy-v2
backend own
  mode http
  server s 127.0.0.1:$F send-proxy-v2 set-proxy-v2-tlv-fmt(0xE1) "%[path]" set-proxy-v2-tlv-fmt(226) "%[req.hdr(none)]" set-proxy-v2-tlv-fmt(227) "to %b"
frontend far
  mode http
  bind 127.0.0.1:$F accept-proxy
  bind 127.0.0.1:$FS accept-proxy ssl crt $T/a.test.pem
  http-request return status 200 content-type text/plain lf-string "src=%[src] name=%[fc_pp_authority] id=%[fc_pp_unique_id] alpn=%[fc_pp_tlv(1)] ssl=%[fc_pp_tlv(32),hex] crc=%[fc_pp_tlv(3),length] own=%[fc_pp_tlv(225)],%[fc_pp_tlv(226)],%[fc_pp_tlv(227)]\n"
E2
sluice_start "$T/sluice.cfg"
hex() { printf %s "$1" | od -An -tx1 | tr -d ' \n' | tr a-f A-F; }
tlv() { printf '%s%04X%s' "$1" "${#2}" "$(hex "$2")"; } # type text

t "all that is known of the client's TLS is said, in the order of HAProxy"
r=$(hs "$A" -tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384 -servername a.test -alpn http/1.1 -cert "$T/who.crt" -key "$T/who.k" | grep src=)
match 'src=127.0.0.1 name=a.test id=id-'"$A"' alpn=http/1.1 ' "$r"
match "ssl=0700000000$(tlv 21 TLSv1.3)$(tlv 22 who)$(tlv 25 EC256)$(tlv 24 ecdsa-with-SHA256)$(tlv 23 TLS_AES_256_GCM_SHA384) crc=4" "$r"

t "a client without a certificate, and one without TLS"
match "ssl=0100000000$(tlv 21 TLSv1.2)$(tlv 25 EC256)" "$(hs "$A" -tls1_2 | grep src=)"
match 'src=127.0.0.1 name= id=id-'"$B"' alpn= ssl=0000000000 crc=4' "$(printf 'GET / HTTP/1.0\r\n\r\n' | raw "$B")"

t "the protocol alone is said without options, also before a handshake with the server"
match 'src=127.0.0.1 name= id= alpn=http/1.1 ssl= crc= ' "$(hs "$C" -alpn http/1.1 | grep src=)"

t "formats of one's own, left out when they are empty"
match 'own=/x/y,,to own' "$(http "http://127.0.0.1:$H/x/y")"

t "the checksum is that of the whole header with zeros in its place"
cat >"$T/crc.py" <<'E3'
import sys
h = bytearray(sys.stdin.buffer.read())
n = 16 + int.from_bytes(h[14:16], "big")
h = h[:n]
want = int.from_bytes(h[31:35], "big")
assert h[28] == 3, h[28]
h[31:35] = bytes(4)
crc = 0xffffffff
for b in h:
    crc ^= b
    for _ in range(8):
        crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
print("good" if crc ^ 0xffffffff == want else "bad")
E3
sed "s/:$F send/:$X send/" "$T/sluice.cfg" >"$T/raw.cfg"
sluice_stop
timeout 10 socat -u "TCP-LISTEN:$X,bind=127.0.0.1,reuseaddr" "OPEN:$T/header,creat" &
PIDS+=($!)
wait_for 5 listening "$X"
sluice_start "$T/raw.cfg"
printf 'GET / HTTP/1.0\r\n\r\n' | socat -t 0.2 - "TCP:127.0.0.1:$B" >/dev/null || true
has_header() { [ -s "$T/header" ]; }
wait_for 5 has_header
is good "$(python3 "$T/crc.py" <"$T/header")"

t "a TLV that runs over the end of the header is none, and nothing is read behind it"
sluice_stop
sluice_start "$T/sluice.cfg"
v2() { printf '\r\n\r\n\x00\r\nQUIT\n\x21\x11'; printf "$1"; printf '\x7f\x00\x00\x09\x7f\x00\x00\x01\x00\x10\x00\x50'; printf "$2"; printf 'GET / HTTP/1.0\r\n\r\n'; }
match 'src=127.0.0.9 name=ab id= ' "$(v2 '\x00\x11' '\x02\x00\x02ab' | raw "$F")"
match 'src=127.0.0.9 name= id= ' "$(v2 '\x00\x11' '\x02\x00\x09ab' | raw "$F")"
match 'src=127.0.0.9 name= id= ' "$(v2 '\x00\x0e' '\x02\x00' | raw "$F")"

t "a checksum that is wrong closes the connection, whoever asks for TLVs"
good() { printf '\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x22\x7f\x00\x00\x01\x7f\x00\x00\x01\xad\xcc\x27\x01\x03\x00\x04\xe7\xc8\x41\x75\x05\x00\x04id-'"$1"'\x20\x00\x05\x00\x00\x00\x00\x00GET / HTTP/1.0\r\n\r\n'; }
match 'src=127.0.0.1 name= id=id-0 ' "$(good 0 | raw "$F")"
is '' "$(good 1 | raw "$F" 2>/dev/null || true)"
sed 's/lf-string .*/string "got it"/' "$T/sluice.cfg" >"$T/none.cfg"
sluice_stop
sluice_start "$T/none.cfg"
match 'got it' "$(good 0 | raw "$F")"
is '' "$(good 1 | raw "$F" 2>/dev/null || true)"

t "what cannot be is refused"
bad() { printf 'backend b\n server s 127.0.0.1:1 send-proxy-v2 %s\n' "$1" >"$T/bad.cfg"; "$SLUICE" -c -f "$T/bad.cfg" 2>&1 || true; }
match "'set-proxy-v2-tlv-fmt' takes a number from 0 to 255" "$(bad 'set-proxy-v2-tlv-fmt(300) x')"
match "'set-proxy-v2-tlv-fmt' takes a number from 0 to 255" "$(bad 'set-proxy-v2-tlv-fmt x')"
match "option of the PROXY header" "$(bad 'proxy-v2-options ssl,nonsense')"
