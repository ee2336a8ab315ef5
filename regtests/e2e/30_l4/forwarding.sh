#!/usr/bin/env bash
# Bytes through mode tcp: all of them, in order, in both directions, each direction with its own end, and none kept that nobody takes.
. "$(dirname "$0")/../../lib/sluice.sh"

E=$(port) S=$(port) F=$(port) R=$(port) H=$(port) D=$(port) OE=$(port) OS=$(port) OF=$(port) OR=$(port) OH=$(port) OD=$(port)
origin "$OE" echo -e
printf 'send "220 ready\\r\\n"\nwant "QUIT"\nsend "221 bye\\r\\n"\nfin\neof\n' >"$T/speak"
origin "$OS" speak -s "$T/speak"
printf 'send "last words"\nfin\nwant "and mine"\neof\n' >"$T/fin"
origin "$OF" fin -s "$T/fin"
printf 'want "kick"\nrst\n' >"$T/rst"
origin "$OR" rst -s "$T/rst"
origin "$OH" web
printf 'eof\nsend "after your end"\nfin\n' >"$T/deaf"
origin "$OD" deaf -s "$T/deaf"
cat >"$T/c.cfg" <<C
global
  workers 1
  log stdout format raw local0
defaults
  mode tcp
  log global
  option tcplog
  timeout connect 20s
  timeout client 30s
  timeout server 30s
$(for x in "echo $E $OE" "speak $S $OS" "fin $F $OF" "rst $R $OR" "web $H $OH" "deaf $D $OD"; do
	read -r n p o <<<"$x"
	printf 'listen %s\n  bind 127.0.0.1:%s\n  server a 127.0.0.1:%s\n' "$n" "$p" "$o"
done)
C
sluice_start "$T/c.cfg"
W=$(kids worker)
logged() { wait_for 4 grep -qE " $1" "$T/sluice.out" || fail "no line '$1': $(tail -3 "$T/sluice.out")"; }
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$W/status"; }
ask() { socat -t 20 -T 20 - "TCP:127.0.0.1:$1"; }
trap '' PIPE

t "a line goes there and its echo comes back"
is "hello" "$(echo hello | ask "$E")"
logged 'echo echo/a [0-9]+/[0-9]+/[0-9]+ 6 -- '
t "10 MB each way arrive as they were sent"
head -c 10485760 /dev/urandom >"$T/big"
ask "$E" <"$T/big" >"$T/back"
cmp "$T/big" "$T/back" || fail "the bytes differ"
logged 'echo echo/a [0-9/]+ 10485760 -- '
t "several of them at the same time do not mix"
for i in 1 2 3; do
	head -c 3000000 /dev/urandom >"$T/in.$i"
	ask "$E" <"$T/in.$i" >"$T/out.$i" &
	copies[i]=$!
done
for i in 1 2 3; do wait "${copies[i]}"; cmp "$T/in.$i" "$T/out.$i" || fail "copy $i differs"; done
t "a server that speaks first is heard before the client has said anything"
exec 3<>"/dev/tcp/127.0.0.1/$S"
read -r -t 20 line <&3; is $'220 ready\r' "$line"
echo QUIT >&3
read -r -t 20 line <&3; is $'221 bye\r' "$line"
exec 3>&-
logged 'speak speak/a .* -- '
t "a client that has ended its side still gets the answer"
is "after your end" "$(ask "$D" </dev/null)"
logged 'deaf deaf/a .* 14 -- '
t "a server that has ended its side still takes what the client has to say"
exec 3<>"/dev/tcp/127.0.0.1/$F"
read -r -N 10 -t 20 line <&3; is "last words" "$line"
rc=0; read -r -t 20 line <&3 || rc=$?; is 1 $rc "the end of the server's side has not come"
printf 'and mine' >&3
exec 3>&-
logged 'fin fin/a .* 10 -- '
t "a reset of the server ends the client at once, and the log says who did it"
exec 3<>"/dev/tcp/127.0.0.1/$R"
printf kick >&3
rc=0; read -r -t 20 line <&3 2>/dev/null || rc=$?; [ $rc -le 128 ] || fail "the client was left waiting"
exec 3>&-
logged 'rst rst/a .* SD '
t "a reset of the client is the client's"
exec 3<>"/dev/tcp/127.0.0.1/$H"
printf "GET /size/50000000 HTTP/1.1\r\nHost: a\r\n\r\n" >&3
read -r -t 20 line <&3; match "200" "$line"
exec 3>&-   # with bytes unread: the kernel resets
logged "web web/a .* CD "
t "a reader that does not read costs a buffer, not the answer"
before=$(rss)
for fd in 5 6 7 8; do
	eval "exec $fd<>/dev/tcp/127.0.0.1/$H"
	printf 'GET /size/50000000 HTTP/1.1\r\nHost: a\r\n\r\n' >&$fd
	read -r -t 20 line <&$fd; match "200" "$line"
done
is "hello" "$(echo hello | ask "$E")"
after=$(rss)
[ $((after - before)) -lt 4096 ] || fail "the worker grew from $before to $after kB"
t "and it gets the rest of it when it does"
n=$(timeout 40 head -c 50000000 <&5 | wc -c); is 50000000 "$n"
exec 5>&- 6>&- 7>&- 8>&-
t "under load every connection has its own answers"
"$TOOLS/client" -4 -p "$E" -c 50 -n 10000 >"$T/load" || fail "$(cat "$T/load")"
t "also when each line is a connection"
"$TOOLS/client" -4 -x -p "$E" -c 20 -n 1000 >"$T/load" || fail "$(cat "$T/load")"
t "the worker is the same one after all that"
is "$W" "$(kids worker)"
