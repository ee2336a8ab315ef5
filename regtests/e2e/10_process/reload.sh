#!/usr/bin/env bash
# A new configuration takes over without a gap; one that fails is never noticed.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port) R=$(port)
cfg() { # text ports...
	local text=$1; shift
	printf 'global\n    workers 2\nfrontend f\n    mode http\n    timeout client 30s\n'
	for p in "$@"; do printf '    bind 127.0.0.1:%s\n' "$p"; done
	printf '    http-request return status 200 content-type text/plain string "%s"\n' "$text"
}
says() { [ "$(http "http://127.0.0.1:$1/")" = "$2" ]; }
leader_is_new() { L2=$(kids leader | tail -1); [ -n "$L2" ] && [ "$L2" != "$L" ] && gone "$L"; }
reload() { L=$(kids leader | head -1); kill -"$1" "$MASTER"; wait_for 10 leader_is_new; }

cfg one "$P" "$Q" >"$T/a.cfg"
sluice_start "$T/a.cfg"
says "$P" one

t "SIGHUP and SIGUSR2 load the file again"
cfg two "$P" "$Q" >"$T/a.cfg"; reload HUP
wait_for 5 says "$P" two
cfg three "$P" "$Q" >"$T/a.cfg"; reload USR2
wait_for 5 says "$P" three

t "a broken file changes nothing and its place is printed"
L=$(kids leader); W=$(kids worker | xargs)
{ cfg four "$P" "$Q"; echo "    bogus word"; } >"$T/a.cfg"
kill -HUP "$MASTER"
wait_for 10 grep -q "did not start; the running one goes on" "$T/sluice.err"
match "a.cfg:9:5: error" "$(cat "$T/sluice.err")"
is "$L" "$(kids leader)"
is "$W" "$(kids worker | xargs)"
says "$P" three

t "an address that is taken fails the reload and unbinds what was added"
nginx_origin "$R" taken
S=$(port)
cfg four "$P" "$S" "$R" >"$T/a.cfg"
kill -HUP "$MASTER"
wait_for 10 grep -q "cannot bind 127.0.0.1:$R" "$T/sluice.err"
closed() { ! listening "$S"; }
wait_for 5 closed
says "$P" three

t "a removed listener is closed, an added one is served, a kept one stays"
cfg five "$P" "$S" >"$T/a.cfg"; reload HUP
wait_for 5 says "$S" five
wait_for 5 says "$P" five
closed() { ! listening "$Q"; }
wait_for 10 closed

t "ten requests for a reload in a burst end in a working generation"
cfg six "$P" >"$T/a.cfg"
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -HUP "$MASTER"; done
wait_for 10 says "$P" six
one_left() { [ "$(kids leader | wc -l)" = 1 ] && [ "$(kids worker | wc -l)" = 2 ]; }
wait_for 10 one_left

t "the number of workers may change"
sed -i 's/workers 2/workers 4/' "$T/a.cfg"; reload HUP
four() { [ "$(kids worker | wc -l)" = 4 ]; }
wait_for 5 four
sed -i 's/workers 4/workers 1/' "$T/a.cfg"; reload HUP
single() { [ "$(kids worker | wc -l)" = 1 ]; }
wait_for 10 single

t "no new connection fails over reloads"
"$TOOLS/client" -p "$P" -s -x -c 4 -d 4 >"$T/client" 2>&1 & CL=$!
for n in 1 2 3 4 5; do
	cfg "n$n" "$P" >"$T/a.cfg"; reload HUP
	wait_for 5 says "$P" "n$n"
done
wait "$CL" || fail "$(cat "$T/client")"
match "ok=[1-9]" "$(cat "$T/client")"

t "a replaced binary is taken at the next reload"
cp "$SLUICE" "$T/sluice-bin"
sluice_stop
rm -f "$T/sluice.pid"
"$T/sluice-bin" -f "$T/a.cfg" -p "$T/sluice.pid" 2>>"$T/sluice.err" & MASTER=$!
wait_for 10 test -s "$T/sluice.pid"
cp "$SLUICE" "$T/new-bin"; mv "$T/new-bin" "$T/sluice-bin"
reload HUP
is "$T/sluice-bin" "$(readlink "/proc/$(kids leader)/exe")"
match "deleted" "$(readlink "/proc/$MASTER/exe")"

t "a binary that cannot run fails the reload and nothing else"
printf '#!/bin/sh\nexit 3\n' >"$T/broken"; chmod +x "$T/broken"; mv "$T/broken" "$T/sluice-bin"
: >"$T/sluice.err"
kill -HUP "$MASTER"
wait_for 10 grep -q "did not start" "$T/sluice.err"
says "$P" n5
sluice_stop
