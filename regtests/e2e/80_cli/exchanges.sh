#!/usr/bin/env bash
# What workers are asked for: exchanges shown and ended, bad messages, figures; counters zeroed.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port) A=$(port) B=$(port)
origin "$A" a
cat >"$T/a.cfg" <<-EOF
global
    workers 2
    stats socket $T/s level admin
    stats socket $T/o level operator
    log stdout format raw local0
defaults
    mode http
    log global
    option httplog
    timeout client 20s
    timeout server 20s
    timeout connect 1s
frontend f
    bind 127.0.0.1:$P
    use_backend bad if { path /bad }
    use_backend slow if { path /slow }
    default_backend b
frontend t
    mode tcp
    option tcplog
    bind 127.0.0.1:$Q
    default_backend tb
backend b
    server a 127.0.0.1:$A
backend slow
    server s 127.0.0.1:$B
backend bad
    server x 127.0.0.1:$B
backend tb
    mode tcp
    server a 127.0.0.1:$B
EOF
cat >"$T/server" <<-'EOF'
#!/bin/sh
read -r line
case "$line" in *bad*) printf 'HTTP/1.1 200 OK\r\nbad header: x\r\n\r\n'; exit;; esac
sleep 30
EOF
chmod +x "$T/server"
socat "TCP-LISTEN:$B,bind=127.0.0.1,reuseaddr,fork" "EXEC:$T/server" &
PIDS+=($!)
sluice_start "$T/a.cfg"
ask() { printf '%s\n' "$1" | socat -t 10 stdio "unix:$T/s"; }
lines() { [ "$(ask "show sess $1" | grep -c '^0x')" = "$2" ]; }
wait_for 5 listening "$B"

t "every exchange is a line with HAProxy's fields, filters choose among them"
(code "http://127.0.0.1:$P/slow?q=1" >"$T/code") & W=$!
exec 7<>"/dev/tcp/127.0.0.1/$Q"
echo hello >&7
wait_for 5 lines "" 2
L=$(ask "show sess frontend f")
match "^0x[0-9a-f]+: proto=tcpv4 src=127.0.0.1:[0-9]+ fe=f be=slow srv=s ts=00 epoch=0 age=[0-9]+s calls=1 " "$L"
match " rq\[f=.*\] rp\[f=.*\] scf=\[8,.*\] scb=\[8,.*\] exp=.* rc=0 c_exp= step=res-head" "$L"
lines "server tb/a" 1; lines "backend b" 0; lines "older 1h" 0; lines "frontend t" 1
match 'uri="/slow\?q=1"' "$(ask "show sess show-uri")"
match "Can't find backend" "$(ask "show sess backend zz")"
match "mux=tcp" "$(ask "show sess all")"

t "one exchange is shown at length and ended by its name, the log says K"
ID=$(ask "show sess frontend f" | cut -d: -f1)
match "  req: GET /slow" "$(ask "show sess $ID")"
match "Permission denied" "$(echo "shutdown session $ID" | socat -t 5 stdio "unix:$T/o")"
is "|" "$(ask "shutdown session $ID" | tr '\n' '|')"
wait $W
is "No such session (use 'show sess').||" "$(ask "shutdown session $ID" | tr '\n' '|')"
is "Session not found.||" "$(ask "show sess $ID" | tr '\n' '|')"
wait_for 5 grep -q 'slow/s .* KH-- .*"GET /slow' "$T/sluice.out"

t "all exchanges with a server are ended at once, those with others go on"
is "|" "$(ask "shutdown sessions server tb/a" | tr '\n' '|')"
wait_for 5 lines "" 0
is "Require 'backend/server'.||" "$(ask "shutdown sessions server tb" | tr '\n' '|')"
exec 7>&-

t "the last bad request and the last bad response of a proxy are kept"
is "0" "$(ask "show errors" | sed -n '1s/.* : //p')"
printf 'GET / HTTP/1.1\r\nHost: a\r\nb\001d: x\r\n\r\n' | raw "$P" >/dev/null
is 502 "$(code "http://127.0.0.1:$P/bad")"
E=$(ask "show errors")
match "frontend f \(#[0-9]+\): invalid request" "$E"
match '  00025  b\\x01d: x\\r\\n' "$E"
match "backend bad \(#[0-9]+\): invalid response" "$E"
match '  00017  bad header: x\\r\\n' "$E"
nomatch "invalid request" "$(ask "show errors bad")"
nomatch "invalid response" "$(ask "show errors f request")"
match "No such proxy" "$(ask "show errors zz")"

t "each worker gives its figures"
is 2 "$(ask "show activity" | grep -c '^pid: ')"
is 2 "$(ask "show pools" | grep -c '^Total: ')"
match "eventfd" "$(ask "show fd")"

t "highest values and counters are zeroed"
value() { ask "show stat $1" | python3 -c "import csv,sys; print([r['$3'] for r in csv.DictReader(sys.stdin) if r['svname']=='$2'][0])"; }
is 200 "$(code "http://127.0.0.1:$P/id")"
is 1 "$(value b a stot)"
match "Permission denied" "$(echo "clear counters all" | socat -t 5 stdio "unix:$T/o")"
is "|" "$(ask "clear counters" | tr '\n' '|')"
is "0 1" "$(value b a smax) $(value b a stot)"
is "|" "$(ask "clear counters server b/a" | tr '\n' '|')"
is "0 1" "$(value b a stot) $(value b BACKEND stot)"
is "|" "$(ask "clear counters all" | tr '\n' '|')"
is 0 "$(value b BACKEND stot)"

t "a worker that does not answer is left out with a note, and holds nobody up for long"
W=$(kids worker | xargs); W=${W%% *}
kill -STOP "$W"
match "# worker [01] does not answer" "$(ask "show activity")"
kill -CONT "$W"
is 2 "$(ask "show activity" | grep -c '^pid: ')"

t "a worker that dies meanwhile does not hang the command"
kill -STOP "$W"
(sleep 0.2; kill -9 "$W") &
match "# worker [01] does not answer" "$(ask "show activity")"
