#!/usr/bin/env bash
# Where log lines go: syslog over UDP and unix sockets, descriptors, in every format; a reader that sleeps delays nobody.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port) L=$(port) M=$(port)
origin "$O" a
SINKS=()
sink() { # address, file: appends every datagram as a line
	socat -u "$1,fork" "SYSTEM:cat >>$2; echo >>$2" & PIDS+=($!) SINKS+=($!)
}
sink "UDP-RECVFROM:$L,bind=127.0.0.1" "$T/old"
sink "UDP-RECVFROM:$M,bind=127.0.0.1" "$T/new"
sink "UNIX-RECVFROM:$T/sock" "$T/unix"
wait_for 5 test -S "$T/sock"
mkfifo "$T/fifo"
exec 7<>"$T/fifo" 8>"$T/fd8" # nobody reads the FIFO: it fills up
cat >"$T/c.cfg" <<EOC
global
  nbthread 1
  log-send-hostname myhost
  log-tag mytag
defaults
  mode http
  option httplog
  timeout connect 20s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:$P
  log 127.0.0.1:$L format rfc3164 local3 info
  log 127.0.0.1:$M format rfc5424 daemon info
  log 127.0.0.1:$M len 80 format raw daemon info
  log $T/sock local1 info
  log stdout format raw local0 info
  log stderr format short local0 info
  log fd@8 format raw local0 info
  log fd@7 format raw local0 info
  log stdout format raw local0 err
  default_backend b
backend b
  server a 127.0.0.1:$O
EOC
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
http -o /dev/null "$U/one"
line() { wait_for 5 grep -q "$2" "$1" || fail "no $2 in $1: $(cat "$1")"; grep "$2" "$1" | tail -n 1; }
REST=' \[[^]]*\] f b/a [0-9/]+ 200 .*"GET /one HTTP/1.1"'

t "RFC 3164 over UDP: priority, date, host, tag and pid"
match "^<158>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} myhost mytag\[[0-9]+\]: 127\.0\.0\.1:[0-9]+$REST\$" "$(line "$T/old" /one)"
t "RFC 5424 over UDP: version, time with zone, host, tag, pid, no structured data"
match "^<30>1 [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}([+-][0-9]{2}:[0-9]{2}|Z) myhost mytag [0-9]+ - - 127\.0\.0\.1:[0-9]+$REST\$" "$(line "$T/new" '^<30>1 .*/one')"
t "len cuts the line"
is 79 "$(line "$T/new" '^127' | tr -d '\n' | wc -c)"
t "a datagram socket of the file system"
match "^<142>.*mytag\[[0-9]+\]: .*$REST\$" "$(line "$T/unix" /one)"
t "stdout, stderr and any descriptor: raw lines, or with their level in front"
match "^127\.0\.0\.1:[0-9]+$REST\$" "$(line "$T/sluice.out" /one)"
match "^<6>127\.0\.0\.1:[0-9]+$REST\$" "$(line "$T/sluice.err" /one)"
match "^127\.0\.0\.1:[0-9]+$REST\$" "$(line "$T/fd8" /one)"
is 1 "$(grep -c /one "$T/sluice.out")"
t "a FIFO that nobody reads delays no request, and the other targets get every line"
kill "${SINKS[@]}" # a process a datagram is too much for what follows
seq -f "url = $U/many/%g
output = /dev/null" 1500 >"$T/curl"
start=$SECONDS
curl -sS --max-time 30 -K "$T/curl"
[ $((SECONDS - start)) -le 8 ] || fail "took $((SECONDS - start)) s"
line "$T/fd8" /many/1500 >/dev/null
is 1500 "$(grep -c /many/ "$T/fd8")"
