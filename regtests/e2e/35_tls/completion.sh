#!/usr/bin/env bash
# Certificates whose files lack something: where it is looked for, and chains that many share.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) Q=$(port)
ca ca
cert leaf DNS:a.test; cert own DNS:o.test
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$T/mid.key" -out "$T/mid.csr" -subj "/CN=mid" 2>/dev/null
openssl x509 -req -in "$T/mid.csr" -CA "$T/ca.pem" -CAkey "$T/ca.key" -CAcreateserial -days 30 -extfile <(echo basicConstraints=critical,CA:true) -out "$T/mid.pem" 2>/dev/null
cert below DNS:b.test mid; cert late DNS:b.test mid
mkdir "$T/chains" "$T/crts"
cat "$T/mid.pem" "$T/ca.pem" >"$T/chains/mid"
cp "$T/below.crt" "$T/crts/below.crt"; cp "$T/below.k" "$T/crts/below.key"
cat "$T/own.crt" "$T/ca.pem" "$T/own.k" >"$T/crts/own.crt"
ocsp_index own; ocsp_file own "$T/crts/own.ocsp"
config() { # global lines
	site "$@" <<E2
frontend web
  bind 127.0.0.1:$P ssl crt $T/crts/below.crt
  bind 127.0.0.1:$Q ssl crt $T/crts/own.crt
  http-request return status 200
E2
}
try() { config "$@"; "$SLUICE" -c -f "$T/sluice.cfg" 2>&1 || true; }
shown() { hs "$@" -showcerts | grep -c 'BEGIN CERTIFICATE'; }

t "without a word the key has its name behind the certificate's whole name, and is missed"
match 'no usable private key' "$(try)"
is '' "$(try ssl-load-extra-del-ext)"

t "what is not to be looked for is not found"
match 'no usable private key' "$(try ssl-load-extra-del-ext 'ssl-load-extra-files ocsp issuer')"
is '' "$(try ssl-load-extra-del-ext 'ssl-load-extra-files key')"
match "kind of file" "$(try 'ssl-load-extra-files nonsense')"

t "a certificate without a chain gets that of its issuer; a chain that is but a root is not shown"
config ssl-load-extra-del-ext ssl-skip-self-issued-ca "issuers-chain-path $T/chains"
sluice_start "$T/sluice.cfg"
is 3 "$(shown "$P")"
match 'Verify return code: 0 ' "$(hs "$P" -verify_return_error)"
is 1 "$(shown "$Q")"
match 'Cert Status: good' "$(hs "$Q" -status)"

t "one that comes at run time is completed alike"
printf 'set ssl cert %s <<\n%s\n\n' "$T/crts/below.crt" "$(cat "$T/late.pem")" | pipe >/dev/null
match 'Success!' "$(say commit ssl cert "$T/crts/below.crt")"
renewed() { hs "$P" | grep -q 'CN = late'; }
wait_for 5 renewed
is 3 "$(shown "$P")"

t "without the words the file is shown as it is"
sluice_stop
config ssl-load-extra-del-ext
sluice_start "$T/sluice.cfg"
is 1 "$(shown "$P")"
is 2 "$(shown "$Q")"

t "a directory that is not there, or has something else in it, is an error"
match "cannot read the directory '$T/nowhere'" "$(try ssl-load-extra-del-ext "issuers-chain-path $T/nowhere")"
echo nothing >"$T/chains/zero"
match "no certificate in '$T/chains/zero'" "$(try ssl-load-extra-del-ext "issuers-chain-path $T/chains")"
