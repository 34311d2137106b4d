# Sluice. `make run` and `make test` install what is missing (Debian 12, as root or with sudo) and build first.
SHELL := /bin/bash
BUILD ?= build
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
# how many tests at once: most wait for real time (tests/CMakeLists.txt)
TESTS ?= $(shell echo $$((2 * $(JOBS))))
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

# What building needs, what running adds (the demo's publisher and its font), what the tests add (real peers and clients).
BUILD_PACKAGES := g++ cmake ninja-build pkg-config git ca-certificates libboost1.81-dev libcli11-dev libfmt-dev libspdlog-dev \
  nlohmann-json3-dev catch2 libssl-dev zlib1g-dev libcurl4-openssl-dev prometheus-cpp-dev libsqlite3-dev \
  libavformat-dev libavcodec-dev libavutil-dev libswscale-dev libswresample-dev libsrt-gnutls-dev libhiredis-dev libicu-dev libre2-dev liburing-dev nodejs
RUN_PACKAGES := ffmpeg fontconfig fonts-dejavu-core
TEST_PACKAGES := python3 python3-pytest curl shellcheck mandoc zsh fish bash-completion sqlite3 chromium \
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly \
  streamlink mpv obs-studio xvfb libgl1-mesa-dri procps iproute2 srt-tools openssl nginx libnginx-mod-rtmp varnish wrk redis-server python3-swift irssi weechat-headless weechat-plugins

.PHONY: all build run test test-programs install bench kills soak asan tsan fuzz format clean deps deps-run deps-test check-asan

all: build

# install-missing PACKAGES: asks dpkg first, so that a machine that has everything needs no network
define install-missing
	@missing=""; for p in $(1); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if ! command -v npm >/dev/null; then missing="$$missing npm"; fi; \
	if command -v node >/dev/null; then missing="$${missing/ nodejs/}"; fi; \
	if [ -n "$$missing" ]; then echo "installing:$$missing"; $(SUDO) apt-get update -qq && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; fi
endef

deps:
	$(call install-missing,$(BUILD_PACKAGES))
deps-run:
	$(call install-missing,$(BUILD_PACKAGES) $(RUN_PACKAGES))
deps-test:
	$(call install-missing,$(BUILD_PACKAGES) $(RUN_PACKAGES) $(TEST_PACKAGES))

$(BUILD)/build.ninja: CMakeLists.txt
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_INSTALL_PREFIX=$(PREFIX) >$(BUILD).cmake.log 2>&1 || { cat $(BUILD).cmake.log; exit 1; }; rm -f $(BUILD).cmake.log

# every program, in $(BUILD)/bin, with its man page and completions
build: deps $(BUILD)/build.ninja
	@ninja -C $(BUILD) -j $(JOBS)

# what tests and benchmarks run beside the programs
test-programs: build
	@ninja -C $(BUILD) -j $(JOBS) test_programs

run: deps-run build
	@exec $(BUILD)/bin/sluice up --demo

test: deps-test test-programs check-asan
	@cd $(BUILD) && ctest --output-on-failure -j $(TESTS) -LE sanitized

# the unit tests and the fuzzers' seeds under AddressSanitizer and UBSan
check-asan: deps
	@cmake -S . -B $(BUILD)-asan -G Ninja -DCMAKE_BUILD_TYPE=Debug -DSLUICE_SANITIZE=address,undefined >/dev/null
	@ninja -C $(BUILD)-asan -j $(JOBS) unit_tests fuzz_replays
	@cd $(BUILD)-asan && ctest --output-on-failure -j $(TESTS) -R '^(unit|replay)_'

# everything under a sanitizer, flow tests too
asan: deps-test
	@cmake -S . -B $(BUILD)-asan -G Ninja -DCMAKE_BUILD_TYPE=Debug -DSLUICE_SANITIZE=address,undefined >/dev/null
	@ninja -C $(BUILD)-asan -j $(JOBS) all test_programs unit_tests fuzz_replays && cd $(BUILD)-asan && ctest --output-on-failure
# what threads of any process do to one another ends in a file; the tests that fail for lack of time (5 to 15 times slower) are told apart by it
tsan: deps-test
	@cmake -S . -B $(BUILD)-tsan -G Ninja -DCMAKE_BUILD_TYPE=Debug -DSLUICE_SANITIZE=thread >/dev/null
	@ninja -C $(BUILD)-tsan -j $(JOBS) all test_programs unit_tests fuzz_replays && rm -f $(BUILD)-tsan/report.*
	@cd $(BUILD)-tsan && TSAN_OPTIONS="log_path=$$PWD/report suppressions=$(abspath tests/tsan.supp)" ctest --output-on-failure -j $(JOBS) -R '^(unit|flow)_'; \
	  failed=$$?; if cat report.* 2>/dev/null; then exit 1; fi; exit $$failed

# libFuzzer targets, each run for FUZZ_TIME seconds; new inputs go to $(BUILD)-fuzz/corpus: keep what was a fault under tests/fuzz/corpus
FUZZ_TIME ?= 60
fuzz: deps
	$(call install-missing,clang-19 libclang-rt-19-dev)
	@cmake -S . -B $(BUILD)-fuzz -G Ninja -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_C_COMPILER=clang-19 -DSLUICE_FUZZ=ON >/dev/null
	@ninja -C $(BUILD)-fuzz -j $(JOBS) fuzz_targets
	@for t in $(BUILD)-fuzz/tests/*_fuzz; do n=$$(basename $$t _fuzz); echo "== $$n"; mkdir -p $(BUILD)-fuzz/corpus/$$n; \
	  $$t -max_total_time=$(FUZZ_TIME) -timeout=10 -rss_limit_mb=2048 -artifact_prefix=$(BUILD)-fuzz/ -verbosity=0 \
	  $(BUILD)-fuzz/corpus/$$n tests/fuzz/corpus/$$n || exit 1; done

bench: deps-test test-programs
	@for b in tests/bench/*.sh; do [ -e "$$b" ] || continue; echo "== $$b"; SLUICE_BUILD=$(abspath $(BUILD)) bash $$b || exit 1; done

# kill -9 of every program, KILLS times each at random moments; results in tests/bench/results/kills.ndjson. Then of everything in one moment,
# KILLS times, while chat is moderated
KILLS ?= 20
kills: deps-test test-programs
	@SLUICE_BUILD=$(abspath $(BUILD)) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/bench/kills.py --kills $(KILLS)
	@SLUICE_BUILD=$(abspath $(BUILD)) PYTHONDONTWRITEBYTECODE=1 ROUNDS=$(KILLS) /usr/bin/python3 tests/flow/moderation_kills.py

# three publishers for SOAK seconds under faults, on a small disk (as root); results in tests/bench/results/soak.ndjson
SOAK ?= 3600
soak: deps-test test-programs
	@SLUICE_BUILD=$(abspath $(BUILD)) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/bench/soak.py --seconds $(SOAK)

install: build
	@DESTDIR=$(DESTDIR) cmake --install $(BUILD) --prefix $(PREFIX) >/dev/null && echo "installed in $(DESTDIR)$(PREFIX)"

format:
	$(call install-missing,clang-format)
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format -i

clean:
	@rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-tsan $(BUILD)-fuzz
