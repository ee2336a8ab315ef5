#!/usr/bin/env bash
# `show rules`: which rules did something, and how often.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port)
cat >"$T/c.cfg" <<-EOF
global
    workers 2
    stats socket $T/sock level admin
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 2s
frontend web
    bind 127.0.0.1:$P
    acl admin path_beg /admin
    http-request deny if admin
    http-request set-header X-A b
    use_backend b if { path /b }
    default_backend a
backend a
    http-response set-header X-From a
    server s 127.0.0.1:$O
backend b
    use-server t if { hdr(x-t) 1 }
    server s 127.0.0.1:$O
    server t 127.0.0.1:$O
EOF
origin "$O" o
sluice_start "$T/c.cfg"
ask() { printf '%s\n' "$1" | socat -t 5 stdio "unix:$T/sock"; }
hits() { ask "show rules hits web;show rules hits a;show rules hits b" | awk -v l=":$1\$" '$4 ~ l { print $3 }'; } # line of the configuration

t "rules are listed in the order in which requests meet them, with their line"
is "http-request http-request use_backend http-response use-server " "$(ask "show rules" | awk 'NR > 1 && NF { printf "%s ", $2 }')"
match "web http-request 0 $T/c.cfg:12 .*deny if admin" "$(ask "show rules web")"
t "each counts how often its condition held, over all workers and also for dead ones"
for _ in 1 2 3; do code "http://127.0.0.1:$P/admin/x"; done >/dev/null
for _ in 1 2 3 4 5; do code "http://127.0.0.1:$P/"; done >/dev/null
code -H "X-T: 1" "http://127.0.0.1:$P/b" >/dev/null
kill -9 $(kids worker)
is "3 6 1 5 1" "$(echo $(hits 12) $(hits 13) $(hits 14) $(hits 17) $(hits 20))"
two_workers() { [ "$(kids worker | wc -l)" = 2 ]; }
wait_for 10 two_workers
code --retry 20 --retry-connrefused "http://127.0.0.1:$P/admin" >/dev/null
is 4 "$(hits 12)"
t "a script gets the same as JSON"
printf 'show rules hits json\n' | socat -t 5 stdio "unix:$T/sock" | jq -e 'length == 5 and .[0].hits == 4' >/dev/null || fail "$(ask 'show rules hits json')"
