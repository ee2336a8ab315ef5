#!/usr/bin/env bash
# A server's maxconn holds over all generations that send to it.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port)
origin "$O" o
cat >"$T/c.cfg" <<C
global
  workers 2
  stats socket $T/sock level admin
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout queue 60s
frontend f
  bind 127.0.0.1:$P
  default_backend b
backend b
  server o 127.0.0.1:$O maxconn 3
C
cli() { echo "$1" | socat -t 30 - "UNIX-CONNECT:$T/sock"; }
held() { grep -c /hold/go "$T/origin.o.log" || true; }
holds() { [ "$(held)" = "$1" ]; }
queued() { cli "show stat b 2 -1" | awk -F, '$2 == "BACKEND" {print $3}'; }
queue_is() { [ "$(queued)" = "$1" ]; }
sluice_start "$T/c.cfg"

t "requests that an old generation has open count against the limit of the new one"
for _ in 1 2 3; do http --max-time 60 "http://127.0.0.1:$P/hold/go" >>"$T/out" & PIDS+=($!); done
wait_for 10 holds 3
match "Success=1" "$(cli reload)"
for _ in 1 2; do http --max-time 60 "http://127.0.0.1:$P/hold/go" >>"$T/out2" & PIDS+=($!); done
wait_for 10 queue_is 2
is 3 "$(held)"

t "and wait until the old generation has answered"
touch "$T/go"
wait_for 20 holds 5
wait_for 10 eval '[ "$(wc -w <"$T/out2")" = 2 ]'
sluice_stop
