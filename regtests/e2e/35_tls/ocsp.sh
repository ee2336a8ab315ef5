#!/usr/bin/env bash
# Stapled OCSP responses: from files, by the runtime socket, and none that should not be shown.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port)
ca ca; ca other
cert a DNS:a.test; cert b DNS:b.test; cert c DNS:c.test; cert d DNS:d.test; cert e DNS:e.test
ocsp_index a b c e
for n in a b c d; do cp "$T/ca.pem" "$T/$n.pem.issuer"; done
rm "$T/d.pem.issuer"
ocsp_file a "$T/a.pem.ocsp"
ocsp_file c "$T/c.pem.ocsp" -rsigner "$T/other.pem" -rkey "$T/other.key" # signed by a stranger
ocsp_file a "$T/d.pem.ocsp"
site <<E2
frontend web
  bind 127.0.0.1:$P ssl crt $T/a.pem crt $T/b.pem crt $T/c.pem crt $T/d.pem
  http-request return status 200
E2
sluice_start "$T/sluice.cfg"
stapled() { hs "$P" -status -servername "$1" | grep -E 'Cert Status|no response sent'; }
everywhere() { # pattern name
	wait_for 5 sh -c "for i in 1 2 3 4 5 6; do openssl s_client -status -connect 127.0.0.1:$P -servername $2 </dev/null 2>&1 | grep -qE '$1' || exit 1; done"
}
one_line() { base64 -w0 "$1"; }

t "a response beside the certificate is stapled to its handshakes, to no others"
match 'Cert Status: good' "$(stapled a.test)"
match 'no response sent' "$(stapled b.test)"

t "one that another CA has signed, or that is about another certificate, is left out with a warning"
match 'no response sent' "$(stapled c.test)"
match "the OCSP response of '$T/c.pem' is left out: OCSP response: it is not signed by the issuer" "$(cat "$T/sluice.err")"
match "the OCSP response of '$T/d.pem' is left out: the issuer of '$T/d.pem' is neither in its chain" "$(cat "$T/sluice.err")"

t "responses are listed and described"
match "Certificate path : $T/a.pem" "$(say show ssl ocsp-response)"
nomatch "b.pem" "$(say show ssl ocsp-response)"
key=$(say show ssl ocsp-response | sed -n 's/^Certificate ID key : //p')
match "OCSP Response Key: $key" "$(say show ssl cert "$T/a.pem")"
match "Cert Status: good" "$(say show ssl ocsp-response "$key")"
match "Cert Status: good" "$(say show ssl ocsp-response "$T/a.pem")"
match "Certificate ID does not match any certificate." "$(say show ssl ocsp-response 00)"

t "a response is set at run time, in one line or as a payload, and stays over a reload"
ocsp_file b "$T/b.der"
match "OCSP Response updated!" "$(say set ssl ocsp-response "$(one_line "$T/b.der")")"
everywhere 'Cert Status: good' b.test
match "OCSP Response updated!" "$(printf 'set ssl ocsp-response <<\n%s\n\n' "$(base64 "$T/b.der")" | pipe)"
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 2 accepts' "$T/sluice.err"
everywhere 'Cert Status: good' b.test

t "what cannot be shown is refused: no base64, no response, a stranger's, one that is over"
match "expects response in base64" "$(say set ssl ocsp-response)"
match "invalid base64" "$(say set ssl ocsp-response '!!!')"
match "Unable to parse OCSP response" "$(say set ssl ocsp-response AAAA)"
match "not signed by the issuer" "$(say set ssl ocsp-response "$(one_line "$T/c.pem.ocsp")")"
ocsp_file e "$T/unknown.der"
match "does not match any" "$(say set ssl ocsp-response "$(one_line "$T/unknown.der")")"
openssl ocsp -index "$T/index" -rsigner "$T/ca.pem" -rkey "$T/ca.key" -CA "$T/ca.pem" -issuer "$T/ca.pem" -cert "$T/b.crt" -respout "$T/endless.der" >/dev/null 2>&1
match "missing nextupdate" "$(say set ssl ocsp-response "$(one_line "$T/endless.der")")"

t "a response may come with the certificate"
printf 'set ssl cert %s.ocsp <<\n%s\n\n' "$T/a.pem" "$(base64 "$T/a.pem.ocsp")" | pipe >/dev/null
match 'Success!' "$(say commit ssl cert "$T/a.pem")"
everywhere 'Cert Status: good' a.test
