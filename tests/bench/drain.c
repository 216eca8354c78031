/*
 * drain MAP_ID FORMAT: for each line of input, reads all that is in the ring, prints it in the format to stdout, and
 * says on stderr how many records that were and how long it took. The format count prints nothing.
 */
#include "c.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <time.h>

static enum format format;
static uint64_t records;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static int take(void *unused, void *data, size_t size)
{
	(void)unused;
	(void)size;
	records++;
	if (format != COUNT)
		print_row(format, data);
	return 0;
}

int main(int count, char **args)
{
	struct ring_buffer *ring = count == 3 ? ring_buffer__new(bpf_map_get_fd_by_id(atoi(args[1])), take, NULL, NULL) : NULL;
	char line[32];

	if (!ring)
		die("drain: cannot map the ring: %m");
	format = format_of(args[2]);
	while (fgets(line, sizeof(line), stdin)) {
		uint64_t start_ns = now_ns();

		records = 0;
		if (ring_buffer__consume(ring) < 0)
			die("drain: cannot read the ring: %m");
		fflush(stdout);
		fprintf(stderr, "{\"records\":%llu,\"spent_ns\":%llu}\n", (unsigned long long)records,
			(unsigned long long)(now_ns() - start_ns));
	}
	return 0;
}
