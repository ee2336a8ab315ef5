#!/usr/bin/env bash
# The persistence cookie in all of its modes: where requests go, what servers see, what clients are told, and the letters of the log. What is
# expected here is what HAProxy 2.6 does with the same configuration.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port 12) A=$(port) B=$(port) D=$(port)
n=0
mode() { # words of the cookie line [server cookies: a b d]
	n=$((n + 1))
	cat <<-EOC
	listen m$n
	  bind 127.0.0.1:$((P + n - 1))
	  log stdout format raw local0
	  log-format "%s %tsc %CC %CS"
	  capture cookie SRV len 40
	  balance roundrobin
	  dynamic-cookie-key secret
	  cookie $1
	  ignore-persist if { path /ignore }
	  force-persist if { path /force }
	  use-server a if { path /use }
	  server a 127.0.0.1:$A ${2-cookie a}
	  server b 127.0.0.1:$B ${3-cookie b}
	  server down 127.0.0.1:$D ${4-cookie d} disabled
	  server dead 127.0.0.1:$D cookie x weight 0
	EOC
}
cat >"$T/c.cfg" <<EOC
global
  nbthread 1
defaults
  mode http
  retries 1
  timeout connect 2s
  timeout client 5s
  timeout server 5s
# The servers: they say who they are and which cookies they got, and set one when asked to.
frontend oa
  bind 127.0.0.1:$A
  http-request return content-type text/plain lf-string "a %[req.fhdr(cookie)]" hdr Set-Cookie "%[req.fhdr(x-set)]" hdr Cache-Control "%[req.fhdr(x-cc)]" if { req.fhdr(x-set) -m found }
  http-request return content-type text/plain lf-string "a %[req.fhdr(cookie)]" hdr Cache-Control "%[req.fhdr(x-cc)]"
frontend ob
  bind 127.0.0.1:$B
  http-request return content-type text/plain lf-string "b %[req.fhdr(cookie)]" hdr Set-Cookie "%[req.fhdr(x-set)]" hdr Cache-Control "%[req.fhdr(x-cc)]" if { req.fhdr(x-set) -m found }
  http-request return content-type text/plain lf-string "b %[req.fhdr(cookie)]" hdr Cache-Control "%[req.fhdr(x-cc)]"
EOC
{
	mode "SRV insert indirect nocache"
	mode "SRV insert"
	mode "SRV prefix"
	mode "SRV rewrite"
	mode "SRV insert preserve"
	mode "SRV insert postonly"
	mode "SRV insert maxidle 30m maxlife 8h"
	mode "SRV insert dynamic indirect httponly secure domain .a.test attr SameSite=None" "" "" ""
	mode "SRV"
	mode "SRV insert"
	echo "  option persist"
	mode "SRV insert" "cookie a weight 0"
} >>"$T/c.cfg"
sluice_start "$T/c.cfg"

# mode path [cookie] [curl arguments]: what the server saw, what the client is told, what the log says
ask() {
	local m=$1 path=$2 c=${3-} lines out
	shift 2; [ $# -eq 0 ] || shift
	lines=$(wc -l <"$T/sluice.out")
	out=$(http -D "$T/head" ${c:+-H "Cookie: $c"} "$@" "http://127.0.0.1:$((P + m - 1))$path")
	wait_for 5 logged "$lines"
	echo "$out / $(tr -d '\r' <"$T/head" | sed -n 's/^set-cookie: *//Ip' | xargs -d '\n') / $(sed -n "$((lines + 1))p" "$T/sluice.out" | cut -d' ' -f2 | cut -c3-)"
}
logged() { [ "$(wc -l <"$T/sluice.out")" -gt "$1" ]; }
log() { tail -n 1 "$T/sluice.out"; }

t "insert: a client without a cookie is given one, a client with a valid one goes to its server and is told nothing"
is "a  / SRV=a; path=/ / NI" "$(ask 2 /)"
is "b  / SRV=b; path=/ / NI" "$(ask 2 /)"
is "b SRV=b /  / VN" "$(ask 2 / SRV=b)"
is "b SRV=b /  / VN" "$(ask 2 / SRV=b)"
is "a x=1; SRV=a; y=2 /  / VN" "$(ask 2 / 'x=1; SRV=a; y=2')"

t "an unknown, an empty and a foreign cookie are invalid; that of a server that is down says so"
match " / SRV=[ab]; path=/ / II$" "$(ask 2 / SRV=zz)"
match " / SRV=[ab]; path=/ / II$" "$(ask 2 / SRV=)"
match " / SRV=[ab]; path=/ / II$" "$(ask 2 / 'SRV="b"')"
match " / SRV=[ab]; path=/ / NI$" "$(ask 2 / XSRV=b)"
match "^[ab] .* / SRV=[ab]; path=/ / DI$" "$(ask 2 / SRV=d)"

t "indirect: servers see nothing of the cookie, and one they set is taken away"
is "b  /  / VN" "$(ask 1 / SRV=b)"
is "a x=1; y=2 /  / VN" "$(ask 1 / 'x=1; SRV=a; y=2')"
is "a y=2 /  / VN" "$(ask 1 / 'y=2;SRV=a')"
is "b  /  / VD" "$(ask 1 / SRV=b -H 'X-Set: SRV=mine; path=/x')"
match " / other=1 SRV=[ab]; path=/ / NI$" "$(ask 1 / '' -H 'X-Set: other=1')"

t "nocache: what might be kept by caches is marked private when a cookie goes with it"
ask 1 / '' -H 'X-CC: max-age=30' >/dev/null
is "max-age=30 private" "$(tr -d '\r' <"$T/head" | sed -n 's/^cache-control: *//Ip' | xargs)"
ask 1 / SRV=a -H 'X-CC: max-age=30' >/dev/null
is "max-age=30" "$(tr -d '\r' <"$T/head" | sed -n 's/^cache-control: *//Ip' | xargs)"
ask 1 / '' -H 'X-CC: no-store' >/dev/null
is "no-store" "$(tr -d '\r' <"$T/head" | sed -n 's/^cache-control: *//Ip' | xargs)"

t "prefix: the server's own cookie carries the name of the server on the way to the client and back"
match "^([ab]) .* / SRV=\1~app; path=/x / NR$" "$(ask 3 / '' -H 'X-Set: SRV=app; path=/x' | sed -E 's#^(.) .* / SRV=(.)~#\1  / SRV=\2~#')"
is "b SRV=app /  / VN" "$(ask 3 / SRV=b~app)"
is "a x=1; SRV=app; y=2 /  / VN" "$(ask 3 / 'x=1; SRV=a~app; y=2')"
match "^[ab] SRV=app /  / IN$" "$(ask 3 / SRV=zz~app)"
is "b SRV=b /  / VN" "$(ask 3 / SRV=b)"

t "rewrite: the value that the server gives is replaced by its name, and nothing is added otherwise"
is "b SRV=b / SRV=b; path=/x / VR" "$(ask 4 / SRV=b -H 'X-Set: SRV=app; path=/x')"
match "^[ab]  /  / NN$" "$(ask 4 /)"

t "preserve: a cookie that the server sets is passed on"
is "b SRV=b / SRV=; path=/ / VP" "$(ask 5 / SRV=b -H 'X-Set: SRV=; path=/')"
match " / SRV=[ab]; path=/ / NI$" "$(ask 5 /)"

t "postonly: only answers to POST insert a cookie"
match " /  / NN$" "$(ask 6 /)"
match " / SRV=[ab]; path=/ / NI$" "$(ask 6 / '' -d x)"

# The time as cookies carry it: 30 bits of seconds / 4 in base 64.
stamp() { # seconds from now
	local v=$((($(date +%s) + $1) / 4)) i out= digits=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/
	for i in 24 18 12 6 0; do out+=${digits:$((v >> i & 63)):1}; done
	echo "$out"
}

t "maxidle and maxlife: dates are sent, renewed, and end persistence when they are too old or of another time"
match "^[ab] .*/ SRV=[ab]\|[A-Za-z0-9+/]{5}\|[A-Za-z0-9+/]{5}; path=/ / NI$" "$(ask 7 /)"
FIRST=$(stamp -3600)
match "^b .*/ SRV=b\|.*\|${FIRST//+/[+]}; path=/ / VU$" "$(ask 7 / "SRV=b|$(stamp -60)|$FIRST")"
match "^b .*/ VN$" "$(ask 7 / "SRV=b|$(stamp 60)|$(stamp -3600)")"
match "^b .*/ VU$" "$(ask 7 / SRV=b)"
match "/ SRV=[ab]\|.* / EI$" "$(ask 7 / "SRV=b|$(stamp -3600)|$(stamp -3600)")"
match "/ SRV=[ab]\|.* / OI$" "$(ask 7 / "SRV=b|$(stamp -60)|$(stamp -36000)")"
match "/ SRV=[ab]\|.* / EI$" "$(ask 7 / "SRV=b|$(stamp 200000)")"

t "attributes and values made of a secret"
match " / SRV=[0-9a-f]{16}; path=/; domain=.a.test; HttpOnly; Secure; SameSite=None / NI$" "$(ask 8 /)"
k=$(tr -d '\r' <"$T/head" | sed -n 's/^set-cookie: *\(SRV=[0-9a-f]*\).*/\1/Ip') who=$(ask 8 / "$(tr -d '\r' <"$T/head" | sed -n 's/^set-cookie: *\(SRV=[0-9a-f]*\).*/\1/Ip')")
for _ in 1 2 3; do is "$who" "$(ask 8 / "$k")"; done

t "a cookie without a mode is listened to, and the log says nothing of it"
is "b SRV=b /  / --" "$(ask 9 / SRV=b)"
is "a SRV=a /  / --" "$(ask 9 / SRV=a)"

t "ignore-persist and use-server leave the cookie unused"
match "^[ab] .* /  / UN$" "$(ask 2 /ignore SRV=b)"
is "a SRV=b /  / UN" "$(ask 2 /use SRV=b)"

t "force-persist goes to the server although it is down; option persist tries it first"
code -H 'Cookie: SRV=d' "http://127.0.0.1:$((P + 1))/force" | grep -q 503
log_is() { [ "$(log)" = "$1" ]; }
wait_for 5 log_is "down SCDN SRV=d -"
match "^[ab] .* / SRV=[ab]; path=/ / DI$" "$(ask 10 / SRV=d)"

t "a server of weight 0 takes only those who have its cookie"
for _ in 1 2 3; do match "^b .* / SRV=b; path=/ / NI$" "$(ask 11 /)"; done
is "a SRV=a /  / VN" "$(ask 11 / SRV=a)"

t "a server that does not answer is left, and the client told where it is now"
match "^[ab] SRV=x / SRV=[ab]; path=/ / DI$" "$(ask 2 / SRV=x)"

t "captured cookies are those of the client and of the server, not ours"
ask 2 / 'x=1; SRV=b, z=3' -H 'X-Set: SRV=mine; path=/' >/dev/null
is "b --VD SRV=b SRV=mine" "$(log)"
ask 2 / >/dev/null
match "^[ab] --NI - -$" "$(log)"
