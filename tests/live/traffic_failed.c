/* The scenario failed: accepts that fail. */
#include "traffic.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct accept_settings settings;
static uint32_t failures, successes;

static void expect_failure(const struct accept_settings *how, int fd, int expected)
{
	int accepted = how->accept4 ? syscall(SYS_accept4, fd, NULL, NULL, SOCK_NONBLOCK) :
				      syscall(SYS_accept, fd, NULL, NULL);

	if (accepted >= 0 || errno != expected)
		die("an accept did not fail as it must: %m");
}

static void fail_as_ordered(struct worker *self, const struct order *order)
{
	int idle;

	if (!order->must_fail) {
		accept_as_ordered(self, order);
		return;
	}
	idle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	for (uint32_t i = 0; i < order->count; i++) {
		expect_failure(self->job->settings, order->fd, EAGAIN);
		expect_failure(self->job->settings, idle, EINVAL);
		expect_failure(self->job->settings, -1, EBADF);
	}
	close(idle);
	send_report(self, (struct report){ .kind = FINISHED });
}

/* n= accepts fail with each of EAGAIN, EINVAL, EBADF; then v4= succeed, so that a tracer has something to wait for. */
void set_up_failed(struct run *run)
{
	struct listener *listener = listen_on(run, V4, number("port", 0), IPPROTO_TCP);

	settings = call_option();
	settings.nonblock = true;
	failures = number("n", 1);
	successes = number("v4", 0);
	set_nonblocking(listener);
	run->job.work = fail_as_ordered;
	run->job.settings = &settings;
	set_up_acceptors(run);
	start_client(run, connect_as_ordered);
}

void act_failed(struct run *run)
{
	const struct listener *listener = &run->listeners[0];
	struct order failing = { .fd = listener->fd, .count = failures, .must_fail = true };

	for (int i = 0; i < run->acceptor_count; i++)
		give_order(&run->acceptors[i], failing);
	for (int i = 0; i < run->acceptor_count; i++)
		if (read_report(run).kind != FINISHED)
			die("an acceptor did something else than fail");
	add_fact(run, "failures", 3 * (uint64_t)failures * run->acceptor_count);
	for (uint32_t i = 0; i < successes; i++)
		establish(run, next_acceptor(run), listener, (struct order){ .to = destination(run, V4, listener) });
}
