#!/usr/bin/env bash
# Agents: a line of text that says how a server wants to be used. Words and columns as HAProxy's.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) A=$(port) B=$(port) G=$(port) H=$(port) Q=$(port) X=$(port)
origin "$A" a; origin "$B" b
says_now() { printf '%s\n' "send \"$1\\n\"" eof >"$T/agent.new"; mv "$T/agent.new" "$T/agent.txt"; }
says_now up
printf '%s\n' 'want "whoami\n"' 'send "down #told\n"' eof >"$T/ask.txt"
printf '%s\n' 'send "75%\n"' eof >"$T/other.txt"
origin "$G" agent -s "$T/agent.txt"; origin "$H" asker -s "$T/ask.txt"; origin "$Q" other -s "$T/other.txt"
cfg() { cat >"$T/c.cfg" <<E2
global
  workers 2
  stats socket $T/s level admin
  log stdout format raw local0
defaults
  mode http
  log global
  option log-health-checks
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend f
  bind 127.0.0.1:$P
  no log
  default_backend b
backend b
  balance roundrobin
  server a 127.0.0.1:$A check inter 100ms agent-check agent-port $G agent-inter 50ms weight 100 maxconn 50
  server b 127.0.0.1:$B weight 100 ${1:-}
backend only
  server o 127.0.0.1:$B agent-check agent-port $G agent-inter 50ms
backend asked
  server q 127.0.0.1:$B agent-check agent-addr 127.0.0.1 agent-port $H agent-inter 50ms agent-send "whoami\n"
backend gone
  server g 127.0.0.1:$B agent-check agent-port $X agent-inter 50ms
backend none
  server n 127.0.0.1:$B
E2
}
cfg
sluice_start "$T/c.cfg"
ask() { printf '%s\n' "$1" | socat -t 5 stdio "unix:$T/s"; }
col() { # backend server column
	ask "show stat" | awk -F, -v b="$1" -v s="$2" -v c="$3" '/^#/ { for (i = 1; i <= NF; i++) if ($i == c) k = i } $1 == b && $2 == s { print $k }'
}
col_is() { [ "$(col "$1" "$2" "$3")" = "$4" ]; }
expect() { wait_for 5 col_is "$@" || fail "$1/$2 $3 is '$(col "$1" "$2" "$3")', wanted '$4'"; }
answers() { is "$1" "$(ask "$2" | tr '\n' '|')" "$2"; }
state() { ask "show servers state" | awk -v s="$1" -v c="$2" '$4 == s {print $c}'; }

t "up is what both the check and the agent say"
expect b a agent_status L7OK
expect b a status UP
is "via agent : up" "$(col b a last_agt)"
is "Layer7 check passed 1 1 1 0" "$(col b a agent_desc) $(col b a agent_rise) $(col b a agent_fall) $(col b a agent_health) $(col b a agent_code)"
t "down takes the server out of both workers, and says why"
says_now "down #disk full"
expect b a status "DOWN (agent)"
expect only o status "DOWN (agent)"
is "L7STS Layer7 wrong status via agent : down (disk full) 0" "$(col b a agent_status) $(col b a agent_desc) $(col b a last_agt) $(col b a agent_health)"
is L7OK "$(col b a check_status | sed s/L4OK/L7OK/)"
for _ in 1 2 3 4 5 6 7 8; do is b "$(http "http://127.0.0.1:$P/id")"; done
wait_for 5 grep -q 'Server b/a is DOWN, reason: Layer7 wrong status, code: 0, info: "via agent : down (disk full)"' "$T/sluice.out"
match 'Agent check for server b/a failed, reason: Layer7 wrong status, code: 0, info: "via agent : down \(disk full\)", check duration: [0-9]+ms, status: 0/1 DOWN\.' "$(cat "$T/sluice.out")"
t "an agent that says nothing about its state leaves it: only up brings the server back"
says_now "100%"
expect b a agent_status CHECKED
is "DOWN (agent)" "$(col b a status)"
says_now up
expect b a status UP
expect only o status "no check"
t "a percentage is of the configured weight, and stays until the agent says another"
says_now "50%"
expect b a uweight 50
says_now "ready"
expect b a agent_desc "No status change"
is 50 "$(col b a uweight)"
t "maxconn is the server's limit from now on"
says_now "maxconn:7 100%"
expect b a slim 7
is 100 "$(col b a uweight)"
t "drain, maint and ready are the administrative states"
says_now drain
expect b a status "DRAIN (agent)"
wait_for 5 grep -q "Server b/a is drained (agent)" "$T/sluice.err"
says_now maint
expect b a status MAINT
says_now ready
expect b a status UP
match ' b/a ready .*agent' "$(ask "show events" | grep b/a | tail -n 1 | tr -s ' ')"
t "words that mean nothing are reported and hurt nobody"
says_now "what 50% is this"
expect b a last_agt "agent reports an error : what"
is "50 UP" "$(col b a uweight) $(col b a status)"
says_now "up 100%"
expect b a uweight 100
t "what agent-send says comes first"
expect asked q last_agt "via agent : down (told)"
t "an agent that cannot be reached says nothing about its server"
expect gone g agent_status L4CON
is "no check Connection refused" "$(col gone g status) $(col gone g last_agt)"
t "the runtime socket overrides, moves, stops and starts agents"
answers "agent checks are not enabled on this server.||" "set server none/n agent up"
answers "agent checks are not enabled on this server.||" "set server none/n agent-port 80"
answers "Agent was not configured on this server, cannot enable.||" "enable agent none/n"
answers "'set server <srv> agent' expects 'up' or 'down'.||" "set server b/a agent left"
answers "provided port is invalid||" "set server b/a agent-port 0"
says_now "ready"
expect b a agent_status CHECKED
answers "|" "set server b/a agent down"
expect b a status "DOWN (agent)"
answers "|" "set server b/a agent up"
expect b a status UP
is 22 "$(state a 15)"
answers "|" "disable agent b/a"
is "18 $G" "$(state a 15) $(state a 25)"
says_now "10%"
expect only o uweight 0
is 100 "$(col b a uweight)"
answers "|" "enable agent b/a"
expect b a uweight 10
answers "|" "set server b/a agent-addr 127.0.0.1 port $Q"
expect b a uweight 75
is "127.0.0.1 $Q" "$(state a 24) $(state a 25)"
says_now "up 100%"
answers "||" "set server asked/q agent-port $G; set server asked/q agent-send hello"
expect asked q status "no check"
t "what an agent has said outlives its checker"
says_now down
expect only o status "DOWN (agent)"
kill -9 "$(kids checker)"
says_now "ready"
wait_for 10 grep -q "New checker" "$T/sluice.err"
expect only o agent_status CHECKED
is "DOWN (agent)" "$(col only o status)"
t "and a reload"
ask "set server b/a agent-port $G" >/dev/null
says_now "down 30% maxconn:3 #before the reload"
expect b a uweight 30
expect b a status "DOWN (agent)"
says_now "#nothing new"
cfg "check"
match "Success=1" "$(ask reload)"
is "30 3 DOWN (agent)" "$(col b a uweight) $(col b a slim) $(col b a status)"
expect b a agent_status CHECKED
is "DOWN (agent) $G" "$(col b a status) $(state a 25)"
says_now "up"
expect b a status UP
