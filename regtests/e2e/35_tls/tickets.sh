#!/usr/bin/env bash
# Session tickets: by the secret of the generations, or by keys of a file that are replaced by the runtime socket.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) F=$(port) G=$(port) N=$(port) V=$(port) S=$(port)
ca ca; cert a DNS:a.test; cert who DNS:who
key() { openssl rand -base64 "$1" | tr -d '\n'; }
for _ in 1 2 3; do key 80; echo; done >"$T/keys"
for _ in 1 2 3; do key 48; echo; done >"$T/short"
site <<E2
frontend web
  bind 127.0.0.1:$P ssl crt $T/a.pem
  bind 127.0.0.1:$F ssl crt $T/a.pem tls-ticket-keys $T/keys
  bind 127.0.0.1:$G ssl crt $T/a.pem tls-ticket-keys $T/short
  bind 127.0.0.1:$N ssl crt $T/a.pem no-tls-tickets
  bind 127.0.0.1:$S ssl crt $T/a.pem ciphersuites TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256
  bind 127.0.0.1:$V ssl crt $T/a.pem ca-file $T/ca.pem verify optional
  http-request return status 200 content-type text/plain lf-string "resumed=%[ssl_fc_is_resumed]\n"
E2
sluice_start "$T/sluice.cfg"
first() { hs "$1" "$2" -sess_out "$T/s" >/dev/null; }
resumed() { hs "$1" "$2" -sess_in "$T/s" | grep -o 'resumed=.'; }
often() { local i; for i in 1 2 3 4 5 6; do is resumed=1 "$(resumed "$1" "$2")"; done; }
name() { hs "$1" -tls1_2 | sed -n '/TLS session ticket:/{n;s/^ *0000 - //;s/   .*//;s/[- ]//g;p;}'; }

t "a session resumes on every worker and after a reload, in TLS 1.2 and 1.3"
for v in -tls1_2 -tls1_3; do first "$P" $v; often "$P" $v; done
for v in -tls1_2 -tls1_3; do first "$P" $v; cp "$T/s" "$T/s$v"; done
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 2 accepts' "$T/sluice.err"
for v in -tls1_2 -tls1_3; do cp "$T/s$v" "$T/s"; often "$P" $v; done

t "the last but one key of a file makes tickets, 80 and 48 bytes long"
is "$(sed -n 2p "$T/keys" | base64 -d | head -c 16 | od -An -tx1 | tr -d ' \n')" "$(name "$F")"
is "$(sed -n 2p "$T/short" | base64 -d | head -c 16 | od -An -tx1 | tr -d ' \n')" "$(name "$G")"
first "$F" -tls1_2; often "$F" -tls1_2
first "$G" -tls1_3; often "$G" -tls1_3

t "keys are listed, and replaced: the last one makes tickets then, those of a key that has left are not taken"
is "# id (file)
0 ($T/keys)
1 ($T/short)" "$(say show tls-keys | sed '/^$/d')"
is "0.1 $(sed -n 2p "$T/keys")" "$(say show tls-keys '#0' | grep '^0.1')"
k=$(key 80)
match "TLS ticket key updated!" "$(say set ssl tls-key "$T/keys" "$k")"
is "0.2 $k" "$(say show tls-keys '*' | grep '^0.2')"
soon_named() { [ "$(name "$F")" = "$1" ]; }
third=$(sed -n 3p "$T/keys" | base64 -d | head -c 16 | od -An -tx1 | tr -d ' \n')
for _ in 1 2 3 4; do wait_for 5 soon_named "$third"; done
first "$F" -tls1_2
say set ssl tls-key '#0' "$(key 80)" >/dev/null
often "$F" -tls1_2
say set ssl tls-key '#0' "$(key 80)" >/dev/null
not_taken() { [ "$(resumed "$F" -tls1_2)" = resumed=0 ]; }
for _ in 1 2 3 4; do wait_for 5 not_taken; done

t "keys that do not fit are refused"
match "received a key of wrong size" "$(say set ssl tls-key '#0' AAAA)"
match "received a key of wrong size" "$(say set ssl tls-key '#0' "$(key 48)")"
match "unable to locate referenced filename" "$(say set ssl tls-key /nope AAAA)"
match "expects a filename and the new TLS key" "$(say set ssl tls-key)"

t "replaced keys stay over a reload"
first "$F" -tls1_3
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 3 accepts' "$T/sluice.err"
often "$F" -tls1_3

t "who comes with a session of a cipher suite that is not chosen any more gets a ticket that is good again"
first "$S" -tls1_3
sed -i 's/TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256/TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384/' "$T/sluice.cfg"
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 4 accepts' "$T/sluice.err"
is resumed=0 "$(hs "$S" -tls1_3 -sess_in "$T/s" -sess_out "$T/renewed" | grep -o 'resumed=.')"
cp "$T/renewed" "$T/s"
often "$S" -tls1_3

t "a session of one listener is a stranger at another with other rules for certificates"
first "$P" -tls1_3
is resumed=0 "$(resumed "$V" -tls1_3)"
first "$V" -tls1_2
is resumed=0 "$(resumed "$P" -tls1_2)"

t "no tickets, no resumption by them"
match 'no tickets' "$(hs "$N" -tls1_2 -no_ticket >/dev/null; hs "$N" -tls1_2 | grep -q 'TLS session ticket:' || echo no tickets)"
