#!/usr/bin/env bash
# What can leave together does: small things that nobody waits for are no packets of their own.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

Q=$(port) M=$(port) O=$(port)
ca ca; cert a DNS:a.test
origin "$O" o
cat >"$T/sluice.cfg" <<C
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend web
  bind 127.0.0.1:$Q ssl crt $T/a.pem
  http-request return status 200 content-type text/plain string "answer"
listen mute
  mode tcp
  bind 127.0.0.1:$M ssl crt $T/a.pem
  server o 127.0.0.1:$O
C
sluice_start "$T/sluice.cfg"
segments() { python3 "$ROOT/regtests/lib/segments.py" "$@"; }

t "TLS 1.3: the ticket, the last answer and the goodbye leave in one segment behind the server's flight"
is "2 6" "$(segments "$Q" answer)"

t "a client gets its ticket although nothing is ever said to it"
is ticket "$(segments "$M" ticket)"
sluice_stop
