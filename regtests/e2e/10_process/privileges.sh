#!/usr/bin/env bash
# What the processes may still do: user, group, chroot, limits, descriptors given by the parent.
. "$(dirname "$0")/../../lib/sluice.sh"

export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 # a process without rights in an empty chroot cannot examine itself
P=$(port)
cfg() { # global lines on stdin
	printf 'global\n    workers 1\n'; sed 's/^/    /'
	cat <<-END
	frontend f
	    mode http
	    bind ${BIND:-127.0.0.1:$P}
	    timeout client 30s
	    http-request return status 200 content-type text/plain string "here"
	END
}
field() { awk -v k="$2:" '$1 == k {print $2}' "/proc/$1/status"; }

if [ "$(id -u)" = 0 ]; then
	t "worker and checker run as the configured user and group in the chroot"
	mkdir -p "$T/jail"
	cfg >"$T/a.cfg" <<-END
	user nobody
	group nogroup
	chroot $T/jail
	END
	chmod 711 "$T"
	sluice_start "$T/a.cfg"
	for p in $(kids worker) $(kids checker); do
		is "$(id -u nobody)" "$(field "$p" Uid)"
		is "$(getent group nogroup | cut -d: -f3)" "$(field "$p" Gid)"
		is "" "$(awk '/^Groups:/ {print $2}' "/proc/$p/status")"
		is "$T/jail" "$(readlink "/proc/$p/root")"
		is 1 "$(field "$p" NoNewPrivs)"
		is 0000000000000000 "$(field "$p" CapEff)"
	done
	is here "$(http "http://127.0.0.1:$P/")"

	t "a worker that is replaced drops its privileges too"
	W=$(kids worker); kill -9 "$W"
	again() { [ -n "$(kids worker)" ] && [ "$(kids worker)" != "$W" ]; }
	wait_for 3 again
	is "$(id -u nobody)" "$(field "$(kids worker)" Uid)"
	is here "$(http "http://127.0.0.1:$P/")"
	sluice_stop

	t "a user without a group does not keep the group of root, and is told"
	echo "user nobody" | cfg >"$T/u.cfg"
	sluice_start "$T/u.cfg"
	for p in $(kids worker) $(kids checker); do is "$(id -g nobody)" "$(field "$p" Gid)"; done
	match "'user' without 'group': processes run in group $(id -g nobody)" "$(cat "$T/sluice.err")"
	sluice_stop

	t "a chroot that does not exist refuses the start"
	echo "chroot /no/such/place" | cfg >"$T/b.cfg"
	rc=0; timeout 40 "$SLUICE" -f "$T/b.cfg" >"$T/out" 2>&1 || rc=$?
	is 1 $rc
	match "/no/such/place" "$(cat "$T/out")"
fi

t "an unknown user refuses the start"
echo "user no-such-user-at-all" | cfg >"$T/b.cfg"
rc=0; timeout 40 "$SLUICE" -f "$T/b.cfg" >"$T/out" 2>&1 || rc=$?
is 1 $rc
match "no-such-user-at-all" "$(cat "$T/out")"

t "the limit of open files fits maxconn"
echo "maxconn 3000" | cfg >"$T/m.cfg"
nofile() { awk '/^Max open files/ {print $4}' "/proc/$(kids worker)/limits"; }
sluice_start "$T/m.cfg"
[ "$(nofile)" -ge 6000 ] || fail "$(nofile) are too few"
sluice_stop

t "a worker leaks no descriptor of the leader"
sluice_start "$T/m.cfg"
for p in $(kids worker); do
	is "" "$(find "/proc/$p/fd" -lname '*signalfd*' -o -lname '*sluice-listeners*' 2>/dev/null)"
	is 1 "$(find "/proc/$p/fd" -lname '*eventpoll*' 2>/dev/null | wc -l)"
done
sluice_stop

t "a listening socket of the parent serves through fd@, across reloads"
BIND="\"fd@\${LISTEN_FD}\"" cfg </dev/null >"$T/f.cfg"
rm -f "$T/sluice.pid"
perl -MIO::Socket::INET -e '
	$^F = 100;
	my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 64, ReuseAddr => 1) or die;
	$ENV{LISTEN_FD} = fileno $s;
	exec @ARGV[1 .. $#ARGV];' "$P" "$SLUICE" -f "$T/f.cfg" -p "$T/sluice.pid" 2>>"$T/sluice.err" & MASTER=$!
wait_for 10 test -s "$T/sluice.pid"
is here "$(http "http://127.0.0.1:$P/")"
L=$(kids leader); kill -HUP "$MASTER"; wait_for 10 gone "$L"
is here "$(http "http://127.0.0.1:$P/")"
sluice_stop
