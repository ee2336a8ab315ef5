#!/usr/bin/env bash
# Checks that speak a protocol: what they say, byte for byte, and what they take for an answer.
. "$(dirname "$0")/../../lib/sluice.sh"

S=$(port)
N=0 FETCH= LIST=
chk() { # wanted(1|0) port "lines"
	N=$((N + 1))
	printf 'backend k%s\n  %s\n  server a 127.0.0.1:%s check inter 60ms fall 1 rise 1 init-state %s\n' $N \
		"${3//;/$'\n  '}" "$2" "$([ "$1" = 1 ] && echo fully-down || echo fully-up)" >>"$T/c.cfg"
	FETCH+="%[srv_is_up(k$N/a)]"; LIST+=$1
}
serve() { # name, script on stdin; its port in P_name
	local p; p=$(port); printf -v "P_$1" %s "$p"; cat >"$T/$1.txt"; origin "$p" "$1" -s "$T/$1.txt"
}
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
serve redis <<'X'
want "*1\r\n$4\r\nPING\r\n"
send "+PONG\r\n"
sleep 50
X
serve loading <<'X'
want "*1\r\n$4\r\nPING\r\n"
send "-LOADING Redis is loading the dataset in memory\r\n"
fin
eof
X
serve smtp <<'X'
send "220-mail.example.org\r\n"
sleep 5
send "220 ready\r\n"
want "HELO localhost\r\n"
send "250 hello\r\n"
want "QUIT\r\n"
send "221 bye\r\n"
eof
X
serve esmtp <<'X'
send "220 ready\r\n"
want "EHLO lb.example.org\r\n"
send "250-mail\r\n250 8BITMIME\r\n"
want "QUIT\r\n"
send "221 bye\r\n"
eof
X
serve busy <<'X'
send "421 too busy\r\n"
fin
eof
X
serve ldap <<'X'
want "\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"
send "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"
sleep 50
X
serve ldap_long <<'X'
want "\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"
send "\x30\x84\x00\x00\x00\x10\x02\x01\x01\x61\x84\x00\x00\x00\x07\x0a\x01\x00\x04\x00\x04\x00"
sleep 50
X
serve ldap_no <<'X'
want "\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"
send "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x31\x04\x00\x04\x00"
fin
eof
X
serve pgsql <<'X'
want "\x00\x00\x00\x13\x00\x03\x00\x00user\x00test\x00\x00"
send "\x52\x00\x00\x00\x08\x00\x00\x00\x00"
sleep 50
X
serve pgsql_full <<'X'
want "\x00\x00\x00\x13\x00\x03\x00\x00user\x00test\x00\x00"
send "E\x00\x00\x00\x20SFATAL\x00C53300\x00Mtoo many\x00\x00"
fin
eof
X
serve mysql <<'X'
send "\x0a\x00\x00\x00\x0a5.5.5\x00abcd\x00"
sleep 50
X
serve mysql_blocked <<'X'
send "\x0a\x00\x00\x00\xff\x69\x04blocked"
fin
eof
X
serve mysql_user <<'X'
send "\x0a\x00\x00\x00\x0a5.5.5\x00abcd\x00"
want "\x27\x00\x00\x01\x00\x82\x00\x00\x00\x00\x01\x00\x21\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00check\x00\x00"
send "\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00"
want "\x01\x00\x00\x00\x01"
eof
X
serve mysql_old <<'X'
send "\x0a\x00\x00\x00\x0a5.5.5\x00abcd\x00"
want "\x0b\x00\x00\x01\x01\x00\x00\x00\x01check\x00"
send "\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00"
want "\x01\x00\x00\x00\x01"
eof
X
serve mysql_denied <<'X'
send "\x0a\x00\x00\x00\x0a5.5.5\x00abcd\x00"
want "\x27\x00\x00\x01\x00\x82\x00\x00\x00\x00\x01\x00\x21\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00check\x00\x00"
send "\x07\x00\x00\x02\xff\x15\x04denied"
fin
eof
X
serve alert <<'X'
want "\x16\x03\x01"
send "\x15\x03\x03\x00\x02\x02\x28"
fin
eof
X
chk 1 "$P_redis" 'option redis-check'
chk 0 "$P_loading" 'option redis-check'
chk 1 "$P_smtp" 'option smtpchk'
chk 1 "$P_esmtp" 'option smtpchk EHLO lb.example.org'
chk 0 "$P_busy" 'option smtpchk'
chk 1 "$P_ldap" 'option ldap-check'
chk 1 "$P_ldap_long" 'option ldap-check'
chk 0 "$P_ldap_no" 'option ldap-check'
chk 1 "$P_pgsql" 'option pgsql-check user test'
chk 0 "$P_pgsql_full" 'option pgsql-check user test'
chk 1 "$P_mysql" 'option mysql-check'
chk 0 "$P_mysql_blocked" 'option mysql-check'
chk 1 "$P_mysql_user" 'option mysql-check user check'
chk 1 "$P_mysql_old" 'option mysql-check user check pre-41'
chk 0 "$P_mysql_denied" 'option mysql-check user check'
chk 1 "$P_alert" 'option ssl-hello-chk'
chk 0 "$P_busy" 'option ssl-hello-chk'
cat >>"$T/c.cfg" <<X
frontend state
  mode http
  bind 127.0.0.1:$S
  http-request return status 200 content-type text/plain lf-string "$FETCH\n"
X
sluice_start "$T/c.cfg"
state() { curl -s --max-time 30 "http://127.0.0.1:$S/"; }
state_is() { [ "$(state)" = "$1" ]; }

t "redis, SMTP, LDAP, PostgreSQL, MySQL and TLS: who answers well is up, who answers that it cannot serve is down"
wait_for 10 state_is "$LIST" || fail "wanted $LIST, is $(state)"
for i in 1 2 3 4 5; do state_is "$LIST" || fail "wanted $LIST, is $(state)"; done

t "what is sent is what the protocols want, to the byte"
for o in redis smtp esmtp ldap pgsql mysql_user mysql_old; do is 0 "$(grep -c 'want missed' "$T/origin.$o.log" || true)" "$o"; done

t "a server of TLS answers the hello, whatever its certificate"
openssl req -x509 -newkey rsa:2048 -nodes -days 3 -keyout "$T/k.pem" -out "$T/k.crt" -subj /CN=x 2>/dev/null
O=$(port)
openssl s_server -accept "127.0.0.1:$O" -cert "$T/k.crt" -key "$T/k.pem" -quiet -no_tls1_3 </dev/zero >/dev/null 2>&1 & PIDS+=($!)
wait_for 10 listening "$O"
sluice_stop
cat >"$T/t.cfg" <<X
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
backend hello
  option ssl-hello-chk
  server a 127.0.0.1:$O check inter 100ms init-state fully-down rise 1
frontend state
  mode http
  bind 127.0.0.1:$S
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(hello/a)]\n"
X
sluice_start "$T/t.cfg"
wait_for 10 state_is 1

t "what is wrong with an option is told"
bad() { printf 'backend b\n  %s\n  server a 127.0.0.1:1 check\n' "$1" >"$T/bad.cfg"; ! "$SLUICE" -c -f "$T/bad.cfg" >"$T/bad" 2>&1 || fail "'$1' is taken"; match "$2" "$(cat "$T/bad")"; }
bad 'option pgsql-check' "expects 'user' and a name"
bad 'option mysql-check user' "expects 'user' and a name"
bad 'option mysql-check user a post-42' "post-41"
bad 'option smtpchk HELP x' "expects HELO or EHLO"
bad 'option redis-check now' "unexpected 'now'"
t "the log says what servers said, in HAProxy's words"
said() { wait_for 5 grep -qF "Health check for server k$1/a $2" "$T/sluice.out" || fail "no '$2' of k$1: $(grep "server k$1/a" "$T/sluice.out" | head -3)"; }
said 1 'succeeded, reason: Layer7 check passed, code: 0, info: "Redis server is ok"'
said 2 'failed, reason: Layer7 wrong status, code: 0, info: "-LOADING Redis is loading the dataset in memory"'
said 4 'succeeded, reason: Layer7 check passed, code: 221, info: "bye"'
said 5 'failed, reason: Layer7 wrong status, code: 421, info: "too busy"'
said 9 'succeeded, reason: Layer7 check passed, code: 0, info: "PostgreSQL server is ok"'
said 10 'failed, reason: Layer7 invalid response, info: "FATAL"'
said 11 'succeeded, reason: Layer7 check passed, code: 0, info: "5.5.5"'
said 12 'failed, reason: Layer7 wrong status, code: 0, info: "blocked"'
said 16 'succeeded, reason: Layer6 check passed, check'
