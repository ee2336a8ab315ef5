#!/usr/bin/env bash
# Oddities of HTTP/2 servers: so many of them end a connection, where a limit is set.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) S=$(port)
config() { # limit
	cat >"$T/sluice.cfg" <<E2
global
  workers 1
  tune.h2.be.glitches-threshold $1
defaults
  mode http
  retries 0
  timeout connect 5s
  timeout client 10s
  timeout server 10s
frontend f
  bind 127.0.0.1:$P
  default_backend b
backend b
  http-response set-header x-glitches %[bc_glitches]
  server s 127.0.0.1:$S proto h2
E2
}
server() { "$TOOLS/h2peer" -l "$S" <&0 >"$T/peer" 2>&1 & PEER=$!; PIDS+=($PEER); wait_for 5 listening "$S"; }
ok=':status=200|content-type=text/plain'
odd() { # empty DATA frames [and a second request]
	cat <<E2
settings
wait SETTINGS
ack
wait HEADERS 1
h 1 h $ok
x $1 d 1 - *0
d 1 e well
E2
	[ -z "${2-}" ] || printf '%s\n' 'wait HEADERS 3' "h 3 h $ok" 'd 3 e again'
	echo 'wait EOF'
}
answer() { http -o "$T/body" -w '%{http_code} %header{x-glitches}' "http://127.0.0.1:$P/" 2>/dev/null || true; }
goaway() { grep -q 'GOAWAY .* ENHANCE_YOUR_CALM' "$T/peer"; }

t "a server within the limit is served by as ever, and what it did is known"
config 10
sluice_start "$T/sluice.cfg"
server < <(odd 10 more)
answer >/dev/null
is well "$(cat "$T/body")"
match '200 10' "$(answer)"
is again "$(cat "$T/body")"

t "one more ends its connection, and with it the exchange"
kill "$PEER" 2>/dev/null || true; wait "$PEER" 2>/dev/null || true
sluice_stop; sluice_start "$T/sluice.cfg"
server < <(odd 11)
answer >"$T/code" # cut, or refused when all came at once
wait_for 5 goaway
nomatch '^well$' "$(cat "$T/body" 2>/dev/null)"
is 1 "$(grep -c "^HEADERS" "$T/peer")"

t "without a limit any number is borne"
kill "$PEER" 2>/dev/null || true; wait "$PEER" 2>/dev/null || true
sluice_stop; config 0; sluice_start "$T/sluice.cfg"
server < <(odd 5000 more)
answer >/dev/null
is well "$(cat "$T/body")"
match '200 5000' "$(answer)"
