#!/usr/bin/env bash
# What an old generation does with what is open: idle connections, requests, tunnels, layer 4, and how long it may.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port) E=$(port) O=$(port)
origin "$O" o
socat TCP-LISTEN:"$E",bind=127.0.0.1,reuseaddr,fork EXEC:cat 2>/dev/null & PIDS+=($!)
wait_for 5 listening "$E"
cfg() { # lines for global
	printf 'global\n  workers 1\n'
	for l in "$@"; do printf '  %s\n' "$l"; done
	cat <<C
defaults
  timeout connect 1s
  timeout client 60s
  timeout server 60s
frontend f
  mode http
  bind 127.0.0.1:$P
  default_backend b
backend b
  mode http
  server o 127.0.0.1:$O
listen l4
  mode tcp
  bind 127.0.0.1:$Q
  server e 127.0.0.1:$E
C
}
accepts() { [ "$(grep -c 'accepts connections' "$T/sluice.err")" -gt "$N" ]; }
reload() { N=$(grep -c 'accepts connections' "$T/sluice.err"); kill -HUP "$MASTER"; wait_for 10 accepts; }
leaders() { [ "$(kids leader | wc -l)" = "$1" ]; }
echoes() { local line; echo "$2" >&"$1" && read -r -t 5 line <&"$1" && [ "$line" = "$2" ]; }
at_end() { local line; ! read -r -t 1 line <&"$1" && [ -z "$line" ]; }

t "an idle connection is not closed, its next answer says close"
cfg >"$T/c.cfg"; sluice_start "$T/c.cfg"
exec 5<>"/dev/tcp/127.0.0.1/$P"
printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >&5
read -r -t 5 LINE <&5; match "200" "$LINE"
reload
wait_for 5 leaders 2
printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >&5
REST=$(timeout 5 cat <&5) || fail "the connection was not closed after the answer"
match "[Cc]onnection: close" "$REST"
exec 5<&-
wait_for 5 leaders 1

t "a request that is being answered is answered"
http "http://127.0.0.1:$P/delay/1500" >"$T/slow" & SLOW=$!
wait_for 5 grep -q delay "$T/origin.o.log"
reload
wait "$SLOW" || fail "it was cut"
is late "$(tr -d '\n' <"$T/slow")"

t "layer 4 goes on in the old generation"
exec 6<>"/dev/tcp/127.0.0.1/$Q"
echoes 6 one || fail "no echo"
reload; reload
wait_for 5 leaders 2
echoes 6 two || fail "no echo after two reloads"
exec 6<&-
wait_for 5 leaders 1

t "drain-idle now closes idle connections at once and layer 4 not at all"
sluice_stop
cfg "drain-idle now" >"$T/c.cfg"; sluice_start "$T/c.cfg"
exec 5<>"/dev/tcp/127.0.0.1/$P" 6<>"/dev/tcp/127.0.0.1/$Q"
printf 'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n' >&5
while read -r -t 5 LINE <&5 && [ "$LINE" != $'\r' ]; do :; done
echoes 6 one || fail "no echo"
reload
wait_for 5 at_end 5 || fail "the idle connection is open"
echoes 6 two || fail "layer 4 was cut"
exec 5<&- 6<&-
wait_for 5 leaders 1

t "drain-idle spread closes them within the time given"
sluice_stop
cfg "drain-idle spread 300ms" >"$T/c.cfg"; sluice_start "$T/c.cfg"
exec 5<>"/dev/tcp/127.0.0.1/$P"
printf 'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n' >&5
while read -r -t 5 LINE <&5 && [ "$LINE" != $'\r' ]; do :; done
reload
wait_for 5 leaders 1 || fail "the idle connection holds the old generation"
exec 5<&-

t "hard-stop-after ends what is left, within close-spread-time"
sluice_stop
cfg "hard-stop-after 500ms" "close-spread-time 300ms" >"$T/c.cfg"; sluice_start "$T/c.cfg"
exec 6<>"/dev/tcp/127.0.0.1/$Q"
echoes 6 one || fail "no echo"
reload
is 2 "$(kids leader | wc -l)"
wait_for 10 leaders 1 || fail "the old generation lives on"
wait_for 5 at_end 6 || fail "layer 4 is still open"
exec 6<&-

t "of more than eight draining generations the oldest has to end"
sluice_stop
cfg "close-spread-time 100ms" >"$T/c.cfg"; sluice_start "$T/c.cfg"
for fd in 20 21 22 23 24 25 26 27 28; do
	eval "exec $fd<>/dev/tcp/127.0.0.1/$Q"
	echoes $fd "in $fd" || fail "no echo"
	reload
done
wait_for 10 leaders 9
wait_for 5 at_end 20 || fail "the oldest connection is open"
for fd in 21 22 23 24 25 26 27 28; do echoes $fd "still $fd" || fail "$fd was cut"; done
for fd in 20 21 22 23 24 25 26 27 28; do eval "exec $fd<&-"; done
sluice_stop
