#!/usr/bin/env bash
# Whatever could be read in two ways is refused, and not one byte of it reaches a server: the lessons of request smuggling.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port) N=$(port)
export ORIGIN_RAW=1
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
  http-request redirect location /elsewhere if { path /redirect }
  http-request deny deny_status 403 if { path /deny } or { path /admin }
  http-request deny deny_status 401 if { path /auth }
  use_backend none if { path /none }
  default_backend b
backend none
backend b
  http-reuse always
  server a 127.0.0.1:$O
E
sluice_start "$T/c.cfg"

trap '' PIPE # the proxy may have closed before everything was written
talk() { # printf format: sets OUT to everything the proxy answers until it closes
	exec 3<>"/dev/tcp/127.0.0.1/$P"
	# shellcheck disable=SC2059
	printf "$1" >"$T/message"
	dd "bs=${BYTES:-65536}" status=none if="$T/message" >&3 2>/dev/null || true
	OUT=
	IFS= read -r -d '' -t 20 OUT <&3 && fail "a NUL in the answer" || [ $? -le 128 ] || fail "not closed after: $1"
	exec 3>&-
	OUT=${OUT//$'\r'/}
}
refused() { # status format: one answer, with that status, that closes
	talk "$2"
	match "^HTTP/1.1 $1 " "$OUT"
	match "[Cc]onnection: close" "$OUT"
	nomatch "HTTP/1.*HTTP/1" "$OUT"
}
accepted() { talk "$1"; match "^HTTP/1.1 200 " "$OUT"; }
unseen() { # sets the mark of the origin's log; then `unseen` fails when anything came since
	local now; now=$(wc -c <"$T/origin.a.log")
	[ "$MARK" = "$now" ] || fail "the origin saw: $(tail -c +$((MARK + 1)) "$T/origin.a.log")"
}
mark() { MARK=$(wc -c <"$T/origin.a.log"); }
a255() { head -c "$1" /dev/zero | tr '\0' a; }

H='Host: a\r\n'
POST="POST /p HTTP/1.1\r\n${H}"
accepted "GET / HTTP/1.1\r\n${H}Connection: close\r\n\r\n"
mark

t "Content-Length together with Transfer-Encoding is refused"
refused 400 "${POST}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG"
refused 400 "${POST}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nG"
t "a Content-Length that is not one plain number is refused"
for v in '' ' ' '5,' '5, 5' '+5' '-0' '0x5' '5 5' 18446744073709551621 9223372036854775808 1111111111222222222233333333334444444444 '5;' '"5"'; do
	refused 400 "${POST}Content-Length: $v\r\n\r\nhello"
done
t "two Content-Length headers are refused, even when they agree"
refused 400 "${POST}Content-Length:\r\nContent-Length: 5\r\n\r\nhello"
refused 400 "${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"
refused 400 "${POST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"
t "a Transfer-Encoding that does not end in one plain chunked is refused"
for v in '\x0bchunked' xchunked 'chunked, chunked' 'chunked, gzip' gzip 'chunked;a=b' '' 'identity' '"chunked"' 'chunked\r\n\tx' \
	'chunked\r\nTransfer-Encoding: chunked' 'chunked\r\nTransfer-Encoding: identity' 'chunked\x00'; do
	refused 400 "${POST}Transfer-Encoding: $v\r\n\r\n0\r\n\r\n"
done
refused 400 "${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"
refused 400 "${POST} Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
refused 400 "POST /p HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
t "a transfer coding besides chunked is well framed, but not implemented"
refused 501 "${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
t "a header name of more than 255 bytes is refused"
for n in 256 257 270 1023 1024; do
	refused 400 "${POST}Content-Length0$(a255 $((n - 15))): x\r\nContent-Length: 60\r\n\r\nGET /evil HTTP/1.1\r\n${H}\r\n"
done
refused 431 "${POST}Content-Length0$(a255 65520): x\r\nContent-Length: 60\r\n\r\nGET /evil HTTP/1.1\r\n${H}\r\n"
t "an empty header name is refused instead of ending the list"
refused 400 "GET / HTTP/1.1\r\n${H}: x\r\nX-Admin: 1\r\n\r\n"
t "a fragment in the request target is refused"
refused 400 "GET /secret#.png HTTP/1.1\r\n${H}\r\n"
t "request targets that do not fit the method or the form are refused"
for r in 'GET admin' 'GET *' 'CONNECT /' 'OPTIONS */x' 'GET  /' 'GET /\x80' 'GET /a b' 'GET' ' GET /' 'GE(T /' 'GET /\x01'; do
	refused 400 "$r HTTP/1.1\r\n${H}\r\n"
done
t "Host must be there once, be an authority, and agree with the target"
refused 400 "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"
for h in 'Host: a,b' 'Host: a@b' 'Host: a\r\nHost: a' 'X-Host: a' 'Host: a b' 'Host: a/b' 'Host: a:x'; do
	refused 400 "GET / HTTP/1.1\r\n$h\r\n\r\n"
done
t "versions that do not exist are refused"
refused 400 "GET / HTTP/1.10\r\n${H}\r\n"
refused 505 "GET / HTTP/0.9\r\n${H}\r\n"
refused 505 "GET / HTTP/2.0\r\n${H}\r\n"
refused 400 "GET / HTTQ/1.1\r\n${H}\r\n"
refused 400 "GET /\r\n\r\n"
t "lines that end in LF alone, folded lines and control characters are refused"
refused 400 "GET / HTTP/1.1\nHost: a\n\n"
refused 400 "GET / HTTP/1.1\r\n${H}X: a\nY: b\r\n\r\n"
refused 400 "GET / HTTP/1.1\r\n${H}X: a\r\n b\r\n\r\n"
refused 400 "GET / HTTP/1.1\r\n${H}X: a\rb\r\n\r\n"
refused 400 "GET / HTTP/1.1\r\n${H}X: a\x00b\r\n\r\n"
t "an HTTP/1.0 request whose method defines no body may not have one"
for m in GET HEAD DELETE; do refused 413 "$m / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello"; done
t "chunk framing that could be read otherwise is refused before a server is asked"
C="${POST}Transfer-Encoding: chunked\r\n\r\n"
for c in '5;\nhello\r\n0\r\n\r\n' ' 5\r\nhello\r\n0\r\n\r\n' '0x5\r\nhello\r\n0\r\n\r\n' '5 \r\nhello\r\n0\r\n\r\n' '-1\r\nhello\r\n0\r\n\r\n' \
	'ffffffffffffffff1\r\nhello' '00000000000000005\r\nhello\r\n0\r\n\r\n' '5\r\nhello0\r\n\r\n' '5\rhello\r\n0\r\n\r\n' '5\nhello\r\n0\r\n\r\n' \
	'5;\x00ext\r\nhello\r\n0\r\n\r\n' '5\r\nhello\n0\r\n\r\n' '\r\n5\r\nhello\r\n0\r\n\r\n' '0\r\nX : y\r\n\r\n' '0\r\n: y\r\n\r\n' '8000000000000000\r\n'; do
	refused 400 "$C$c"
done
t "a large chunk extension is refused"
refused 413 "${C}5;$(a255 12000)\r\nhello\r\n0\r\n\r\n"
t "not one byte of what was refused reached the server"
unseen
t "many small chunk extensions add up"
refused 413 "${C}$(for i in $(seq 20); do printf '1;%s\\r\\na\\r\\n' "$(a255 300)"; done)0\r\n\r\n"
mark

t "the same verdicts when every byte comes alone"
BYTES=1
refused 400 "${POST}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG"
refused 400 "GET / HTTP/1.1\r\n${H}: x\r\nX-Admin: 1\r\n\r\n"
refused 400 "${POST}Content-Length: 5, 5\r\n\r\nhello"
refused 400 "GET / HTTP/1.1\nHost: a\n\n"
unseen
refused 400 "${C}5\r\nhello0\r\n\r\n"
accepted "${POST}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nX-T: 1\r\n\r\n"
BYTES=

t "what is right stays accepted"
accepted "${POST}Connection: close\r\nContent-Length: 5\t\r\n\r\nhello"
accepted "${POST}Connection: close\r\nContent-Length: 0005\r\n\r\nhello"
accepted "${POST}Connection: close\r\nTransfer-Encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
accepted "GET /a%%23.png HTTP/1.1\r\n${H}Connection: close\r\n\r\n"
accepted "GET http://a/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
accepted "\r\nGET / HTTP/1.1\r\n${H}Connection: close\r\n\r\n"
accepted "OPTIONS * HTTP/1.1\r\n${H}Connection: close\r\n\r\n"
t "a header name of 255 bytes arrives byte by byte the same, with one Content-Length"
accepted "${POST}Connection: close\r\nContent-Length0$(a255 240): x\r\nContent-Length: 5\r\n\r\nhello"
is 1 "$(grep -c "Content-Length0$(a255 240): x" "$T/origin.a.log")"
is 1 "$(grep "Content-Length0aaa" "$T/origin.a.log" | grep -o 'Content-Length: ' | wc -l)"
t "trailers that frame, route or authenticate are dropped, others arrive"
accepted "${C%\\r\\n}Connection: close\r\n\r\n5\r\nhello\r\n0\r\nContent-Length: 3\r\nHost: b\r\nAuthorization: x\r\nX-Sum: 7\r\n\r\n"
match "X-Sum: 7" "$(grep '^trailer' "$T/origin.a.log")"
nomatch "Host|Content-Length|Authorization" "$(grep '^trailer' "$T/origin.a.log")"

t "a body that comes with an early answer is thrown away, not read as a request"
EVIL="GET /evil HTTP/1.1\r\nHost: a\r\nX: 123456789012345678901234\r\n\r\n"
is 60 "$(printf "$EVIL" | wc -c)"
for x in 302:/redirect 403:/deny 401:/auth 503:/none; do
	talk "POST ${x#*:} HTTP/1.1\r\n${H}Content-Length: 60\r\n\r\n${EVIL}GET /good HTTP/1.1\r\n${H}Connection: close\r\n\r\n"
	match "^HTTP/1.1 ${x%:*} " "$OUT"
	nomatch "HTTP/1.*HTTP/1.*HTTP/1" "$OUT"
done
t "neither when the body comes after the answer, nor when it never comes"
for x in 302:/redirect 403:/deny 401:/auth 503:/none; do
	exec 3<>"/dev/tcp/127.0.0.1/$P"
	printf "POST ${x#*:} HTTP/1.1\r\n${H}Content-Length: 60\r\n\r\n" >&3
	read -r -t 20 line <&3; match "^HTTP/1.1 ${x%:*} " "$line"
	printf "${EVIL}GET /late HTTP/1.1\r\n${H}Connection: close\r\n\r\n" >&3 2>/dev/null || true
	[ "$(timeout 40 cat <&3 2>/dev/null | grep -c '^HTTP/1')" -le 1 ] || fail "more than two answers"
	exec 3>&-
done
nomatch "/evil" "$(cat "$T/origin.a.log")"
t "a server that answers before it has read the body does not turn the body into a request"
talk "POST /early HTTP/1.1\r\n${H}Connection: close\r\nContent-Length: 60\r\n\r\n${EVIL}"
match "^HTTP/1.1 413 " "$OUT"
nomatch "HTTP/1.*HTTP/1" "$OUT"
nomatch "conn=[0-9]+ req=[0-9]+ GET /evil" "$(cat "$T/origin.a.log")"

t "an upgrade that the server does not accept leaves a pipelined request to the rules"
UP='Connection: upgrade\r\nUpgrade: foo\r\n'
for p in /x /status/426 /status/404; do
	talk "GET $p HTTP/1.1\r\n${H}${UP}\r\nGET /admin HTTP/1.1\r\n${H}Connection: close\r\n\r\n"
	match "HTTP/1.1 403 " "$OUT"
done
nomatch "/admin" "$(cat "$T/origin.a.log")"
t "only after 101 the bytes behind an upgrade are the tunnel's"
match "GET /admin" "$(printf "GET /upgrade HTTP/1.1\r\n${H}${UP}\r\nGET /admin HTTP/1.1\r\n${H}\r\n" | raw "$P")"
t "Upgrade without Connection: upgrade is not passed on"
talk "GET /nope HTTP/1.1\r\n${H}Upgrade: foo\r\nConnection: close\r\n\r\n"
nomatch "Upgrade" "$(grep 'raw.*GET /nope' "$T/origin.a.log")"
t "headers named in Connection are removed, but not those that identify the client"
talk "GET /hop HTTP/1.1\r\n${H}X-Hop: 1\r\nAuthorization: x\r\nKeep-Alive: 5\r\nConnection: close, x-hop, authorization, host\r\n\r\n"
out=$(grep 'raw.*GET /hop' "$T/origin.a.log")
nomatch "X-Hop|Keep-Alive" "$out"
match "Host: a.*Authorization: x" "$out"
t "the worker is the same one after all that"
is 1 "$(grep -c 'New worker' "$T/sluice.err")"
