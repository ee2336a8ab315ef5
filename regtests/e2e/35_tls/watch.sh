#!/usr/bin/env bash
# ssl-watch: files that change on disk take effect by themselves; what cannot be used changes nothing.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) M=$(port)
ca ca; ca other
cert a DNS:a.test; cert b DNS:b.test; cert n1 DNS:a.test; cert n2 DNS:a.test ca rsa; cert who DNS:who other
ocsp_index b
cp "$T/ca.pem" "$T/b.pem.issuer"
cp "$T/b.k" "$T/b.pem.key"; cp "$T/b.crt" "$T/b.pem"
cp "$T/ca.pem" "$T/cas.pem"
site 'ssl-watch on' <<E2
frontend web
  bind 127.0.0.1:$P ssl crt $T/a.pem crt $T/b.pem ca-file $T/cas.pem verify optional crt-ignore-err all ca-ignore-err all
  http-request return status 200 content-type text/plain lf-string "verify=%[ssl_c_verify]\n"
frontend metrics
  bind 127.0.0.1:$M
  http-request use-service prometheus-exporter
E2
sluice_start "$T/sluice.cfg"
serial() { openssl x509 -in "$T/$1.crt" -noout -serial | cut -d= -f2; }
everywhere() { # pattern name [args]
	wait_for 10 sh -c "for i in 1 2 3 4; do printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -ign_eof -status -connect 127.0.0.1:$P -servername $2 ${*:3} 2>&1 | { cat; echo; } >$T/out; { cat $T/out; openssl x509 -noout -serial <$T/out; } | grep -qE '$1' || exit 1; done"
}
noticed() { wait_for 10 grep -qE "$1" "$T/sluice.err"; }

t "a certificate that changes on disk is served without a reload, whatever its key is"
cp "$T/n1.pem" "$T/a.pem"
everywhere "serial=$(serial n1)" a.test
noticed "$T/a.pem has changed on disk and is in force now"
cp "$T/n2.pem" "$T/a.new" && mv "$T/a.new" "$T/a.pem"
everywhere "serial=$(serial n2)" a.test

t "a broken file changes nothing and is reported once"
cp "$T/n1.crt" "$T/a.pem"
noticed "$T/a.pem has changed on disk and cannot be used, what was there before stays: no usable private key"
everywhere "serial=$(serial n2)" a.test
cp "$T/n1.pem" "$T/a.pem"
everywhere "serial=$(serial n1)" a.test
is 1 "$(grep -c "a.pem has changed on disk and cannot be used" "$T/sluice.err")"

t "certificate and key in two files take effect when both have changed"
cp "$T/n2.crt" "$T/b.pem"
noticed "$T/b.pem has changed on disk and cannot be used.*does not belong"
cp "$T/n2.k" "$T/b.pem.key"
wait_for 10 sh -c "echo 'show ssl cert $T/b.pem' | socat -t 5 - UNIX-CONNECT:$T/sock | grep -q 'Serial: $(serial n2)'"
cp "$T/b.k" "$T/b.pem.key"; cp "$T/b.crt" "$T/b.pem"
everywhere "serial=$(serial b)" b.test

t "an OCSP response that appears is stapled"
ocsp_file b "$T/b.pem.ocsp"
everywhere 'Cert Status: good' b.test

t "a CA that is added to a file is believed"
everywhere 'verify=(20|21)' a.test -cert "$T/who.crt" -key "$T/who.k"
cat "$T/ca.pem" "$T/other.pem" >"$T/cas.pem"
everywhere 'verify=0' a.test -cert "$T/who.crt" -key "$T/who.k"

t "what was set at run time counts until the file changes"
printf 'set ssl cert %s <<\n%s\n\n' "$T/a.pem" "$(cat "$T/n2.pem")" | pipe >/dev/null
match 'Success!' "$(say commit ssl cert "$T/a.pem")"
everywhere "serial=$(serial n2)" a.test
touch "$T/a.pem"
everywhere "serial=$(serial n1)" a.test

t "the end of each certificate is a metric"
end=$(date -d "$(openssl x509 -in "$T/n1.crt" -noout -enddate | cut -d= -f2)" +%s)
match "sluice_certificate_not_after_seconds\{path=\"$T/a.pem\"\} $end" "$(http "http://127.0.0.1:$M/metrics")"
nomatch certificate "$(http "http://127.0.0.1:$M/metrics?scope=global")"
