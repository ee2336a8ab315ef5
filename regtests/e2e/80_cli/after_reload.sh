#!/usr/bin/env bash
# Who asked for a reload and comes again at once meets the generation that serves now, not the one that is about to drain.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port)
cfg() { # name of the node
	cat <<E
global
  workers 1
  node $1
  stats socket $T/sock level admin
defaults
  mode http
  timeout client 5s
frontend f
  bind 127.0.0.1:$P
  http-request return status 200
E
}
cfg n0 >"$T/c.cfg"
sluice_start "$T/c.cfg"
ask() { echo "$1" | socat -t 10 - "UNIX-CONNECT:$T/sock"; }

t "the first answer after a reload is of the new generation, every time"
for i in $(seq 15); do
	cfg "n$i" >"$T/c.cfg"
	match "Success=1" "$(ask reload)"
	match "node: n$i"$'\n' "$(ask "show info")"
done

t "and after a reload that failed the one that serves goes on answering"
echo nonsense >>"$T/c.cfg"
match "Success=0" "$(ask reload)"
match "node: n15"$'\n' "$(ask "show info")"
sluice_stop
