#!/usr/bin/env bash
# Timeouts of mode tcp: each ends what it is about, after its time and not before, and the termination state says who was waited for.
. "$(dirname "$0")/../../lib/sluice.sh"

CL=$(port) SV=$(port) CO=$(port) RF=$(port) TU=$(port) FI=$(port) AB=$(port) AO=$(port) BU=$(port) O=$(port) OF=$(port) B=$(port) DEAD=$(port)
origin "$O" echo -e
printf 'send "done\n"\nfin\neof\n' >"$T/fin"
origin "$OF" fin -s "$T/fin"
origin "$B" blocked -b
cat >"$T/c.cfg" <<C
global
  workers 1
  log stdout format raw local0
defaults
  mode tcp
  log global
  option tcplog
  retries 0
  timeout connect 20s
  timeout client 30s
  timeout server 30s
listen client
  bind 127.0.0.1:$CL
  timeout client 300ms
  server a 127.0.0.1:$O
listen server
  bind 127.0.0.1:$SV
  timeout server 300ms
  server a 127.0.0.1:$O
listen connect
  bind 127.0.0.1:$CO
  timeout connect 300ms
  server full 127.0.0.1:$B
listen refused
  bind 127.0.0.1:$RF
  server dead 127.0.0.1:$DEAD
listen tunnel
  bind 127.0.0.1:$TU
  timeout client 300ms
  timeout server 300ms
  timeout tunnel 900ms
  server a 127.0.0.1:$O
listen fin
  bind 127.0.0.1:$FI
  timeout client-fin 300ms
  server a 127.0.0.1:$OF
listen abort
  bind 127.0.0.1:$AB
  server full 127.0.0.1:$B
listen aborton
  bind 127.0.0.1:$AO
  option abortonclose
  server full 127.0.0.1:$B
listen busy
  bind 127.0.0.1:$BU
  timeout client 400ms
  timeout server 400ms
  server a 127.0.0.1:$O
C
sluice_start "$T/c.cfg"
trap '' PIPE
logged() { wait_for 4 grep -qE " $1 $1/$2" "$T/sluice.out" || fail "no line of $1 with '$2': $(grep " $1 " "$T/sluice.out")"; }
ms() { date +%s%3N; }
open() { A=$(ms); exec 3<>"/dev/tcp/127.0.0.1/$1"; }
greet() { exec 3>&-; open "$1"; echo hi >&3; read -r -t 20 line <&3 || true; } # quick enough for the timeouts, see undisturbed
ended() { # milliseconds: the proxy closes, not sooner after open
	local rc=0 d
	IFS= read -r -d '' -t 20 OUT <&3 || rc=$?
	d=$(($(ms) - A))
	[ $rc -le 128 ] || fail "not closed"
	exec 3>&-
	[ $d -ge "$1" ] || fail "closed after $d ms already"
}
# A listener whose accept queue is full takes no more connections: the SYNs of the proxy are lost.
exec 4<>"/dev/tcp/127.0.0.1/$B" 5<>"/dev/tcp/127.0.0.1/$B"

t "timeout client ends a client that is silent: cD"
undisturbed 250 greet "$CL"; is hi "$line"; ended 290
logged client 'a 0/[0-9]+/(29[0-9]|[3-9][0-9][0-9]|[0-9]{4,}) 3 cD '
t "timeout server ends a server that is silent: sD"
undisturbed 250 greet "$SV"; is hi "$line"; ended 290
logged server 'a 0/[0-9]+/(29[0-9]|[3-9][0-9][0-9]|[0-9]{4,}) 3 sD '
t "timeout connect ends the attempt: sC"
open "$CO"; ended 290
logged connect 'full 0/-1/(29[0-9]|[3-9][0-9][0-9]|[0-9]{4,}) 0 sC '
t "a connection that is refused is the server's: SC"
open "$RF"; ended 0
logged refused 'dead 0/-1/[0-9]+ 0 SC '
t "a client that resets while the server is being connected: CC"
open "$AB"
wait_for 3 grep -qi ":$(printf %04X "$B") 02 " /proc/net/tcp
: | socat -u - "TCP:127.0.0.1:$AB,linger=0"
logged abort 'full 0/-1/[0-9]+ 0 CC '
is 1 "$(grep -c " abort " "$T/sluice.out")" "the other client of it waits on"
exec 3>&-
t "with abortonclose one that ends its side is enough"
: | socat -u - "TCP:127.0.0.1:$AO"
logged aborton 'full 0/-1/[0-9]+ 0 CC '
t "timeout tunnel takes the place of client and server once both are connected"
undisturbed 250 greet "$TU"; is hi "$line"; ended 890
logged tunnel 'a 0/[0-9]+/(89[0-9]|9[0-9][0-9]|[0-9]{4,}) 3 [cs]D '
t "once the server has ended its side, timeout client-fin rules the client"
open "$FI"; rc=0; IFS= read -r -d '' -t 20 OUT <&3 || rc=$?; is 1 $rc "the server's end has not come"
logged fin "a 0/[0-9]+/(29[0-9]|[3-9][0-9][0-9]|[0-9]{4,}) 5 cD "
exec 3>&-
t "bytes of either side keep both timeouts away"
five_rounds() { # 200 ms apart, as the slowest of them says in SLOWEST
	local i from=$(ms)
	open "$BU"; SLOWEST=0
	for i in 1 2 3 4 5; do
		echo "$i" >&3; read -r -t 20 line <&3 || true
		read -r -t 0.2 x <&3 || [ $? -gt 128 ] || line=closed
		[ $(($(ms) - from)) -le $SLOWEST ] || SLOWEST=$(($(ms) - from))
		[ "$line" = "$i" ] || [ $SLOWEST -gt 390 ] || fail "round $i: $line"
		[ $SLOWEST -le 390 ] || { exec 3>&-; return; } # the machine has kept the timeouts from being kept away
		from=$(ms)
	done
}
for _ in $(seq 20); do five_rounds; [ $SLOWEST -gt 390 ] || break; done
ended 1190
logged busy 'a 0/[0-9]+/([0-9]{4,}) 10 [cs]D '
exec 4>&- 5>&-
