#!/usr/bin/env bash
# The running state as a configuration, and the socket that the command line opens.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port)
cat >"$T/a.cfg" <<EOF
# the head
global
    workers 1

defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 1s
frontend f
    bind 127.0.0.1:$P
    default_backend b
backend b
    server one   127.0.0.1:8001 check  # the first
    server two 127.0.0.1:8002 weight 20 disabled
    server "three" "127.0.0.1:8003" maxconn 5 port 99 check
    server four [::1]:8004
    server five 127.0.0.1:8005 agent-check agent-port 8006 agent-inter 600s
EOF
sluice_start "$T/a.cfg" -S "$T/master,mode,600"
cli() { "$SLUICE" cli "$T/master" "$@" </dev/null; }
saved() { cli save config | sed '$d' >"$T/saved.cfg"; }

t "-S opens a socket of level admin with its parameters"
is "admin" "$(cli show cli level | head -n 1)"
is 600 "$(stat -c %a "$T/master")"
match "unknown parameter 'nonsense' of stats socket" "$("$SLUICE" -c -f "$T/a.cfg" -S "$T/x,nonsense,1" 2>&1 || true)"

t "nothing changed: the text is the one that was loaded"
saved
diff <(sed 's/ *$//' "$T/saved.cfg") "$T/a.cfg"

t "what was changed stands in the lines of servers, and only there"
cli 'begin;set server b/one addr 10.0.0.1 port 81;set server b/one weight 7;set server b/two state ready;set server b/three state maint;set maxconn server b/three 9;set server b/three check-port 77;set server b/four addr 2001:db8::9;commit' >/dev/null
saved
is "    server one   10.0.0.1:81 check weight 7  # the first" "$(grep "server one" "$T/saved.cfg")"
is "    server two 127.0.0.1:8002 weight 20 disabled enabled" "$(grep "server two" "$T/saved.cfg")"
is '    server "three" "127.0.0.1:8003" maxconn 5 port 99 check maxconn 9 port 77 disabled' "$(grep three "$T/saved.cfg")"
is "    server four [2001:db8::9]:8004" "$(grep "server four" "$T/saved.cfg")"
is 4 "$(diff <(sed 's/ *$//' "$T/saved.cfg") "$T/a.cfg" | grep -c '^<')"

t "the text loads and means what runs"
"$SLUICE" -c -f "$T/saved.cfg"
state() { awk 'NR > 2 { print $2, $4, $5, $7 % 2, $8, $19, $22 }'; }
cli show servers state | state >"$T/before"
cp "$T/saved.cfg" "$T/a.cfg"
sluice_stop
sluice_start "$T/a.cfg" -S "$T/master,mode,600"
diff "$T/before" <(cli show servers state | state)

t "what an agent is asked, and where, is kept in a form that the lexer takes back"
cli 'set server b/five agent-addr 127.0.0.9 port 9009;set server b/five agent-send a\ "b"$c' >/dev/null
saved
is '    server five 127.0.0.1:8005 agent-check agent-port 8006 agent-inter 600s agent-addr 127.0.0.9 agent-port 9009 agent-send "a \"b\"\$c"' \
	"$(grep "server five" "$T/saved.cfg")"
"$SLUICE" -c -f "$T/saved.cfg"

t "what a line cannot say stands in a comment"
cli "set server b/two state drain;disable frontend f" >/dev/null
saved
match "server two .* # drained at run time" "$(cat "$T/saved.cfg")"
match "^# frontend f is closed at run time" "$(cat "$T/saved.cfg")"
