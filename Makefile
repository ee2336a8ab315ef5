# sluice: build, test, install. `make help` lists the targets.
ifeq ($(origin CC),default)
CC      := gcc
endif
BUILD   ?= build
BIN     ?= sluice
PREFIX  ?= /usr/local
VERSION := $(shell cat VERSION)
OPT     ?= -O2
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Werror=format-security
HARDEN  := -fPIE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection
CFLAGS  += -std=gnu17 $(OPT) -g $(WARN) $(HARDEN) -fno-strict-aliasing -fwrapv $(SAN) -MMD -MP
CPPFLAGS += -Iinclude -Isrc -I$(BUILD)/gen -D_GNU_SOURCE -DSLUICE_VERSION='"$(VERSION)"' -DPCRE2_CODE_UNIT_WIDTH=8
LDFLAGS += -pie -Wl,-z,relro,-z,now,-z,noexecstack $(SAN)
LDLIBS  := -lz -lbrotlienc -lzstd -lssl -lcrypto -lnghttp2 -lpcre2-8 -lxxhash -lreadline -ljansson -lcrypt -lcares -lm

SRC  := $(shell find src -name '*.c')
RE   := $(wildcard grammar/*.re)
YACC := $(wildcard grammar/*.y)
GENC := $(RE:grammar/%.re=$(BUILD)/gen/%.re.c) $(YACC:grammar/%.y=$(BUILD)/gen/%.tab.c)
OBJ  := $(SRC:%.c=$(BUILD)/%.o) $(GENC:%.c=%.o)
LIBOBJ := $(filter-out $(BUILD)/src/main.o,$(OBJ))
LIB  := $(BUILD)/libsluice.a
TOOLS := $(patsubst %.c,build/%,$(wildcard regtests/lib/*.c))
BENCH := $(patsubst %.c,$(BUILD)/%,$(wildcard regtests/bench/*.c))
UNIT := $(patsubst %.c,$(BUILD)/%,$(wildcard regtests/unit/*/test_*.c))

ifndef V
.SILENT:
endif

all: $(BIN)

$(BIN): $(BUILD)/src/main.o $(LIB)
	$(CC) $(LDFLAGS) -o $@ $< $(LIB) $(LDLIBS)

$(LIB): $(LIBOBJ)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/%.o: %.c | $(GENC)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/src/stats/assets.o: src/stats/page.css src/stats/page.js
# The date of the version, which tools want to see; SOURCE_DATE_EPOCH makes it reproducible.
$(BUILD)/src/stats/info.o: CPPFLAGS += -DSLUICE_RELEASE_DATE='"$(shell date -u $(if $(SOURCE_DATE_EPOCH),-d @$(SOURCE_DATE_EPOCH),-r VERSION) +%Y/%m/%d)"'

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c | $(GENC)
	$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-unused -c -o $@ $<

$(BUILD)/gen/%.re.c: grammar/%.re
	@mkdir -p $(@D)
	re2c -W -Wno-nondeterministic-tags --no-debug-info -o $@ $<

$(BUILD)/gen/%.tab.c: grammar/%.y
	@mkdir -p $(@D)
	bison -Wall -o $@ --defines=$(BUILD)/gen/$*.tab.h $<

$(BUILD)/regtests/unit/%: $(BUILD)/regtests/unit/%.o $(LIB)
	$(CC) $(LDFLAGS) -o $@ $< $(LIB) $(LDLIBS) -lcmocka -lbrotlidec

$(BUILD)/regtests/lib/%: regtests/lib/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 -g -Wall -Wextra -D_GNU_SOURCE -pthread -o $@ $< $(TOOL_LIBS)

$(BUILD)/regtests/lib/h2peer: TOOL_LIBS := -lnghttp2
$(BUILD)/regtests/lib/client2: TOOL_LIBS := -lnghttp2 -lssl -lcrypto
$(BUILD)/regtests/lib/client $(BUILD)/regtests/lib/client2: regtests/lib/took.h

$(BUILD)/regtests/bench/%: regtests/bench/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(LIB) $(LDLIBS)

# ---- test ------------------------------------------------------------------------------------------------------------

TALLY = $(BUILD)/tally
JOBS  = -j$(shell nproc)
ASAN  = BUILD=build-asan BIN=build-asan/sluice OPT=-O1 SAN="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DSLUICE_DEBUG"

# Everything: installs what is missing, then layers, unit and end-to-end tests, once plain, once under ASan+UBSan, the core again on
# poll(2), a short run of each fuzzer. The last line is the sum.
check:
	@regtests/deps check
	@mkdir -p $(BUILD) && rm -f $(TALLY)
	@$(MAKE) --no-print-directory $(JOBS) all unit-bins tools
	@$(MAKE) --no-print-directory $(JOBS) $(ASAN) all unit-bins
	@regtests/check $(TALLY)

unit: unit-bins
	@regtests/run -l "$(LABEL)" unit $(UNIT)
unit-bins: $(UNIT)
tools: $(TOOLS)

e2e: all tools
	@SLUICE=$(abspath $(BIN)) TEST_TOOLS=$(abspath build/regtests/lib) regtests/run e2e

asan:
	@regtests/deps check
	@$(MAKE) --no-print-directory tools
	@$(MAKE) --no-print-directory $(ASAN) LABEL=asan unit all
	@SLUICE=$(abspath build-asan/sluice) TEST_TOOLS=$(abspath build/regtests/lib) regtests/run -l asan e2e

# Each fuzzer for FUZZ_SECS seconds, from the seeds, under ASan+UBSan.
FUZZ_SECS ?= 60
fuzz:
	@regtests/deps check
	@regtests/fuzz/run $(FUZZ_SECS)

# Balancing quality, cost of picks, of rules, of a request: figures, not tests.
bench: all $(BENCH)
	@regtests/deps bench
	@regtests/bench/run

# Reloads, deaths and bad reloads under load for minutes; prints figures. SOAK="reloads kills hang alternate" chooses.
soak: all tools
	@SLUICE=$(abspath $(BIN)) TEST_TOOLS=$(abspath build/regtests/lib) regtests/soak/run $(SOAK)

# The statistics page in a real browser: renders, sorts, filters, drains a server by a click; writes doc/stats-page.png.
page: all tools
	@regtests/deps page
	@SLUICE=$(abspath $(BIN)) TEST_TOOLS=$(abspath build/regtests/lib) regtests/page/run

# gRPC and WebSocket with clients and servers from npm, and a browser over HTTP/2.
grpc: all tools
	@regtests/deps grpc
	@SLUICE=$(abspath $(BIN)) TEST_TOOLS=$(abspath build/regtests/lib) regtests/grpc/run

layers:
	@regtests/layers

lint: layers
	@regtests/lint

format:
	clang-format -i $$(git ls-files 'src/*.[ch]' 'include/*.h' 'regtests/*.c')

# ---- use -------------------------------------------------------------------------------------------------------------

# Builds, then serves examples/quickstart.cfg on http://127.0.0.1:8080/ until Ctrl-C.
demo:
	@regtests/deps demo
	@$(MAKE) --no-print-directory -j$(shell nproc) all
	@echo "try:  curl http://127.0.0.1:8080/"
	@exec ./sluice -f examples/quickstart.cfg

DOCDIR  = $(DESTDIR)$(PREFIX)/share/doc/sluice
UNITDIR ?= $(PREFIX)/lib/systemd/system
DOCS    = README.md $(wildcard doc/*.md doc/*.png)

# PREFIX is where things will live, DESTDIR is put before it for packages.
install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(UNITDIR) $(DOCDIR)/examples
	install -m 755 $(BIN) $(DESTDIR)$(PREFIX)/sbin/sluice
	install -m 644 doc/sluice.1 $(DESTDIR)$(PREFIX)/share/man/man1/sluice.1
	install -m 644 $(DOCS) $(DOCDIR)/
	install -m 644 $(wildcard examples/*) $(DOCDIR)/examples/
	sed 's,/usr/local/,$(PREFIX)/,' examples/sluice.service >$(DESTDIR)$(UNITDIR)/sluice.service
	chmod 644 $(DESTDIR)$(UNITDIR)/sluice.service

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/sluice $(DESTDIR)$(PREFIX)/share/man/man1/sluice.1 $(DESTDIR)$(UNITDIR)/sluice.service
	rm -rf $(DOCDIR)

doc: all
	./sluice --keywords > doc/keywords.md

clean:
	rm -rf build build-* sluice

help:
	@echo "all demo check unit e2e asan fuzz bench soak page grpc layers lint format doc install uninstall clean"

-include $(OBJ:.o=.d) $(UNIT:%=%.d) $(BENCH:%=%.d)
.PHONY: soak all check unit unit-bins tools e2e asan fuzz bench page grpc layers lint format demo install uninstall doc clean help
.SECONDARY:
