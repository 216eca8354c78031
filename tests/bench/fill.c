/*
 * fill OBJECT RING_BYTES: makes the ring and prints its map's id; then, for each line of input with a number, puts that
 * many records into it, or as many as fit, and prints how many there are.
 */
#include "c.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static uint32_t id_of(int map)
{
	struct bpf_map_info info = {};
	uint32_t length = sizeof(info);

	if (bpf_obj_get_info_by_fd(map, &info, &length))
		die("fill: cannot tell the ring's id");
	return info.id;
}

/* How many records it put into the ring. */
static uint32_t fill(int program, uint32_t records)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &records, .ctx_size_in = sizeof(records));

	if (bpf_prog_test_run_opts(program, &options))
		die("fill: cannot run the program: %m");
	return options.retval;
}

int main(int count, char **args)
{
	struct bpf_object *object = count == 3 ? bpf_object__open_file(args[1], NULL) : NULL;
	struct bpf_program *program;
	char line[32];
	int ring;

	if (!object)
		die("usage: fill OBJECT RING_BYTES");
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, false);
	program = bpf_object__find_program_by_name(object, "fill");
	bpf_program__set_autoload(program, true);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "events"), atoi(args[2]));
	if (bpf_object__load(object))
		die("fill: cannot load the program: %m");
	ring = bpf_object__find_map_fd_by_name(object, "events");
	printf("%u\n", id_of(ring));
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		printf("%u\n", fill(bpf_program__fd(program), atoi(line)));
		fflush(stdout);
	}
	bpf_object__close(object);
	return 0;
}
