# SPDX-License-Identifier: MIT
# GNU make, no configure step; everything that is built goes under build/.
#
#   all (default)   libvpcvis.a, libvpcvis.so    demo            sample logs, summarised
#   examples        build/examples/*             deps check      what the tests need; test
#   install         PREFIX LIBDIR INCLUDEDIR     fuzz            FUZZ_SECONDS a target
#   uninstall         DESTDIR                    bench           BENCH=strict: all peers
#   amalgamation    one vpcvis.c and vpcvis.h    differential    against independent oracles
#   dist            a source tarball             check-portable  check without its libraries
#   clean                                        check-engines   DuckDB, Spark, ClickHouse
#   ffi             what bindings are made from  check-bindings  Python, LuaJIT, Node
#
# CC CFLAGS CPPFLAGS LDFLAGS PKG_CONFIG are honoured; the flags below that are not optional
# are added to CFLAGS, never replaced by it.

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share/vpcvis
CFLAGS ?= -O3
PKG_CONFIG ?= pkg-config
CLANG ?= clang
CXX ?= c++
FUZZ_SECONDS ?= 60
BUILD = build

define version_part
$(shell sed -n 's/^.define VPCVIS_$(1) \([0-9]*\)$$/\1/p' include/vpcvis/base.h)
endef
VERSION := $(call version_part,VERSION_MAJOR).$(call version_part,VERSION_MINOR).$(call version_part,VERSION_PATCH)
ABI := $(call version_part,ABI_VERSION)

STRICT = -std=c99 -pedantic-errors -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes
DEPFLAGS = -MMD -MP
# tcc knows neither these warnings nor version scripts: static only.
ifneq ($(filter tcc%,$(notdir $(firstword $(CC)))),)
STRICT = -std=c99 -Wall
DEPFLAGS =
SHARED =
else
SHARED = $(BUILD)/libvpcvis.so
endif
LIB_FLAGS = $(CPPFLAGS) $(CFLAGS) $(STRICT) -Iinclude -fPIC -fvisibility=hidden $(DEPFLAGS)
EXAMPLE_FLAGS = $(CPPFLAGS) $(CFLAGS) $(STRICT) -Iinclude $(DEPFLAGS)
TEST_FLAGS = $(CPPFLAGS) $(CFLAGS) -std=gnu11 -Wall -Wextra -Wshadow -Iinclude -Isrc -Itests \
	-pthread $(DEPFLAGS)
SANITIZE = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all

SOURCES := $(wildcard src/*.c)
objects = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(2))

LIB_A = $(BUILD)/libvpcvis.a
LIB_SO = $(BUILD)/libvpcvis.so.$(VERSION)
SONAME = libvpcvis.so.$(ABI)

.PHONY: all ffi demo deps check check-build check-portable check-bindings check-engines bench fuzz examples install uninstall \
	amalgamation dist clean differential
.SECONDARY:
.DELETE_ON_ERROR:

all: $(LIB_A) $(SHARED)

# The library. A static library for shared objects to link: position independent as well.
$(BUILD)/obj/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(LIB_FLAGS) -c $< -o $@

$(LIB_A): $(call objects,obj,$(SOURCES))
	@rm -f $@
	$(AR) rcs $@ $^

$(LIB_SO): $(call objects,obj,$(SOURCES)) src/vpcvis.map
	$(CC) -shared $(CFLAGS) $(LDFLAGS) -Wl,-soname,$(SONAME) -Wl,-Bsymbolic-functions \
		-Wl,--no-undefined -Wl,--version-script=src/vpcvis.map $(filter %.o,$^) -o $@

$(BUILD)/libvpcvis.so: $(LIB_SO)
	ln -sf $(<F) $(BUILD)/$(SONAME)
	ln -sf $(SONAME) $@

# For foreign-function interfaces: declarations without a preprocessor, and the same as JSON.
FFI = $(BUILD)/ffi/vpcvis_ffi.h
FFI_TOOLS := $(wildcard tests/tools/ffi.* tests/tools/ffi/*)

ffi: $(FFI)

$(FFI): include/vpcvis.h $(wildcard include/vpcvis/*.h) $(FFI_TOOLS)
	@BUILD='$(BUILD)' CC='$(CC)' sh tests/tools/ffi.sh

# Examples: NAME.c makes build/examples/NAME, with what it uses of examples/support.
EXAMPLES := $(patsubst examples/%.c,%,$(wildcard examples/*.c))
EXAMPLE_SUPPORT = $(BUILD)/obj/examples/support.a
pkg_found = $(shell $(PKG_CONFIG) --exists $(1) 2>/dev/null && echo $(1))
pkg_flags = $(if $(2),$(shell $(PKG_CONFIG) $(1) $(2) 2>/dev/null))

$(BUILD)/obj/examples/%.o $(BUILD)/examples/%: ZLIB = $(call pkg_found,zlib)
$(BUILD)/obj/examples/%.o $(BUILD)/examples/%: JANSSON = $(call pkg_found,jansson)
$(BUILD)/obj/examples/%.o $(BUILD)/examples/%: PCAP = $(call pkg_found,libpcap)
$(BUILD)/obj/examples/%.o $(BUILD)/examples/%: NFLOG = $(call pkg_found,libnetfilter_log)
$(BUILD)/obj/examples/%.o: examples/%.c
	@mkdir -p $(@D)
	$(CC) $(EXAMPLE_FLAGS) $(if $(ZLIB),-DHAVE_ZLIB) $(if $(JANSSON),-DHAVE_JANSSON) \
		$(if $(PCAP),-DHAVE_PCAP) $(if $(NFLOG),-DHAVE_NFLOG) $(call pkg_flags,--cflags,$(ZLIB) $(JANSSON) $(PCAP)) -c $< -o $@

$(EXAMPLE_SUPPORT): $(call objects,obj,$(wildcard examples/support/*.c))
	@rm -f $@
	$(AR) rcs $@ $^

$(EXAMPLES:%=$(BUILD)/examples/%): $(BUILD)/examples/%: $(BUILD)/obj/examples/%.o \
		$(EXAMPLE_SUPPORT) $(LIB_A)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(call pkg_flags,--libs,$(ZLIB) $(JANSSON)) \
		$(if $(filter %/pcap2flow %/mirror_rules %/mirror_tap %/mirror_sensor,$@),$(call pkg_flags,--libs,$(PCAP))) \
		$(if $(filter %/nflog2flow,$@),$(call pkg_flags,--libs,$(NFLOG))) \
		$(if $(filter %/flowtop,$@),-pthread) -o $@

examples: $(EXAMPLES:%=$(BUILD)/examples/%)

demo: examples
	@sh examples/demo.sh $(BUILD)

# Tests: each tests/test_ROOM.c a program of its own, everything under ASan and UBSan.
TESTS := $(patsubst tests/%.c,%,$(wildcard tests/test_*.c))
# What is tested of the examples without a program around it.
TESTED_EXAMPLES := $(wildcard examples/support/where*.c)
SUPPORT := $(wildcard tests/support*.c)
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SUPPORT := $(filter-out tests/fuzz/fuzz_%.c tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c))

$(BUILD)/san/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(LIB_FLAGS) $(SANITIZE) -c $< -o $@

$(BUILD)/san/examples/%.o: examples/%.c
	@mkdir -p $(@D)
	$(CC) $(EXAMPLE_FLAGS) $(SANITIZE) -c $< -o $@

$(BUILD)/san/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(TEST_FLAGS) $(SANITIZE) $(shell $(PKG_CONFIG) --cflags check) -c $< -o $@

$(BUILD)/san/libvpcvis.a: $(call objects,san,$(SOURCES))
	@rm -f $@
	$(AR) rcs $@ $^

$(TESTS:%=$(BUILD)/san/%): $(BUILD)/san/%: $(BUILD)/san/tests/%.o \
		$(call objects,san,$(SUPPORT) $(TESTED_EXAMPLES)) $(BUILD)/san/libvpcvis.a
	$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -pthread $^ $(shell $(PKG_CONFIG) --libs check) -o $@

$(FUZZERS:%=$(BUILD)/san/%): $(BUILD)/san/%: $(BUILD)/san/tests/fuzz/%.o \
		$(call objects,san,tests/fuzz/replay.c $(FUZZ_SUPPORT) $(TESTED_EXAMPLES)) \
		$(BUILD)/san/libvpcvis.a
	$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) $^ -o $@

jobs = $(if $(filter --jobserver%,$(MAKEFLAGS)),,-j$(shell getconf _NPROCESSORS_ONLN || echo 2))

deps:
	@BUILD='$(BUILD)' CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' sh tests/tools/deps.sh

check-build: all examples amalgamation $(TESTS:%=$(BUILD)/san/%) $(FUZZERS:%=$(BUILD)/san/%)

check:
	@BUILD='$(BUILD)' CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' sh tests/tools/deps.sh --ask
	+@$(MAKE) --no-print-directory $(jobs) check-build
	@BUILD='$(BUILD)' CC='$(CC)' CXX='$(CXX)' CFLAGS='$(CFLAGS)' STRICT='$(STRICT)' \
		sh tests/tools/check.sh $(TESTS) $(FUZZERS)

# The same tests without libcheck, sanitizers and packages, for machines that have none of them;
# RUNNER is what runs a program (an emulator, valgrind).
PORTABLE := $(TESTS:%=$(BUILD)/portable/%) $(FUZZERS:%=$(BUILD)/portable/%)

$(BUILD)/portable/examples/%.o: examples/%.c
	@mkdir -p $(@D)
	$(CC) $(EXAMPLE_FLAGS) -c $< -o $@

$(BUILD)/portable/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(TEST_FLAGS) -Itests/shim -c $< -o $@

$(TESTS:%=$(BUILD)/portable/%): $(BUILD)/portable/%: $(BUILD)/portable/tests/%.o \
		$(call objects,portable,$(SUPPORT) $(TESTED_EXAMPLES)) $(LIB_A)
	$(CC) $(CFLAGS) $(LDFLAGS) -pthread $^ -o $@

$(FUZZERS:%=$(BUILD)/portable/%): $(BUILD)/portable/%: $(BUILD)/portable/tests/fuzz/%.o \
		$(call objects,portable,tests/fuzz/replay.c $(FUZZ_SUPPORT) $(TESTED_EXAMPLES)) $(LIB_A)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@

# Bindings: installs what they need, under build/ or by the system's package manager.
check-bindings: all ffi
	@BUILD='$(BUILD)' sh tests/bindings/check.sh

# DuckDB, Spark, ClickHouse: installs them under build/engines.
check-engines: all examples
	@BUILD='$(BUILD)' MAKE='$(MAKE)' sh tests/engines/check.sh

check-portable: $(PORTABLE)
	@BUILD='$(BUILD)' RUNNER='$(RUNNER)' sh tests/tools/check.sh --portable $(TESTS) $(FUZZERS)

# Programs against the optimised library.
$(BUILD)/obj/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(TEST_FLAGS) -c $< -o $@

DIFFERENTIAL := $(patsubst tests/differential/%.c,%,$(shell grep -ls '^int main' tests/differential/*.c))
DIFFERENTIAL_SUPPORT := $(filter-out $(DIFFERENTIAL:%=tests/differential/%.c),$(wildcard tests/differential/*.c))

$(DIFFERENTIAL:%=$(BUILD)/differential/%): $(BUILD)/differential/%: \
		$(BUILD)/obj/tests/differential/%.o \
		$(call objects,obj,$(DIFFERENTIAL_SUPPORT) $(TESTED_EXAMPLES)) $(LIB_A)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@

differential: $(DIFFERENTIAL:%=$(BUILD)/differential/%) $(BUILD)/tools/make_capture examples $(SHARED)
	@set -e; for program in $(filter $(BUILD)/differential/%,$^); do \
		echo "differential $${program##*/}"; $$program; done
	BUILD='$(BUILD)' bash tests/differential/captures.sh
	python3 tests/differential/flowtop_sql.py $(BUILD)/examples/flowtop
	python3 tests/differential/findings_judge.py $(BUILD)/examples/flowtop
	python3 tests/differential/mirror_pcap.py $(BUILD)
	python3 tests/differential/vxlan_peers.py $(BUILD)/libvpcvis.so
	python3 tests/differential/flowdeliver_kill.py $(BUILD)/examples/flowdeliver

BENCH_SOURCES := $(wildcard tests/bench/*.c)

# Makes captures: the sample one, and others for comparing and measuring programs.
$(BUILD)/tools/make_capture: tests/tools/make_capture.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -std=gnu11 -Wall -Wextra -Wshadow $< -o $@

# Optional peers, as their own flags want them.
DPDK_PEERS = $(patsubst %,$(BUILD)/obj/tests/bench/peer_%.o,acl dpdk lpm rte)
$(BUILD)/bench/bench $(DPDK_PEERS): DPDK = $(call pkg_found,libdpdk)
$(DPDK_PEERS): CPPFLAGS += $(if $(DPDK),-DHAVE_DPDK) \
	$(patsubst -I%,-isystem%,$(call pkg_flags,--cflags,$(DPDK)))
$(BUILD)/bench/bench $(BUILD)/obj/tests/bench/bench_flow.o: ABSL = $(call pkg_found,absl_flat_hash_map)
$(BUILD)/obj/tests/bench/bench_flow.o: CPPFLAGS += $(if $(ABSL),-DHAVE_ABSL)

$(BUILD)/bench/bench: $(call objects,obj,$(BENCH_SOURCES)) $(LIB_A) tests/bench/peer_absl.cpp
	@mkdir -p $(@D)
	$(if $(ABSL),$(CXX) -O3 -std=c++17 $(call pkg_flags,--cflags,$(ABSL)) -c \
		tests/bench/peer_absl.cpp -o $(@D)/peer_absl.o)
	$(if $(ABSL),$(CXX),$(CC)) $(CFLAGS) $(LDFLAGS) $(filter %.o %.a,$^) \
		$(if $(ABSL),$(@D)/peer_absl.o $(call pkg_flags,--libs,$(ABSL))) -lm \
		$(call pkg_flags,--libs,$(DPDK)) -o $@

bench: $(BUILD)/bench/bench $(BUILD)/tools/make_capture examples $(SHARED)
	@export BUILD='$(BUILD)' BENCH='$(BENCH)' CXX='$(CXX)'; status=0; \
	$< || status=$$?; \
	bash tests/bench/flowcat_mawk.sh || status=$$?; \
	bash tests/bench/pcap2flow_nfpcapd.sh || status=$$?; \
	bash tests/bench/flowtop_mawk.sh || status=$$?; \
	sh tests/bench/columns_peers.sh || status=$$?; \
	sh tests/bench/extra_peers.sh || status=$$?; \
	exit $$status

# Fuzzing needs clang's libFuzzer. What it finds is kept in build/fuzz.
FUZZ_FLAGS = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
FUZZ_RUNS := $(FUZZERS:fuzz_%=fuzz-%)
.PHONY: $(FUZZ_RUNS)

$(BUILD)/fuzz/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(CLANG) $(CPPFLAGS) $(STRICT) -Iinclude $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link $(DEPFLAGS) \
		-c $< -o $@

$(BUILD)/fuzz/examples/%.o: examples/%.c
	@mkdir -p $(@D)
	$(CLANG) $(CPPFLAGS) $(STRICT) -Iinclude $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link $(DEPFLAGS) \
		-c $< -o $@

$(BUILD)/fuzz/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CLANG) $(CPPFLAGS) -std=gnu11 -Iinclude -Isrc -Itests $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link \
		$(DEPFLAGS) -c $< -o $@

$(FUZZERS:%=$(BUILD)/fuzz/%): $(BUILD)/fuzz/%: $(BUILD)/fuzz/tests/fuzz/%.o \
		$(call objects,fuzz,$(FUZZ_SUPPORT) $(TESTED_EXAMPLES) $(SOURCES))
	$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer $^ -o $@

$(FUZZ_RUNS): fuzz-%: $(BUILD)/fuzz/fuzz_%
	@mkdir -p $(BUILD)/fuzz/corpus/$*
	$< -max_total_time=$(FUZZ_SECONDS) -timeout=10 -print_final_stats=1 \
		-artifact_prefix=$(BUILD)/fuzz/$*- $(addprefix -dict=,$(wildcard tests/fuzz/dictionary)) \
		$(BUILD)/fuzz/corpus/$* $(wildcard tests/fuzz/corpus/$*)

fuzz: $(FUZZ_RUNS)

# Handing out.
HEADERS := $(wildcard include/vpcvis/*.h)
under_prefix = $(patsubst $(PREFIX)/%,$${prefix}/%,$(1))

install: all ffi
	mkdir -p '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(INCLUDEDIR)/vpcvis' \
		'$(DESTDIR)$(DATADIR)'
	install -m 644 include/vpcvis.h '$(DESTDIR)$(INCLUDEDIR)'
	install -m 644 $(HEADERS) '$(DESTDIR)$(INCLUDEDIR)/vpcvis'
	install -m 644 $(FFI) '$(DESTDIR)$(INCLUDEDIR)'
	install -m 644 $(FFI:_ffi.h=.json) '$(DESTDIR)$(DATADIR)/vpcvis.json'
	install -m 644 $(LIB_A) '$(DESTDIR)$(LIBDIR)'
	install -m 755 $(LIB_SO) '$(DESTDIR)$(LIBDIR)'
	ln -sf libvpcvis.so.$(VERSION) '$(DESTDIR)$(LIBDIR)/$(SONAME)'
	ln -sf $(SONAME) '$(DESTDIR)$(LIBDIR)/libvpcvis.so'
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(call under_prefix,$(LIBDIR))|' \
		-e 's|@INCLUDEDIR@|$(call under_prefix,$(INCLUDEDIR))|' \
		-e 's|@DATADIR@|$(call under_prefix,$(DATADIR))|' \
		-e 's|@VERSION@|$(VERSION)|' vpcvis.pc.in >'$(DESTDIR)$(LIBDIR)/pkgconfig/vpcvis.pc'
	chmod 644 '$(DESTDIR)$(LIBDIR)/pkgconfig/vpcvis.pc'

uninstall:
	rm -f '$(DESTDIR)$(LIBDIR)/libvpcvis.a' '$(DESTDIR)$(LIBDIR)/libvpcvis.so' \
		'$(DESTDIR)$(LIBDIR)/$(SONAME)' '$(DESTDIR)$(LIBDIR)/libvpcvis.so.$(VERSION)' \
		'$(DESTDIR)$(LIBDIR)/pkgconfig/vpcvis.pc' '$(DESTDIR)$(INCLUDEDIR)/vpcvis.h' \
		$(HEADERS:include/%='$(DESTDIR)$(INCLUDEDIR)/%') \
		'$(DESTDIR)$(INCLUDEDIR)/vpcvis_ffi.h' '$(DESTDIR)$(DATADIR)/vpcvis.json'
	-rmdir '$(DESTDIR)$(INCLUDEDIR)/vpcvis' '$(DESTDIR)$(DATADIR)'

AMALGAMATION = $(BUILD)/amalgamation
amalgamation: $(AMALGAMATION)/vpcvis.c

$(AMALGAMATION)/vpcvis.c: tests/tools/amalgamate.awk $(SOURCES) $(wildcard src/*.h) \
		include/vpcvis.h $(HEADERS)
	@mkdir -p $(@D)
	awk -f tests/tools/amalgamate.awk -v version=$(VERSION) -v out=$(AMALGAMATION) $(SOURCES)

DIST = libvpcvis-$(VERSION)
dist:
	@rm -rf $(BUILD)/$(DIST)
	@mkdir -p $(BUILD)/$(DIST)
	sh tests/tools/files.sh | tar -cf - -T - | tar -xf - -C $(BUILD)/$(DIST)
	tar -cf - -C $(BUILD) $(DIST) | gzip -9n >$(BUILD)/$(DIST).tar.gz
	@rm -rf $(BUILD)/$(DIST)

clean:
	rm -rf $(BUILD)

-include $(wildcard $(foreach kind,obj san portable fuzz,$(foreach dir,src examples examples/support \
	tests tests/fuzz tests/bench tests/differential,$(BUILD)/$(kind)/$(dir)/*.d)))
