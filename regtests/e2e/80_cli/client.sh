#!/usr/bin/env bash
# sluice cli: answers as they came for scripts, a shell for people; and the manual, which knows every command.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port)
cat >"$T/a.cfg" <<-EOF
global
    workers 1
    node lb7
    stats socket $T/s level admin
    stats socket $T/u level user
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 1s
frontend f
    bind 127.0.0.1:$P
    default_backend site
backend site
    server web1 127.0.0.1:1
    server web2 127.0.0.1:1 weight 10
EOF
sluice_start "$T/a.cfg"
cli() { "$SLUICE" cli "$@" </dev/null; }
rc() { local r=0; "$@" >/dev/null 2>&1 || r=$?; echo $r; }

t "with a command it prints the answer as the socket gives it"
is "$(echo "show servers state" | socat -t 5 stdio "unix:$T/s" | cut -d' ' -f 1-9)" "$(cli "$T/s" show servers state | cut -d' ' -f 1-9)"
is "lb7 runs" "$(cli "unix@$T/s" echo lb7 runs | head -n 1)"
is "10 (initial 10)" "$(SLUICE_SOCKET=$T/s cli get weight site/web2 | head -n 1)"

t "the exit status tells an error, an unknown command, a missing right, a missing socket"
is 0 "$(rc cli "$T/s" set weight site/web2 20)"
is 1 "$(rc cli "$T/s" set weight site/nosuch 20)"
is 1 "$(rc cli "$T/s" bogus)"
is 1 "$(rc cli "$T/u" set weight site/web2 20)"
is 1 "$(rc cli "$T/s" json get weight site/nosuch)"
is 2 "$(rc cli "$T/nosuch" show info)"
is 1 "$(rc cli "$T/s" 'get weight site/web1;get weight x/y')"

t "commands on stdin are run one after the other, payloads go with theirs"
is "a b" "$(printf 'echo a\necho b <<EOF\nx\n\ny\nEOF\n' | "$SLUICE" cli "$T/s" | xargs)"
is 1 "$(printf 'bogus\nshow version\n' >"$T/in"; r=0; "$SLUICE" cli "$T/s" <"$T/in" >/dev/null || r=$?; echo $r)"

t "watch repeats a command"
"$SLUICE" cli "$T/s" watch 50ms get weight site/web2 </dev/null >"$T/watched" & W=$!
three() { [ "$(grep -c 'initial 10' "$T/watched")" -ge 3 ]; }
wait_for 5 three
kill $W

t "on a terminal it is a shell: prompt, completion, tables, errors in red, history"
cat >"$T/shell.py" <<-'EOF'
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(HOME=sys.argv[1], TERM='xterm')
    os.execv(sys.argv[2], ['sluice', 'cli', sys.argv[3]])
out = ''
def until(text, secs=10):
    global out
    end = time.time() + secs
    while text not in out and time.time() < end:
        if select.select([fd], [], [], 0.1)[0]:
            try: out += os.read(fd, 65536).decode(errors='replace')
            except OSError: break
    if text not in out: sys.exit('no %r in %r' % (text, out))
    out = out[out.index(text) + len(text):]
until('lb7[1]> ')
for send, want in (('get wei\tsite/web1\n', '(initial 1)'), ('set server sit\t2 sta\tdrain\n', 'lb7[1]> '), ('show stat\n', '\033[33mDRAIN'),
                   ('get weight x/y\n', '\033[31mNo such backend.'), ('begin\n', 'lb7[1]> '), ('set weight site/web1 7\n', 'lb7[1]> '),
                   ('commit\n', '1 change applied.'), ('get weight site/web1\n', '7 (initial 1)'), ('reload\n', 'Success=1'),
                   ('show version\n', 'lb7[2]> ')):
    os.write(fd, send.encode()); until(want)
os.write(fd, b'quit\n')
os.waitpid(pid, 0)
EOF
python3 "$T/shell.py" "$T" "$SLUICE" "$T/s"
grep -q "get weight x/y" "$T/.sluice_history"

t "the manual has an example of every command"
sed -n 's/^CLI_CMD([a-z_]*, [A-Z]*, "\([^"]*\)".*/\1/p' "$ROOT/include/sluice/tbl/cli_cmds.def" | while read -r c; do
	grep -qE "(^ {4}|[\`;\"])$c([ ;\`\"\\[]|\$)" "$ROOT/doc/management.md" || fail "doc/management.md does not show '$c'"
done
