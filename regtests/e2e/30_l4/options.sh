#!/usr/bin/env bash
# Limits that all workers share, and rules that wait.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) PR=$(port) PW=$(port) O=$(port)
origin "$O" a
cat >"$T/c.cfg" <<E
global
  workers 4
  maxconn 5
defaults
  mode http
  timeout connect 20s
  timeout client 20s
  timeout server 20s
listen limited
  bind 127.0.0.1:$P
  server a 127.0.0.1:$O
listen slow
  bind 127.0.0.1:$PR
  rate-limit sessions 4
  server a 127.0.0.1:$O
listen waits
  bind 127.0.0.1:$PW
  http-request add-header x-once 1
  http-request deny deny_status 418 if { req.body -m sub bad }
  http-request set-path /echo-head
  server a 127.0.0.1:$O
E
sluice_start "$T/c.cfg"

FDS=()
answered() { # how many of the open sockets have got an answer
	local n=0 f
	for f in ${FDS[@]+"${FDS[@]}"}; do ! read -r -t 0 -u "$f" || n=$((n + 1)); done
	echo $n
}
five() { [ "$(answered)" -ge 5 ]; }

t "maxconn counts the connections of all workers together, to the last one"
for i in $(seq 12); do
	exec {fd}<>"/dev/tcp/127.0.0.1/$P"
	FDS+=("$fd")
	printf 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' >&"$fd"
done
wait_for 5 five || fail "only $(answered) of 5 were served"
is 1 "$(code --max-time 1 "http://127.0.0.1:$PR/" | grep -c 000)" "another frontend, the same limit"
is 5 "$(answered)"

t "one that leaves makes room for one"
LEFT=() GONE=
for f in "${FDS[@]}"; do
	if [ -z "$GONE" ] && read -r -t 0 -u "$f"; then GONE=1; exec {f}>&-; else LEFT+=("$f"); fi
done
FDS=("${LEFT[@]}")
wait_for 5 five || fail "nobody took the place"
is 5 "$(answered)"
for f in "${FDS[@]}"; do exec {f}>&-; done

t "rate-limit sessions holds over all workers: the rest waits in the kernel's queue"
a=$(date +%s%3N)
for i in $(seq 12); do is 200 "$(code "http://127.0.0.1:$PR/")"; done
b=$(($(date +%s%3N) - a))
[ $b -ge 1500 ] || fail "12 sessions at 4 a second took $b ms"
[ $b -le 30000 ] || fail "12 sessions at 4 a second took $b ms"

t "rules that wait for a body do not repeat what rules before them did"
exec {f}<>"/dev/tcp/127.0.0.1/$PW"
printf 'POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 6\r\n\r\nab' >&"$f"
printf 'cdef' >&"$f"
got=$(cat <&"$f"); exec {f}>&-
is 1 "$(grep -ci '^x-once' <<<"$got")" "$got"
