#!/usr/bin/env bash
# What operators look at, and reloading: statistics, processes, generations, what happened to servers.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) A=$(port)
cat >"$T/a.cfg" <<-EOF
global
    workers 2
    node lb1
    stats socket $T/s level admin
    stats socket $T/u level user
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 1s
frontend f
    bind 127.0.0.1:$P
    default_backend b
backend b
    server a 127.0.0.1:$A check inter 50ms rise 1 fall 1
    server t 127.0.0.1:$A track b/a
EOF
sluice_start "$T/a.cfg"
ask() { printf '%s\n' "$1" | socat -t 10 stdio "unix:$T/s"; }

t "show info and show stat in one line, as HAProxy's exporters ask for them"
O=$(ask "show info;show stat")
match "^Name: " "$O"
match $'\n\n# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,' "$O"
match $'\nb,BACKEND,' "$O"
is 1 "$(grep -c '^b,a,' <<<"$O")"

t "show stat takes numbers or a name, and filters; typed and JSON are there"
is "# f" "$(ask "show stat f 1 -1" | cut -c1-1 | xargs)"
is 2 "$(ask "show stat -1 4 -1" | grep -c '^b,')"
is 1 "$(ask "show stat b 4 2" | grep -c '^b,t,')"
match '^F\.[0-9]+\.[0-9]+\.0\.pxname\.1:KNS:str:f' "$(ask "show stat f 1 -1 typed" | head -n 1)"
ask "show stat json" | python3 -c 'import json,sys; assert len(json.load(sys.stdin)) == 4'
ask "json show info" | python3 -c 'import json,sys; assert json.load(sys.stdin)'
ask "show schema json" | python3 -c 'import json,sys; assert json.load(sys.stdin)'
match "show stat.*expects" "$(ask "show stat 1 2 x")"

t "what happened to a server is kept, with the reason"
happened() { ask "show health $1" | grep -q "$2"; }
wait_for 5 happened b/a 'b/a DOWN UP Layer4 connection problem, info: "Connection refused"'
wait_for 5 happened b/t 'b/t DOWN UP via b/a'
origin "$A" a
wait_for 5 happened b/a 'b/a UP DOWN Layer4 check passed'
ask "set server b/a state drain" >/dev/null
match 'b/a drain - runtime socket' "$(ask "show events")"
for _ in $(seq 30); do ask "set server b/a state maint;set server b/a state ready" >/dev/null; done
is 20 "$(ask "show health b/a" | grep -c '^20')"
ask "show health json" | python3 -c 'import json,sys; assert len(json.load(sys.stdin)) >= 20'
match "Server b/a is going DOWN for maintenance" "$(cat "$T/sluice.err")"

t "wait lasts its time, or until a server in maintenance is free"
is "Done." "$(ask "wait 50ms" | head -n 1)"
is "Wait delay expired." "$(ask "wait 50ms srv-removable b/a" | head -n 1)"
ask "disable server b/a" >/dev/null
is "Done." "$(ask "wait 5s srv-removable b/a" | head -n 1)"
ask "enable server b/a" >/dev/null
match "Invalid wait delay" "$(ask "wait x")"

t "processes and generations are listed"
match "^#<PID> +<type> +<reloads> +<uptime> +<version>" "$(ask "show proc")"
is "1 1 1 2" "$(for w in master leader checker worker; do ask "show proc" | grep -c " $w "; done | xargs)"
is "1 serving" "$(ask "show generations" | awk 'NR == 2 { print $1, $2 }')"

t "reload waits for the verdict"
is "Success=1 --" "$(ask reload | head -n 2 | xargs)"
is "2 serving" "$(ask "show generations" | awk '$2 == "serving" { print $1, $2 }')"
match "New worker" "$(ask "show startup-logs")"

t "a configuration that does not load is said with its place, and changes nothing"
cp "$T/a.cfg" "$T/good.cfg"
echo "    nonsense" >>"$T/a.cfg"
O=$(ask reload)
is "Success=0 --" "$(head -n 2 <<<"$O" | xargs)"
match "a.cfg:17:5: error" "$O"
match '"ok":false' "$(ask "json reload")"
is "2 serving" "$(ask "show generations" | awk '$2 == "serving" { print $1, $2 }')"
match "Permission denied" "$(echo reload | socat -t 5 stdio "unix:$T/u")"

t "reloads that are asked for at once all get a verdict"
cp "$T/good.cfg" "$T/a.cfg"
for _ in 1 2 3 4; do (ask reload >"$T/r.$_") & done
for n in 1 2 3 4; do wait_for 20 grep -q Success "$T/r.$n"; done
is 4 "$(grep -l 'Success=1' "$T"/r.[1-4] | wc -l)"
