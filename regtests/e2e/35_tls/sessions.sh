#!/usr/bin/env bash
# Sessions that clients resume by their id: shared by all workers and generations, never across other rules.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) N=$(port) V=$(port)
ca ca; cert a DNS:a.test; cert who DNS:who
config() { # cachesize
	cat <<E2
global
  workers 3
  stats socket $T/sock level admin
  tune.ssl.cachesize $1
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:$P ssl crt $T/a.pem
  bind 127.0.0.1:$N ssl crt $T/a.pem no-tls-tickets
  bind 127.0.0.1:$V ssl crt $T/a.pem no-tls-tickets ca-file $T/ca.pem verify optional
  http-request return status 200 content-type text/plain lf-string "resumed=%[ssl_fc_is_resumed] who=%[ssl_c_s_dn(CN)]\n"
E2
}
config 500 >"$T/sluice.cfg"
sluice_start "$T/sluice.cfg"
first() { hs "$@" -sess_out "$T/s" >/dev/null; }
resumed() { hs "$@" -sess_in "$T/s" | grep -o 'resumed=.*'; }
often() { local i; for i in 1 2 3 4 5 6; do match "^resumed=1" "$(resumed "$@")"; done; }

t "a client without tickets resumes on every worker"
first "$P" -tls1_2 -no_ticket
often "$P" -tls1_2 -no_ticket

t "where no tickets are given all clients do; in TLS 1.3 the ticket is an id"
first "$N" -tls1_2; often "$N" -tls1_2
first "$N" -tls1_3; often "$N" -tls1_3
ticket_lines() { hs "$@" | grep -c '^    00[0-9a-f]0 - '; }
is 2 "$(ticket_lines "$N" -tls1_3)"
[ "$(ticket_lines "$P" -tls1_3)" -gt 9 ]

t "the client's certificate comes back with its session"
first "$V" -tls1_2 -cert "$T/who.crt" -key "$T/who.k"
is "resumed=1 who=who" "$(resumed "$V" -tls1_2)"
first "$V" -tls1_3 -cert "$T/who.crt" -key "$T/who.k"
is "resumed=1 who=who" "$(resumed "$V" -tls1_3)"

t "a session is a stranger at another listener, and at one with other rules"
first "$N" -tls1_2
match '^resumed=0' "$(resumed "$V" -tls1_2)"
match '^resumed=0' "$(resumed "$P" -tls1_2 -no_ticket)"
first "$N" -tls1_3
match '^resumed=0' "$(resumed "$V" -tls1_3)"
match '^resumed=0' "$(resumed "$P" -tls1_3)"

t "lookups are counted"
counted() { [ "$(say show info | sed -n 's/^SslCacheLookups: //p')" -ge 12 ]; }
wait_for 5 counted

t "sessions resume after a reload"
first "$N" -tls1_2; mv "$T/s" "$T/s12"
first "$N" -tls1_3; mv "$T/s" "$T/s13"
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 2 accepts' "$T/sluice.err"
cp "$T/s12" "$T/s"; often "$N" -tls1_2
cp "$T/s13" "$T/s"; often "$N" -tls1_3

t "without a cache nothing is resumed by its id"
config 0 >"$T/sluice.cfg"
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 3 accepts' "$T/sluice.err"
first "$N" -tls1_2
match '^resumed=0' "$(resumed "$N" -tls1_2)"
rm "$T/s"; first "$N" -tls1_3; [ ! -e "$T/s" ]
first "$P" -tls1_2
match '^resumed=1' "$(resumed "$P" -tls1_2)"
