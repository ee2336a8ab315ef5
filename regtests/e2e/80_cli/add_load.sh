#!/usr/bin/env bash
# Servers come and go by hundreds under clients that never retry, while generations change and workers, the checker and leaders die.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port 5)
for i in 1 2 3; do origin $((P + i)) o$i; done
cat >"$T/c.cfg" <<-EOF
global
    workers 3
    stats socket $T/sock level admin
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    default-server inter 100ms
frontend f
    bind 127.0.0.1:$P
    default_backend b
backend b
    server a 127.0.0.1:$((P + 1)) check
backend idle
EOF
sluice_start "$T/c.cfg"
ask() { echo "$1" | socat -t 20 - "UNIX-CONNECT:$T/sock" | sed '/^$/d'; }
value() { ask "show stat" | awk -F, -v s="$1" -v f="$2" 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == f) c = i} $1 == "b" && $2 == s {print $c}'; }
busy() { n=$(value "$1" stot); [ "${n:-0}" -gt 20 ]; }
add() { ask "add server b/$1 127.0.0.1:$2 check"; ask "enable health b/$1; set server b/$1 state ready"; }
listed() { ask 'show servers state b' | awk '$2 == "b" { print $4 }' | sort | xargs; }
gone_soon() { [ "$(ask "del server b/$1")" = "Server deleted." ]; }
remove() { ask "set server b/$1 state maint" >/dev/null; wait_for 20 gone_soon "$1" || fail "$1 stays"; }
origins() { for _ in {1..16}; do http "http://127.0.0.1:$P/" -o /dev/null -D - | tr -d '\r' | sed -n 's/^x-origin: //Ip'; done | sort -u | xargs; }
"$TOOLS/client" -t 30000 -d 100 -f "$T/stop" -p "$P" -c 16 >"$T/keep" & K=$!
"$TOOLS/client" -t 30000 -d 100 -f "$T/stop" -p "$P" -c 8 -x >"$T/close" & X=$!
wait_for 20 busy a

t "servers that come take their share, and leave nobody without an answer when they go"
for i in 1 2 3 4; do
	add n$i $((P + 2)) >/dev/null
	wait_for 20 busy n$i
	remove n$i
done

t "none is lost that is added while a generation is replaced"
add kept $((P + 3)) >/dev/null
ask reload >"$T/reloaded" & R=$!
for i in {1..6}; do ask "add server b/r$i 127.0.0.1:$((P + 2)) weight 1; set weight b/r$i 0; set server b/r$i state ready"; done >"$T/added"
wait $R
grep -q Success=1 "$T/reloaded"
is 6 "$(grep -cE 'New server registered.|try again' "$T/added")"
promised=$(grep -c 'New server registered.' "$T/added" || true)
there() { [ "$(listed | tr ' ' '\n' | grep -c '^r')" -ge "$promised" ]; }
wait_for 10 there
for i in {1..6}; do ask "add server b/r$i 127.0.0.1:$((P + 2))"; done >/dev/null
is "a kept r1 r2 r3 r4 r5 r6" "$(listed)"
for i in {1..6}; do remove r$i; done
wait_for 20 busy kept

t "five hundred additions and deletions in a row leave the rows as they were"
for i in {1..20}; do
	ask "$(for k in {1..25}; do printf 'add server idle/x%d 127.0.0.1:1 check;del server idle/x%d;' "$k" "$k"; done)"
done >"$T/churn"
is 500 "$(grep -c 'New server registered.' "$T/churn")"
is 500 "$(grep -c 'Server deleted.' "$T/churn")"
is "" "$(ask 'show servers state idle' | awk '$2 == "idle"')"
is "a kept" "$(listed)"

t "nobody has lost a request so far"
touch "$T/stop"
wait "$K" || fail "$(cat "$T/keep")"
wait "$X" || fail "$(cat "$T/close")"

t "processes that die between the steps come back with the servers there are"
for i in 1 2 3; do
	is "New server registered." "$(ask "add server b/k$i 127.0.0.1:$((P + 2)) check")"
	kill -9 "$(kids worker | head -n 1)" "$(kids checker)"
	ask "enable health b/k$i; set server b/k$i state ready" >/dev/null
	whole() { [ "$(kids worker | wc -l)" = 3 ] && [ "$(kids checker | wc -l)" = 1 ]; }
	wait_for 20 whole
done
back() { [ "$(origins)" = "o1 o2 o3" ]; }
wait_for 20 back
checked() { [ "$(value k3 check_status)" = L4OK ]; }
wait_for 20 checked
kill -9 "$(kids leader)"
led() { [ "$(listed)" = "a k1 k2 k3 kept" ]; }
wait_for 20 led
wait_for 20 back
