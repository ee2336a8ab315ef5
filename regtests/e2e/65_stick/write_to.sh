#!/usr/bin/env bash
# write-to: what a peer teaches a table is written to another one too. The only peer is the generation before, so this happens at a reload.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) A=$(port) B=$(port)
origin "$A" a; origin "$B" b
cat >"$T/c.cfg" <<E
global
  localpeer me
  stats socket $T/sock level admin
peers p
  peer me 127.0.0.1:1
  table learned type string len 16 size 1k expire 60s store server_id,gpt0,gpc0
  table seen type string len 16 size 1k expire 60s store server_id,gpt0,gpc0 write-to p/learned
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:$P
  http-request track-sc0 url_param(u) table p/seen
  http-request sc-inc-gpc0(0)
  http-request sc-set-gpt0(0) url_param(tag) if { url_param(tag) -m found }
  default_backend be
backend be
  stick match url_param(l) table p/learned
  stick store-request url_param(u) table p/seen
  server a 127.0.0.1:$A
  server b 127.0.0.1:$B
E
sluice_start "$T/c.cfg"
ask() { printf '%s\n' "$1" | socat -t 5 stdio "unix:$T/sock"; }
U=http://127.0.0.1:$P
reload() { match 'Success=1' "$(ask reload)"; }

t "nothing is written while this generation counts"
http -o /dev/null "$U/?u=k1&tag=7"; first=$(http "$U/?u=k1"); second=$(http "$U/?u=k2&tag=8")
match "used:2" "$(ask 'show table p/seen')"; match "used:0" "$(ask 'show table p/learned')"
t "a reload teaches servers and tags, and no counts"
reload
out=$(ask 'show table p/learned')
match "used:2" "$out"; match "key=k1 .*server_id=[12] server_key=[ab] gpt0=7 gpc0=0\b" "$out"; match "key=k2 .*server_id=[12] server_key=[ab] gpt0=8 gpc0=0\b" "$out"
match "key=k1 .*gpt0=7 gpc0=2\b" "$(ask 'show table p/seen')"
t "rules that look into the other table find them"
for _ in 1 2 3; do is "$first" "$(http "$U/?l=k1")"; is "$second" "$(http "$U/?l=k2")"; done
t "an entry that is there already gets what is new and keeps its counts"
ask 'set table p/learned key k1 data.gpc0 5' >/dev/null
http -o /dev/null "$U/?u=k1&tag=9"
match "key=k1 .*gpt0=7 gpc0=5\b" "$(ask 'show table p/learned')"
reload
match "key=k1 .*gpt0=9 gpc0=5\b" "$(ask 'show table p/learned')"
