#!/usr/bin/env bash
# Every kind of address a bind line knows is listened on, and only there.
. "$(dirname "$0")/../../lib/sluice.sh"

O=$(port) A=$(port) B=$(port) V6=$(port) ONLY=$(port) BOTH=$(port) N1=$(port)
origin "$O" echo -e
base=$(port 3)
# A socket that nobody listens on any more, as a killed process leaves it.
socat "UNIX-LISTEN:$T/stale,unlink-close=0" - >/dev/null 2>&1 &
dead=$!
wait_for 3 test -S "$T/stale"
kill -9 $dead; wait $dead 2>/dev/null || true
cat >"$T/c.cfg" <<C
global
  workers 2
defaults
  mode tcp
  timeout connect 20s
  timeout client 30s
  timeout server 30s
  default_backend b
backend b
  server a 127.0.0.1:$O
frontend several
  bind 127.0.0.1:$A,127.0.0.2:$A
  bind 127.0.0.1:$B
frontend range
  bind 127.0.0.1:$base-$((base + 2))
frontend six
  bind [::1]:$V6
frontend only
  bind :::$ONLY v6only
frontend both
  bind :::$BOTH v4v6
frontend unix
  bind unix@$T/plain mode 600
  bind $T/open mode 666
  bind unix@$T/stale
frontend abstract
  bind abns@sluice-test-$A
C
sluice_start "$T/c.cfg"
echoes() { is hello "$(echo hello | socat -t 20 - "$1")" "$1"; }
closed() { if socat -u OPEN:/dev/null "$1" 2>/dev/null; then fail "$1 is open"; fi; }
inode_mode() { stat -c %a "$1"; }

t "several addresses on one bind line, and several lines"
echoes "TCP:127.0.0.1:$A"
echoes "TCP:127.0.0.2:$A"
echoes "TCP:127.0.0.1:$B"
t "nothing else: not another address, not another port"
closed "TCP:127.0.0.3:$A"
closed "TCP:127.0.0.2:$B"
t "every port of a range"
for p in 0 1 2; do echoes "TCP:127.0.0.1:$((base + p))"; done
t "an IPv6 address"
echoes "TCP6:[::1]:$V6"
closed "TCP4:127.0.0.1:$V6"
t "v6only takes no IPv4, v4v6 takes both"
echoes "TCP6:[::1]:$ONLY"
closed "TCP4:127.0.0.1:$ONLY"
echoes "TCP6:[::1]:$BOTH"
echoes "TCP4:127.0.0.1:$BOTH"
t "unix sockets, with the mode they were given"
echoes "UNIX-CONNECT:$T/plain"
echoes "UNIX-CONNECT:$T/open"
is 600 "$(inode_mode "$T/plain")"
is 666 "$(inode_mode "$T/open")"
t "a socket file that was left behind is taken over"
echoes "UNIX-CONNECT:$T/stale"
t "an abstract socket"
echoes "ABSTRACT-CONNECT:sluice-test-$A"
t "a reload keeps all of them open"
kill -HUP "$MASTER"
wait_for 8 grep -q 'Generation 2 accepts' "$T/sluice.err"
for a in "TCP:127.0.0.2:$A" "TCP6:[::1]:$V6" "TCP4:127.0.0.1:$BOTH" "UNIX-CONNECT:$T/plain" "UNIX-CONNECT:$T/stale" "ABSTRACT-CONNECT:sluice-test-$A"; do
	echoes "$a"
done
is 600 "$(inode_mode "$T/plain")"
t "a socket another process listens on is not taken away"
socat "UNIX-LISTEN:$T/held,fork" EXEC:cat &
PIDS+=($!)
wait_for 3 test -S "$T/held"
printf 'listen x\n  mode tcp\n  bind %s\n  timeout client 1s\n  timeout server 1s\n  timeout connect 20s\n  server a 127.0.0.1:%s\n' "$T/held" "$O" >"$T/held.cfg"
rc=0; timeout 40 "$SLUICE" -f "$T/held.cfg" >"$T/held.out" 2>&1 || rc=$?
[ $rc -ne 0 ] && [ $rc -ne 124 ] || fail "it was started ($rc): $(cat "$T/held.out")"
match "held.cfg:3:.*(in use|another instance)" "$(cat "$T/held.out")"
echoes "UNIX-CONNECT:$T/held"
t "the port of another process is an error with the line of the bind"
printf 'listen x\n  mode tcp\n  bind 127.0.0.1:%s\n  timeout client 1s\n  timeout server 1s\n  timeout connect 20s\n  server a 127.0.0.1:%s\n' "$O" "$O" >"$T/busy.cfg"
rc=0; timeout 40 "$SLUICE" -f "$T/busy.cfg" >"$T/busy.out" 2>&1 || rc=$?
[ $rc -ne 0 ] && [ $rc -ne 124 ] || fail "it was started ($rc)"
match "busy.cfg:3:.*in use" "$(cat "$T/busy.out")"
sluice_stop


t "descriptors that a parent has made: fd@N, and one by its number in the environment"
cat >"$T/fd.cfg" <<C
global
  workers 1
defaults
  mode tcp
  timeout connect 20s
  timeout client 30s
  timeout server 30s
listen number
  bind fd@3
  server a 127.0.0.1:$O
listen variable
  bind "fd@\${other}"
  server a 127.0.0.1:$O
C
# shellcheck disable=SC2086
other=4 systemd-socket-activate -E other -l "127.0.0.1:$N1" -l "$T/given" "$SLUICE" -f "$T/fd.cfg" -p "$T/fd.pid" $SLUICE_ARGS 2>>"$T/sluice.err" &
MASTER=$!
PIDS+=($MASTER)
wait_for 5 listening "$N1"
echoes "TCP:127.0.0.1:$N1"
echoes "UNIX-CONNECT:$T/given"
t "and they live on over a reload"
wait_for 5 test -s "$T/fd.pid"
kill -HUP "$MASTER"
twice() { [ "$(grep -c 'Generation 2 accepts' "$T/sluice.err")" = 2 ]; }
wait_for 8 twice
echoes "TCP:127.0.0.1:$N1"
echoes "UNIX-CONNECT:$T/given"
t "a descriptor that is no listening socket is an error with the line of the bind"
rc=0; other=0 timeout 40 "$SLUICE" -f "$T/fd.cfg" 3</dev/null </dev/null >"$T/fd.out" 2>&1 || rc=$?
is 1 $rc
match "fd.cfg:9:.*fd@3 is not a listening socket.*fd.cfg:12:.*fd@0" "$(tr '\n' ' ' <"$T/fd.out")"
