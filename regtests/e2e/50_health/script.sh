#!/usr/bin/env bash
# tcp-check: dialogues with servers that speak first, that answer, that do neither.
. "$(dirname "$0")/../../lib/sluice.sh"

S=$(port) E=$(port)
origin "$E" echo -e
N=0 FETCH= LIST=
chk() { # wanted(1|0) port "lines"
	N=$((N + 1))
	printf 'backend k%s\n  option tcp-check\n  %s\n  server a 127.0.0.1:%s check inter 60ms fall 1 rise 1 init-state %s\n' $N \
		"${3//;/$'\n  '}" "$2" "$([ "$1" = 1 ] && echo fully-down || echo fully-up)" >>"$T/c.cfg"
	FETCH+="%[srv_is_up(k$N/a)]"; LIST+=$1
}
serve() { # name, script on stdin; its port in P_name
	local p; p=$(port); printf -v "P_$1" %s "$p"; cat >"$T/$1.txt"; origin "$p" "$1" -s "$T/$1.txt"
}
serve redis <<'X'
want "PING\r\n"
send "+PONG\r\n"
want "info replication\r\n"
send "$20\r\n# Replication\r\nrole:master\r\n"
want "QUIT\r\n"
send "+OK\r\n"
eof
X
serve replica <<'X'
want "PING\r\n"
send "+PONG\r\n"
want "info replication\r\n"
send "$20\r\n# Replication\r\nrole:slave\r\n"
eof
X
serve smtp <<'X'
send "220 mail.example.org ESMTP ready\r\n"
want "EHLO lb\r\n"
send "250-mail.example.org\r\n250 8BITMIME\r\n"
want "QUIT\r\n"
send "221 bye\r\n"
eof
X
serve busy <<'X'
send "421 too busy\r\n"
eof
X
serve brief <<'X'
send "421 too busy\r\n"
fin
eof
X
serve pieces <<'X'
send "22"
sleep 5
send "0 slow "
sleep 5
send "greeting\r\n"
eof
X
serve binary <<'X'
want "\x00\x01\xff"
send "\x10\x00\xfe\x20"
eof
X
serve hangup <<'X'
want "PING\r\n"
X
serve mute <<'X'
eof
X
cat >"$T/c.cfg" <<X
global
  workers 1
  log stdout format raw local0
defaults
  mode tcp
  log global
  option log-health-checks
  timeout connect 20s
  timeout client 30s
  timeout server 30s
  timeout check 20s
X
REDIS='tcp-check connect;tcp-check send PING\r\n;tcp-check expect string +PONG;tcp-check send "info replication\r\n"'
REDIS+=';tcp-check expect string role:master;tcp-check send QUIT\r\n;tcp-check expect string +OK'
chk 1 "$P_redis" "$REDIS"
chk 0 "$P_replica" "$REDIS;timeout check 200ms"
chk 0 "$P_hangup" "$REDIS"
chk 1 "$P_smtp" 'tcp-check expect rstring "^220 .*ESMTP";tcp-check send "EHLO lb\r\n";tcp-check expect string "250 ";tcp-check send QUIT\r\n;tcp-check expect rstring ^221'
chk 0 "$P_busy" 'timeout check 200ms;tcp-check expect rstring ^220'
chk 0 "$P_busy" 'tcp-check expect ! rstring ^421'
chk 1 "$P_smtp" 'tcp-check expect ! string 421'
chk 1 "$P_pieces" 'tcp-check expect string "220 slow greeting"'
chk 1 "$P_binary" 'tcp-check send-binary 0001ff;tcp-check expect binary 00fe'
chk 0 "$P_binary" 'timeout check 200ms;tcp-check send-binary 0001ff;tcp-check expect binary 00ff'
chk 1 "$P_binary" 'tcp-check send-binary 0001ff;tcp-check expect rbinary ^10..FE'
chk 0 "$P_mute" 'timeout check 200ms;tcp-check send "hello\r\n";tcp-check expect comment "the greeting" string hello'
chk 1 "$E" 'tcp-check send "line one\r\n";tcp-check expect string one;tcp-check expect string line'
chk 1 "$P_mute" "tcp-check connect port $P_smtp;tcp-check expect string 220;tcp-check connect port $P_busy;tcp-check expect string 421"
chk 1 "$P_mute" 'tcp-check connect'
chk 0 "$(port)" 'tcp-check connect'
chk 0 "$P_pieces" 'tcp-check expect min-recv 19 ! string greeting'
chk 1 "$P_pieces" 'tcp-check expect min-recv 19 rstring ^220.slow.greeting'
chk 1 "$P_brief" 'tcp-check expect min-recv 100 string 421'
cat >>"$T/c.cfg" <<X
frontend state
  mode http
  bind 127.0.0.1:$S
  no log
  http-request return status 200 content-type text/plain lf-string "$FETCH\n"
X
sluice_start "$T/c.cfg"
state() { curl -s --max-time 30 "http://127.0.0.1:$S/"; }
state_is() { [ "$(state)" = "$1" ]; }

t "redis, smtp and binary dialogues, replies in pieces, several connections, and everything that is not what was expected"
wait_for 5 state_is "$LIST" || fail "wanted $LIST, is $(state)"
t "and that does not change with time"
for i in 1 2 3 4 5; do state_is "$LIST" || fail "wanted $LIST, is $(state)"; done
t "the whole dialogue is spoken"
wait_for 5 eval '[ "$(grep -c "want met" "$T/origin.redis.log")" -ge 9 ]'
is 0 "$(grep -c 'want missed' "$T/origin.redis.log" || true)"
t "a timeout says at which step, with the comment"
match "Health check for server k12/a failed, reason: Layer7 timeout, info: \" at step 2 of tcp-check \(expect string 'hello'\) comment: 'the greeting'\", check duration: [0-9]+ms, status: 0/1 DOWN\." "$(cat "$T/sluice.out")"
t "content that was not wanted is named"
match "Health check for server k6/a failed, reason: Layer7 invalid response, info: \"TCPCHK matched unwanted content '\^421' at step 1\"" "$(cat "$T/sluice.out")"
t "a script of connects alone is a layer 4 check"
match "Health check for server k15/a succeeded, reason: Layer4 check passed" "$(cat "$T/sluice.out")"
match "Health check for server k16/a failed, reason: Layer4 connection problem, info: \"Connection refused" "$(cat "$T/sluice.out")"
