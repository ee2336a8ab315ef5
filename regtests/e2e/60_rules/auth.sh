#!/usr/bin/env bash
# Basic authentication against userlists, and error pages from sets and lines.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port)
origin "$O" a
hash() { openssl passwd "$@"; }
printf 'HTTP/1.1 503 Gone Fishing\r\nContent-Type: text/plain\r\nX-Set: e\r\n\r\nfishing\n' >"$T/503.http"
cat >"$T/c.cfg" <<EOC
userlist staff
  group admin users ann
  group ops users ann,bob
  user ann password $(hash -6 -salt saltsalt secret)
  user bob password $(hash -5 -salt saltsalt builder)
  user eve insecure-password plain:text groups ops
  user nobody
http-errors e
  errorfile 503 $T/503.http
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:$P
  errorfiles e
  http-error status 404 content-type text/html lf-string "<b>%[path] is not here</b>" hdr X-Own "%[method]"
  acl in http_auth(staff)
  acl ops http_auth_group(staff) ops
  http-request auth realm "The \"Lab\"" if { path_beg /in } !in
  http-request auth if { path_beg /ops } !ops
  http-request auth if { path_beg /admin } !{ http_auth_group(staff) admin }
  http-request return content-type text/plain lf-string "%[http_auth_group(staff)]" if { path /in/who }
  http-request return status 404 default-errorfiles if { path_beg /not }
  http-request deny status 503 errorfiles e if { path /fish }
  use_backend none if { path /none }
  default_backend b
backend none
backend b
  server a 127.0.0.1:$O
EOC
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P

t "without credentials the client is asked for some, in the realm named"
out=$(http -i "$U/in" | tr -d '\r')
match '^HTTP/1.1 401 ' "$out"; match 'ww-[Aa]uthenticate: Basic realm="The \\"Lab\\""' "$out"
match 'ealm="f"' "$(http -i "$U/ops")"
t "passwords of every kind are right or wrong"
is 200 "$(code -u ann:secret "$U/in/x")"; is 200 "$(code -u bob:builder "$U/in/x")"; is 200 "$(code -u eve:plain:text "$U/in/x")"
for w in ann:Secret ann: :secret bob:secret eve:plain nobody: nobody:x zoe:secret; do is 401 "$(code -u "$w" "$U/in/x")" "$w"; done
is 401 "$(code -H 'Authorization: Basic !!!' "$U/in/x")"
t "a password that was right is remembered, a wrong one after it is still wrong"
for i in 1 2 3; do is 200 "$(code -u ann:secret "$U/in/x")"; is 401 "$(code -u ann:secre "$U/in/x")"; done
t "groups admit their members alone"
is 200 "$(code -u eve:plain:text "$U/ops/x")"; is 200 "$(code -u bob:builder "$U/ops/x")"
is 200 "$(code -u ann:secret "$U/admin/x")"; is 401 "$(code -u bob:builder "$U/admin/x")"; is 401 "$(code -u ann:wrong "$U/admin/x")"
is bob "$(http -u bob:builder "$U/in/who")"
t "a client that takes us for its proxy gets 407"
out=$(printf 'GET http://x.test/in HTTP/1.1\r\nHost: x.test\r\nProxy-Connection: close\r\nConnection: close\r\n\r\n' | raw "$P" | tr -d '\r')
match '^HTTP/1.1 407 ' "$out"; match '[Pp]roxy-[Aa]uthenticate: Basic realm' "$out"
t "pages of a set are sent for errors and by rules"
out=$(http -i "$U/none" | tr -d '\r'); match '^HTTP/1.1 503 ' "$out"; match 'X-Set: e' "$out"; match 'fishing$' "$out"
match 'fishing' "$(http "$U/fish")"
t "http-error writes a page with values of the request"
out=$(http -i "$U/not/here" | tr -d '\r'); match '^HTTP/1.1 404 ' "$out"; match '[Xx]-[Oo]wn: GET' "$out"; match '<b>/not/here is not here</b>$' "$out"
