#!/usr/bin/env bash
# What the state of a server does: to followers, to open sessions, at the start, and what traffic does to the state.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) S=$(port) A=$(port) B=$(port) H=$(port) D=$(port) K=$(port) K2=$(port) L=$(port) W=$(port) BK=$(port)
origin "$A" a; origin "$B" b; origin "$W" w; origin "$K" k -e; origin "$K2" k2 -e
health_up() { origin "$H" "health$1"; HP=${PIDS[-1]}; }
health_down() { kill "$HP"; wait "$HP" 2>/dev/null || true; }
health_up 1
for w in fully-up up down fully-down none; do
	INIT="${INIT:-}
backend i-$w
  server a 127.0.0.1:$D check inter 600s fall 3 rise 2 init-state $w"
done
cat >"$T/c.cfg" <<E
global
  workers 2
  log stdout format raw local0
defaults
  mode http
  log global
  timeout connect 20s
  timeout client 20s
  timeout server 20s
frontend f
  bind 127.0.0.1:$P
  log-format "%b/%s %ST %ts"
  use_backend %[req.hdr(x-be)]
backend lead
  server a 127.0.0.1:$A check port $H inter 100ms fall 2 rise 2
backend follow
  server f1 127.0.0.1:$B track lead/a
  server f2 127.0.0.1:$B track follow/f1
  server f3 127.0.0.1:$B backup
$INIT
backend l4
  option redispatch
  server d 127.0.0.1:$D check port $B inter 600s observe layer4 error-limit 3 on-error mark-down
  server a 127.0.0.1:$A
backend l7
  server w 127.0.0.1:$W check inter 600s observe layer7 error-limit 4 on-error mark-down
backend l7reset
  server w 127.0.0.1:$W check inter 600s observe layer7 error-limit 4 on-error mark-down
backend l7fail
  server w 127.0.0.1:$W check init-state fully-up inter 600s fastinter 500s fall 2 rise 1 observe layer7 error-limit 2 on-error fail-check
backend l7sudden
  server w 127.0.0.1:$W check init-state fully-up inter 600s fastinter 500s fall 5 rise 1 observe layer7 error-limit 2 on-error sudden-death
backend l7fast
  server w 127.0.0.1:$W check inter 600s fastinter 100ms fall 1 rise 1 addr 127.0.0.1 port $D observe layer7 error-limit 2 on-error fastinter
backend slow
  balance roundrobin
  server s1 127.0.0.1:$A check port $H inter 100ms fall 1 rise 1 slowstart 600s
  server s2 127.0.0.1:$B
listen cut
  mode tcp
  bind 127.0.0.1:$L
  balance roundrobin
  log-format "%b/%s %ts"
  server k 127.0.0.1:$K check port $H inter 100ms fall 1 rise 1 on-marked-down shutdown-sessions
  server k2 127.0.0.1:$K2
listen back
  mode tcp
  bind 127.0.0.1:$BK
  log-format "%b/%s %ts"
  server k 127.0.0.1:$K check port $H inter 100ms fall 1 rise 1 on-marked-up shutdown-backup-sessions
  server k2 127.0.0.1:$K2 backup
frontend state
  bind 127.0.0.1:$S
  no log
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(lead/a)]%[srv_is_up(follow/f1)]%[srv_is_up(follow/f2)] %[nbsrv(follow)]\n" if { path /track }
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(i-fully-up/a)]%[srv_is_up(i-up/a)]%[srv_is_up(i-down/a)]%[srv_is_up(i-fully-down/a)]%[srv_is_up(i-none/a)]\n" if { path /init }
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(l4/d)]%[srv_is_up(l4/a)]\n" if { path /l4 }
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(l7/w)]\n" if { path /l7 }
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(l7reset/w)]\n" if { path /l7reset }
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(l7fail/w)]\n" if { path /l7fail }
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(l7sudden/w)]\n" if { path /l7sudden }
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(l7fast/w)]\n" if { path /l7fast }
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(slow/s1)]\n" if { path /slow }
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(cut/k)] %[srv_conn(cut/k)] %[srv_conn(cut/k2)]\n" if { path /cut }
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(back/k)] %[srv_conn(back/k)] %[srv_conn(back/k2)]\n" if { path /back }
E
sluice_start "$T/c.cfg"
state() { curl -s --max-time 30 "http://127.0.0.1:$S/$1"; }
state_is() { [ "$(state "$1")" = "$2" ]; }
expect_state() { wait_for 5 state_is "$1" "$2" || fail "$1 is '$(state "$1")', wanted '$2'"; }
ask() { code -H "X-Be: $1" "http://127.0.0.1:$P$2"; }
who() { # port: opens a session that stays: fd, name
	exec {fd}<>"/dev/tcp/127.0.0.1/$1"
	echo WHO >&"$fd"
	name=; read -r -t 20 -u "$fd" name || true
}
closed() { local x; ! read -r -t 20 -u "$1" x; } # the peer has ended the session

t "init-state says who is up before the first check"
is 11001 "$(state init)"
t "a follower is up and down with whom it follows, through a chain, and its backend counts it"
expect_state track "111 2"
health_down
expect_state track "000 1"
match 'Server follow/f1 is DOWN via lead/a\.' "$(cat "$T/sluice.out")"
match 'Server follow/f2 is DOWN via lead/a\.' "$(cat "$T/sluice.out")"
t "shutdown-backup-sessions leaves sessions on a backup alone while nothing is up"
expect_state back "0 0 0" # its check comes in its own time
who "$BK"; is k2 "$name"; BFD=$fd
expect_state back "0 0 1"
health_up 2
expect_state track "111 2"
match 'Server follow/f1 is UP via lead/a\.' "$(cat "$T/sluice.out")"
t "a session on a backup server ends when the server comes up, with the letter U"
closed "$BFD" || fail "the session lives"
expect_state back "1 0 0"
wait_for 5 grep -q 'back/k2 U' "$T/sluice.out"
t "a server in slowstart takes a small share"
expect_state slow 1
n=$(for i in $(seq 40); do curl -s -H 'X-Be: slow' "http://127.0.0.1:$P/"; done | grep -c a || true)
{ [ "$n" -ge 1 ] && [ "$n" -le 8 ]; } || fail "$n of 40 requests"
t "shutdown-sessions ends the sessions of a server that goes down, and no other, with the letter D"
expect_state cut "1 0 0"
who "$L"; F1=$fd N1=$name; who "$L"; F2=$fd N2=$name
is "k k2" "$(printf '%s\n' "$N1" "$N2" | sort | xargs)"
health_down
expect_state cut "0 0 1"
[ "$N1" = k ] && { gonefd=$F1 stays=$F2; } || { gonefd=$F2 stays=$F1; }
closed "$gonefd" || fail "the session on the lost server lives"
echo still >&"$stays"; read -r -t 20 -u "$stays" x; is still "$x"
wait_for 5 grep -q 'cut/k D' "$T/sluice.out"

t "observe layer4: refused connections of traffic take a server down, and no client notices"
expect_state l4 11
n=0; while state_is l4 11 && [ $n -lt 40 ]; do is 200 "$(ask l4 /)"; n=$((n + 1)); done
expect_state l4 01
match 'Server l4/d is DOWN, reason: Health analyze, info: "Detected 3 consecutive errors' "$(cat "$T/sluice.out")"
t "observe layer7: error-limit bad answers in a row, not one fewer"
for i in 1 2 3; do is 500 "$(ask l7 /status/500)"; done
is 200 "$(ask l7 /)"
for i in 1 2 3; do is 500 "$(ask l7 /status/500)"; done
is 200 "$(ask l7 /status/200)"
state_is l7 1 || fail "down after 3 errors in a row, the limit is 4"
for i in 1 2 3 4; do is 500 "$(ask l7 /status/500)"; done
expect_state l7 0
is 503 "$(ask l7 /)"
t "observe layer7 does not mind 4xx and 501"
for i in 1 2 3 4 5 6; do is 404 "$(ask l7reset /status/404)"; is 501 "$(ask l7reset /status/501)"; done
t "on-error fail-check counts one failed check"
for i in 1 2; do ask l7fail /status/500; done
is 1 "$(state l7fail)"
for i in 1 2; do ask l7fail /status/500; done
expect_state l7fail 0
t "on-error sudden-death leaves one failure to live"
for i in 1 2; do ask l7sudden /status/500; done
for i in 1 2; do ask l7sudden /status/500; done
expect_state l7sudden 0
t "on-error fastinter only hurries the next check"
for i in 1 2; do ask l7fast /status/500; done
expect_state l7fast 0
match 'Server l7fast/w is DOWN, reason: Layer4 connection problem' "$(cat "$T/sluice.out")"
is 1 "$(state l7reset)"
