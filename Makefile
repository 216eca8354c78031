# Everything that makes a file. Source is checked by deno's tasks (deno task ok).
.DEFAULT_GOAL := nettrace
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

ARGS ?=
# What the executable runs on: denort (what deno compile takes), packed (Deno itself), or auto: denort if it can be had.
RUNTIME ?= auto
TARGET ?= dns
SECONDS ?= 60
PREFIX ?= /usr/local
MINUTES ?= 30
TESTS ?= tests/build_test.ts tests/executable_test.ts tests/twin_test.ts tests/journald_test.ts tests/take_test.ts \
  tests/terminal_test.ts tests/record_test.ts tests/convert_test.ts tests/report_test.ts tests/kit_test.ts \
  tests/fuzz tests/live

deno := out/deno
arch := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))
objects := $(patsubst bpf/%.bpf.c,out/%.bpf.o,$(wildcard bpf/*.bpf.c))
benches := out/bench-event.bpf.o out/bench-empty.bpf.o $(patsubst %,out/bench-%,reader launch lone fill drain producer rr)
assets := out/libbpf.so out/relinquish.so out/build.json out/report.html $(objects)
sources := deno.json $(filter-out %_test.ts,$(wildcard src/*.ts src/*/*.ts ffi/*.ts tools/*.ts bpf/*.gen.ts package/alias/*.ts))
warnings := -Wall -Wextra -Werror
bpf_clang := clang -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_$(arch) $(warnings) -Wno-unused-parameter \
  -Iout/include -fdebug-compilation-dir=.

.PHONY: help deps run test check layouts readme vm bench soak fuzz install clean
help: ## list the goals
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12

nettrace: ## make the executable (RUNTIME=denort or packed to choose what it runs on)
nettrace: out/program.eszip out/stub.bin out/runtime $(assets) $(filter-out %_test.ts,$(wildcard package/*.ts)) package/executable.sh
	package/executable.sh $(RUNTIME) $@ $(assets)

deps: ## install the Debian packages that building takes
	@package/deps.sh build

run: deps ## install what is missing, build, and run ./nettrace with ARGS="..."
	@$(MAKE) --no-print-directory nettrace
	@./nettrace $(ARGS)

test: ## check the source, then test the executable on this kernel, as root (TESTS=... to choose)
	@package/deps.sh build test
	@$(MAKE) --no-print-directory nettrace out/traffic check
	$(deno) task ok
	$(deno) test -A $(TESTS)
	@if [ "$$CI" = true ]; then $(MAKE) --no-print-directory vm ARGS=--ci; fi

check: $(objects) | $(deno) ## fail if what is made from other files, and committed, is not what they say
	@rm -rf out/committed && mkdir out/committed && cp bpf/*.gen.ts out/committed/
	@$(MAKE) --no-print-directory layouts
	@for file in bpf/*.gen.ts; do diff -u out/committed/$${file#bpf/} $$file || \
	  { echo "$$file was not what its object says, and is now: commit it."; exit 1; }; done
	@$(deno) run -A package/readme.ts --check

layouts: $(objects) | $(deno) ## make bpf/*.gen.ts from the objects
	@$(deno) run -A bpf/gen.ts $(objects)

readme: | $(deno) ## make the table of tools in README.md
	@$(deno) run -A package/readme.ts

vm: ## run the live tests on other kernels (ARGS="--kernels 5.10")
	@package/deps.sh build vm
	@$(MAKE) --no-print-directory nettrace out/traffic
	@$(deno) run -A tests/vm/run.ts $(ARGS)

bench: ## measure, side by side with C programs, as root (ARGS=--write for docs/performance.md)
	@package/deps.sh build bench
	@$(MAKE) --no-print-directory nettrace out/traffic $(benches)
	@$(deno) run -A tests/bench/run.ts $(ARGS)

soak: ## run all tools at once on traffic that is known, for MINUTES=30, as root (ARGS=--write for docs/soak.md)
	@package/deps.sh build bench
	@$(MAKE) --no-print-directory nettrace out/traffic
	@$(deno) run -A tests/soak/run.ts --minutes $(MINUTES) $(ARGS)

fuzz: $(objects) out/stub.bin | $(deno) ## fuzz a target by coverage, with nodejs and npm (TARGET=dns SECONDS=60)
	@nice $(deno) run -A tests/fuzz/jazzer.ts $(TARGET) $(SECONDS)

install: nettrace | $(deno) ## copy the executable, its manual pages, completions and kit/ to PREFIX
	@package/install.sh "$(DESTDIR)" "$(PREFIX)"

clean: ## remove what was made
	rm -rf out nettrace

# Line information names the source files: relative to here, so that the directory built in leaves no trace. BPF_PROG
# declares parameters that a program need not use.
out/%.bpf.o: bpf/%.bpf.c out/include/bpf | deps
	$(bpf_clang) -MMD -MP -MF out/$*.bpf.d -c $< -o $@
	llvm-strip -g $@
-include $(objects:.o=.d)

out/include/bpf: package/libbpf.sh | deps
	package/libbpf.sh headers out/include
	@touch $@

out/libbpf.so: package/libbpf.sh package/libbpf_shim.c package/glibc.sh | deps
	@mkdir -p out
	package/libbpf.sh library $@

out/relinquish.so: ffi/relinquish.c package/glibc.sh | deps
	@mkdir -p out
	clang -std=c11 -Os $(warnings) -fPIC -fvisibility=hidden -shared -fuse-ld=lld -Wl,-soname,relinquish.so \
	  -Wl,-z,relro,-z,now -Wl,--no-undefined -Wl,--build-id=none $< -o $@
	llvm-strip --remove-section=.comment $@
	package/glibc.sh $@

out/bundle/main.js: $(sources) package/bundle.ts | $(deno)
	@rm -rf out/bundle
	$(deno) run -A package/bundle.ts src/main.ts out/bundle

out/report.html: $(filter-out %_test.ts,$(wildcard src/report/page/* src/report/*.ts)) src/loss.ts package/page.ts deno.json | $(deno)
	$(deno) run -A package/page.ts src/report/page $@

out/program.eszip: out/bundle/main.js package/deno.sh
	@rm -f $@
	cd out/bundle && ../deno compile -A --no-config --no-lock --quiet --eszip-internal-do-not-use -o ../program.eszip main.js

out/stub.bin: package/stub.c package/stub.ld | deps
	@mkdir -p out
	clang -Os $(warnings) -ffreestanding -fno-builtin -fPIC -fvisibility=hidden -fno-stack-protector -fno-jump-tables \
	  -fno-asynchronous-unwind-tables -c package/stub.c -o out/stub.o
	ld.lld -T package/stub.ld -e _start -o out/stub.elf out/stub.o
	llvm-objcopy -O binary --only-section=.text out/stub.elf $@

out/traffic: $(wildcard tests/live/traffic*.[ch]) | deps
	@mkdir -p out
	clang -O2 $(warnings) -static -pthread $(filter %.c,$^) -o $@

out/bench-%.bpf.o: tests/bench/%.bpf.c $(wildcard bpf/*.h bpf/*.c) out/include/bpf | deps
	$(bpf_clang) -Ibpf -c $< -o $@
	llvm-strip -g $@

out/bench-%: tests/bench/%.c tests/bench/row.c tests/bench/c.h | deps
	@mkdir -p out
	clang -O2 $(warnings) $(filter %.c,$^) -Wl,--as-needed -lbpf -o $@

$(deno): package/deno.sh | deps
	@mkdir -p out
	@ln -sf "$$(package/deno.sh)" $@

# These two change only when what they say does.
out/build.json: always
	@mkdir -p out
	@package/build_json.sh >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

out/runtime: always
	@mkdir -p out
	@echo $(RUNTIME) | cmp -s - $@ || echo $(RUNTIME) >$@

.PHONY: always
always:
