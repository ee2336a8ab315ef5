#!/usr/bin/env bash
# Limits: what is above them waits, nobody is refused, and descriptors that run out stop neither the process nor the service.
. "$(dirname "$0")/../../lib/sluice.sh"

F=$(port) S=$(port) G=$(port) L=$(port) O=$(port) OS=$(port) D=$(port)
origin "$O" a -e
printf 'send "in\\n"\neof\n' >"$T/hello"
origin "$D" door -s "$T/hello"
origin "$OS" served -s "$T/hello"
Q=$(port) OQ=$(port)
origin "$OQ" queued -e
common() { printf 'defaults\n  mode tcp\n  timeout connect 20s\n  timeout queue 30s\n  timeout client 30s\n  timeout server 30s\n'; }
trap '' PIPE
outside() { if IFS= read -r -t 0.3 line <&"$1"; then fail "descriptor $1 was let in: $line"; fi; }
greeted() { IFS= read -r -t 20 line <&"$1" || fail "descriptor $1 still waits"; is in "$line"; }
dial() { eval "exec $1<>/dev/tcp/127.0.0.1/$2"; }

{ echo 'global'; echo '  workers 2'; common
cat <<C
listen front
  bind 127.0.0.1:$F
  maxconn 2
  server a 127.0.0.1:$D
listen server
  bind 127.0.0.1:$S
  server a 127.0.0.1:$OS maxconn 3
listen load
  bind 127.0.0.1:$Q
  server a 127.0.0.1:$OQ maxconn 3
C
} >"$T/c.cfg"
sluice_start "$T/c.cfg"

t "the connection above the frontend's maxconn waits in the kernel, over all workers"
dial 3 "$F"; greeted 3
dial 4 "$F"; greeted 4
dial 5 "$F"; outside 5
t "and comes in when one of the others leaves"
exec 3>&-
greeted 5
exec 4>&- 5>&-
t "a server never has more connections than its maxconn, over two workers"
for fd in 20 21 22 23 24 25 26 27; do dial $fd "$S"; done
opened() { grep -c open "$T/origin.served.log"; }
at_least() { [ "$(opened)" -ge "$1" ]; }
wait_for 5 at_least 3
n=3
for _ in 1 2 3 4 5; do
	is $n "$(opened)" "connections of the server when $((n - 3)) have left"
	mine=
	one_is_in() {
		for c in 20 21 22 23 24 25 26 27; do
			if [ ! -e "$T/left.$c" ] && IFS= read -r -t 0.05 line <&$c; then mine=$c; return; fi
		done
		return 1
	}
	wait_for 5 one_is_in || fail "nobody is in"
	: >"$T/left.$mine"
	eval "exec $mine>&-"
	n=$((n + 1))
	wait_for 5 at_least $n
done
for c in 20 21 22 23 24 25 26 27; do eval "exec $c>&-"; done
t "and under load every connection gets its turn"
"$TOOLS/client" -4 -x -p "$Q" -c 24 -n 1000 >"$T/load" || fail "$(cat "$T/load")"
sluice_stop

t "the process's maxconn does the same for all frontends together"
{ echo 'global'; echo '  workers 2'; echo '  maxconn 2'; common
cat <<C
listen one
  bind 127.0.0.1:$G
  server a 127.0.0.1:$D
listen two
  bind 127.0.0.1:$L
  server a 127.0.0.1:$D
C
} >"$T/g.cfg"
sluice_start "$T/g.cfg"
dial 3 "$G"; greeted 3
dial 4 "$L"; greeted 4
dial 5 "$G"; outside 5
exec 4>&-
greeted 5
exec 3>&- 5>&-
sluice_stop

t "without descriptors it starts with the maxconn they allow, and says nothing worse"
{ echo 'global'; echo '  workers 1'; common
printf 'listen low\n  bind 127.0.0.1:%s\n  server a 127.0.0.1:%s\n' "$L" "$O"; } >"$T/low.cfg"
ulimit -n 200 # both limits of this shell: nothing below may raise it
sluice_start "$T/low.cfg"
is 1 "$(kids worker | wc -l)"
W=$(kids worker)
is "200" "$(awk '/open files/ { print $4 }' "/proc/$W/limits")"
t "more clients than descriptors: all are served in the end"
"$TOOLS/client" -4 -x -p "$L" -c 150 -n 900 -t 12000 >"$T/load" || fail "$(cat "$T/load")"
t "while none is free, the worker does not spin"
ticks() { awk '{ print $14 + $15 }' "/proc/$W/stat"; }
for fd in $(seq 40 150); do dial "$fd" "$L"; done
a=$(ticks); s=$(date +%s%3N)
IFS= read -r -t 1 line <&40 || true
a=$(($(ticks) - a))
[ $a -lt 30 ] || fail "$a ticks of CPU in $(($(date +%s%3N) - s)) ms"
t "it recovers when they are"
for fd in $(seq 40 150); do eval "exec $fd>&-"; done
is hello "$(echo hello | socat -t 20 - "TCP:127.0.0.1:$L")"
is "$W" "$(kids worker)"
sluice_stop

t "with very few it starts with what fits, and says how many"
ulimit -n 64
sluice_start "$T/low.cfg"
match "the limit of open files is 64 and cannot be raised: maxconn is [1-9]" "$(cat "$T/sluice.err")"
for _ in 1 2 3; do is hello "$(echo hello | socat -t 20 - "TCP:127.0.0.1:$L")"; done
sluice_stop
t "with fewer than one connection takes it says how many are missing"
ulimit -n 20
rc=0; "$SLUICE" -f "$T/low.cfg" >"$T/out" 2>&1 || rc=$?; is 1 $rc
match "the limit of open files is 20 and cannot be raised; maxconn 1 needs [2-9][0-9]" "$(cat "$T/out")"
