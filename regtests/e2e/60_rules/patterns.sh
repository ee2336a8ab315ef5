#!/usr/bin/env bash
# Maps and ACL files that change while they are in use: by the runtime socket, by rules, as a whole; what stays over deaths and reloads.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port)
M=$T/m.map A=$T/bad.acl N=$T/nets.map R=$T/re.map L=$T/learnt.map
printf '# first\n/a 1\n/b two words \n/a 3\n' >"$M"
printf '10.0.0.0/8\n192.168.1.1\n' >"$A"
printf '10.0.0.0/8 5\n10.1.0.0/16 7\n' >"$N"
printf '^/old/([a-z]+) one\n' >"$R"
cat >"$T/c.cfg" <<EOF
global
  workers 2
  stats socket $T/s level admin
defaults
  mode http
  timeout client 5s
frontend f
  bind 127.0.0.1:$P
  acl bad req.hdr_ip(x-ip) -f $A
  http-request set-map($L) %[req.hdr(x-key)] "%[req.hdr(x-value)]" if { path /learn }
  http-request del-map($L) %[req.hdr(x-key)] if { path /forget }
  http-request add-acl($A) %[req.hdr(x-ip)] if { path /ban }
  http-request del-acl($A) %[req.hdr(x-ip)] if { path /pardon }
  http-request return status 403 if bad
  http-request return content-type text/plain lf-string "%[req.hdr(x-key),map($L,none)]" if { path /learn /forget /known }
  http-request return content-type text/plain lf-string "%[str(/a),map($M,none)] %[str(/z),map($M,none)]" if { path /pair }
  http-request return content-type text/plain lf-string "%[req.hdr(x-net),map_ip_int($N,0)]" if { path /net }
  http-request return content-type text/plain lf-string "%[path,map_reg($R,none)]" if { path_beg /old /new }
  http-request return content-type text/plain lf-string "%[path,map($M,none)],%[path,map_beg($M,none)]"
EOF
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
ask() { printf '%s\n' "$1" | socat -t 5 stdio "unix:$T/s" | sed 's/^0x[0-9a-f]* /REF /'; }
says() { is "$1" "$(ask "$2" | tr '\n' '|')" "$2"; }
everywhere() { # value path [curl args]: many connections, so both workers
	local want=$1 path=$2
	shift 2
	is "$want" "$(for _ in 1 2 3 4 5 6 7 8; do http "$@" "$U$path"; echo; done | sort -u)" "$path"
}

t "maps and ACL files are listed with their users, and shown in the order of the file"
match "\\($M\\) pattern loaded from file '$M' used by map at file '$T/c.cfg' line [0-9]+,.*curr_ver=0 next_ver=0 entry_cnt=3 bytes=[0-9]+" "$(ask "show map" | tr '\n' '|')"
match "\\($A\\) pattern .* used by acl at file '$T/c.cfg' line 9, by acl .*entry_cnt=2" "$(ask "show acl" | tr '\n' '|')"
says "REF /a 1|REF /b two words|REF /a 3||" "show map $M"
says "REF 10.0.0.0/8|REF 192.168.1.1||" "show acl $A"
is '[{"key":"10.0.0.0/8","value":"5"},{"key":"10.1.0.0/16","value":"7"}]' "$(ask "show map $N json" | python3 -c 'import json,sys
r = json.load(sys.stdin)
[x.pop("ref") for x in r]; print(json.dumps(r, separators=(",", ":")))')"
ID=$(ask "show map" | grep -F "($N)" | cut -d' ' -f1)
says "REF 10.0.0.0/8 5|REF 10.1.0.0/16 7||" "show map #$ID"

t "what a value matches is told in HAProxy's words"
match 'type=str, case=sensitive, found=no\|type=beg, case=sensitive, found=yes, idx=tree, key="/b", value="two words", type="str"' "$(ask "get map $M /bx" | tr '\n' '|')"
says 'type=ip, case=sensitive, found=yes, idx=tree, key="10.1.0.0/16", value="7", type="sint"||' "get map $N 10.1.2.3"
says 'type=ip, case=sensitive, match=yes, idx=tree, pattern="10.0.0.0/8"||' "get acl $A 10.9.9.9"
says 'type=ip, case=sensitive, match=no||' "get acl $A 11.9.9.9"

t "mistakes get HAProxy's words"
says "Unknown map identifier. Please use #<id> or <file>.||" "show map $T/none"
says "Unknown ACL identifier. Please use #<id> or <file>.||" "show acl $M"
says "'add map' expects three parameters (map identifier, key and value) or one parameter (map identifier) and a payload||" "add map $M /d"
says "'add acl' expects two parameters: ACL identifier and pattern.||" "add acl $A"
says "Missing map identifier and/or key.||" "get map $M"
says "'set map' expects three parameters: map identifier, key and value.||" "set map $M /a"
says "entry not found.||" "set map $M /none x"
says "Key not found.||" "del map $M /none"
says "Key not found.||" "del map $M #0x1234"
says "Malformed identifier. Please use #<id> or <file>.||" "del acl $A #0xzz"
says "This command expects two parameters: map identifier and key.||" "del map $M"
says "Missing map identifier.||" "clear map"
says "Missing version number.||" "commit map $M"
says "Missing map identifier.||" "commit map @1"
says "Version number out of range.||" "commit map @1 $M"
says "Version number in the future, please use 'prepare map' before.||" "add map @7 $M /v 1"
match "not an IP address or network" "$(ask "add acl $A zz")"
match "the value 'x' is not an integer" "$(ask "add map $N 1.2.3.4 x")"

t "a change is seen by all workers with the next request"
everywhere "none,none" /c
says "|" "add map $M /c new"
everywhere "new,new" /c
says "|" "set map $M /a 9"
everywhere "9,9" /a
everywhere "none,9" /ax
says "|" "del map $M /a"
everywhere "none,none" /a
says "|" "add map $N 10.1.2.0/24 42"
everywhere 42 /net -H "X-Net: 10.1.2.3"
says "|" "del map $N 10.1.2.0/24"
everywhere 7 /net -H "X-Net: 10.1.2.3"
says "|" "add map $R ^/new/ two"
everywhere two /new/x
says "|" "del map $R ^/old/([a-z]+)"
everywhere none /old/x
is 200 "$(code -H 'X-Ip: 11.1.1.1' "$U/x")"
says "|" "add acl $A 11.0.0.0/8"
is 403 "$(code -H 'X-Ip: 11.1.1.1' "$U/x")"

t "an entry goes by its reference"
says "|" "add map $M /c again"
REF=$(printf 'show map %s\n' "$M" | socat -t 5 stdio "unix:$T/s" | awk '$3 == "new" { print $1 }')
says "|" "del map $M #$REF"
everywhere "again,again" /c

t "the lines of a payload are added, or none when one is wrong"
is "" "$(printf 'add map %s <<\n/p1 one\n# a remark\n/p2 two words\n\n' "$M" | socat -t 5 stdio "unix:$T/s")"
everywhere "two words,two words" /p2
match "line 2: the value 'bad' is not an integer" "$(printf 'add map %s <<\n1.1.1.1 1\n2.2.2.2 bad\n\n' "$N" | socat -t 5 stdio "unix:$T/s")"
everywhere 0 /net -H "X-Net: 1.1.1.1"
match "missing value for key '/p3'" "$(printf 'add map %s <<\n/p3\n\n' "$M" | socat -t 5 stdio "unix:$T/s")"

t "rules learn and forget: the next request knows, in whichever worker"
for i in 1 2 3 4 5 6 7 8; do
	http -o /dev/null -H "X-Key: k$i" -H "X-Value: v$i" "$U/learn"
	is "v$i" "$(http -H "X-Key: k$i" "$U/known")"
done
everywhere v3 /known -H 'X-Key: k3'
http -o /dev/null -H 'X-Key: k3' "$U/forget"
everywhere none /known -H 'X-Key: k3'
LONG=$(printf 'x%.0s' {1..2000})
http -o /dev/null -H 'X-Key: long' -H "X-Value: $LONG" "$U/learn"
everywhere "$LONG" /known -H 'X-Key: long'
is 403 "$(code -H 'X-Ip: 12.1.1.1' "$U/ban")"; is 403 "$(code -H 'X-Ip: 12.1.1.1' "$U/x")"
is 200 "$(code -H 'X-Ip: 12.1.1.1' "$U/pardon")"; is 200 "$(code -H 'X-Ip: 12.1.1.1' "$U/x")"

t "a hundred changes under load: each is seen at once, no request fails"
cat >"$T/load.py" <<PY
import http.client, os, sys
c, n = http.client.HTTPConnection("127.0.0.1", $P), 0
while not os.path.exists("$T/enough"):
    c.request("GET", "/a")
    if c.getresponse().read() != b"none,none":
        sys.exit("a wrong answer under load")
    n += 1
PY
cat >"$T/change.py" <<PY
import http.client, socket, sys
for i in range(100):
    s = socket.socket(socket.AF_UNIX)
    s.connect("$T/s")
    s.sendall(b"set map $M /b n%d\n" % i)
    while s.recv(100):
        pass
    c = http.client.HTTPConnection("127.0.0.1", $P)
    c.request("GET", "/b")
    got = c.getresponse().read().decode()
    if got != "n%d,n%d" % (i, i):
        sys.exit("change %d: %s" % (i, got))
PY
python3 "$T/load.py" & L1=$!
python3 "$T/load.py" & L2=$!
python3 "$T/change.py"
touch "$T/enough"
wait $L1; wait $L2

t "a version is filled unseen and put in force at once: no answer mixes two"
says "New version created: 1||" "prepare map $M"
says "|" "add map @1 $M /a v1"
says "|" "add map @1 $M /z v1"
everywhere "none none" /pair
says "REF /a v1|REF /z v1||" "show map @1 $M"
says "|" "commit map @1 $M"
everywhere "v1 v1" /pair
cat >"$T/client.py" <<PY
import http.client, sys, time
seen = set()
c = http.client.HTTPConnection("127.0.0.1", $P)
end = time.time() + 20
while time.time() < end:
    c.request("GET", "/pair")
    r = c.getresponse().read().decode()
    if not seen:
        open(sys.argv[1], "w").close()
    seen.add(r)
    a, z = r.split(" ")
    if a != z:
        sys.exit("mixed: " + r)
    if a == "v30":
        break
print(len(seen))
PY
python3 "$T/client.py" "$T/up1" >"$T/seen" & C1=$!
python3 "$T/client.py" "$T/up2" >"$T/seen2" & C2=$!
wait_for 15 test -e "$T/up1"; wait_for 15 test -e "$T/up2"
for v in $(seq 2 30); do
	echo "prepare map $M; add map @$v $M /a v$v; add map @$v $M /z v$v; commit map @$v $M" | socat -t 5 stdio "unix:$T/s" >/dev/null
done
wait $C1 || fail "a client saw a mixture"
wait $C2 || fail "a client saw a mixture"
[ "$(cat "$T/seen")" -gt 1 ] || fail "the client saw no change"
match "curr_ver=30 next_ver=30 entry_cnt=2" "$(ask "show map" | grep -F "($M)")"

t "an empty version is empty, its number stays"
says "|" "clear map $M"
everywhere "none none" /pair
says "|" "add map $M /a kept"; says "|" "add map $M /z kept"

t "a worker that is forked again has what the others have"
for w in $(kids worker); do kill -9 "$w"; done
serves() { [ "$(http "$U/pair" 2>/dev/null)" = "kept kept" ]; }
wait_for 10 serves
everywhere "kept kept" /pair
everywhere v4 /known -H 'X-Key: k4'

t "what was changed stays over a reload, and over the death of the leader"
ask reload | grep -q Success=1
everywhere "kept kept" /pair
everywhere v4 /known -H 'X-Key: k4'
is 403 "$(code -H 'X-Ip: 11.1.1.1' "$U/x")"
http -o /dev/null -H 'X-Key: k9' -H 'X-Value: after' "$U/learn"
everywhere after /known -H 'X-Key: k9'
LEADER=$(kids leader)
kill -9 $LEADER
another() { local l; l=$(kids leader); [ -n "$l" ] && [ "$l" != "$LEADER" ] && ask "show version" >/dev/null 2>&1; }
wait_for 15 another
wait_for 10 serves
everywhere after /known -H 'X-Key: k9'
says "|" "set map $M /a later"
wait_for 10 test "$(http "$U/pair")" = "later kept"

t "a file that says something else takes the place of what was changed"
printf '/a file\n/z file\n' >"$M"
ask reload | grep -q Success=1
everywhere "file file" /pair
everywhere after /known -H 'X-Key: k9'

t "a table goes on when it is looked up in another way"
sed -i "s|map_beg($M,none)|map_end($M,none)|" "$T/c.cfg"
says "|" "add map $M /q tail"
ask reload | grep -q Success=1
everywhere "none,tail" /x/q
