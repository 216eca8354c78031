#include "traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const struct scenario scenarios[] = {
	{ "accept", set_up_accept, act_accept },
	{ "ports", set_up_ports, act_accept },
	{ "connect", set_up_connect, act_connect },
	{ "preblocked", set_up_preblocked, act_preblocked },
	{ "failed", set_up_failed, act_failed },
	{ "uring", set_up_uring, act_uring },
	{ "mptcp", set_up_mptcp, act_special },
	{ "tfo", set_up_tfo, act_special },
	{ "flood", set_up_flood, act_flood },
	{ "fdrace", set_up_fdrace, act_fdrace },
	{ "retransmit", set_up_retransmit, act_retransmit },
	{ "listen", set_up_listen, act_listen },
	{ "drop", set_up_drop, act_drop },
	{ "close", set_up_close, act_close },
	{ "bytes", set_up_bytes, act_bytes },
	{ "outcome", set_up_outcome, act_outcome },
	{ "reset", set_up_reset, act_reset },
	{ "soak", set_up_soak, act_soak },
};

static const struct scenario *scenario_named(const char *name)
{
	for (size_t i = 0; i < LENGTH(scenarios); i++)
		if (!strcmp(scenarios[i].name, name))
			return &scenarios[i];
	die("there is no scenario %s", name);
}

#define MOST_DESCRIPTORS 20000 /* in one process, in any test */

/* Accepted sockets stay open until the end, as otherwise their numbers and ports would be used again. */
static void allow_many_descriptors(void)
{
	const struct rlimit most = { MOST_DESCRIPTORS, MOST_DESCRIPTORS };
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		die("cannot read the limit of open files: %m");
	if (limit.rlim_max < MOST_DESCRIPTORS && !setrlimit(RLIMIT_NOFILE, &most))
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("cannot raise the limit of open files: %m");
}

/* False at the end of stdin and at `quit`. */
static bool told_to_go(void)
{
	char line[16];

	if (!fgets(line, sizeof(line), stdin) || !strcmp(line, "quit\n"))
		return false;
	if (strcmp(line, "go\n"))
		die("the only lines to type are go and quit");
	return true;
}

int main(int argc, char **argv)
{
	static struct run run;
	const struct scenario *scenario;

	if (argc < 2)
		die("name a scenario: traffic SCENARIO [key=value ...]");
	run.netns = enter_new_network();
	scenario = scenario_named(argv[1]);
	take_options(argv + 2, argc - 2);
	allow_many_descriptors();
	set_addresses(&run);
	start_reports(&run);
	scenario->set_up(&run);
	refuse_other_options(scenario->name);
	print_ready(&run);
	if (told_to_go()) {
		scenario->act(&run);
		print_done(&run);
		if (told_to_go())
			die("go was typed twice");
	}
	end_workers(&run);
	free(run.connections);
	return 0;
}
