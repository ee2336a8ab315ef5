#!/usr/bin/env bash
# Servers whose names are resolved at run time: workers follow, whatever nameservers do.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) A=$(port) D1=$(port) D2=$(port) X=$(port)
python3 "$ROOT/regtests/lib/digits.py" "$A" & PIDS+=($!)
zone() { cat >"$T/zone.new"; mv "$T/zone.new" "$T/zone"; }
put() { { grep -v "^$1 " "$T/zone" || true; echo "$*"; } | zone; }
zone <<E2
moves.test 127.0.0.2
two.test 127.0.0.3 127.0.0.2
late.test nx
nx.test 127.0.0.2
ref.test 127.0.0.2
prefer.test ::2 127.0.0.2 127.0.0.3 127.0.0.4
alias.test cname moves.test
six.test 127.0.0.3
forged.test forged 127.0.0.2
tc.test tc 127.0.0.2
big.test many 60
huge.test many 200
bad.test garbage
E2
python3 "$ROOT/regtests/lib/dns.py" "$D1" "$T/zone" "$T/queries" & PIDS+=($!)
wait_for 10 listening "$D1"
cat >"$T/c.cfg" <<E2
global
  workers 2
  stats socket $T/s level admin
  log stdout format raw local0
resolvers dns
  nameserver one 127.0.0.1:$D1
  nameserver dead 127.0.0.1:$D2
  timeout resolve 100ms
  timeout retry 200ms
  resolve_retries 2
  hold nx 0s
  hold refused 600s
  hold timeout 600s
  hold other 600s
  accepted_payload_size 4096
resolvers small
  nameserver one 127.0.0.1:$D1
  timeout resolve 100ms
resolvers large
  nameserver one 127.0.0.1:$D1
  timeout resolve 100ms
  accepted_payload_size 65535
resolvers stream
  nameserver one tcp@127.0.0.1:$D1
  timeout resolve 100ms
resolvers alone
  nameserver none 127.0.0.1:$D2
  timeout resolve 100ms
  timeout retry 100ms
  hold timeout 0
defaults
  mode http
  log global
  timeout connect 2s
  timeout client 10s
  timeout server 10s
  default-server init-addr none resolvers dns resolve-prefer ipv4
frontend f
  bind 127.0.0.1:$P
  no log
  use_backend %[path,word(1,/)]
backend moves
  server s moves.test:$A
backend two
  balance roundrobin
  server a two.test:$A check inter 50ms
  server b two.test:$A check inter 50ms
  server c two.test:$A check inter 50ms
backend dup
  server a moves.test:$A resolve-opts allow-dup-ip
  server b moves.test:$A resolve-opts allow-dup-ip
backend late
  server s late.test:$A
backend nx
  server s nx.test:$A
backend ref
  server s ref.test:$A
backend prefer
  server s prefer.test:$A resolve-net 127.0.0.4/32,10.0.0.0/8
backend six
  server s prefer.test:$A resolve-prefer ipv6
backend alias
  server s alias.test:$A
backend forged
  server s forged.test:$A
backend big
  server s big.test:$A
  server t big.test:$A resolvers small
backend huge
  server s huge.test:$A resolvers large
backend tc
  server s tc.test:$A
backend stream
  server s six.test:$A resolvers stream
backend bad
  server s bad.test:$A init-addr 127.0.0.3
backend alone
  server s moves.test:$A resolvers alone
E2
sluice_start "$T/c.cfg"
ask() { printf '%s\n' "$1" | socat -t 5 stdio "unix:$T/s"; }
get() { local r; r=$(curl -s --max-time 5 -w '|%{http_code}' "http://127.0.0.1:$P/$1/"); [ "${r##*|}" = 200 ] && echo "${r%%|*}" || echo "${r##*|}"; }
goes() { [ "$(for _ in 1 2 3 4 5 6; do get "$1"; done | sort -u | xargs)" = "$2" ]; }
expect() { wait_for 8 goes "$1" "$2" || fail "$1 wanted '$2': $(ask "show servers state $1")"; }
state() { ask "show servers state $1" | awk -v s="$2" -v c="$3" '$4 == s {print $c}'; }
state_is() { [ "$(state "$1" "$2" "$3")" = "$4" ]; }
col() { ask "show stat" | awk -F, -v b="$1" -v s="$2" -v c="$3" '/^#/ { for (i = 1; i <= NF; i++) if ($i == c) k = i } $1 == b && $2 == s { print $k }'; }

t "a server without an address is in maintenance until its name has one"
is "MAINT (resolution)" "$(col late s status)"
is 503 "$(code "http://127.0.0.1:$P/late/")"
expect moves 2
is "127.0.0.2 0 moves.test" "$(state moves s 5) $(state moves s 7) $(state moves s 18)"
put late.test 127.0.0.3
expect late 3
t "workers follow when the name moves, and the log says so"
put moves.test 127.0.0.4
expect moves 4
wait_for 5 grep -q 'moves/s changed its IP from 127.0.0.2 to 127.0.0.4 by dns/one\.' "$T/sluice.out"
t "servers of a backend share the addresses of a name; one too many is in maintenance"
expect two "2 3"
is "MAINT (resolution)" "$(col two c status)"
put two.test 127.0.0.2 127.0.0.3 127.0.0.4
expect two "2 3 4"
put two.test 127.0.0.3
expect two 3
t "unless two may have the same"
expect dup 4
is "no check no check" "$(col dup a status) $(col dup b status)"
t "an address that answers still have is kept, whatever their order and whatever else is there"
put moves.test 127.0.0.2 127.0.0.3 127.0.0.4
wait_for 5 grep -q 'A' "$T/queries"
ask "show servers state" >/dev/null; expect moves 4
t "resolve-net goes before resolve-prefer"
expect prefer 4
wait_for 5 state_is six s 5 ::2
t "aliases, answers that are forged, and answers that need TCP"
put moves.test 127.0.0.4
expect alias 4
expect forged 2
expect tc 2
grep -q '^tcp tc.test A$' "$T/queries" || fail "$(sort "$T/queries" | uniq -c)"
t "answers that fit accepted_payload_size come over UDP, longer ones over TCP; a nameserver may be asked over TCP alone"
wait_for 8 state_is big s 5 127.1.0.1
wait_for 8 state_is big t 5 127.1.0.1
wait_for 8 state_is huge s 5 127.1.0.1
match 'tcp big\.test A' "$(cat "$T/queries")"
expect stream 3
nomatch 'udp six\.test' "$(cat "$T/queries")"
match 'tcp six\.test A' "$(cat "$T/queries")"
t "a name that is gone longer than hold allows takes its server into maintenance, and back when it returns"
expect nx 2
put nx.test nx
wait_for 8 grep -q 'Server nx/s is going DOWN for maintenance (DNS NX status)' "$T/sluice.out"
wait_for 5 state_is nx s 7 32
is 503 "$(code "http://127.0.0.1:$P/nx/")"
put nx.test 127.0.0.3
expect nx 3
t "failures within hold change nothing"
expect ref 2
put ref.test refused; sleep 0.3; goes ref 2 || fail "refused"
put ref.test servfail; sleep 0.3; goes ref 2 || fail "servfail"
put ref.test garbage; sleep 0.3; goes ref 2 || fail "garbage"
put ref.test mute; sleep 0.3; goes ref 2 || fail "mute"
put ref.test slow 150 127.0.0.4
expect ref 4
expect bad 3
t "a section whose nameservers are all dead leaves its servers without an address"
wait_for 8 state_is alone s 7 32
t "show resolvers counts what each nameserver has said"
match 'Resolvers section dns.* nameserver one:.*  sent: +[1-9][0-9]*.*  valid: +[1-9].*  nx: +[1-9].*  refused: +[1-9].* nameserver dead:' "$(ask 'show resolvers' | tr '\n' ' ')"
match '"nameserver":"dead","sent":[1-9][0-9]*,"snd_error":' "$(ask 'show resolvers dns json' | tr -d ' \n')"
is "Can't find that resolvers section" "$(ask 'show resolvers x' | head -n 1)"
t "another name and another address by hand"
is "moves/s changed its FQDN from moves.test to nx.test" "$(ask 'set server moves/s fqdn nx.test' | head -n 1)"
expect moves 3
is nx.test "$(state moves s 18)"
C=$(ask "save config" | grep -A3 '^backend moves')
match 'server s nx\.test:' "$C"
nomatch '127\.0\.0\.' "$C"
put nx.test 127.0.0.2 127.0.0.3
ask "set server moves/s addr 127.0.0.2" >/dev/null
expect moves 2
sleep 0.3; goes moves 2 || fail "it was moved back"
t "a server that is added at run time is resolved too, and forgotten when it goes"
put added.test 127.0.0.4
match "New server registered" "$(ask "add server late/d added.test:$A resolvers dns init-addr none")"
ask "enable server late/d" >/dev/null
wait_for 8 state_is late d 5 127.0.0.4
wait_for 8 state_is late d 7 0
put added.test 127.0.0.2
wait_for 8 state_is late d 5 127.0.0.2
ask "disable server late/d" >/dev/null
match "Server deleted" "$(ask "del server late/d")"
t "addresses, names and maintenance outlive the checker and a reload"
put nx.test mute; put late.test mute
ask "set server late/s addr 127.0.0.4" >/dev/null
kill -9 "$(kids checker)"
wait_for 10 grep -q "New checker" "$T/sluice.err"
goes moves 2 || fail "moved with the checker"
match "Success=1" "$(ask reload)"
goes moves 2 || fail "moved with the reload"
is "nx.test 127.0.0.4" "$(state moves s 18) $(state late s 5)"
is "MAINT (resolution)" "$(col alone s status)"
put nx.test 127.0.0.3
expect moves 3
