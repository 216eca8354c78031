/* The scenario close: connections that end in one of many ways, each between two processes of their own. */
#include "traffic.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A way is a list of steps: who (c: client, s: server), then what. C closes; W and D shut down for writing and both
 * directions; R resets (SO_LINGER 0); S sends a byte; U waits until a byte is there and leaves it unread; E waits for the
 * end or an error; F closes after a child has inherited the socket, which closes it next; X exits without closing; K is
 * killed. Each step is over before the next begins.
 */
static const struct {
	const char *name, *steps;
} ways[] = {
	{ "active", "cC sE sC" },	{ "passive", "sC cE cC" },	  { "half_closed", "cW sE sW cE cC sC" },
	{ "shutdown_both", "cD sE sC cC" }, { "reset_by_client", "cR sE sC" }, { "reset_by_server", "sR cE cC" },
	{ "exit_of_client", "cX sE sX" }, { "exit_of_server", "sX cE cX" }, { "killed_client", "cK sE sC" },
	{ "killed_server", "sK cE cC" }, { "unread_data", "sS cU cC sE sC" }, { "last_reference_in_child", "cF sE sC" },
	{ "server_leaves_child", "sF cE cC" }, { "both_at_once", "cC sC" },
};

static const char *steps;
static uint32_t count;
static enum reach reach;

struct side {
	char who;
	pid_t pid;
	int orders[2], answers[2];
};

static void await_byte(int fd, int flags)
{
	char byte;

	while (recv(fd, &byte, 1, flags) > 0)
		if (flags & MSG_PEEK)
			return;
}

static void close_in_child(int fd)
{
	int leave[2], left[2];
	char byte = 0;

	if (pipe(leave) || pipe(left))
		die("cannot make a pipe: %m");
	if (fork() == 0) {
		close(leave[1]);
		read(leave[0], &byte, 1);
		close(fd);
		write(left[1], &byte, 1);
		_exit(0);
	}
	close(fd);
	close(leave[1]);
	read(left[0], &byte, 1);
}

static void take_step(int fd, char what)
{
	struct linger reset = { .l_onoff = 1 };

	switch (what) {
	case 'C':
		close(fd);
		return;
	case 'W':
		shutdown(fd, SHUT_WR);
		return;
	case 'D':
		shutdown(fd, SHUT_RDWR);
		return;
	case 'R':
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
		return;
	case 'S':
		send(fd, "x", 1, 0);
		return;
	case 'U':
		await_byte(fd, MSG_PEEK);
		return;
	case 'E':
		await_byte(fd, 0);
		return;
	case 'F':
		close_in_child(fd);
		return;
	case 'X':
		_exit(0);
	}
	die("%c is no step", what);
}

static void follow_orders(const struct side *side, int fd)
{
	char what;

	while (read(side->orders[0], &what, 1) == 1) {
		take_step(fd, what);
		if (write(side->answers[1], &what, 1) != 1)
			die("cannot answer: %m");
	}
	_exit(0);
}

static int open_end(const struct side *side, const struct run *run)
{
	const struct listener *listener = &run->listeners[0];
	union address to = destination(run, reach, listener);
	int fd;

	if (side->who == 's')
		return accept(listener->fd, NULL, NULL);
	fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	if (fd >= 0 && connect(fd, &to.any, sizeof(to)))
		return -1;
	return fd;
}

static void start_side(struct run *run, struct side *side)
{
	struct worker self = { .reports = run->reports[1] };
	int fd;

	if (pipe2(side->orders, 0) || pipe2(side->answers, 0))
		die("cannot make a pipe: %m");
	side->pid = fork();
	if (side->pid) {
		close(side->orders[0]);
		close(side->answers[1]);
		return;
	}
	close(side->orders[1]);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, side->who == 's' ? "server" : "client");
	fd = open_end(side, run);
	if (fd < 0)
		die("cannot connect: %m");
	report_accepted(&self, fd, side->who == 's');
	follow_orders(side, fd);
}

static void give_step(const struct side *side, char what)
{
	char answer;

	if (what == 'K') {
		kill(side->pid, SIGKILL);
		waitpid(side->pid, NULL, 0);
	} else if (write(side->orders[1], &what, 1) != 1) {
		die("cannot give a step: %m");
	} else if (what == 'X') {
		waitpid(side->pid, NULL, 0);
	} else if (read(side->answers[0], &answer, 1) != 1) {
		die("a step failed");
	}
}

static void end_side(const struct side *side)
{
	close(side->orders[1]);
	close(side->answers[0]);
	waitpid(side->pid, NULL, 0);
}

/* way= how they end, n= how many, family= how the client reaches the server. */
void set_up_close(struct run *run)
{
	const char *name = option("way", "active");

	for (size_t i = 0; i < LENGTH(ways); i++)
		if (!strcmp(ways[i].name, name))
			steps = ways[i].steps;
	if (!steps)
		die("there is no way %s", name);
	count = number("n", 1);
	reach = reach_option();
	listen_on(run, reach, number("port", 0), IPPROTO_TCP);
	set_up_acceptors(run);
	start_client(run, connect_as_ordered);
}

/* Both ends of each connection are told, each as its owner sees it. */
void act_close(struct run *run)
{
	signal(SIGCHLD, SIG_DFL); /* these processes are meant to end */
	signal(SIGPIPE, SIG_IGN);
	for (uint32_t i = 0; i < count; i++) {
		struct side client = { .who = 'c' }, server = { .who = 's' };

		start_side(run, &server);
		start_side(run, &client);
		for (int end = 0; end < 2; end++) {
			struct report report = read_report(run);

			add_connection(run, &report);
		}
		for (const char *step = steps; *step; step += step[2] ? 3 : 2)
			give_step(step[0] == 'c' ? &client : &server, step[1]);
		end_side(&client);
		end_side(&server);
	}
	await_ends();
}
