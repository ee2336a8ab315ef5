#!/usr/bin/env bash
# Stick rules: a key keeps its server, in both modes, by what requests or responses say.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) A=$(port) B=$(port) C=$(port) L4=$(port) Q=$(port) E=$(port)
for s in "$A a" "$B b" "$C c"; do
	# shellcheck disable=SC2086
	origin $s
done
origin "$E" e -e
cat >"$T/c.cfg" <<EOC
global
  nbthread 2
defaults
  mode http
  balance roundrobin
  timeout connect 2s
  timeout client 5s
  timeout server 5s
listen on
  bind 127.0.0.1:$P
  stick-table type string len 16 size 1k expire 60s
  stick on url_param(u) if !{ path /free }
  use-server c if { path /use }
  server a 127.0.0.1:$A
  server b 127.0.0.1:$B
  server c 127.0.0.1:$C non-stick
listen learn
  bind 127.0.0.1:$Q
  stick-table type string len 16 size 1k expire 60s
  stick store-response res.hdr(x-id)
  stick match hdr(x-key)
  server a 127.0.0.1:$A
  server b 127.0.0.1:$B
  server c 127.0.0.1:$C
listen l4
  mode tcp
  bind 127.0.0.1:$L4
  stick-table type ip size 1k
  stick on src
  server a 127.0.0.1:$A
  server b 127.0.0.1:$B
EOC
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P

t "a key keeps the server that its first request got"
for u in k1 k2 k3 k4; do
	until first=$(http "$U/?u=$u"); [ "$first" != c ]; do :; done
	for _ in 1 2 3 4 5; do is "$first" "$(http "$U/?u=$u")"; done
done

t "requests without a key, and those the condition leaves out, are balanced"
is "a b c" "$(for _ in 1 2 3 4 5 6; do http "$U/"; echo; done | sort -u | xargs)"
is "a b c" "$(for _ in 1 2 3 4 5 6; do http "$U/free?u=k1"; echo; done | sort -u | xargs)"

t "use-server goes before stick rules, and a server that is non-stick is never learned"
for _ in 1 2 3; do is c "$(http "$U/use?u=k1")"; done
match "^[ab]$" "$(http "$U/?u=k1")"

t "what a response said is matched in later requests"
first=$(http -H 'X-Id: id1' "http://127.0.0.1:$Q/")
for _ in 1 2 3 4 5; do is "$first" "$(http -H 'X-Key: id1' "http://127.0.0.1:$Q/")"; done

t "connections of an address keep their server in mode tcp"
first=$(http "http://127.0.0.1:$L4/")
for _ in 1 2 3 4 5; do is "$first" "$(http "http://127.0.0.1:$L4/")"; done
