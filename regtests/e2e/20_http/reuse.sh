#!/usr/bin/env bash
# Server connections: who may use whose, how many are kept and how long, and that no answer ever reaches another client.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) N=$(port) I=$(port)
export ORIGIN_RAW=1
modes="never safe aggressive always max0 max2 purge sclose close pretend maxreuse"
{
	echo "global"; echo "  workers 1"
	echo "defaults"; echo "  mode http"
	for d in connect client server; do echo "  timeout $d 5s"; done
	echo "frontend f"; echo "  bind 127.0.0.1:$P"
	for m in $modes ntlm idle; do echo "  use_backend $m if { path_beg /$m/ }"; done
	echo "  default_backend always"
	for m in $modes; do
		p=$(port); origin "$p" "$m"; eval "PORT_$m=$p"
		echo "backend $m"
		echo "  http-request set-path %[path,regsub(^/$m,)]"
		case $m in
		never | safe | aggressive | always) echo "  http-reuse $m"; echo "  server s 127.0.0.1:$p" ;;
		max0) echo "  http-reuse always"; echo "  server s 127.0.0.1:$p pool-max-conn 0" ;;
		max2) echo "  http-reuse always"; echo "  server s 127.0.0.1:$p pool-max-conn 2" ;;
		purge) echo "  http-reuse always"; echo "  server s 127.0.0.1:$p pool-purge-delay 1s" ;;
		maxreuse) echo "  http-reuse always"; echo "  server s 127.0.0.1:$p max-reuse 2" ;;
		sclose) echo "  option http-server-close"; echo "  http-reuse always"; echo "  server s 127.0.0.1:$p" ;;
		close) echo "  option httpclose"; echo "  http-reuse always"; echo "  server s 127.0.0.1:$p" ;;
		pretend) echo "  option http-server-close"; echo "  option http-pretend-keepalive"; echo "  server s 127.0.0.1:$p" ;;
		esac
	done
	cat >"$T/ntlm.script" <<-'S'
	head
	send "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM TlRM\r\nX-Conn: ntlm\r\nContent-Length: 0\r\n\r\n"
	head
	send "HTTP/1.1 200 OK\r\nX-Conn: ntlm\r\nContent-Length: 7\r\n\r\nprivate"
	eof
	S
	origin "$N" ntlm -s "$T/ntlm.script"
	echo "backend ntlm"; echo "  http-reuse always"; echo "  server s 127.0.0.1:$N"
	printf 'head\nsend "HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello"\nsleep 20\n' >"$T/idle.script"
	origin "$I" idle -s "$T/idle.script"
	echo "backend idle"; echo "  http-reuse always"; echo "  server s 127.0.0.1:$I"
} >"$T/c.cfg"
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
conns() { http -D - -o /dev/null "$@" | tr -d '\r' | awk '/^X-Conn/{print $2}' | xargs; } # serials of the server's connections, one a URL
two() { conns "$U/$1/1" -o /dev/null "$U/$1/2"; }
held() { ss -Htn state established "dport = :$1" | wc -l; }
holds() { [ "$(held "$1")" = "$2" ]; }

t "never: a client's later requests use its own connection, another client gets a new one"
is "1 1" "$(two never)"
is "2 2" "$(two never)"
t "never: the connection ends with its client"
wait_for 3 holds "$PORT_never" 0
t "safe: a first request takes no idle connection, a later one takes any"
is "1" "$(conns "$U/safe/1")"
is "2 2" "$(two safe)"
is "3 3" "$(two safe)"
t "aggressive: a first request takes only a connection that was reused before"
is "1" "$(conns "$U/aggressive/1")"
is "2 2" "$(two aggressive)"
is "2" "$(conns "$U/aggressive/1")"
t "always: a first request takes any idle connection"
is "1" "$(conns "$U/always/1")"
is "1 1" "$(two always)"
t "a connection that is in use is never taken"
curl -s -o /dev/null -D "$T/slow" "$U/always/hold/used" & user=$!
wait_for 3 grep -q hold/used "$T/origin.always.log"
is 2 "$(conns "$U/always/x")"
: >"$T/used"; wait $user
is 1 "$(tr -d '\r' <"$T/slow" | awk '/^X-Conn/{print $2}')"
t "pool-max-conn 0 keeps nothing"
is "1 2" "$(two max0)"
is 0 "$(held "$PORT_max0")"
t "pool-max-conn is the most that is kept idle"
waiting=()
for i in 1 2 3 4 5; do curl -s -o /dev/null "$U/max2/hold/five" & waiting+=($!); done
wait_for 4 holds "$PORT_max2" 5
: >"$T/five"; wait "${waiting[@]}"
wait_for 4 holds "$PORT_max2" 2
t "pool-purge-delay closes what stays idle"
pair() { TWO=$(two purge); }
undisturbed 900 pair
read -r a b <<<"$TWO"; is "$a" "$b"
wait_for 4 holds "$PORT_purge" 0
t "max-reuse ends a connection after that many reuses"
is "1 1 1 2" "$(conns "$U/maxreuse/1" -o /dev/null "$U/maxreuse/2" -o /dev/null "$U/maxreuse/3" -o /dev/null "$U/maxreuse/4")"
t "http-server-close ends the server's side and keeps the client's"
is "1 2" "$(two sclose)"
match "Connection: close" "$(grep 'raw ' "$T/origin.sclose.log" | head -1)"
is "1 0" "$(curl -s -o /dev/null -o /dev/null -w '%{num_connects} ' "$U/sclose/1" "$U/sclose/2" | xargs)"
t "httpclose ends both sides and says so"
match "[Cc]onnection: close" "$(http -i "$U/close/1")"
is "1 1" "$(curl -s -o /dev/null -o /dev/null -w '%{num_connects} ' "$U/close/1" "$U/close/2" | xargs)"
match "Connection: close" "$(grep 'raw ' "$T/origin.close.log" | head -1)"
t "http-pretend-keepalive does not tell the server"
is "1 2" "$(two pretend)"
nomatch "[Cc]onnection: close" "$(grep 'raw ' "$T/origin.pretend.log")"
t "a connection that NTLM has authenticated is its client's alone"
is "private" "$(http "$U/ntlm/1" "$U/ntlm/2")"
is "private" "$(http "$U/ntlm/1" "$U/ntlm/2")"
is "401" "$(code "$U/ntlm/1")"
t "an idle connection that the server has closed is let go and costs no client anything"
for i in 1 2 3 4 5; do is hello "$(http "$U/idle/$i")"; done
wait_for 3 holds "$I" 0
is hello "$(http "$U/idle/6")"
t "no answer reaches another client in a mix of all framings, aborts and early answers"
"$TOOLS/client" -p "$P" -c 24 -n 4000 -m
t "and the connections left afterwards are sound"
"$TOOLS/client" -p "$P" -c 24 -n 2000
"$TOOLS/client" -p "$P" -c 8 -n 300 -x
is 1 "$(grep -c 'New worker' "$T/sluice.err")"
