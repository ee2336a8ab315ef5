#!/usr/bin/env bash
# What the master keeps for the generations outlives the master: stick tables, the secret of session tickets.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) L=$(port)
ca ca; cert a.test DNS:a.test
cat >"$T/c.cfg" <<E
global
  workers 2
  stats socket $T/sock level admin
defaults
  mode http
  timeout client 20s
frontend f
  bind 127.0.0.1:$P
  bind 127.0.0.1:$L ssl crt $T/a.test.pem
  stick-table type string size 1k expire 10m store http_req_cnt
  http-request track-sc0 hdr(x-key)
  http-request return status 200 content-type text/plain lf-string "%[sc_http_req_cnt(0)]\n"
E
sluice_start "$T/c.cfg"
ask() { echo "$1" | socat -t 10 - "UNIX-CONNECT:$T/sock"; }
counted() { http -H 'x-key: k' "http://127.0.0.1:$P/"; }

told() { wait_for 10 grep -q "$1" "$T/sluice.err" || fail "not said: $1"; }
one_leader() { [ "$(kids leader | wc -l)" = 1 ]; }

is 1 "$(counted)"; is 2 "$(counted)"
hs "$L" -servername a.test -sess_out "$T/ticket" >/dev/null
match "Reused" "$(hs "$L" -servername a.test -sess_in "$T/ticket")"

: >"$T/sluice.err"; kill -9 "$MASTER"; wait "$MASTER" 2>/dev/null || true
told "master is gone"
sluice_start "$T/c.cfg"
told "took over 1 generation"

t "a table goes on counting under a new master"
is 3 "$(counted)"

t "and over the reload that this master makes"
match "Success=1" "$(ask reload)"
wait_for 10 one_leader
is 4 "$(counted)"

t "tickets of the generation before are good in the one after"
match "Reused" "$(hs "$L" -servername a.test -sess_in "$T/ticket")"
sluice_stop
