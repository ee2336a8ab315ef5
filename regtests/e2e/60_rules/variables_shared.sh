#!/usr/bin/env bash
# Variables of scope proc: one value for all workers, set by rules and by operators, kept over reloads and deaths.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port)
cfg() { # value of the configuration
	cat <<E
global
  workers 3
  stats socket $T/sock level admin
  set-var proc.color str($1)
defaults
  mode http
  timeout client 10s
frontend f
  bind 127.0.0.1:$P
  http-request set-var(proc.n) int(0) if { path /zero }
  http-request set-var(proc.n) var(proc.n),add(1) if { path /one-more }
  http-request unset-var(proc.color) if { path /unset }
  http-request return status 503 if { var(proc.color) -m str red }
  http-request return status 200 content-type text/plain lf-string "%[var(proc.color)] %[var(proc.n)]\n"
E
}
cfg blue >"$T/c.cfg"
sluice_start "$T/c.cfg"
ask() { echo "$1" | socat -t 10 - "UNIX-CONNECT:$T/sock"; }
get() { http "http://127.0.0.1:$P$1"; }
reload() { match "Success=1" "$(ask reload)"; }
everywhere() { # text: every worker says it
	for _ in $(seq 12); do [ "$(get /)" = "$1" ] || return 1; done
}

t "what one worker has set the others go on with"
is "blue 0" "$(get /zero)"
for i in $(seq 12); do is "blue $i" "$(get /one-more)"; done
everywhere "blue 12" || fail "they differ"

t "an operator sets and reads it for all"
is "proc.color: type=str value=<blue>" "$(ask "get var proc.color" | head -1)"
is "" "$(ask "set var proc.color str(green)" | tr -d '\n')"
wait_for 5 everywhere "green 12"
ask "set var proc.color fmt v%[int(1),add(1)]" >/dev/null
wait_for 5 everywhere "v2 12"
is "proc.n: type=sint value=<12>" "$(ask "get var proc.n" | head -1)"
ask "set var proc.color str(red)" >/dev/null
wait_for 5 eval '[ "$(code "http://127.0.0.1:$P/")" = 503 ]'
ask "set var proc.color str(v2)" >/dev/null

t "wrong names and values are told apart, and change nothing"
match "Variable not found" "$(ask "get var proc.nosuch")"
match "only scope 'proc' is permitted" "$(ask "set var txn.x int(1)")"
match "nothing in the configuration uses" "$(ask "set var proc.nosuch int(1)")"
match "unknown fetch 'nosuch'" "$(ask "set var proc.color nosuch()")"
match "Missing either" "$(ask "set var proc.color")"
wait_for 5 everywhere "v2 12"

t "a reload keeps it, for the generation that drains as well"
reload
everywhere "v2 12" || fail "lost"
is "v2 13" "$(get /one-more)"

t "a worker that is killed takes nothing with it"
kill -9 "$(kids worker | head -1)"
wait_for 10 everywhere "v2 13"

t "another value in the configuration counts from then on, other variables stay"
cfg yellow >"$T/c.cfg"; reload
everywhere "yellow 13" || fail "it says $(get /)"

t "explain changes nothing"
ask "explain 'GET http://x/one-more'" >/dev/null
everywhere "yellow 13" || fail "it says $(get /)"

t "what is unset is unset for all"
get /unset >/dev/null
wait_for 5 everywhere " 13"
match "Variable not found" "$(ask "get var proc.color")"
sluice_stop
