#!/usr/bin/env bash
# A server that was added at run time gets another name.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) A=$(port) B=$(port)
origin "$A" a; origin "$B" b
cat >"$T/c.cfg" <<E
global
  workers 2
  stats socket $T/sock level admin
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend f
  bind 127.0.0.1:$P
  default_backend site
backend site
  http-response set-header x-server %[srv_name]
  server old 127.0.0.1:$A weight 0
E
sluice_start "$T/c.cfg"
ask() { echo "$1" | socat -t 20 - "UNIX-CONNECT:$T/sock"; }
served_by() { [[ $(http -i "http://127.0.0.1:$P/" || true) =~ x-server:\ $1 ]]; }
stat_of() { ask "show stat" | awk -F, -v s="$1" -v f="$2" 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == f) c = i} $1 == "site" && $2 == s {print $c}'; }
all_say() { for _ in 1 2 3 4 5 6 7 8; do served_by "$1" || fail "a worker knows it otherwise"; done; }

match "New server registered" "$(ask "add server site/fresh 127.0.0.1:$B weight 9")"
ask "set server site/fresh state ready" >/dev/null
wait_for 10 served_by fresh

t "only in maintenance, only a name that nobody has, only a server that was added"
match "Only servers in maintenance mode" "$(ask "set server site/fresh name green")"
ask "set weight site/fresh 5; set server site/fresh state maint" >/dev/null
match "Already exists" "$(ask "set server site/fresh name old")"
match "expects a name" "$(ask "set server site/fresh name gr/een")"
match "expects a name" "$(ask "set server site/fresh name")"
match "only possible for servers added" "$(ask "set server site/old state maint; set server site/old name new")"
match "cannot be changed in a transaction" "$(ask "begin; set server site/fresh name green; rollback")"

t "it goes on under its new name: in maintenance, with its weight, in every process"
renamed() { [ -z "$(ask "set server site/fresh name green" | tr -d '\n')" ]; }
wait_for 10 renamed
is "MAINT 5" "$(stat_of green status) $(stat_of green weight)"
match "No such server" "$(ask "set server site/fresh state ready")"
ask "set server site/green state ready" >/dev/null
wait_for 10 served_by green
all_say green

t "a worker that is forked later knows the new name, and so does the next generation"
W=$(kids worker | sed -n 1p); kill -9 "$W"
wait_for 10 gone "$W"
wait_for 10 eval '[ "$(kids worker | wc -l)" = 2 ]'
wait_for 10 served_by green
all_say green
match "Success=1" "$(ask reload)"
all_say green
C=$(ask "save config")
match "server green 127.0.0.1:$B weight 9" "$C"
nomatch "server fresh" "$C"

t "the old name is free again"
match "New server registered" "$(ask "add server site/fresh 127.0.0.1:$B")"
sluice_stop
