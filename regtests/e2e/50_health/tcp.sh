#!/usr/bin/env bash
# The plain tcp check: that the connection stands is the verdict, and no byte is sent.
. "$(dirname "$0")/../../lib/sluice.sh"

S=$(port) A=$(port) X=$(port) E=$(port)
ORIGIN_RAW=1 origin "$E" echo -e
cat >"$T/c.cfg" <<E
global
  workers 2
  log stdout format raw local0
defaults
  mode tcp
  log global
  timeout connect 200ms
  timeout client 30s
  timeout server 30s
  default-server inter 50ms fall 1 rise 1
backend b
  server up 127.0.0.1:$E check init-state fully-down
  server down 127.0.0.1:$X check init-state fully-up
  server unchecked 127.0.0.1:$X
  server off 127.0.0.1:$X no-check
backend http
  mode http
  server up 127.0.0.1:$E check init-state fully-down
frontend state
  mode http
  no log
  bind 127.0.0.1:$S
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(b/up)]%[srv_is_up(b/down)]%[srv_is_up(b/unchecked)]%[srv_is_up(b/off)]%[srv_is_up(http/up)]\n"
E
sluice_start "$T/c.cfg"
state_is() { [ "$(curl -s --max-time 30 "http://127.0.0.1:$S/")" = "$1" ]; }
expect_state() { wait_for 5 state_is "$1" || fail "is '$(curl -s "http://127.0.0.1:$S/")', wanted '$1'"; }

t "who accepts is up, who refuses is down, who is not checked is taken to be up"
expect_state 10111
t "the check sends nothing, in mode http neither"
wait_for 5 eval '[ "$(grep -c open "$T/origin.echo.log")" -ge 8 ]'
is 0 "$(grep -c raw "$T/origin.echo.log" || true)"
t "one checker for all workers: checks do not multiply"
is 1 "$(kids checker | wc -l)"
is 2 "$(kids worker | wc -l)"
t "a server that begins to listen is up, one that stops is down"
origin "$X" late -e; L=${PIDS[-1]}
expect_state 11111
kill "$L"; wait "$L" 2>/dev/null || true
expect_state 10111
