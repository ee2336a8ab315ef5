#!/usr/bin/env bash
# OCSP responses that renew themselves: asked of the responder that the certificate names, judged, stapled, asked again.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) R=$(port) J=$(port) D=$(port) NS=$(port)
ca ca
aia() { # name port [host]: a certificate that names it
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$T/$1.k" -out "$T/$1.csr" -subj "/CN=$1" 2>/dev/null
	openssl x509 -req -in "$T/$1.csr" -CA "$T/ca.pem" -CAkey "$T/ca.key" -CAcreateserial -days 60 -out "$T/$1.crt" \
		-extfile <(printf 'subjectAltName=DNS:%s.test\nauthorityInfoAccess=OCSP;URI:http://%s:%s/path\n' "$1" "${3:-127.0.0.1}" "$2") 2>/dev/null
	cat "$T/$1.crt" "$T/ca.pem" "$T/$1.k" >"$T/$1.pem"
}
aia good "$R"; aia junk "$J"; aia dead "$D"; aia other "$R"; aia named "$R" localhost; aia zoned "$R" ocsp.test
ocsp_index good other named zoned
responder() { # what it signs is good for so many minutes
	openssl ocsp -port "$R" -index "$T/index" -rsigner "$T/ca.pem" -rkey "$T/ca.key" -CA "$T/ca.pem" -nmin "$1" >"$T/responder" 2>&1 &
	RP=$!
	PIDS+=($RP)
	wait_for 5 listening "$R"
}
origin "$J" junk
responder 60
printf '%s\n' "$T/good.pem [ocsp-update on]" "$T/junk.pem [ocsp-update on]" "$T/dead.pem [ocsp-update on]" "$T/named.pem [ocsp-update on]" \
	"$T/zoned.pem [ocsp-update on]" "$T/other.pem" >"$T/list"
site 'ocsp-update.mindelay 1' 'ocsp-update.maxdelay 2' <<E2
frontend web
  bind 127.0.0.1:$P ssl crt-list $T/list
  http-request return status 200
E2
sluice_start "$T/sluice.cfg"
everywhere() { # pattern name
	wait_for 10 sh -c "for i in 1 2 3 4; do openssl s_client -status -connect 127.0.0.1:$P -servername $2 </dev/null 2>&1 | grep -qE '$1' || exit 1; done"
}
row() { say show ssl ocsp-updates | grep -F "| $T/$1.pem |"; }
successes() { row "$1" | awk -F' [|] ' '{ print $5 }'; }
failures() { row "$1" | awk -F' [|] ' '{ print $6 }'; }
more() { [ "$($1 "$2")" -gt "$3" ]; }

t "a response is fetched and stapled where it was asked for, and there alone"
everywhere 'Cert Status: good' good.test
everywhere 'no response sent' other.test
match "Update successful" "$(row good)"

t "it is fetched again, and at once by order"
n=$(successes good)
wait_for 10 more successes good "$n"
match "only works on certificates that have ocsp-update on" "$(say update ssl ocsp-response "$T/other.pem")"
n=$(successes good)
say update ssl ocsp-response "$T/good.pem" >/dev/null
wait_for 10 more successes good "$n"

t "a certificate that gets the option at run time is one of them from then on"
match "Success!" "$(printf 'add ssl crt-list %s <<\n%s\n\n' "$T/list" "$T/other.pem [ocsp-update on] more.test" | socat -t 5 - "UNIX-CONNECT:$T/sock")"
everywhere 'Cert Status: good' other.test

t "a responder that is not there, or that talks nonsense, is asked again later and later, and said once"
wait_for 10 more failures dead 1
wait_for 10 more failures junk 1
match "Connection refused" "$(row dead)"
is 1 "$(grep -c "dead.pem was not renewed" "$T/sluice.err")"
match "junk.pem was not renewed: (Unable to parse OCSP response|status|not an HTTP answer)" "$(cat "$T/sluice.err")"

t "the name of a responder is looked up by the machine's own means, each time it is asked"
everywhere 'Cert Status: good' named.test
match "the name of the host is not known" "$(row zoned)"

t "httpclient.resolvers.id says who else knows names, from the next start on; an address that takes no connection is followed by the next"
printf 'ocsp.test 255.255.255.255 127.0.0.1\n' >"$T/zone"
python3 "$ROOT/regtests/lib/dns.py" "$NS" "$T/zone" 2>/dev/null &
PIDS+=($!)
wait_for 5 listening "$NS"
sed -i "s/^defaults/  httpclient.resolvers.id mine\n  httpclient.resolvers.prefer ipv4\nresolvers mine\n  nameserver n 127.0.0.1:$NS\n&/" "$T/sluice.cfg"
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 2 accepts' "$T/sluice.err"
everywhere 'Cert Status: good' zoned.test

t "what was fetched stays when the responder dies, also over a reload and in a new worker"
kill "$RP"; wait "$RP" 2>/dev/null || true
wait_for 10 more failures good 0
everywhere 'Cert Status: good' good.test
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 3 accepts' "$T/sluice.err"
everywhere 'Cert Status: good' good.test

t "a certificate that is revoked is no longer stapled as good"
openssl ca -config "$T/ca.cnf" -revoke "$T/good.crt" -keyfile "$T/ca.key" -cert "$T/ca.pem" 2>/dev/null
responder 60
everywhere 'Cert Status: revoked' good.test
