#!/usr/bin/env bash
# do-resolve: a rule that asks for the address of a name while its exchange waits, and set-dst, which goes there.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) L=$(port) A=$(port) D=$(port) X=$(port)
python3 "$ROOT/regtests/lib/digits.py" "$A" keep & PIDS+=($!)
cat >"$T/zone" <<E2
two.test 127.0.0.2
three.test 127.0.0.3 ::3
four.test cname real.test
real.test 127.0.0.4
slow.test slow 400 127.0.0.4
mute.test mute
six.test ::1
E2
python3 "$ROOT/regtests/lib/dns.py" "$D" "$T/zone" "$T/queries" & PIDS+=($!)
wait_for 10 listening "$D"; wait_for 10 listening "$A"
cat >"$T/c.cfg" <<E2
global
  workers 2
  stats socket $T/s level admin
resolvers dns
  nameserver one 127.0.0.1:$D
  timeout retry 300ms
  resolve_retries 2
  hold valid 600s
resolvers short
  nameserver one 127.0.0.1:$D
  hold valid 0
  resolve_retries 1
  timeout retry 60s
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:$P
  http-request do-resolve(txn.ip,short,ipv4) hdr(x-host) if { path /short }
  http-request do-resolve(txn.ip,dns,ipv4) hdr(x-host) if !{ path /short }
  http-request return status 404 content-type text/plain lf-string "none" if !{ var(txn.ip) -m found }
  http-request return status 200 content-type text/plain lf-string "%[var(txn.ip)]" if { path /ip }
  http-request set-dst var(txn.ip)
  default_backend anywhere
backend anywhere
  http-reuse always
  server any 0.0.0.0:$A
listen l
  mode tcp
  bind 127.0.0.1:$L
  tcp-request content do-resolve(sess.ip,dns,ipv4) str(four.test)
  tcp-request content set-dst var(sess.ip)
  server any 0.0.0.0:$A
E2
sluice_start "$T/c.cfg"
to() { http -H "X-Host: $1" "http://127.0.0.1:$P${2:-/}"; }

t "a request goes where its name leads"
is 2 "$(to two.test)"
is 3 "$(to three.test)"
is 4 "$(to four.test)"
t "connections to one address serve no request for another"
is "2 3 2 3 4 4 2 " "$(for n in two three two three four four two; do to $n.test; echo -n ' '; done)"
is 232 "$(http -H 'X-Host: two.test' "http://127.0.0.1:$P/" --next -sS -H 'X-Host: three.test' "http://127.0.0.1:$P/" --next -sS -H 'X-Host: two.test' "http://127.0.0.1:$P/")"
t "an answer serves everybody as long as hold valid says"
is 1 "$(grep -c '^udp two.test A$' "$T/queries")"
t "the family that is preferred, and the other when there is no such address"
is 127.0.0.3 "$(to three.test /ip)"
is ::1 "$(to six.test /ip)"
t "a value that is an address needs no asking"
is 127.0.0.9 "$(to 127.0.0.9 /ip)"
[ "$(grep -c 127.0.0.9 "$T/queries")" = 0 ] || fail "it was asked for"
t "without an answer, and with a name that is none, the rules go on without the variable"
is none "$(to nowhere.test)"
is none "$(to mute.test)"
is none "$(to "$(printf 'a%.0s' {1..80}).$(printf 'b%.0s' {1..80}).test")"
is none "$(to 'no name at all')"
is none "$(http "http://127.0.0.1:$P/")"
t "one that waits holds up nobody else"
to slow.test >"$T/slow" & S=$!
is 2 "$(to two.test)"
wait $S; is 4 "$(cat "$T/slow")"
t "many that wait each get their own answer"
for i in $(seq 40); do to slow.test /short >"$T/many.$i" & PS[i]=$!; done
for i in $(seq 40); do wait "${PS[i]}"; done
is "40 4" "$(for i in $(seq 40); do cat "$T/many.$i"; echo; done | sort | uniq -c | xargs)"
t "a client that leaves while it waits, and a checker that dies, take nothing with them"
curl -s --max-time 0.2 -H 'X-Host: mute.test' "http://127.0.0.1:$P/short" || true
to mute.test /short >"$T/dead" & S=$!
kill -9 "$(kids checker)"
wait_for 10 grep -q "New checker" "$T/sluice.err"
resolves() { [ "$(to four.test)" = 4 ]; }
wait_for 10 resolves
kill $S 2>/dev/null || true; wait $S 2>/dev/null || true
is "2 4" "$(to two.test) $(to real.test)"
t "in mode tcp too"
is 4 "$(http "http://127.0.0.1:$L/")"
