#!/usr/bin/env bash
# HTTP/1 messages pass unharmed in every framing, over connections that are kept on both sides.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port)
origin "$O" a
cat >"$T/c.cfg" <<E
global
  workers 1
defaults
  mode http
  timeout connect 20s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:$P
  default_backend b
backend b
  http-reuse always
  server a 127.0.0.1:$O
E
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P

t "a GET is answered by the server"
is a "$(http "$U/")"
t "two requests of one client share one server connection"
is "1" "$(http -D - -o /dev/null "$U/x" -o /dev/null "$U/y" | tr -d '\r' | awk '/^X-Conn/{print $2}' | sort -u | wc -l)"
t "the path and the query arrive as sent"
http --path-as-is "$U/p/a%20th?q=1&r=a%2Fb" >/dev/null
match "GET /p/a%20th\?q=1&r=a%2Fb HTTP/1.1" "$(tail -1 "$T/origin.a.log")"
t "a body of 3 MB with a length arrives complete"
head -c 3000000 /dev/urandom >"$T/body"
http --data-binary @"$T/body" -H 'Expect:' "$U/echo" | cmp - "$T/body"
t "a chunked body arrives complete"
http -H 'Transfer-Encoding: chunked' -H 'Expect:' --data-binary @"$T/body" "$U/echo" | cmp - "$T/body"
t "Expect: 100-continue is answered before the body is sent"
match "HTTP/1.1 100" "$(http -v -H 'Expect: 100-continue' --data-binary hello "$U/echo" 2>&1)"
t "a large answer with a length arrives complete"
is 20000000 "$(http "$U/size/20000000" | wc -c)"
t "a chunked answer arrives complete"
is 500000 "$(http "$U/chunked/500/1000" | wc -c)"
t "trailers of an answer are forwarded"
match "X-Sum: 42" "$(printf 'GET /trailers HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close\r\n\r\n' | raw "$P")"
t "an answer that ends with the connection arrives complete"
is "until the end" "$(http "$U/close")"
t "HEAD has a length and no body"
match "[Cc]ontent-[Ll]ength: 1000" "$(http -I "$U/size/1000")"
t "204 and 304 have no body and keep the connection"
is "204 304 200" "$(curl -s -o /dev/null -o /dev/null -o /dev/null -w '%{http_code} ' "$U/status/204" "$U/status/304" "$U/" | xargs)"
t "interim answers come before the final one"
is "3 1" "$(printf 'GET /1xx/3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' | raw "$P" | awk '/^HTTP.1.1 103/{e++} /^HTTP.1.1 200/{f++} END{print e, f}')"
t "pipelined requests are answered in order"
is "1 2 3" "$(printf 'GET /1 HTTP/1.1\r\nHost: a\r\nX-Id: 1\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nX-Id: 2\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\nX-Id: 3\r\nConnection: close\r\n\r\n' |
	raw "$P" | tr -d '\r' | awk '/^X-Id/{print $2}' | xargs)"
t "an HTTP/1.0 client gets a chunked answer without chunks, ended by the connection"
is "30" "$(printf 'GET /chunked/3/10 HTTP/1.0\r\n\r\n' | raw "$P" | sed '1,/^\r$/d' | wc -c)"
t "an upgraded connection is a tunnel in both directions"
is "ping" "$( (printf 'GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\nping\n') | raw "$P" | tail -1)"
t "CONNECT becomes a tunnel after 200"
is "pong" "$( (printf 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\npong\n') | raw "$P" | tail -1)"
t "no answer is ever given to another client under load"
"$TOOLS/client" -p "$P" -c 32 -n 20000
"$TOOLS/client" -p "$P" -c 32 -n 2000 -x
"$TOOLS/client" -p "$P" -c 8 -n 500 -u /size/40000
