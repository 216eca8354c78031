/*
 * reader OBJECT RING_BYTES LOST_OFFSET PROGRAM...: tcpaccept as a plain C tool. Loads and attaches the programs (`?NAME`
 * only if the kernel has its hook), prints the heading, then a row for each record until SIGINT; then says how many
 * were lost: the counter at LOST_OFFSET in .bss.
 */
#include "c.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#define POLL_MS 250

static volatile sig_atomic_t stopping;

static void stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static int take(void *unused, void *data, size_t size)
{
	(void)unused;
	(void)size;
	print_row(TABLE, data);
	return 0;
}

static struct bpf_program *program_of(struct bpf_object *object, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, *name == '?' ? name + 1 : name);

	if (!program)
		die("reader: there is no program %s", name);
	return program;
}

static void attach(struct bpf_object *object, const char *name)
{
	if (!bpf_program__attach(program_of(object, name)) && !(*name == '?' && errno == ENOENT))
		die("reader: cannot attach %s: %m", name);
}

/* libbpf warns of a missing hook of an optional program, which is no fault. */
static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

int main(int count, char **args)
{
	struct bpf_object *object = count > 4 ? bpf_object__open_file(args[1], NULL) : NULL;
	struct bpf_program *program;
	struct ring_buffer *ring;
	unsigned long long lost = 0;
	char bss[4096];
	uint32_t key = 0;

	if (!object)
		die("usage: reader OBJECT RING_BYTES LOST_OFFSET PROGRAM...");
	signal(SIGINT, stop);
	libbpf_set_print(silent);
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, false);
	for (int i = 4; i < count; i++)
		bpf_program__set_autoload(program_of(object, args[i]), true);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "events"), atoi(args[2]));
	if (bpf_object__load(object))
		die("reader: cannot load %s: %m", args[1]);
	for (int i = 4; i < count; i++)
		attach(object, args[i]);
	ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "events"), take, NULL, NULL);
	if (!ring)
		die("reader: cannot map the ring: %m");
	print_heading(TABLE);
	fflush(stdout);
	while (!stopping)
		ring_buffer__poll(ring, POLL_MS);
	ring_buffer__consume(ring);
	if (!bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(object, ".bss"), &key, bss))
		memcpy(&lost, bss + atoi(args[3]), sizeof(lost));
	if (lost)
		fprintf(stderr, "lost %llu events\n", lost);
	bpf_object__close(object);
	return 0;
}
