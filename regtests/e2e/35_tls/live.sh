#!/usr/bin/env bash
# Certificates that change without a reload, by the runtime socket.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port)
ca ca
cert a.test DNS:a.test; cert next DNS:a.test,DNS:new.test ca ec 3; cert b.test DNS:b.test; cert rsa DNS:a.test ca rsa
site <<E2
frontend web
  bind 127.0.0.1:$P ssl crt $T/a.test.pem crt $T/b.test.pem
  http-request return status 200 content-type text/plain string "ok\n"
E2
sluice_start "$T/sluice.cfg"
set_cert() { printf 'set ssl cert %s <<\n%s\n\n' "$T/a.test.pem" "$(cat "$1")" | pipe; }
part() { printf 'set ssl cert %s%s <<\n%s\n\n' "$T/a.test.pem" "$1" "$(cat "$2")" | pipe; }
served_is() { # serial name: of every worker, soon
	wait_for 5 sh -c "for i in 1 2 3 4 5 6; do openssl s_client -connect 127.0.0.1:$P -servername $2 </dev/null 2>/dev/null | openssl x509 -noout -serial | grep -q $1 || exit 1; done"
}
serial() { openssl x509 -in "$T/$1.crt" -noout -serial | cut -d= -f2; }
served() { hs "$P" -servername "$1" | openssl x509 -noout -serial 2>/dev/null | cut -d= -f2; }

t "handshakes are counted: done, resumed"
hs "$P" -servername a.test -sess_out "$T/s" >/dev/null
hs "$P" -servername a.test -sess_in "$T/s" >/dev/null
match "CumSslConns: 2" "$(say show info)"
match "SslFrontendSessionReuse_pct: 50" "$(say show info)"

t "certificates are listed and described"
is "# filename
$T/a.test.pem
$T/b.test.pem" "$(say show ssl cert | sed '/^$/d')"
d=$(say show ssl cert "$T/a.test.pem")
for w in "Filename: $T/a.test.pem" "Status: Used" "Serial: $(serial a.test)" "Subject Alternative Name: DNS:a.test" "Algorithm: EC256" "Issuer: /CN=ca"; do
	grep -qF "$w" <<<"$d" || fail "no '$w' in $d"
done
match "Days left: (29|30)" "$d" # of 30, some moments ago
match "Can't display" "$(say show ssl cert /nowhere 2>&1 || true)"

t "the names of all listeners are listed with their certificates and what is left of them"
match "web/127.0.0.1:$P"$'\t'"b.test"$'\t'"-"$'\t'"ecdsa"$'\t'"$T/b.test.pem"$'\t' "$(say show ssl sni)"

t "a prepared certificate can be looked at and changes nothing before it is committed"
match "Transaction created for certificate $T/a.test.pem!" "$(set_cert "$T/next.pem")"
match "\*$T/a.test.pem" "$(say show ssl cert)"
match "Serial: $(serial next)" "$(say show ssl cert "*$T/a.test.pem")"
is "$(serial a.test)" "$(served a.test)"

t "after the commit every worker serves it, also under its new names"
match 'Success!' "$(say commit ssl cert "$T/a.test.pem")"
wait_for 5 sh -c "for i in 1 2 3 4 5 6; do openssl s_client -connect 127.0.0.1:$P -servername new.test </dev/null 2>/dev/null | openssl x509 -noout -serial | grep -q $(serial next) || exit 1; done"
is "$(serial next)" "$(served a.test)"
is "$(serial b.test)" "$(served b.test)"
match "new.test.*"$'\t[23]$' "$(say show ssl sni | grep new.test)"

t "an end that is near is warned of, once"
wait_for 5 grep -qE "WARNING.*the certificate $T/a.test.pem expires in [23] days" "$T/sluice.err" # of 3, some moments ago
is 1 "$(grep -cE "a.test.pem expires in [23] days" "$T/sluice.err")"

t "a worker that is started afterwards serves it too"
for w in $(kids worker); do kill -9 "$w"; done
wait_for 10 sh -c "[ \$(curl -sk -o /dev/null -w '%{http_code}' https://127.0.0.1:$P/) = 200 ]"
is "$(serial next)" "$(served a.test)"

t "an aborted transaction leaves nothing behind"
set_cert "$T/a.test.pem" >/dev/null
match 'ongoing transaction is about' "$(say commit ssl cert "$T/b.test.pem" 2>&1 || true)"
match 'Transaction aborted' "$(say abort ssl cert "$T/a.test.pem")"
match 'No ongoing transaction' "$(say commit ssl cert "$T/a.test.pem" 2>&1 || true)"
is "$(serial next)" "$(served a.test)"

t "what does not fit is refused: no certificate, a key of another, an unknown name"
match "no certificate in" "$(set_cert "$T/a.test.k")"
match "does not belong" "$(set_cert "$T/b.test.crt")"
match 'not referenced' "$(printf 'set ssl cert /nowhere <<\n%s\n\n' "$(cat "$T/next.pem")" | pipe)"

t "a certificate without a key keeps the key, parts come one by one"
match created "$(set_cert "$T/next.crt")"
match updated "$(part .key "$T/b.test.k")"
match "does not belong" "$(say commit ssl cert "$T/a.test.pem" 2>&1 || true)"
match updated "$(set_cert "$T/b.test.crt" 2>&1 || true; part .key "$T/next.k")"
match 'Success!' "$(say commit ssl cert "$T/a.test.pem")"

t "the key may be of another kind"
match created "$(set_cert "$T/rsa.pem")"
match 'Success!' "$(say commit ssl cert "$T/a.test.pem")"
served_is "$(serial rsa)" a.test
match created "$(set_cert "$T/next.pem")"
match 'Success!' "$(say commit ssl cert "$T/a.test.pem")"
served_is "$(serial next)" a.test

t "what was committed stays over a reload, a file that changed counts more"
cp "$T/rsa.pem" "$T/b.test.pem"
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 2 accepts' "$T/sluice.err"
is "$(serial next)" "$(served new.test)"
match "Serial: $(serial rsa)" "$(say show ssl cert "$T/b.test.pem")"
cp "$T/rsa.pem" "$T/a.test.pem"
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 3 accepts' "$T/sluice.err"
match "a.test.pem has changed on disk: what was set at run time no longer counts" "$(cat "$T/sluice.err")"
is "$(serial rsa)" "$(served a.test)"
