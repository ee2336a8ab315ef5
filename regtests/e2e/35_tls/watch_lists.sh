#!/usr/bin/env bash
# ssl-watch: crt-lists, what stands beside certificates, and directories of CAs that change on disk.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) Q=$(port)
ca ca; ca other
for n in a b c d; do cert $n DNS:$n.test; done
cert who DNS:who other
ocsp_index c
mkdir "$T/cas"; cp "$T/ca.pem" "$T/cas/one.pem"
list() { printf '%s\n' "$@" >"$T/list.new"; mv "$T/list.new" "$T/list"; }
list "$T/a.pem" "b.pem [verify required ca-file ca.pem] b.test x.test"
site 'ssl-watch on' "crt-base $T" "ca-base $T" <<E2
frontend web
  bind 127.0.0.1:$P ssl crt-list $T/list strict-sni
  bind 127.0.0.1:$Q ssl crt-list $T/list ca-file $T/cas verify optional crt-ignore-err all ca-ignore-err all
  http-request return status 200 content-type text/plain lf-string "verify=%[ssl_c_verify]\n"
E2
sluice_start "$T/sluice.cfg"
noticed() { wait_for 10 grep -qE "$1" "$T/sluice.err"; }
lines() { say show ssl crt-list "$T/list" | sed '1d;/^$/d'; }
taken() { [ "$(grep -c "$T/list has changed on disk and is in force now" "$T/sluice.err")" -ge "$1" ]; }
in_force() { [ "$(lines)" = "$(sed "s|^\([^/]\)|$T/\1|" "$T/list")" ]; }
all_say() { local i; for i in 1 2 3 4; do [ "$1" = "$("${@:2}")" ] || return 1; done; } # by any worker
everybody() { wait_for 10 all_say "$@"; }
has_line() { hs "${@:2}" | grep -qF "$1" || return 1; }

t "a line that comes is served, with its names and options; its certificate is read with it"
is "" "$(subject "$P" -servername c.test)"
list "$T/a.pem" "b.pem [verify required ca-file ca.pem] b.test x.test" "c.pem [ssl-max-ver TLSv1.2] c.test y.test" "# $T/d.pem"
noticed "$T/list has changed on disk and is in force now"
everybody c subject "$P" -servername y.test
match 'New, TLSv1.2' "$(hs "$P" -servername c.test)"
everybody c subject "$Q" -servername c.test
everybody a subject "$P" -servername a.test

t "a line that goes is not served any more, what nobody names is forgotten, and the order is that of the file"
everybody a subject "$Q" -noservername
list "c.pem c.test" "$T/a.pem"
wait_for 10 taken 2
in_force
everybody "" subject "$P" -servername x.test
everybody c subject "$Q" -noservername
everybody a subject "$P" -servername a.test
nomatch "$T/b.pem" "$(say show ssl cert)"

t "a list that cannot be used changes nothing and is reported once"
list "c.pem c.test" "$T/a.pem" "d.pem [no-such-option] d.test"
noticed "$T/list has changed on disk and cannot be used, what was there before stays: $T/list:3: unknown option 'no-such-option'"
list "c.pem c.test" "d.pem" "nowhere.pem"
noticed "$T/list:3: cannot read '$T/nowhere.pem'"
: >"$T/empty"; mv "$T/empty" "$T/list"
noticed "no certificate would be left for 'web/127.0.0.1:$P'"
everybody c subject "$P" -servername c.test
everybody "" subject "$P" -servername d.test
is 1 "$(grep -c "unknown option 'no-such-option'" "$T/sluice.err")"
nomatch "$T/d.pem" "$(say show ssl cert)"

t "lines that came at run time count until the file changes, and no reload brings them back"
list "c.pem c.test" "$T/a.pem"
wait_for 10 taken 3
say new ssl cert "$T/d.pem" >/dev/null
printf 'set ssl cert %s <<\n%s\n\n' "$T/d.pem" "$(cat "$T/d.pem")" | pipe >/dev/null
say commit ssl cert "$T/d.pem" >/dev/null
match 'Success!' "$(say add ssl crt-list "$T/list" d.pem)"
everybody d subject "$P" -servername d.test
list "c.pem c.test z.test" "$T/a.pem"
everybody "" subject "$P" -servername d.test
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 2 accepts' "$T/sluice.err"
everybody "" subject "$P" -servername d.test
everybody c subject "$P" -servername z.test

t "an issuer that appears lets the response beside it be stapled"
ocsp_file c "$T/c.pem.ocsp"
noticed "$T/c.pem.ocsp has changed on disk and cannot be used.*issuer"
cp "$T/ca.pem" "$T/c.pem.issuer"
wait_for 10 has_line 'Cert Status: good' "$P" -servername c.test -status

t "timestamps that appear are shown to clients who ask for them"
sct='\x00\x33\x00'$(printf '\\x41%.0s' {1..32})'\x00\x00\x01\x8f\x00\x00\x00\x00\x00\x00\x04\x03\x00\x04sign'
printf "\\x00\\x35$sct" >"$T/c.pem.sctl"
echo 'enabled_logs=' >"$T/logs"
wait_for 10 has_line 'SCTs present (1)' "$P" -servername c.test -ct -ctlogfile "$T/logs" -tls1_3
wait_for 10 has_line 'SCTs present (1)' "$P" -servername c.test -ct -ctlogfile "$T/logs" -tls1_2
has_line 'SCTs present (0)' "$P" -servername a.test -ct -ctlogfile "$T/logs" -tls1_3

t "the CAs of a directory are one entry, and a file that comes into it is believed"
match "$T/cas - 1 certificate\(s\)" "$(say show ssl ca-file)"
wait_for 10 has_line 'verify=2' "$Q" -servername a.test -cert "$T/who.crt" -key "$T/who.k"
cp "$T/other.pem" "$T/cas/two.pem"
wait_for 10 has_line 'verify=0' "$Q" -servername a.test -cert "$T/who.crt" -key "$T/who.k"
match "$T/cas - 2 certificate\(s\)" "$(say show ssl ca-file)"
match 'Certificate #2' "$(say show ssl ca-file "$T/cas")"
