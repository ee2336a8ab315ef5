#!/usr/bin/env bash
# TLS towards clients: which certificate, which version, who is let in, what resumes where.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) M=$(port) S=$(port) L=$(port) V=$(port) O=$(port)
ca ca; ca other
cert a.test DNS:a.test; cert a.rsa DNS:a.test ca rsa; cert w.test 'DNS:w.test,DNS:*.w.test'
cert exact.w.test DNS:exact.w.test; cert client DNS:client; cert foreign DNS:foreign other
mkdir "$T/dir"; cp "$T/w.test.pem" "$T/dir/2.pem"; cp "$T/exact.w.test.pem" "$T/dir/1.pem"; cp "$T/ca.key" "$T/dir/x.key"
cat >"$T/list" <<E2
# certificate [options] names
$T/a.test.pem
$T/w.test.pem [verify required ca-file $T/ca.pem] *.w.test !open.w.test
E2
origin "$O" one
cat >"$T/sluice.cfg" <<E2
global
  workers 2
  log stdout format raw local0
  crt-base $T
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:$P ssl crt a.test.pem crt a.rsa.pem crt dir
  bind 127.0.0.1:$M ssl crt a.test.pem ca-file $T/ca.pem verify required
  bind 127.0.0.1:$S ssl crt a.test.pem strict-sni alpn http/1.1
  bind 127.0.0.1:$L ssl crt-list $T/list
  bind 127.0.0.1:$V ssl crt a.test.pem ssl-min-ver TLSv1.3
  default_backend b
backend b
  server s 127.0.0.1:$O
E2
sluice_start "$T/sluice.cfg"

t "a request over TLS reaches the server and its answer comes back"
is one "$(https "$P" a.test /x)"

t "a body far larger than a record and than any buffer passes unchanged both ways"
head -c 3000000 /dev/urandom >"$T/big"
is "$(sha256sum <"$T/big")" "$(https "$P" a.test '/echo' --data-binary @"$T/big" -H 'Expect:' | sha256sum)"

t "the certificate is that of the name asked for: exact before wildcard, whatever the case, else the first one"
is exact.w.test "$(subject "$P" -servername exact.w.test)"
is w.test "$(subject "$P" -servername other.w.test)"
is w.test "$(subject "$P" -servername OTHER.W.Test)"
is a.test "$(subject "$P" -servername deep.er.w.test)"
is a.test "$(subject "$P" -noservername)"

t "a name with two kinds of keys is served with the kind that the client can verify"
match 'a\.test' "$(subject "$P" -servername a.test -sigalgs ECDSA+SHA256)"
match 'a\.rsa' "$(subject "$P" -servername a.test -sigalgs RSA-PSS+SHA256:RSA+SHA256)"

t "strict-sni refuses a client that names no host or another one"
is a.test "$(subject "$S" -servername a.test)"
match 'unrecognized name' "$(hs "$S" -servername b.test)"
match 'unrecognized name' "$(hs "$S" -noservername)"

t "a client certificate is demanded, judged by the ca-file, and one of another CA is refused"
is one "$(https "$M" a.test / --cert "$T/client.pem")"
! https "$M" a.test / 2>/dev/null || fail "let in without a certificate"
! https "$M" a.test / --cert "$T/foreign.pem" 2>/dev/null || fail "let in with a foreign certificate"

t "options of a crt-list line hold for its names only"
is one "$(https "$L" a.test /)"
! https "$L" x.w.test / 2>/dev/null || fail "x.w.test let in without a certificate"
is one "$(https "$L" x.w.test / --cert "$T/client.pem")"
is a.test "$(subject "$L" -servername open.w.test)"

t "a session made where no client certificate was asked for does not open the name that asks for one"
hs "$L" -servername a.test -tls1_2 -sess_out "$T/sess12" >/dev/null
match 'Reused' "$(hs "$L" -servername a.test -tls1_2 -sess_in "$T/sess12")"
nomatch 'Reused' "$(hs "$L" -servername x.w.test -tls1_2 -sess_in "$T/sess12")"
hs "$L" -servername a.test -sess_out "$T/sess13" >/dev/null
nomatch 'Reused' "$(hs "$L" -servername x.w.test -sess_in "$T/sess13")"

t "a ticket of one worker is good at every worker, in TLS 1.2 and 1.3"
for v in -tls1_2 -tls1_3; do
	hs "$P" -servername a.test $v -sess_out "$T/s" >/dev/null
	for _ in 1 2 3 4 5 6 7 8; do match 'Reused, TLS' "$(hs "$P" -servername a.test $v -sess_in "$T/s")"; done
done

t "a worker that was started again takes the tickets of its predecessor"
hs "$P" -servername a.test -sess_out "$T/s" >/dev/null
for w in $(kids worker); do kill -9 "$w"; done
wait_for 10 sh -c "[ \$(curl -sk -o /dev/null -w '%{http_code}' https://127.0.0.1:$P/) = 200 ]"
match 'Reused, TLS' "$(hs "$P" -servername a.test -sess_in "$T/s")"

t "a ticket from before a reload is good after it"
hs "$P" -servername a.test -sess_out "$T/s" >/dev/null
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 2 accepts' "$T/sluice.err"
for _ in 1 2 3; do match 'Reused, TLS' "$(hs "$P" -servername a.test -sess_in "$T/s")"; done

t "versions below the minimum are refused"
match 'Protocol  : TLSv1.2|TLSv1.2, Cipher' "$(hs "$P" -tls1_2)"
match 'alert protocol version' "$(hs "$P" -tls1_1 -cipher ALL:@SECLEVEL=0)"
match 'alert protocol version' "$(hs "$V" -tls1_2)"

t "the protocol is agreed on where the client offers what is served"
match 'ALPN protocol: http/1.1' "$(hs "$S" -servername a.test -alpn foo,http/1.1)"
match 'No ALPN negotiated' "$(hs "$S" -servername a.test -alpn foo)"

t "plain HTTP on a TLS port is closed without a word of HTTP, and logged as a failed handshake"
nomatch 'HTTP/1' "$(printf 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' | raw "$P" | tr -d '\0')"
wait_for 5 grep -q 'web/1: SSL handshake failure' "$T/sluice.out"

t "the frontend's name has a ~ behind it in the log of a TLS client"
wait_for 5 grep -q ' web~ b/s ' "$T/sluice.out"
