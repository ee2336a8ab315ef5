#!/usr/bin/env bash
# Reloads that must fail, of many kinds: each says why, and nothing changes for anybody.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) R=$(port)
cp "$SLUICE" "$T/bin"; ORIG=$SLUICE SLUICE=$T/bin
good() {
	cat <<C
global
  workers 1
  stats socket $T/sock level admin
frontend f
  mode http
  timeout client 30s
  bind 127.0.0.1:$P
  http-request return status 200
C
}
cli() { echo "$1" | socat -t 60 - "UNIX-CONNECT:$T/sock"; }
good >"$T/c.cfg"; sluice_start "$T/c.cfg"
nginx_origin "$R" taken
ALL=$(kids leader; kids worker; kids checker)
"$TOOLS/client" -p "$P" -s -x -c 1 -d 100 -f "$T/stop" >"$T/client" & CL=$!
fails() { # what it is, what is said about it
	local said; said=$(cli reload)
	match "$2" "$said"
	is "$ALL" "$(kids leader; kids worker; kids checker)" "$1"
	is 200 "$(code "http://127.0.0.1:$P/")" "$1"
}
with() { good; printf '%s\n' "$@"; } >"$T/c.cfg"

t "what the language refuses"
with "  bogus"; fails "unknown word" 'c.cfg:9:3: error: unknown'
with "backend b" "  server s"; fails "missing argument" 'c.cfg:10:.*error'
with "backend b" "  server s 1.2.3.4:99999"; fails "port out of range" 'c.cfg:10:.*error'
with "  default_backend nowhere"; fails "unknown backend" 'c.cfg:9:.*error'
with "  acl a hdr(host" ; fails "expression" 'c.cfg:9:.*error'
with "  use_backend b if { path /x"; fails "condition" 'c.cfg:9:.*error'
with '  http-request return status 200 string "open'; fails "quote" 'c.cfg:9:.*error'
with "frontend f" "  bind :$P"; fails "name twice" 'c.cfg:9:.*error|c.cfg:10:.*error'
with "backend b" "  balance nonsense"; fails "algorithm" 'c.cfg:10:.*error'
with "backend b" "  timeout server soon"; fails "time" 'c.cfg:10:.*error'

t "what the files do not give"
mv "$T/c.cfg" "$T/away"; fails "no file" 'c.cfg.*(No such file|cannot)'
mkdir "$T/c.cfg"; fails "an empty directory" 'c.cfg'; rmdir "$T/c.cfg"
head -c 100000 /dev/urandom >"$T/c.cfg"; fails "random bytes" 'error'
with "  errorfile 503 $T/missing.http"; fails "missing error file" 'c.cfg:9:.*error'

t "what the system refuses"
with "  bind 127.0.0.1:$R"; fails "port in use" "c.cfg:9:.*cannot bind 127.0.0.1:$R"
with "  bind 203.0.113.1:$R"; fails "address of another machine" "cannot bind 203.0.113.1"
with "  bind unix@$T/no/such/dir/sock"; fails "no directory for a socket" "cannot bind"
good | sed 's/workers 1/&\n  user nobody-of-this-name/' >"$T/c.cfg"; fails "unknown user" "unknown user"

t "what the binary does"
good >"$T/c.cfg"
swap() { chmod +x "$T/new"; mv "$T/new" "$T/bin"; }
printf '#!/bin/sh\nexit 3\n' >"$T/new"; swap; fails "it exits" "."
printf '#!/bin/sh\nkill -SEGV $$\n' >"$T/new"; swap; fails "it crashes" "killed by signal 11"
printf 'garbage' >"$T/new"; swap; fails "it is none" "cannot execute"
echo x >"$T/new"; mv "$T/new" "$T/bin"; chmod -x "$T/bin"; fails "it may not be executed" "cannot execute"
rm "$T/bin"; fails "it is gone" "cannot execute"

t "and after all of that an ordinary reload works and no connection failed"
cp "$ORIG" "$T/new"; swap
match "Success=1" "$(cli reload)"
touch "$T/stop"; wait "$CL" || fail "$(cat "$T/client")"
sluice_stop
