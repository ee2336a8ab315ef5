#!/usr/bin/env bash
# CA files and revocation lists: what they decide, and their change by the runtime socket.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) B=$(port)
ca ca; ca other; ca old
cert srv DNS:srv.test; cert good DNS:good; cert bad DNS:bad; cert foreign DNS:foreign other; cert osrv DNS:srv.test other
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index\ndefault_md=sha256\ndefault_crl_days=9\n' "$T" >"$T/ca.cnf"
crl() { openssl ca -config "$T/ca.cnf" -gencrl -keyfile "$T/ca.key" -cert "$T/ca.pem" -out "$T/$1" 2>/dev/null; }
: >"$T/index"
crl empty.crl
openssl ca -config "$T/ca.cnf" -revoke "$T/bad.crt" -keyfile "$T/ca.key" -cert "$T/ca.pem" 2>/dev/null
crl full.crl
cp "$T/empty.crl" "$T/crl.pem"
printf '%s\n' "$T/srv.pem" >"$T/list"
cat >"$T/sluice.cfg" <<E2
global
  workers 2
  stats socket $T/sock level admin
  log stdout format raw local0
defaults
  mode http
  log global
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  retries 0
frontend web
  bind 127.0.0.1:$P ssl crt-list $T/list ca-file $T/ca.pem crl-file $T/crl.pem verify required
  http-request return status 200 content-type text/plain lf-string "hello %[ssl_c_s_dn(CN)] %[ssl_fc_is_resumed]\n" if { path / }
  default_backend out
backend out
  server s 127.0.0.1:$B ssl ca-file $T/old.pem sni str(srv.test) check check-sni srv.test inter 100ms fall 1 rise 1
frontend origin
  bind 127.0.0.1:$B ssl crt $T/osrv.pem
  http-request return status 200 content-type text/plain string "origin\n"
E2
sluice_start "$T/sluice.cfg"
pipe() { socat -t 5 - "UNIX-CONNECT:$T/sock" 2>&1; }
say() { echo "$*" | pipe; }
load() { printf '%s <<\n%s\n\n' "$1" "$2" | pipe; }
with() { hs "$P" -tls1_3 -cert "$T/$1.crt" -key "$T/$1.k" "${@:2}"; }
everywhere() { # pattern who: what every worker says to that client, soon
	wait_for 5 sh -c "for i in 1 2 3 4 5 6; do printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -tls1_3 -ign_eof -connect 127.0.0.1:$P -cert $T/$2.crt -key $T/$2.k 2>&1 | grep -qE '$1' || exit 1; done"
}

t "who is revoked is refused, once the list says so, and does not get in by resumption either"
match 'hello bad' "$(with bad -sess_out "$T/sess")"
match 'hello bad 1' "$(with bad -sess_in "$T/sess")"
match "transaction created for CRL $T/crl.pem!" "$(load "set ssl crl-file $T/crl.pem" "$(cat "$T/full.crl")")"
match "^\*$T/crl.pem" "$(say show ssl crl-file | sed -n 2p)"
match 'hello bad' "$(with bad)"
match "Committing $T/crl.pem...
Success!" "$(say commit ssl crl-file "$T/crl.pem")"
everywhere 'alert certificate revoked' bad
everywhere 'hello good' good
nomatch 'hello' "$(with bad -sess_in "$T/sess")"

t "lists are described"
for w in "Status: Used" "Certificate Revocation List #1:" "Signature Algorithm: ecdsa-with-SHA256" "Issuer: /CN=ca" \
	"    Serial Number: $(openssl x509 -in "$T/bad.crt" -noout -serial | cut -d= -f2)" "        Revocation Date: "; do
	grep -qF -- "$w" <<<"$(say show ssl crl-file "$T/crl.pem")" || fail "no '$w'"
done

t "a CA is believed as soon as its certificate is in the file"
everywhere 'unknown ca' foreign
match "$T/ca.pem - 1 certificate" "$(say show ssl ca-file)"
match "transaction created for CA $T/ca.pem!" "$(load "add ssl ca-file $T/ca.pem" "$(cat "$T/other.pem")")"
match "\*$T/ca.pem - 2 certificate" "$(say show ssl ca-file)"
match "Subject: /CN=other" "$(say show ssl ca-file "*$T/ca.pem:2")"
match "Success!" "$(say commit ssl ca-file "$T/ca.pem")"
match "Subject: /CN=other" "$(say show ssl ca-file "$T/ca.pem:2")"
everywhere 'unable to get certificate CRL|hello|certificate unknown|unknown ca' foreign # its CA has issued no list
match "Invalid payload" "$(load "set ssl ca-file $T/ca.pem" junk)"
match "No ongoing transaction! !
Can't commit $T/ca.pem!" "$(say commit ssl ca-file "$T/ca.pem")"
match "not referenced by the configuration" "$(load "set ssl ca-file /nope" "$(cat "$T/ca.pem")")"

t "servers and checks are judged by the new CA as well"
wait_for 5 grep -q 'Server out/s is DOWN' "$T/sluice.out"
load "set ssl ca-file $T/old.pem" "$(cat "$T/other.pem")" >/dev/null
match "Success!" "$(say commit ssl ca-file "$T/old.pem")"
wait_for 5 grep -q 'Server out/s is UP' "$T/sluice.out"
is origin "$(curl -sSk --cert "$T/good.crt" --key "$T/good.k" "https://127.0.0.1:$P/out")"

t "a new CA file can be used by a line that is added to a crt-list"
match "New CA file created '$T/new.ca'!" "$(say new ssl ca-file "$T/new.ca")"
match "$T/new.ca - 0 certificate" "$(say show ssl ca-file)"
load "set ssl ca-file $T/new.ca" "$(cat "$T/other.pem")" >/dev/null
match "Success!" "$(say commit ssl ca-file "$T/new.ca")"
match "CRL file '$T/none' is not loaded" "$(load "add ssl crt-list $T/list" "$T/srv.pem [ca-file $T/new.ca crl-file $T/none] new.test")"
match "New CRL file created '$T/none'!" "$(say new ssl crl-file "$T/none")"
load "set ssl crl-file $T/none" "$(cat "$T/empty.crl")" >/dev/null
match "Success!" "$(say commit ssl crl-file "$T/none")"
match "CRL file '$T/none' deleted!" "$(say del ssl crl-file "$T/none")"
load "set ssl crl-file $T/crl.pem" "$(cat "$T/full.crl" <(openssl ca -config "$T/ca.cnf" -gencrl -keyfile "$T/other.key" -cert "$T/other.pem" 2>/dev/null))" >/dev/null
match "Success!" "$(say commit ssl crl-file "$T/crl.pem")"
match "Success!" "$(load "add ssl crt-list $T/list" "$T/srv.pem [ca-file $T/new.ca verify required] new.test")"
wait_for 5 sh -c "printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -servername new.test -ign_eof -connect 127.0.0.1:$P -cert $T/foreign.crt -key $T/foreign.k 2>&1 | grep -q 'hello foreign'"
match "CA file '$T/new.ca' in use, can't be deleted!" "$(say del ssl ca-file "$T/new.ca")"
match "deleted" "$(say del ssl crt-list "$T/list" "$T/srv.pem:2")"
match "CA file '$T/ca.pem' in use, can't be deleted!" "$(say del ssl ca-file "$T/ca.pem")"
match "CA file '/nope' doesn't exist!" "$(say del ssl ca-file /nope)"

t "what was committed stays over a reload"
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 2 accepts' "$T/sluice.err"
everywhere 'alert certificate revoked' bad
match "$T/ca.pem - 2 certificate" "$(say show ssl ca-file)"
