#!/usr/bin/env bash
# What operators change at run time: servers, frontends, limits. Words and answers as HAProxy's; no request is lost.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port) A=$(port) B=$(port) C=$(port)
origin "$A" a; origin "$B" b; origin "$C" c
cat >"$T/a.cfg" <<-EOF
global
    workers 2
    stats socket $T/s level admin
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 2s
    timeout queue 2s
frontend f
    bind 127.0.0.1:$P
    default_backend b
frontend g
    bind 127.0.0.1:$Q
    default_backend b
backend b
    balance roundrobin
    server a 127.0.0.1:$A check inter 100ms
    server b 127.0.0.1:$B weight 10
backend follow
    server f 127.0.0.1:$B track b/a
backend st
    balance static-rr
    server s 127.0.0.1:$B weight 10 disabled
EOF
sluice_start "$T/a.cfg"
ask() { printf '%s\n' "$1" | socat -t 5 stdio "unix:$T/s"; }
says() { is "$1" "$(ask "$2" | tr '\n' '|')" "$2"; }
field() { ask "show servers state $1 json" | python3 -c "import json,sys; print([r['$3'] for r in json.load(sys.stdin) if r['srv_name']=='$2'][0])"; }
to() { for _ in 1 2 3 4 5 6; do http "http://127.0.0.1:$P/id"; done | sort -u | xargs; }
goes() { [ "$(to)" = "$1" ]; }

t "mistakes get HAProxy's words"
says "Require 'backend/server'.||" "set server b state ready"
says "No such backend.||" "set server x/a state ready"
says "No such server.||" "disable server b/x"
says "'set server <srv> state' expects 'ready', 'drain' and 'maint'.||" "set server b/a state off"
says "Require <weight> or <weight%>.||" "set server b/a weight"
says "Absolute weight can only be between 0 and 256 inclusive.||" "set weight b/a 257"
says "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.||" "set weight st/s 50%"
says "'set server <srv> health' expects 'up', 'stopping', or 'down'.||" "set server b/a health x"
says "agent checks are not enabled on this server.||" "set server b/a agent up"
says "Integer value expected.||" "set maxconn frontend f"
says "Value out of range.||" "set maxconn global 2000000000"
says "No such frontend.||" "disable frontend b"
match "^usage: set server <backend>/<server> addr [|] agent" "$(ask "set server b/a")"

t "a server in maintenance or drained gets no new request, and is back when ready"
wait_for 5 goes "a b"
says "|" "set server b/a state maint"
wait_for 5 goes b
says "|" "set server b/a state ready"
wait_for 5 goes "a b"
says "|" "disable server b/b"
wait_for 5 goes a
is 1 "$(field b b srv_admin_state)"
says "|" "enable server b/b"
wait_for 5 goes "a b"
says "|" "set server b/a state drain"
wait_for 5 goes b
is 8 "$(field b a srv_admin_state)"
is 2 "$(field b a srv_op_state)"

t "who tracks a server inherits its state"
is 16 "$(field follow f srv_admin_state)"
ask "set server b/a state maint" >/dev/null
is 2 "$(field follow f srv_admin_state)"
ask "set server b/a state ready" >/dev/null
is 0 "$(field follow f srv_admin_state)"

t "a server that its configuration disabled is made ready"
is 5 "$(field st s srv_admin_state)"
ask "set server st/s state ready" >/dev/null
is 0 "$(field st s srv_admin_state)"

t "weights are absolute or a share of the configured one, 0 takes a server out"
says "10 (initial 10)||" "get weight b/b"
says "|" "set weight b/b 50%"
says "5 (initial 10)||" "get weight b/b"
says "|" "set server b/b weight 0"
wait_for 5 goes a
says "|" "set weight b/b 100%"
wait_for 5 goes "a b"

t "a drained server ends what it has begun: no request fails, idle connections go"
(for _ in $(seq 300); do code "http://127.0.0.1:$P/id"; echo; done | sort | uniq -c | xargs >"$T/codes") & L=$!
for s in drain ready maint ready drain ready; do ask "set server b/a state $s" >/dev/null; sleep 0.05; done
wait $L
is "300 200" "$(cat "$T/codes")"

t "the health of a server can be set by hand, the next check finds out for itself"
says "|" "disable health b/a"
says "|" "set server b/a health down"
wait_for 5 goes b
is 0 "$(field b a srv_op_state)"
says "|" "enable health b/a"
wait_for 5 goes "a b"
says "|" "set server b/b health stopping"
wait_for 5 goes a
says "|" "set server b/b health up"
wait_for 5 goes "a b"

t "an address changes for requests, checks and idle connections alike"
says "IP changed from '127.0.0.1' to '127.0.0.2', port changed from '$A' to '1' by 'stats socket command'||" "set server b/a addr 127.0.0.2 port 1"
wait_for 5 goes b
says "no need to change the addr by 'stats socket command'||" "set server b/a addr 127.0.0.2"
says "IP changed from '127.0.0.2' to '127.0.0.1', port changed from '1' to '$C' by 'stats socket command'||" "set server b/a addr 127.0.0.1 port $C"
wait_for 5 goes "b c"
is "$C" "$(field b a srv_port)"
says "Invalid addr 'nowhere' by 'stats socket command'||" "set server b/a addr nowhere"

t "a check goes where it is told"
says "|" "set server b/a check-port 1"
wait_for 5 goes b
says "|" "set server b/a check-port $C"
wait_for 5 goes "b c"

t "a disabled frontend refuses connections until it is enabled; its sister goes on"
refused() { [ "$(code "http://127.0.0.1:$1/id")" = 000 ]; }
serves() { [ "$(code "http://127.0.0.1:$1/id")" = 200 ]; }
says "|" "disable frontend g"
says "All sockets are already disabled.||" "disable frontend g"
wait_for 5 refused "$Q"
serves "$P"
says "|" "enable frontend g"
says "All sockets are already enabled.||" "enable frontend g"
wait_for 5 serves "$Q"
for _ in 1 2 3 4 5 6 7 8; do serves "$Q"; done
says "|" "shutdown frontend g"
wait_for 5 refused "$Q"
says "Frontend was previously shut down, cannot enable.||" "enable frontend g"

t "statistics show what is set, stderr who set it"
is "STOP OPEN" "$(ask "show stat -1 1 -1" | awk -F, '$1 == "g" || $1 == "f" { print $18 }' | sort -r | xargs)"
match "runtime socket \(uid $(id -u), pid [0-9]+\): shutdown frontend g" "$(cat "$T/sluice.err")"

t "limits change while clients are there"
says "|" "set maxconn frontend f 1"
exec 7<>"/dev/tcp/127.0.0.1/$P"
full() { [ "$(curl -s -o /dev/null -w '%{http_code}' --max-time 0.5 "http://127.0.0.1:$P/id")" = 000 ]; }
wait_for 5 full
says "|" "set maxconn frontend f 1000"
wait_for 5 serves "$P"
exec 7>&-
says "|" "set maxconn global 500"
match "Maxconn: 500" "$(ask "show info")"
says "|" "set rate-limit connections global 0"
says "|" "set maxconn server b/a 3"

t "a transaction applies all of its changes, or none of them"
is "1 changes" "$(ask "begin;set server b/a weight 3;set server b/b weight 4;get weight b/a;commit" | grep -c '2 changes applied') changes"
says "4 (initial 10)||" "get weight b/b"
match "nothing was changed" "$(ask "begin;set server b/a weight 9;set server b/x weight 9;commit")"
says "3 (initial 1)||" "get weight b/a"
ask "begin;set server b/a weight 9;rollback" >/dev/null
ask "begin;set server b/a weight 9" >/dev/null
says "3 (initial 1)||" "get weight b/a"
says "No transaction is open.||" commit

t "the tables of servers have HAProxy's heads and rows"
is "1" "$(ask "show servers state" | head -n 1)"
is 25 "$(ask "show servers state b" | sed -n 2p | wc -w | awk '{print $1 - 1}')"
is 25 "$(ask "show servers state b" | sed -n 3p | wc -w)"
match "^b/a [0-9]+/1 127.0.0.1 $C - 5000 " "$(ask "show servers conn b" | sed -n 2p)"
says "Can't find backend.||" "show servers state nosuch"
