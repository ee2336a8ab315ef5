#!/usr/bin/env bash
# Frames as RFC 9113 wants them and as it forbids them: one case for each rule that can be broken from a client's side, and
# the RFC's verdict on it. A verdict is a line of h2peer; after a connection error the connection ends.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port)
cat >"$T/cfg" <<E
global
  workers 1
  tune.h2.fe.max-concurrent-streams 3
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:$P proto h2
  default_backend b
backend b
  server o 127.0.0.1:$O
E
origin "$O" one
sluice_start "$T/cfg"
REQ=':method=GET|:scheme=http|:authority=h|:path=/'
POST=':method=POST|:scheme=http|:authority=h|:path=/echo'
SLOW=':method=GET|:scheme=http|:authority=h|:path=/delay/300'

# verdict "sentence" "expected line (regex)" <<script; a script begins behind the handshake. GOAWAY must be followed by EOF.
verdict() {
	local out end='wait EOF'
	t "$1"
	[[ $2 == GOAWAY* ]] || end='stop'
	out=$({ printf 'magic\nsettings\nwait SETTINGS ack\n'; cat; [ -z "${3-}" ] || echo "wait $3"; echo "$end"; } | "$TOOLS/h2peer" "$P") ||
		fail "$(tail -3 <<<"$out" | tr '\n' '~')"
	grep -qE "^$2" <<<"$out" || fail "no '$2' in: $(tail -4 <<<"$out" | tr '\n' '~')"
}

t "3.4 something else than the preface ends the connection"
match 'EOF|RESET' "$(printf 'bytes 48454c4c4f*30\nwait E\n' | "$TOOLS/h2peer" "$P")"
t "3.4 the first frame behind the preface must be SETTINGS"
match 'GOAWAY [0-9]+ PROTOCOL_ERROR' "$(printf 'magic\nf 6 0 0 0000000000000000\nwait EOF\n' | "$TOOLS/h2peer" "$P")"

verdict "4.1 a frame of unknown type is ignored" 'PING ack' 'PING ack' <<<'f 22 0 0 00000000
f 6 0 0 0000000000000000'
verdict "4.1 unknown flags and the reserved bit are ignored" 'PING ack' 'PING ack' <<<'f 6 22 2147483648 0000000000000000'
verdict "4.2 DATA above the frame size is an error of the stream or the connection" '(RST_STREAM 1|GOAWAY [0-9]+) FRAME_SIZE_ERROR' FRAME_SIZE <<<"h 1 h $POST
d 1 - *16385"
verdict "4.2 HEADERS above the frame size is an error of the connection" 'GOAWAY [0-9]+ FRAME_SIZE_ERROR' <<<'f 1 5 1 82*16385'
verdict "4.3 a header block that cannot be decoded ends the connection" 'GOAWAY [0-9]+ COMPRESSION_ERROR' <<<'f 1 5 1 ffffffffffffff'
verdict "4.3 index 0 ends the connection" 'GOAWAY [0-9]+ COMPRESSION_ERROR' <<<'f 1 5 1 828480'
verdict "4.3 an index beyond the table ends the connection" 'GOAWAY [0-9]+ COMPRESSION_ERROR' <<<'f 1 5 1 8284fe'
verdict "4.3 an integer of too many bytes ends the connection" 'GOAWAY [0-9]+ COMPRESSION_ERROR' <<<'f 1 5 1 ff80808080808001'
verdict "4.3 a table size above the setting ends the connection" 'GOAWAY [0-9]+ COMPRESSION_ERROR' <<<'f 1 5 1 3fe1ff03828684'
verdict "4.3 a table size update inside a block ends the connection" 'GOAWAY [0-9]+ COMPRESSION_ERROR' <<<'f 1 5 1 82203f'
verdict "4.3 huffman padding of more than seven bits ends the connection" 'GOAWAY [0-9]+ COMPRESSION_ERROR' <<<'f 1 5 1 8286840082ffff8161'
verdict "4.3 the huffman code of EOS ends the connection" 'GOAWAY [0-9]+ COMPRESSION_ERROR' <<<'f 1 5 1 8286840084ffffffff8161'
verdict "4.3 a frame in the middle of a header block ends the connection" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'f 1 1 1 82
f 2 0 1 0000000010'
verdict "4.3 another stream in the middle of a header block ends the connection" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'f 1 1 1 82
f 1 5 3 82'
verdict "5.5 an unknown frame in the middle of a header block ends the connection" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'f 1 1 1 82
f 22 0 0 00'

verdict "5.1 DATA on an idle stream" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'d 1 e hello'
verdict "5.1 RST_STREAM on an idle stream" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'f 3 0 1 00000008'
verdict "5.1 WINDOW_UPDATE on an idle stream" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'f 8 0 1 00000064'
verdict "5.1 CONTINUATION on an idle stream" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'f 9 4 1 82'
verdict "5.1 DATA on a stream the client has ended" '(RST_STREAM 1|GOAWAY [0-9]+) STREAM_CLOSED' STREAM_CLOSED <<<"h 1 eh $SLOW
d 1 e hello"
verdict "5.1 HEADERS on a stream the client has ended" '(RST_STREAM 1|GOAWAY [0-9]+) STREAM_CLOSED' STREAM_CLOSED <<<"h 1 eh $SLOW
h 1 eh a=b"
verdict "5.1 DATA on a stream the client has reset does no harm" '(PING ack|GOAWAY [0-9]+ STREAM_CLOSED)' G <<<"h 1 h $POST
f 3 0 1 00000008
d 1 e hello
f 6 0 0 0000000000000000"
verdict "5.1.1 streams of a client have odd numbers" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<"h 2 eh $REQ"
verdict "5.1.1 numbers of streams only grow" 'GOAWAY [0-9]+ (PROTOCOL_ERROR|STREAM_CLOSED)' <<<"h 5 eh $SLOW
h 3 eh $REQ"
verdict "5.1.2 more streams than announced are refused" '(RST_STREAM 7 REFUSED_STREAM|GOAWAY 5 PROTOCOL_ERROR)' O <<<"ack
h 1 eh $SLOW
h 3 eh $SLOW
h 5 eh $SLOW
h 7 eh $SLOW"

verdict "6.1 DATA on stream 0" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'d 0 e hello'
verdict "6.1 padding as long as the frame" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<"h 1 h $POST
f 0 9 1 0661616161"
verdict "6.2 HEADERS on stream 0" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'f 1 5 0 828684'
verdict "6.2 HEADERS with padding as long as the frame" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'f 1 13 1 ff828684'
for n in 00 0000 000000 00000000; do
	verdict "6.2 HEADERS with a priority of ${#n} digits" 'GOAWAY [0-9]+ (FRAME_SIZE|PROTOCOL)_ERROR' <<<"f 1 37 1 $n"
done
verdict "6.3 PRIORITY on stream 0" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'f 2 0 0 0000000010'
verdict "6.3 PRIORITY of four bytes" '(RST_STREAM 1|GOAWAY [0-9]+) FRAME_SIZE_ERROR' FRAME_SIZE <<<'f 2 0 1 00000000'
verdict "6.3 PRIORITY on any stream is without effect" 'DATA 1 e' 'DATA 1 e' <<<"f 2 0 5 0000000010
h 1 eh $REQ"
verdict "6.4 RST_STREAM on stream 0" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'f 3 0 0 00000008'
verdict "6.4 RST_STREAM of three bytes" 'GOAWAY [0-9]+ FRAME_SIZE_ERROR' <<<"h 1 eh $SLOW
f 3 0 1 000008"
verdict "6.5 a SETTINGS acknowledgement with a payload" 'GOAWAY [0-9]+ FRAME_SIZE_ERROR' <<<'f 4 1 0 00'
verdict "6.5 SETTINGS on a stream" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'f 4 0 1 000300000064'
verdict "6.5 SETTINGS of a length that is no multiple of six" 'GOAWAY [0-9]+ FRAME_SIZE_ERROR' <<<'f 4 0 0 000300'
verdict "6.5.2 ENABLE_PUSH of 2" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'settings 2=2'
verdict "6.5.2 an initial window above 2^31-1" 'GOAWAY [0-9]+ FLOW_CONTROL_ERROR' <<<'settings 4=2147483648'
verdict "6.5.2 a frame size below 2^14" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'settings 5=16383'
verdict "6.5.2 a frame size above 2^24-1" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'settings 5=16777216'
verdict "6.5.2 an unknown setting is ignored" 'SETTINGS ack' 'SETTINGS ack' <<<'settings 153=1'
verdict "6.5.3 of a setting given twice the last one counts" 'DATA 1 - 1 ' 'DATA 1' <<<"settings 4=100 4=1
wait SETTINGS ack
h 1 eh $REQ"
verdict "6.6 a client cannot push" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'f 5 4 1 00000002828684'
verdict "6.7 PING is answered" 'PING ack' 'PING ack' <<<'f 6 0 0 6162636465666768'
verdict "6.7 a PING acknowledgement is not" 'HEADERS 1' 'HEADERS 1' <<<"f 6 1 0 6162636465666768
h 1 eh $REQ"
verdict "6.7 PING on a stream" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'f 6 0 1 6162636465666768'
verdict "6.7 PING of six bytes" 'GOAWAY [0-9]+ FRAME_SIZE_ERROR' <<<'f 6 0 0 616263646566'
verdict "6.8 GOAWAY on a stream" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'f 7 0 1 0000000000000000'
verdict "6.8 GOAWAY of seven bytes" 'GOAWAY [0-9]+ FRAME_SIZE_ERROR' <<<'f 7 0 0 00000000000000'
verdict "6.8 a client that says GOAWAY still gets its answers" 'DATA 1 e' 'DATA 1 e' <<<"h 1 eh $SLOW
f 7 0 0 0000000000000000"
verdict "6.9 WINDOW_UPDATE of nothing on the connection" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'f 8 0 0 00000000'
verdict "6.9 WINDOW_UPDATE of nothing on a stream" '(RST_STREAM|GOAWAY) [0-9]+ PROTOCOL_ERROR' PROTOCOL_ERROR <<<"h 1 eh $SLOW
f 8 0 1 00000000"
verdict "6.9 WINDOW_UPDATE of three bytes" 'GOAWAY [0-9]+ FRAME_SIZE_ERROR' <<<'f 8 0 0 000001'
verdict "6.9.1 the connection's window above 2^31-1" 'GOAWAY [0-9]+ FLOW_CONTROL_ERROR' <<<'f 8 0 0 7fffffff
f 8 0 0 7fffffff'
verdict "6.9.1 a stream's window above 2^31-1" 'RST_STREAM 1 FLOW_CONTROL_ERROR' 'RST_STREAM 1' <<<"h 1 eh $SLOW
f 8 0 1 7fffffff
f 8 0 1 7fffffff"
verdict "6.9.1 a body is cut to the client's window" 'DATA 1 - 3 ' 'DATA 1' <<<"settings 4=3
wait SETTINGS ack
h 1 eh $REQ/size/10"
verdict "6.9.2 a window made smaller under way becomes negative and stops the body" 'DATA 1 - 2 ' 'DATA 1 - 2' <<<"settings 4=3
wait SETTINGS ack
h 1 eh ${REQ}size/50
wait DATA 1 - 3
settings 4=0
wait SETTINGS ack
f 8 0 1 00000005"
verdict "6.9.2 a window made larger lets the body go on" 'DATA 1 e' 'DATA 1 e' <<<"settings 4=0
wait SETTINGS ack
h 1 eh $REQ
wait HEADERS 1
settings 4=1000"
verdict "6.9 more DATA than the window admits" '(RST_STREAM|GOAWAY) [0-9]+ FLOW_CONTROL_ERROR' FLOW_CONTROL <<<"h 1 h :method=POST|:scheme=http|:authority=h|:path=/hold/x|content-length=900000
x 50 d 1 - *16384"
verdict "6.10 CONTINUATION behind a complete block" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<"h 1 eh $SLOW
f 9 4 1 82"
verdict "6.10 CONTINUATION on stream 0" 'GOAWAY [0-9]+ PROTOCOL_ERROR' <<<'f 1 1 1 828684
f 9 4 0 82'
verdict "6.10 a head in several pieces is one head" 'HEADERS 1 h :status=200' 'HEADERS 1' <<<'f 1 1 1 8286
f 9 0 1 84
f 9 4 1 410168'
verdict "7 an unknown error code is like any other" 'PING ack' 'PING ack' <<<"h 1 eh $SLOW
f 3 0 1 000000ff
f 6 0 0 0000000000000000"

malformed() { # "sentence" headers: a request that only the stream suffers from
	verdict "$1" '(RST_STREAM 1 (PROTOCOL_ERROR|INTERNAL_ERROR)|HEADERS 1 [eh]* :status=400)' '1 ' <<<"h 1 eh $2"
}
malformed "8.2.1 upper case in a name" "$REQ|X-Test=1"
malformed "8.2.1 a space in a name" "$REQ|x test=1"
malformed "8.2.1 CR and LF in a value" "$REQ|x=a\\r\\nb: c"
malformed "8.2.1 NUL in a value" "$REQ|x=a\\0b"
malformed "8.2.2 Connection" "$REQ|connection=keep-alive"
malformed "8.2.2 Transfer-Encoding" "$REQ|transfer-encoding=chunked"
malformed "8.2.2 Upgrade" "$REQ|upgrade=h2c"
malformed "8.2.2 Keep-Alive" "$REQ|keep-alive=1"
malformed "8.2.2 TE of anything but trailers" "$REQ|te=gzip"
malformed "8.3 an unknown pseudo-header" ":test=1|$REQ"
malformed "8.3 a pseudo-header of responses" ":status=200|$REQ"
malformed "8.3 a pseudo-header behind a header" "x=1|$REQ"
malformed "8.3.1 no :method" ":scheme=http|:authority=h|:path=/"
malformed "8.3.1 no :scheme" ":method=GET|:authority=h|:path=/"
malformed "8.3.1 no :path" ":method=GET|:scheme=http|:authority=h"
malformed "8.3.1 an empty :path" ":method=GET|:scheme=http|:authority=h|:path="
malformed "8.3.1 two of a pseudo-header" ":method=GET|$REQ"
malformed "8.3.1 neither :authority nor Host" ":method=GET|:scheme=http|:path=/"
malformed "8.3.1 a request line in :method" ":method=GET /admin HTTP/1.1|:scheme=http|:authority=h|:path=/"
malformed "8.3.1 a URL in :scheme" ":method=GET|:scheme=http://x/?|:authority=h|:path=/"
malformed "8.3.1 a :path that does not begin with a slash" ":method=GET|:scheme=http|:authority=h|:path=hello"
malformed "8.3.1 a line end in :authority" ":method=GET|:scheme=http|:authority=a\\r\\nX: y|:path=/"
malformed "8.3.1 Host that differs from :authority" "$REQ|host=other"
malformed "8.1.1 a length announced and no body" "$REQ|content-length=100"
verdict "8.1.1 a body shorter than announced" 'RST_STREAM 1 PROTOCOL_ERROR' 'RST_STREAM 1' <<<"h 1 h $POST|content-length=100
d 1 e *99"
verdict "8.1.1 a body longer than announced" 'RST_STREAM 1 PROTOCOL_ERROR' 'RST_STREAM 1' <<<"h 1 h $POST|content-length=100
d 1 e *101"
verdict "8.1.1 trailers behind a body that is too short" 'RST_STREAM 1 PROTOCOL_ERROR' 'RST_STREAM 1' <<<"h 1 h $POST|content-length=100
d 1 - *99
h 1 eh x=y"
verdict "8.1.1 an empty last frame behind a body that is too short" 'RST_STREAM 1 PROTOCOL_ERROR' 'RST_STREAM 1' <<<"h 1 h $POST|content-length=100
d 1 - *99
d 1 e *0"
verdict "8.1 a second head that is not the end" '(RST_STREAM 1|GOAWAY [0-9]+) PROTOCOL_ERROR' PROTOCOL_ERROR <<<"h 1 h $POST
d 1 - hello
h 1 h x=y"
verdict "8.1 a pseudo-header among trailers" 'RST_STREAM 1 PROTOCOL_ERROR' 'RST_STREAM 1' <<<"h 1 h $POST
d 1 - hello
h 1 eh :method=GET|x=y"
t "after all that the listener serves"
is one "$(http --http2-prior-knowledge "http://127.0.0.1:$P/")"
