#!/usr/bin/env bash
# Counters that are cleared while a generation drains: its counts are in the sums, so they are cleared as well, and stay so.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port)
origin "$O" o
cat >"$T/c.cfg" <<E
global
  workers 2
  stats socket $T/sock level admin
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:$P
  default_backend b
backend b
  server a 127.0.0.1:$O
E
sluice_start "$T/c.cfg"
ask() { echo "$1" | socat -t 10 - "UNIX-CONNECT:$T/sock"; }
value() { ask "show stat" | python3 -c "import csv,sys; print([r['$3'] for r in csv.DictReader(sys.stdin) if r['# pxname']=='$1' and r['svname']=='$2'][0])"; }
value_is() { [ "$(value "$1" "$2" "$3")" = "$4" ]; }
reload() { match "Success=1" "$(ask reload)"; }
leaders() { [ "$(kids leader | wc -l)" = "$1" ]; }

for _ in 1 2 3 4; do http -o /dev/null "http://127.0.0.1:$P/"; done
http -o "$T/held" --max-time 60 "http://127.0.0.1:$P/hold/go" & HELD=$!
wait_for 10 value_is b a scur 1
reload
is 2 "$(kids leader | wc -l)"
http -o /dev/null "http://127.0.0.1:$P/"

t "the sums contain what the generation that drains has counted"
wait_for 5 value_is b a stot 6

t "one server is cleared in both"
is "" "$(ask "clear counters server b/a" | tr -d '\n')"
wait_for 5 value_is b a stot 0
is 6 "$(value b BACKEND stot)"

t "everything is cleared in both, and what ends later counts as new"
is "" "$(ask "clear counters all" | tr -d '\n')"
wait_for 5 value_is b BACKEND stot 0
wait_for 5 value_is f FRONTEND stot 0
http -o /dev/null "http://127.0.0.1:$P/"
touch "$T/go"
wait "$HELD"
wait_for 10 leaders 1
is "1 1" "$(value b BACKEND stot) $(value f FRONTEND stot)"
is 2 "$(value f FRONTEND hrsp_2xx)" "the answer that was held back"

t "and so it is after another reload"
reload
wait_for 10 leaders 1
is "1 1" "$(value b BACKEND stot) $(value f FRONTEND stot)"
sluice_stop
