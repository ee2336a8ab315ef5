#!/usr/bin/env bash
# What `make install` puts where, and that it runs from there.
. "$(dirname "$0")/../../lib/sluice.sh"

t "make install fills DESTDIR with program, manual, documents, examples and unit"
make -s -C "$ROOT" -o all install DESTDIR="$T/root" PREFIX=/usr BIN="$SLUICE" >"$T/make" 2>&1 || { cat "$T/make"; fail "make install"; }
for f in sbin/sluice share/man/man1/sluice.1 share/doc/sluice/README.md share/doc/sluice/configuration.md share/doc/sluice/management.md \
	share/doc/sluice/keywords.md share/doc/sluice/examples/quickstart.cfg share/doc/sluice/examples/sluice.logrotate lib/systemd/system/sluice.service; do
	[ -s "$T/root/usr/$f" ] || fail "$f is missing"
done
is 755 "$(stat -c %a "$T/root/usr/sbin/sluice")"
is 644 "$(stat -c %a "$T/root/usr/lib/systemd/system/sluice.service")"

t "the installed program serves the installed example"
P=$(port) A=$(port) B=$(port) C=$(port)
sed "s/127.0.0.1:8080/127.0.0.1:$P/; s/:18081/:$A/; s/:18082/:$B/; s/:18083/:$C/" "$T/root/usr/share/doc/sluice/examples/quickstart.cfg" >"$T/q.cfg"
SLUICE=$T/root/usr/sbin/sluice sluice_start "$T/q.cfg"
match '^hello from s[123]' "$(http "http://127.0.0.1:$P/")"

t "the unit names the installed program, notifies, and reloads by signal"
UNIT=$T/root/usr/lib/systemd/system/sluice.service
match 'ExecStart=/usr/sbin/sluice ' "$(cat "$UNIT")"
nomatch '/usr/local' "$(cat "$UNIT")"
match 'Type=notify' "$(cat "$UNIT")"
match 'KillMode=process' "$(cat "$UNIT")"
match 'ExecReload=/bin/kill -USR2' "$(cat "$UNIT")"
if command -v systemd-analyze >/dev/null; then
	sed "s,/usr/sbin/sluice,$T/root/usr/sbin/sluice,; /^Documentation/d" "$UNIT" >"$T/sluice.service"
	is "" "$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify "$T/sluice.service" 2>&1 || true)"
fi

t "make uninstall takes it all away"
make -s -C "$ROOT" uninstall DESTDIR="$T/root" PREFIX=/usr
is "" "$(find "$T/root" -type f)"
