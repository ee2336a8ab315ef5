#!/usr/bin/env bash
# server-template: one line, several servers.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port 2)
origin $((P + 1)) one
cat >"$T/a.cfg" <<-EOF
global
    workers 1
    stats socket $T/s level admin
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 1s
frontend f
    bind 127.0.0.1:$P
    default_backend site
backend site
    balance roundrobin
    http-response set-header x-server %[srv_name]
    server-template web 1-3 127.0.0.1:$((P + 1)) weight 2
EOF
sluice_start "$T/a.cfg"
cli() { echo "$1" | socat -t 5 stdio "unix:$T/s"; }
who() { http -D - -o /dev/null "http://127.0.0.1:$P/" | tr -d '\r' | sed -n 's/^x-server: //p'; }

t "each of the servers takes its turn under its own name"
is "web1 web2 web3" "$(for i in 1 2 3; do who; done | sort | xargs)"

t "they are servers as any other: listed, weighed, taken out"
is "web1 web2 web3" "$(cli 'show servers state site' | awk '$2 == "site" { print $4 }' | xargs)"
is "2 (initial 2)" "$(cli 'get weight site/web2' | head -n 1)"
cli 'set server site/web1 state maint' >/dev/null
only() { [ "$(for i in 1 2 3 4; do who; done | sort -u | xargs)" = "web2 web3" ]; }
wait_for 5 only
