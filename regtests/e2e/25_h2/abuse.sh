#!/usr/bin/env bash
# Clients that mean harm: each known attack on HTTP/2, with the bound it runs into. Another client is served meanwhile.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port) G=$(port)
cat >"$T/cfg" <<E
global
  workers 1
  log stdout format raw local0
defaults
  mode http
  log global
  log-format "%ST %ts glitches=%[fc_glitches] %HU"
  timeout connect 5s
  timeout client 1s
  timeout server 5s
frontend f
  bind 127.0.0.1:$P
  http-request return status 200 content-type text/plain lf-string "%[fc_glitches]" if { path /glitches }
  default_backend b
frontend g
  bind 127.0.0.1:$G
  tcp-request connection track-sc0 src table t
  tcp-request connection reject if { sc0_glitch_cnt gt 9 }
  http-request return status 200 content-type text/plain lf-string "%[sc0_glitch_cnt] %[sc0_glitch_rate] %[src,table_glitch_cnt(t)]" if { path /glitches }
  default_backend b
backend t
  stick-table type ip size 10 expire 1h store glitch_cnt,glitch_rate(1h)
backend b
  server o 127.0.0.1:$O
E
origin "$O" one
sluice_start "$T/cfg"
W=$(kids worker)
rss() { awk '/VmRSS/ { print $2 }' "/proc/$W/status"; }
peer() { { printf 'magic\nsettings\nwait SETTINGS ack\nack\n'; cat; } | timeout 60 "$TOOLS/h2peer" "$P"; }
served() { is one "$(http --http2-prior-knowledge "http://127.0.0.1:$P/")"; }
REQ=':method=GET|:scheme=http|:authority=h'
calm='GOAWAY [0-9]+ ENHANCE_YOUR_CALM'
served
base=$(rss)
grep -q libasan "/proc/$W/maps" && slack=65536 || slack=0 # freed memory is kept from reuse
grown() { local now; now=$(rss); [ $((now - base)) -lt $(($1 + slack)) ] || fail "grew by $((now - base)) KiB"; }
asked() { grep -c "$1" "$T/origin.one.log" || true; }

t "rapid reset: streams reset at once run into a budget, and most of them never reach a server"
out=$(peer <<S
x 20000 h % eh $REQ|:path=/delay/900|x-id=rapid; f 3 0 %% 00000008
wait E
S
)
match "$calm" "$out"
n=$(asked rapid)
[ "$n" -le 300 ] || fail "$n requests reached the server"
served
grown 8192
t "rapid reset, paced so that each request does reach its server, is ended by the same budget"
out=$(peer <<S
x 300 h % eh $REQ|:path=/delay/900|x-id=paced; f 6 0 0 0000000000000000; wait PING ack; f 3 0 %% 00000008
wait E
S
) || true
match "$calm" "$out"
[ "$(asked paced)" -le 300 ] || fail "$(asked paced) requests"
t "a client that resets now and then is left alone"
out=$(peer <<S
x 100 h % eh $REQ|:path=/glitches; wait DATA %% e
x 300 h % eh $REQ|:path=/delay/900; f 3 0 %% 00000008; f 6 0 0 0000000000000000; wait PING ack
h 2001 eh $REQ|:path=/glitches
wait DATA 2001 e
stop
S
)
nomatch GOAWAY "$out"
for how in 'f 8 0 %% 00000000' 'f 8 0 %% 7fffffff; f 8 0 %% 7fffffff' 'd %% e x' 'h %% eh a=b'; do
	t "made to reset: '${how//%% /}' again and again counts like the client's own resets"
	out=$(peer <<S
x 1000 h % eh $REQ|:path=/delay/900|x-id=made; $how
wait E
S
	)
	match 'GOAWAY [0-9]+ (ENHANCE_YOUR_CALM|STREAM_CLOSED|PROTOCOL_ERROR)' "$out"
	[ "$(asked made)" -le 300 ] || fail "$(asked made) requests"
	: >"$T/origin.one.log"
done
served

for piece in "" 00 "00*16384"; do
	t "CONTINUATION without end, in pieces of '$piece', is cut"
	out=$(peer <<S
f 1 1 1 828684
x 10000 f 9 0 1 $piece
wait E
S
	) || true
	match "GOAWAY|EOF|RESET" "$out"
done
served
grown 8192

t "a small block that unpacks to a large one is not stored"
# one entry of 4000 bytes in the table, then 16000 references to it
out=$(peer <<S
f 1 5 1 828684410168 400178 7fa11e 61*4000 be*12000
wait E
S
) || true
match "$calm|HEADERS 1 [a-z]* :status=431" "$out"
t "empty values by reference count as much as full ones"
out=$(peer <<S
f 1 5 1 82868441016840017800 be*16000
wait E
S
)
match "$calm|:status=431" "$out"
t "crumbs of a cookie count one by one"
crumbs=$(printf '|cookie=a%.0s' $(seq 120))
out=$(peer <<S
h 1 eh $REQ|:path=/$crumbs
wait HEADERS 1
stop
S
)
match 'HEADERS 1 [a-z]* :status=431' "$out"
crumbs=$(printf '|cookie=%.0s' $(seq 2000))
out=$(peer <<S
h 1 eh $REQ|:path=/$crumbs
wait E
S
)
match "$calm" "$out"
t "a head larger than the buffer is refused with 431, the connection goes on"
out=$(peer <<S
h 1 eh $REQ|:path=/|x=$(printf 'a%.0s' $(seq 16000))
wait HEADERS 1
h 3 eh $REQ|:path=/glitches
wait DATA 3 e
stop
S
)
match 'HEADERS 1 [a-z]* :status=431' "$out"
served
grown 8192

t "a client that opens no window is given up by its inactivity timeout, all its streams at once"
out=$(peer <<S
settings 4=0
x 50 h % eh $REQ|:path=/size/100000
x 50 wait RST_STREAM
stop
S
)
is 50 "$(grep -c '^RST_STREAM' <<<"$out")"
t "one that opens it by single bytes as well"
out=$(peer <<S
settings 4=0
h 1 eh $REQ|:path=/size/100000
wait HEADERS 1
x 16 f 8 0 1 00000001; f 6 0 0 0000000000000000; wait PING ack; sleep 100
stop
S
)
match 'RST_STREAM 1 ' "$out"
served
grown 16384

for f in '6 0 0 6162636465666768' '4 0 0 000400001000'; do
	t "control frames '${f:0:1}' whose answers nobody reads are bounded"
	out=$( { echo "x 400000 f $f" | sed '1i mute'; echo stop; } | peer) || true
	match 'STALLED|RESET' "$out"
	served
	grown 8192
done
for f in '0 0 1' '2 0 7 0000000010' '3 0 1 00000008'; do
	t "a flood of frames '${f:0:1}' that mean nothing ends the connection"
	out=$(peer <<S
h 1 h :method=POST|:scheme=http|:authority=h|:path=/echo
x 1000000 f $f
wait E
S
	) || true
	match 'GOAWAY [0-9]+ (ENHANCE_YOUR_CALM|NO_ERROR)|RESET' "$out"
	served
done
t "zero-length names are refused"
out=$(peer <<S
f 1 5 1 828684410168 00000161
wait 1 
stop
S
)
match '(RST_STREAM 1|GOAWAY [0-9]+) PROTOCOL_ERROR' "$out"

t "a head, its reset and data behind it in one segment do no harm"
(printf 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0'
 printf '\0\0\6\1\4\0\0\0\1\202\206\204\101\1h\0\0\4\3\0\0\0\0\1\0\0\0\10\0\0\5\0\1\0\0\0\1hello'; sleep 0.2) | socat -t 0.2 - "TCP:127.0.0.1:$P" >"$T/null"
served
t "oddities of a client are counted, and rules and logs see them"
out=$(peer <<S
h 1 h :method=POST|:scheme=http|:authority=h|:path=/echo
x 7 d 1 - *0
d 1 e *1
h 3 eh $REQ|:path=/glitches
wait DATA 3 e
stop
S
)
match 'DATA 3 e 1 7' "$out"
wait_for 5 grep -q 'glitches=7 .*/glitches' "$T/sluice.out"
served
t "they are counted in the stick tables that the connection is tracked in, where rules can end it"
out=$({ printf 'magic\nsettings\nwait SETTINGS ack\nack\n'; cat; } <<S | timeout 60 "$TOOLS/h2peer" "$G"
h 1 h :method=POST|:scheme=http|:authority=h|:path=/echo
x 7 d 1 - *0
d 1 e *1
h 3 eh $REQ|:path=/glitches
wait DATA 3 e
h 5 h :method=POST|:scheme=http|:authority=h|:path=/echo
x 5 d 5 - *0
d 5 e *1
wait DATA 5 e
stop
S
)
match 'DATA 3 e [0-9]+ 7 7 7' "$out"
wait_for 5 eval '! curl -s --max-time 5 -o "$T/null" "http://127.0.0.1:$G/"'
