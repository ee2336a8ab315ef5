#!/usr/bin/env bash
# A server's message is believed as little as a client's: what cannot be framed is a 502, what stands behind a message is thrown away
# with its connection, and an answer that was cut never looks complete.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port)
origin "$O" good
n=0
script() { # name line...: an origin that plays the lines on each connection; the proxy reaches it under /name
	local name=$1 p; shift; p=$(port)
	printf '%s\n' "$@" >"$T/$name.script"
	origin "$p" "$name" -s "$T/$name.script"
	printf 'backend %s\n  http-reuse always\n  server s 127.0.0.1:%s\n' "$name" "$p" >>"$T/backends"
	printf '  use_backend %s if { path /%s }\n' "$name" "$name" >>"$T/routes"
	eval "PORT_$name=$p"
}
OK='HTTP/1.1 200 OK\r\nContent-Length: 5\r\n'
bad() { script "$1" head "send \"$2\"" eof; BAD+=("$1"); }
bad cl_te "${OK}Transfer-Encoding: chunked\r\n\r\nhello"
bad cl_cl "${OK}Content-Length: 6\r\n\r\nhello!"
bad cl_same "${OK}Content-Length: 5\r\n\r\nhello"
bad cl_sign 'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello'
bad bare_lf 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello'
bad nul 'HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 5\r\n\r\nhello'
bad cr 'HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\nContent-Length: 5\r\n\r\nhello'
bad fold "${OK}X: a\r\n b\r\n\r\nhello"
bad noname "${OK}: a\r\n\r\nhello"
bad te_gzip 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello'
bad te_two 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
bad status99 'HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n'
bad ver2 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'
bad ssh 'SSH-2.0-OpenSSH_9.2\r\n\r\n'
bad swap101 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello'
bad hugehead "HTTP/1.1 200 OK\r\nX: $(head -c 20000 /dev/zero | tr '\0' a)\r\nContent-Length: 0\r\n\r\n"
bad manyheads "HTTP/1.1 200 OK\r\n$(for i in $(seq 150); do printf 'X%d: 1\\r\\n' "$i"; done)Content-Length: 0\r\n\r\n"
script extra head "send \"${OK}\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen\"" eof
script extra204 head 'send "HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\nstolen"' eof
script extra304 head 'send "HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\nstolen"' eof
script headbody head 'send "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen"' eof
script later head "send \"${OK}\r\nhello\"" "sleep 60" 'send "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen"' eof
script badchunk head 'send "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX"' eof
script cutchunk head 'send "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"' fin eof
script cutlen head 'send "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"' fin eof
script http10 head 'send "HTTP/1.0 200 OK\r\n\r\nold"' fin
script nolen head 'send "HTTP/1.1 200 OK\r\n\r\nuntil the end"' fin
script hop head 'send "HTTP/1.1 200 OK\r\nConnection: X-Secret, keep-alive\r\nX-Secret: 1\r\nKeep-Alive: 5\r\nX-Kept: 1\r\nContent-Length: 0\r\n\r\n"' eof

cat >"$T/c.cfg" <<E
global
  workers 1
defaults
  mode http
  timeout connect 20s
  timeout client 30s
  timeout server 30s
  retries 0
frontend f
  bind 127.0.0.1:$P
  log stdout format raw local0
  log-format "%[path] %ST %ts"
$(cat "$T/routes")
  default_backend good
backend good
  http-reuse always
  server a 127.0.0.1:$O
$(cat "$T/backends")
E
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
no_server_conns() { ! ss -Htn state established "dport = :$1" | grep -q .; }
fresh() { # name: the next two clients get an answer of their own, not what was left over
	local p="PORT_$1"
	is hello "$(http "$U/$1")"
	wait_for 5 no_server_conns "${!p}" || fail "the connection of $1 was kept"
	is hello "$(http "$U/$1")"
}

for name in "${BAD[@]}"; do
	t "a response that cannot be believed is a 502: $name"
	is 502 "$(code "$U/$name")"
	is good "$(http "$U/")"
done
t "each of them is logged as PH"
is "${#BAD[@]}" "$(grep -c ' 502 PH$' "$T/sluice.out")" "$(grep ' 502 ' "$T/sluice.out" | grep -v ' PH$' | xargs)"
t "bytes behind a response never reach anybody"
fresh extra
t "nor do bytes behind a 204 or a 304"
for x in extra204:204 extra304:304; do
	out=$(http -i "$U/${x%:*}" "$U/"); match "^HTTP/1.1 ${x#*:}" "$out"; nomatch "stolen" "$out"; match "good" "$out"
	p="PORT_${x%:*}"; wait_for 5 no_server_conns "${!p}"
done
t "nor the body of an answer to HEAD"
out=$(printf 'HEAD /headbody HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' | raw "$P")
nomatch "stolen" "$out"; match "good" "$out"
wait_for 5 no_server_conns "$PORT_headbody"
t "nor an answer that came before anybody asked, on an idle connection"
fresh later
t "a broken chunk ends the connection without the last chunk"
out=$(printf 'GET /badchunk HTTP/1.1\r\nHost: a\r\n\r\n' | raw "$P")
match "hello" "$out"; nomatch $'\r\n0\r\n' "$out"
wait_for 3 grep -q '^/badchunk 200 PD$' "$T/sluice.out"
t "an answer that ends too early never looks complete"
rc=0; http "$U/cutchunk" >/dev/null 2>&1 || rc=$?; is 18 $rc
rc=0; http "$U/cutlen" >/dev/null 2>&1 || rc=$?; is 18 $rc
nomatch $'\r\n0\r\n' "$(printf 'GET /cutchunk HTTP/1.1\r\nHost: a\r\n\r\n' | raw "$P")"
wait_for 3 grep -q '^/cutlen 200 SD$' "$T/sluice.out"
t "an HTTP/1.0 server's answer becomes 1.1 with chunks, and nothing is lost"
out=$(http -i "$U/http10" | tr -d '\r')
match "^HTTP/1.1 200" "$out"; match "[Tt]ransfer-[Ee]ncoding: chunked" "$out"; match "old$" "$out"
t "an answer without a length leaves the client's connection alive"
is "until the end good" "$(http "$U/nolen" "$U/" | sed 's/end/end /' | xargs)"
t "hop-by-hop headers and those named in Connection are removed"
out=$(http -i "$U/hop")
nomatch "X-Secret|Keep-Alive" "$out"; match "X-Kept: 1" "$out"
t "more interim responses than anybody needs are a 502"
is 502 "$(code "$U/1xx/40")"
is 200 "$(code "$U/1xx/3")"
t "an HTTP/1.0 client sees no interim response"
match "^HTTP/1.. 200" "$(printf 'GET /1xx/3 HTTP/1.0\r\n\r\n' | raw "$P")"
t "the worker is the same one after all that"
is 1 "$(grep -c 'New worker' "$T/sluice.err")"
