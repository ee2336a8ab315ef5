#!/usr/bin/env bash
# What was set at run time outlives reloads; state files do the same for a start from nothing.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) A=$(port) B=$(port)
origin "$A" a; origin "$B" b
cfg() { # weight of s1, extra lines for global
	cat <<E
global
  workers 2
  stats socket $T/sock level admin
  ${2:-}
defaults
  mode http
  load-server-state-from-file global
  timeout connect 1s
  timeout client 20s
  timeout server 5s
frontend f
  bind 127.0.0.1:$P
  default_backend b
backend b
  server s1 127.0.0.1:$A weight $1 check inter 600s
  server s2 127.0.0.1:$B weight 2
  server s3 127.0.0.1:$A maxconn 5 disabled
E
}
cli() { echo "$1" | socat -t 5 - "UNIX-CONNECT:$T/sock"; }
row() { cli "show servers state b" | awk -v s="$1" '$4 == s {print $6, $7, $8, $19}'; } # operational, admin, weight, port
accepts() { [ "$(grep -c 'accepts connections' "$T/sluice.err")" -gt "$N" ]; }
reload() { N=$(grep -c 'accepts connections' "$T/sluice.err") L=$(kids leader | head -1); kill -HUP "$MASTER"; wait_for 10 accepts && wait_for 10 gone "$L"; }

cfg 2 >"$T/c.cfg"
sluice_start "$T/c.cfg"
is "2 0 2 $A" "$(row s1)"

t "weight, maintenance, address and maxconn stay"
cli "set server b/s1 weight 7" >/dev/null
cli "set server b/s2 state maint" >/dev/null
cli "set server b/s3 state ready" >/dev/null
cli "set server b/s3 addr 127.0.0.1 port $B" >/dev/null
S1=$(row s1) S2=$(row s2) S3=$(row s3)
is "2 0 7 $A" "$S1"; is "0 1 2 $B" "$S2"; match "^2 0 1 $B" "$S3"
reload
is "$S1" "$(row s1)"; is "$S2" "$(row s2)"; is "$S3" "$(row s3)"
reload
is "$S1" "$(row s1)"; is "$S2" "$(row s2)"; is "$S3" "$(row s3)"

t "the workers act on it"
before=$(grep -c . "$T/origin.b.log" || true)
wait_for 10 eval 'http "http://127.0.0.1:$P/" >/dev/null; [ "$(grep -c . "$T/origin.b.log")" -gt '"$before"' ]'

t "a value that changes in the configuration wins over what was set"
cfg 3 >"$T/c.cfg"
reload
is "2 0 3 $A" "$(row s1)"
is "$S2" "$(row s2)"

t "a state file brings states and weights over a stop, where asked for"
cli "set server b/s1 weight 9" >/dev/null
cli "show servers state" >"$T/states"
sluice_stop
cfg 3 "server-state-file $T/states" >"$T/c.cfg"
sluice_start "$T/c.cfg"
is "2 0 9 $A" "$(row s1)"
is "0 1 2 $B" "$(row s2)"

t "what the running generation knows goes before the file"
cli "set server b/s1 weight 11" >/dev/null
reload
is "2 0 11 $A" "$(row s1)"
sluice_stop

t "a file that is missing or of another form is said and no obstacle"
echo 2 >"$T/states"
sluice_start "$T/c.cfg"
match "states is not of version 1" "$(cat "$T/sluice.err")"
is "2 0 3 $A" "$(row s1)"
sluice_stop
rm "$T/states"
sluice_start "$T/c.cfg"
match "cannot read the server state file" "$(cat "$T/sluice.err")"
sluice_stop
