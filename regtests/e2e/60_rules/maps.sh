#!/usr/bin/env bash
# Map files in rules: routing by map, values into headers, sizes in the dump, errors with their line.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port)
origin "$O" a
printf 'shop.example one\nwww.example two\n' >"$T/hosts.map"
printf '/api/ one\n/api/v2/ two\n/ two\n' >"$T/paths.map"
printf '127.0.0.0/8 local net\n127.0.0.1 this host\n' >"$T/nets.map"
printf '^/old/([a-z]+)/(.*)$ /new/\\2/\\1\n' >"$T/rewrite.map"
printf '# rates\ngold 100\nfree 5\n' >"$T/plans.map"
cat >"$T/c.cfg" <<EOC
global
  nbthread 1
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:$P
  http-request return content-type text/plain lf-string "%[src,map_ip($T/nets.map)] %[req.hdr(x-plan),map_str_int($T/plans.map,1),mul(2)]" if { path /who }
  http-request set-path %[path,map_regm($T/rewrite.map)] if { path,map_regm($T/rewrite.map) -m found }
  http-request deny status 404 if { req.hdr(host) nowhere } !{ path,map_beg($T/paths.map) -m str one }
  use_backend %[req.hdr(host),lower,map($T/hosts.map)] if { req.hdr(host),lower,map($T/hosts.map) -m found }
  use_backend %[path,map_beg($T/paths.map,two)]
backend one
  http-response set-header X-Be one
  server a 127.0.0.1:$O
backend two
  http-response set-header X-Be two
  server a 127.0.0.1:$O
EOC
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
be() { http -i -o /dev/null -D - "$@" | tr -d '\r' | sed -n 's/^x-be: //pi'; }

t "a map of hosts routes, what it does not name goes on"
is one "$(be -H 'Host: SHOP.example' "$U/x")"; is two "$(be -H 'Host: www.example' "$U/api/")"
t "the longest prefix of a map of paths routes"
is one "$(be -H 'Host: o' "$U/api/x")"; is two "$(be -H 'Host: o' "$U/api/v2/x")"; is two "$(be -H 'Host: o' "$U/y")"
is 404 "$(code -H 'Host: nowhere' "$U/y")"; is 200 "$(code -H 'Host: nowhere' "$U/api/y")"
t "addresses, integers and defaults"
is "this host 200" "$(http -H 'X-Plan: gold' "$U/who")"; is "this host 2" "$(http -H "X-Plan: other" "$U/who")"
t "groups of a regular expression rewrite the path"
match '^GET /new/7/ann HTTP/1.1' "$(http -o /dev/null "$U/old/ann/7"; tail -1 "$T/origin.a.log" | sed 's/.*\(GET .*\)/\1/')"
t "the dump tells entries and memory"
match "map $T/nets.map ip->str entries=2 bytes=[0-9]+" "$("$SLUICE" dump -f "$T/c.cfg")"
t "a wrong line is named with its file"
echo 'silver x' >>"$T/plans.map"
match "plans.map:4: the value 'x' is not an integer" "$("$SLUICE" -c -f "$T/c.cfg" 2>&1 || true)"
