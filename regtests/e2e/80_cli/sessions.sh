#!/usr/bin/env bash
# The runtime socket: framing, levels, limits. What scripts for HAProxy send with socat works unchanged.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port)
cat >"$T/a.cfg" <<-EOF
global
    workers 1
    node lb1
    stats socket $T/admin level admin mode 600
    stats socket $T/op level operator
    stats socket $T/user level user
    stats socket ipv4@127.0.0.1:$Q level admin
    stats timeout 1500ms
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 1s
frontend f
    bind 127.0.0.1:$P
    default_backend b
backend b
    server s1 127.0.0.1:1
EOF
for i in $(seq 1500); do printf 'backend filler-with-a-long-name-number-%05d\n    mode http\n    server s 127.0.0.1:1\n' "$i"; done >>"$T/a.cfg"
sluice_start "$T/a.cfg"
ask() { printf '%s\n' "$2" | socat -t 5 stdio "unix:$T/$1"; } # level commands

t "each answer ends with an empty line and a silent success is that line alone"
is "admin||" "$(ask admin "show cli level" | tr '\n' '|')"
is "|admin||" "$(ask admin "set timeout cli 1m;show cli level" | tr '\n' '|')"

t "one line a connection, unless it asks for a prompt"
is "user||" "$(printf 'show cli level\nshow version\n' | socat -t 5 stdio "unix:$T/user" | tr '\n' '|')"
is "|lb1[1]> user||lb1[1]> operator: 0||lb1[1]> " \
	"$(printf 'prompt\nshow cli level\necho operator: 0\nquit\nshow version\n' | socat -t 5 stdio "unix:$T/user" | tr '\n' '|')"

t "a line without an end is run when the client has shut down its side"
is "user||" "$(printf 'show cli level' | socat -t 5 stdio "unix:$T/user" | tr '\n' '|')"

t "semicolons chain commands, a backslash keeps one and a blank in a word"
is "a b;c||\\ d||" "$(ask user 'echo a\ b\;c;echo \\ d' | tr '\n' '|')"

t "unknown commands get the usage text, with what the level allows"
match "^Unknown command: 'bogus', but maybe one of the following ones is a better match:" "$(ask user bogus)"
match "  show env " "$(ask op "")"
nomatch "  show env " "$(ask user "")"

t "a level is refused what is above it, whatever stands in front of the command, and can only be lowered"
for prefix in "" "@1 " "@0 " "@@1 " "json " "@1 json " "@!$MASTER " "@master " "prompt;" "user;" "operator;" "help;"; do
	match "Permission denied" "$(ask user "${prefix}show env")" "$prefix"
	match "Permission denied" "$(ask user "operator;${prefix}show env")" "$prefix"
done
match "^HOME=" "$(ask op "show env HOME")"
match "Permission denied" "$(ask op "user;operator")"
is "operator||" "$(ask admin "operator;show cli level" | tail -n 2 | tr '\n' '|')"
match "Can't find the target" "$(ask admin "@7 show env")"

t "messages carry a severity when asked for"
match '^\[3\]: Permission denied' "$(ask user "set severity-output number;show env" | sed 1d)"
match '^\[err\]: Permission denied' "$(ask user "set severity-output string;show env" | sed 1d)"

t "every answer can be JSON"
is '[{"socket":"unix@'"$T"'/admin","lvl":"admin","processes":"all"},' "$(ask admin "show cli sockets json" | head -n 1)"
is '{"lines":["lb1 says \"hi\""],"ok":true}' "$(ask user 'json echo lb1 says "hi"' | head -n 1)"
is '{"lines":["Permission denied"],"ok":false}' "$(ask user 'json show env' | head -n 1)"
ask admin "json show backend" | python3 -c 'import json,sys; assert len(json.load(sys.stdin)) == 1501'

t "a socket on an IP address is served too, and warned about"
is "admin||" "$(echo "show cli level" | socat -t 5 stdio "TCP:127.0.0.1:$Q" | tr '\n' '|')"
match "a.cfg:7:18: warning" "$(cat "$T/sluice.err")"

t "the mode of the socket is the configured one"
is 600 "$(stat -c %a "$T/admin")"

t "a payload is read up to its mark; one that is too long ends the session"
is "x||" "$(printf 'echo x <<%%EOF%%\na\n\nb\n%%EOF%%\n' | socat -t 5 stdio "unix:$T/user" | tr '\n' '|')"
is "x||" "$(printf 'echo x <<\na\nb\n\n' | socat -t 5 stdio "unix:$T/user" | tr '\n' '|')"
match "payload is too long" "$({ echo 'echo x <<'; head -c 3000000 /dev/zero | tr '\0' y; } | socat -t 5 stdio "unix:$T/user" 2>/dev/null)"
match "line is too long" "$(head -c 200000 /dev/zero | tr '\0' y | socat -t 5 stdio "unix:$T/user" 2>/dev/null)"
match "Too many words" "$(ask user "echo $(seq 200 | xargs)")"

t "64 KiB is a line"
is 65001 "$(ask user "echo $(head -c 65000 /dev/zero | tr '\0' y)" | head -n 1 | wc -c)"

t "idle clients are sent away after stats timeout"
socat -u "unix:$T/user" /dev/null & I=$!
wait_for 10 gone $I

t "a client that has gone while its command waits does not keep its place"
for _ in $(seq 32); do echo "wait 1d" | socat -t 0.01 stdio "unix:$T/user" >/dev/null & done
is "user||" "$(printf 'show cli level\n' | socat -t 20 stdio "unix:$T/user" | tr '\n' '|')"

t "a dump of thousands of rows to a client that does not read holds nobody up and is whole for one that does"
is 1503 "$(ask admin "show backend" | wc -l)"
mkfifo "$T/stuck"
socat -T 1 -u STDIN "unix:$T/admin,rcvbuf=2048" <"$T/stuck" & # never reads
exec 8>"$T/stuck"
for _ in $(seq 60); do printf 'show backend;'; done >&8
echo >&8
is "admin||" "$(ask admin "show cli level" | tr '\n' '|')"
exec 8>&-

t "more clients than there are places wait, and get their turn when the idle ones have gone"
for _ in $(seq 40); do socat -u "unix:$T/user" /dev/null & PIDS+=($!); done
is "user||" "$(printf 'show cli level\n' | socat -t 20 stdio "unix:$T/user" | tr '\n' '|')"

t "the socket is there during and after a reload, and the new generation answers on it"
kill -HUP "$MASTER"
second() { [ "$(printf 'prompt\n' | socat -t 5 stdio "unix:$T/user" | sed -n 2p)" = 'lb1[2]> ' ]; }
wait_for 20 second
