#!/usr/bin/env bash
# 0-RTT towards servers: who may be early, that a rejection costs nothing but time, and what becomes of 425.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) A=$(port) B=$(port) H=$(port) W=$(port) S=$(port)
ca ca; cert a DNS:a.test; ca other; cert w DNS:a.test other
far='http-request return status 200 content-type text/plain lf-string "%[method] early=%[ssl_fc_has_early] told=%[req.hdr_cnt(early-data)] resumed=%[ssl_fc_is_resumed] %[req.body]\n"'
backend() { # name [lines]
	printf 'backend %s\n  http-reuse never\n' "$1"
	printf '  %s\n' "${@:2}"
}
s="server s 127.0.0.1:$A ssl ca-file $T/ca.pem sni str(a.test) allow-0rtt"
{
	cat <<E2
global
  workers 1
  stats socket $T/sock level admin
  log stdout format raw local0
defaults
  mode http
  log global
  timeout connect 5s
  timeout client 10s
  timeout server 10s
frontend near
  bind 127.0.0.1:$P ssl crt $T/a.pem allow-0rtt
  use_backend %[path,field(2,/)]
frontend far
  bind 127.0.0.1:$A ssl crt $T/a.pem allow-0rtt
  option httpclose
  log-format "far %HM %[path] early=%[ssl_fc_has_early] version=%HV"
  http-request wait-for-body time 2s if METH_POST
  http-request return status 425 if { path_end /soon } { ssl_fc_has_early } or { path_end /soon } { req.hdr(early-data) 1 }
  $far
frontend other-far
  bind 127.0.0.1:$B ssl crt $T/a.pem
  bind 127.0.0.1:$H ssl crt $T/a.pem alpn http/1.1
  option httpclose
  log-format "other %HM %[path] early=%[ssl_fc_has_early] version=%HV"
  http-request wait-for-body time 2s if METH_POST
  $far
frontend wrong
  bind 127.0.0.1:$W ssl crt $T/w.pem
  $far
E2
	backend plain "$s"
	backend bold 'retry-on conn-failure 0rtt-rejected' "$s"
	backend never 'retry-on conn-failure 0rtt-rejected' "${s/ allow-0rtt/}"
	backend two 'retry-on conn-failure 0rtt-rejected' "$s alpn h2,http/1.1"
	backend listed 'retry-on 425' "$s"
	backend moved 'retry-on conn-failure 0rtt-rejected' 'balance first' "$s" "server t 127.0.0.1:$B ssl ca-file $T/ca.pem sni str(a.test)"
	backend raw 'retry-on conn-failure 0rtt-rejected' "server s 127.0.0.1:$S ssl verify none sni str(a.test) allow-0rtt"
} >"$T/sluice.cfg"
sluice_start "$T/sluice.cfg"
get() { https "$P" a.test "$@"; }
logged() { grep -c "$1" "$T/sluice.out" || true; }
early() { # path [headers]: a request in early data of a client that has been here
	hs "$P" -tls1_3 -servername a.test -sess_out "$T/s" >/dev/null
	printf 'GET %s HTTP/1.1\r\nHost: a.test\r\n%sConnection: close\r\n\r\n' "$1" "${2:-}" >"$T/req"
	timeout 10 openssl s_client -connect "127.0.0.1:$P" -servername a.test -tls1_3 -sess_in "$T/s" -early_data "$T/req" -ign_eof </dev/null 2>&1 || true
}

t "a request is early where retry-on can repeat it, each time with a ticket of its own"
match 'early=0 told=0 resumed=0' "$(get /bold/1)"
for i in 2 4 6; do match 'early=1 told=0' "$(get /bold/$i)"; get "/bold/$((i + 1))" >/dev/null; done
for i in 1 2 3 4 5 6 7; do is 1 "$(logged "^far GET /bold/$i ")"; done

t "nor is it without that, nor where the server does not allow it"
for i in 1 2 3; do match 'early=0' "$(get /plain/$i)"; match 'early=0' "$(get /never/$i)"; done

# A server that answers and closes at once gives no ticket on a connection that was early: each has one before it that was not.
t "requests that are not safe wait for the handshake"
match 'POST early=0 told=0 resumed=1 hello' "$(get /bold/post -d hello)"
match 'GET early=1' "$(get /bold/after)"

t "a client's early request goes on early, and its server is told"
get /plain/warm >/dev/null
match 'early=1 told=1' "$(early /plain/e)"
get /plain/warm >/dev/null
match 'early=1 told=1' "$(early /plain/e $'Early-Data: 1\r\n')"

t "HTTP/2 goes early as well"
get /two/1 >/dev/null
match 'resumed=1' "$(get /two/2)"
is 1 "$(logged '^far GET /two/2 early=. version=HTTP/2.0')"

t "early data that a server rejects is sent again when the handshake is over, once"
get /bold/r0 >/dev/null
say set server bold/s addr 127.0.0.1 port "$B" >/dev/null
match 'early=0 told=0 resumed=0' "$(get /bold/r1)"
is 1 "$(logged "^other GET /bold/r1 ")"
say set server bold/s addr 127.0.0.1 port "$A" >/dev/null
get /two/r0 >/dev/null
say set server two/s addr 127.0.0.1 port "$B" >/dev/null
match 'early=0 told=0' "$(get /two/r1)"
is 1 "$(logged '^other GET /two/r1 early=0 version=HTTP/2.0')"

t "a server that turns to another protocol as well gets the request on a new connection"
say set server two/s addr 127.0.0.1 port "$A" >/dev/null
get /two/p0 >/dev/null
say set server two/s addr 127.0.0.1 port "$H" >/dev/null
match 'early=0 told=0' "$(get /two/p1)"
is 1 "$(logged '^other GET /two/p1 early=0 version=HTTP/1.1')"

t "a handshake that fails below early data is a failed connection"
get /moved/1 >/dev/null; match 'early=1' "$(get /moved/2)"
say set server moved/s addr 127.0.0.1 port "$W" >/dev/null
match 'early=0' "$(get /moved/3)"
is 1 "$(logged '^other GET /moved/3 ')"

t "a client that was not early never sees 425, one that was does"
get /bold/warm >/dev/null
match 'early=0 told=0' "$(get /bold/soon)"
is 2 "$(logged '^far GET /bold/soon')"
match '425 Too Early' "$(early /plain/soon)"

t "retry-on 425 sends its request again as well, but not for who says Early-Data himself"
get /listed/1 >/dev/null
match 'early=0 told=0' "$(early /listed/soon)"
match '425 Too Early' "$(early /listed/soon $'Early-Data: 1\r\n')"
match ' 425' "$(get /listed/soon -i -H 'Early-Data: 1')"

t "another implementation takes it"
mkfifo "$T/in"
openssl s_server -accept "127.0.0.1:$S" -cert "$T/a.crt" -key "$T/a.k" -tls1_3 -early_data -num_tickets 1 <"$T/in" >"$T/server.out" 2>&1 &
PIDS+=($!)
exec 8>"$T/in"
wait_for 5 listening "$S"
answer() { # so many requests that the server has seen
	wait_for 10 seen "$1" && printf 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n' >&8
}
seen() { [ "$(grep -c '^GET /raw' "$T/server.out")" -ge "$1" ]; }
answer 1 & is ok "$(get /raw/1)"
answer 2 & is ok "$(get /raw/2)"
match 'No early data received.*Early data received' "$(cat "$T/server.out")"
is 1 "$(grep -c '^GET /raw/2' "$T/server.out")"
exec 8>&-
