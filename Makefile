# sluice: build, test, install. `make help` lists the targets.
CC      ?= gcc
BUILD   ?= build
VERSION := $(shell cat VERSION)
OPT     ?= -O2
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Werror=format-security
HARDEN  := -fPIE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection
CFLAGS  += -std=gnu17 $(OPT) -g $(WARN) $(HARDEN) -fno-strict-aliasing -fwrapv $(SAN) -MMD -MP
CPPFLAGS += -Iinclude -I$(BUILD)/gen -D_GNU_SOURCE -DSLUICE_VERSION='"$(VERSION)"' -DPCRE2_CODE_UNIT_WIDTH=8
LDFLAGS += -pie -Wl,-z,relro,-z,now,-z,noexecstack $(SAN)
LDLIBS  := -lpcre2-8 -lxxhash -lreadline -lm

SRC  := $(shell find src -name '*.c')
RE   := $(wildcard grammar/*.re)
YACC := $(wildcard grammar/*.y)
GENC := $(RE:grammar/%.re=$(BUILD)/gen/%.re.c) $(YACC:grammar/%.y=$(BUILD)/gen/%.tab.c)
OBJ  := $(SRC:%.c=$(BUILD)/%.o) $(GENC:%.c=%.o)
LIBOBJ := $(filter-out $(BUILD)/src/main.o,$(OBJ))
LIB  := $(BUILD)/libsluice.a
UNIT := $(patsubst %.c,$(BUILD)/%,$(wildcard regtests/unit/*/test_*.c))

all: sluice

sluice: $(BUILD)/src/main.o $(LIB)
	$(CC) $(LDFLAGS) -o $@ $< $(LIB) $(LDLIBS)

$(LIB): $(LIBOBJ)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/%.o: %.c | $(GENC)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c | $(GENC)
	$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-unused -c -o $@ $<

$(BUILD)/gen/%.re.c: grammar/%.re
	@mkdir -p $(@D)
	re2c -W -Wno-nondeterministic-tags --no-debug-info -o $@ $<

$(BUILD)/gen/%.tab.c: grammar/%.y
	@mkdir -p $(@D)
	bison -Wall -o $@ --defines=$(BUILD)/gen/$*.tab.h $<

$(BUILD)/regtests/unit/%: regtests/unit/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(LIB) $(LDLIBS) -lcmocka

unit: $(UNIT)
	@set -e; for t in $(UNIT); do $$t >$$t.log 2>&1 || { cat $$t.log; exit 1; }; done; echo "$(words $(UNIT)) unit binaries passed"

clean:
	rm -rf $(BUILD) sluice

-include $(OBJ:.o=.d) $(UNIT:%=%.d)
.PHONY: all unit clean
.SECONDARY:
