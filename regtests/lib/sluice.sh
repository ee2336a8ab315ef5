# shellcheck shell=bash
# Helpers of the end-to-end tests. Source it first:  . "$(dirname "$0")/../../lib/sluice.sh"
#
#   t "a sentence about behaviour"     announces a case; it has passed when the next one or the end is reached
#   fail "why"                         ends the script, the open case has failed
#   is WANT GOT / match REGEX TEXT     assertions
#   port [N]                           prints a free port, the first of N;  wait_for SECONDS CMD...  polls until CMD succeeds
#   undisturbed MS CMD...              runs CMD again until it took at most MS: for what must reach the tested within a timeout
#   sluice_start CFG [args]            starts sluice, waits until it is ready;  sluice_stop [signal]
#   origin PORT NAME [args]            starts the scripted origin (see origin.c);  nginx_origin PORT NAME
#   kids ROLE                          pids of the running sluice's workers, checker, leader
# Everything lives in $T, a directory of this test, and is stopped at the end.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SLUICE=${SLUICE:-$ROOT/sluice}
SLUICE_ARGS=${SLUICE_ARGS:-}
TOOLS=${TEST_TOOLS:-$ROOT/build/regtests/lib}
T=$(mktemp -d /tmp/sluice-test.XXXXXX)
PORT_DIR=/tmp/sluice-ports PORT_BLOCK=50
PIDS=()
MASTER=
CASE=
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=1:handle_segv=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}

t() { [ -z "$CASE" ] || echo "ok - $CASE"; CASE=$1; }
fail() { echo "# failed: $*" >&2; exit 1; }
is() { [ "$1" = "$2" ] || fail "wanted '$1', got '$2'${3:+ ($3)}"; }
match() { [[ "$2" =~ $1 ]] || fail "'$2' does not match /$1/"; }
nomatch() { [[ ! "$2" =~ $1 ]] || fail "'$2' matches /$1/"; }
now_us() { NOW=${EPOCHREALTIME/[.,]/}; }
# The seconds are those the machine gave: a nap counts as what was asked for and a look as a quarter of a second at most, however long a
# machine that stood still or had other work took over them. So a deadline is a promise of what is tested, not of the machine.
wait_for() { # seconds command...
	local left=$(($1 * 1000000)) from; shift
	while now_us; from=$NOW; ! "$@" >/dev/null 2>&1; do
		now_us
		left=$((left - 30000 - (NOW - from < 250000 ? NOW - from : 250000)))
		[ $left -gt 0 ] || { echo "# timed out: $*" >&2; return 1; }
		sleep 0.03
	done
}
# What a machine that stood still in the middle has made of a set-up counts for nothing: it is made again until it took less than so long.
undisturbed() { # milliseconds command...
	local from most=$(($1 * 1000)); shift
	for _ in {1..50}; do now_us; from=$NOW; "$@"; now_us; [ $((NOW - from)) -gt $most ] || return 0; done
	fail "the machine did not give $((most / 1000)) ms at once: $*"
}
listening() { grep -qiE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") 0+:0000 0A" /proc/net/tcp /proc/net/tcp6; }
# Ports come from blocks. A block is a symbolic link in one directory for all runs on the machine, to the pid of the script that has it; it
# is free when that is gone. Blocks lie outside the range from which the kernel takes ports for clients.
port_block() { # prints the first port of a block that is this script's from now on
	local lo hi from=10000 n=200 i k pid
	mkdir -m 1777 "$PORT_DIR" 2>/dev/null || true
	read -r lo hi </proc/sys/net/ipv4/ip_local_port_range
	[ "$lo" -gt 20000 ] || [ "$hi" -gt 60000 ] || from=$((hi + 1)) n=$(((65535 - hi) / PORT_BLOCK))
	(
		flock 9
		k=$RANDOM
		for ((i = k; i < k + n; i++)); do
			pid=$(readlink "$PORT_DIR/$((i % n))") && [ -d "/proc/$pid" ] && continue
			ln -sfn $$ "$PORT_DIR/$((i % n))" 2>/dev/null || continue
			echo $((i % n)) >>"$T/ports.blocks"
			echo $((from + i % n * PORT_BLOCK))
			exit
		done
		echo "# no block of ports is free" >&2; exit 1
	) 9<"$PORT_DIR"
}
port() { # [n]: n consecutive ports nobody else has (1); prints the first
	(
		n=${1:-1} at=0 end=0
		flock 9
		[ ! -s "$T/ports.next" ] || read -r at end <"$T/ports.next"
		for ((i = at; i < at + n; i++)); do
			if [ $((at + n)) -gt "$end" ]; then at=$(port_block) || exit 1; end=$((at + PORT_BLOCK)) i=$((at - 1)); elif listening $i; then at=$((i + 1)); fi
		done
		echo $((at + n)) $end >"$T/ports.next"; echo $at
	) 9<"$T"
}
sluice_start() { # config [args...]
	local cfg=$1; shift
	rm -f "$T/sluice.pid"
	# shellcheck disable=SC2086
	"$SLUICE" -f "$cfg" -p "$T/sluice.pid" $SLUICE_ARGS "$@" >>"$T/sluice.out" 2>>"$T/sluice.err" &
	MASTER=$!
	PIDS+=($MASTER)
	wait_for 20 sluice_up && kill -0 "$MASTER" 2>/dev/null || { cat "$T/sluice.err" >&2; fail "sluice did not become ready"; }
}
sluice_up() { kill -0 "$MASTER" 2>/dev/null || return 0; [ -s "$T/sluice.pid" ]; }
sluice_stop() { # [signal]
	[ -n "$MASTER" ] || return 0
	local p; p=$(tree "$MASTER")
	kill -"${1:-TERM}" "$MASTER" 2>/dev/null || true
	wait "$MASTER" 2>/dev/null || true
	for p in $p; do wait_for 10 gone "$p" || kill -9 "$p" 2>/dev/null || true; done
	MASTER=
}
gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }
tree() { # pid and all its descendants
	local c; echo "$1"; for c in $(pgrep -P "$1" 2>/dev/null); do tree "$c"; done
}
kids() { # leader|checker|worker: pids by the process title
	local p; for p in $(tree "$MASTER"); do
		tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | grep -q "^sluice: $1" && echo "$p" || true
	done
}
origin() { # port name [args...]
	local p=$1 n=$2; shift 2
	"$TOOLS/origin" -p "$p" -n "$n" -l "$T/origin.$n.log" "$@" 2>>"$T/origin.$n.err" &
	PIDS+=($!)
	wait_for 5 listening "$p" || fail "origin $n does not listen on $p"
}
nginx_origin() { # port name: a real nginx with /, /id, /big; stop it with nginx_stop name
	local d=$T/nginx.$2; mkdir -p "$d/www"
	echo "$2" >"$d/www/index.html"
	head -c 1048576 /dev/zero | tr '\0' x >"$d/www/big"
	cat >"$d/nginx.conf" <<-EOF
	worker_processes 1; daemon off; pid $d/pid; error_log $d/err; user root;
	events { worker_connections 1024; }
	http { access_log off; keepalive_timeout 60; keepalive_requests 1000000;
	  client_body_temp_path $d; proxy_temp_path $d; fastcgi_temp_path $d; uwsgi_temp_path $d; scgi_temp_path $d;
	  server { listen 127.0.0.1:$1; root $d/www; location = /id { return 200 "$2\n"; }
	    location = /status503 { return 503; } location = /echo { return 200 "\$request_method \$request_uri \$http_host\n"; } } }
	EOF
	nginx -p "$d" -e "$d/err" -c "$d/nginx.conf" 2>/dev/null &
	PIDS+=($!)
	wait_for 10 listening "$1" || fail "nginx $2 does not listen on $1"
}
nginx_stop() { kill "$(cat "$T/nginx.$1/pid")"; }
http() { curl -sS --max-time 30 "$@"; }
code() { curl -s -o /dev/null -w '%{http_code}' --max-time 30 "$@" || true; }
raw() { # port: sends stdin (printf escapes already done) over TCP, prints the answer until EOF or 20 s
	socat -t 20 -T 20 - "TCP:127.0.0.1:$1"
}
finish() {
	local rc=$? p
	trap - EXIT
	sluice_stop TERM || true
	for p in ${PIDS[@]+"${PIDS[@]}"}; do kill "$p" 2>/dev/null || true; done
	for p in ${PIDS[@]+"${PIDS[@]}"}; do wait "$p" 2>/dev/null || true; done
	if [ $rc -eq 0 ] && grep -qsE 'AddressSanitizer|LeakSanitizer|runtime error:' "$T"/sluice.err; then
		echo "# a sanitizer spoke"; rc=1
	fi
	if [ $rc -eq 0 ]; then echo "ok - $CASE"; else
		echo "not ok - $CASE"
		[ ! -s "$T/sluice.err" ] || { echo "# sluice.err:"; tail -n 40 "$T/sluice.err"; }
		[ ! -s "$T/sluice.out" ] || { echo "# sluice.out:"; tail -n 20 "$T/sluice.out"; }
	fi
	[ ! -s "$T/ports.blocks" ] || (cd "$PORT_DIR" && xargs rm -f <"$T/ports.blocks")
	[ -n "${KEEP:-}" ] || rm -rf "$T"
	exit $rc
}
trap finish EXIT
