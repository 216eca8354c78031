/* The scenario uring: accepts by io_uring. */
#include "traffic.h"
#include "traffic_ring.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct uring_settings {
	bool multishot;
	bool direct;		/* into fixed files, which have no descriptors */
	bool sq_poll;
	bool armed_before;	/* the ready line */
	uint32_t connections;
};

/* Of an acceptor. */
struct uring {
	struct ring ring;
	bool armed;
	uint32_t accepted;
};

static struct uring_settings settings;

static void arm(struct uring *uring, const struct uring_settings *how, int listener)
{
	struct io_uring_sqe request = { .opcode = IORING_OP_ACCEPT, .fd = listener, .accept_flags = SOCK_CLOEXEC };

	if (how->multishot)
		request.ioprio = IORING_ACCEPT_MULTISHOT;
	if (how->direct) {
		request.accept_flags = 0;	/* a fixed file cannot have SOCK_CLOEXEC */
		request.file_index = how->multishot ? IORING_FILE_INDEX_ALLOC : uring->accepted + 1;
	}
	submit(&uring->ring, &request);
	uring->armed = true;
}

static void report_unsupported(const struct worker *self, const char *lack, int error)
{
	struct report report = { .kind = UNSUPPORTED };

	snprintf(report.sentence, sizeof(report.sentence), "This kernel %s: %s.", lack, strerror(error));
	send_report(self, report);
	pause();
}

/* A mode that the kernel does not have fails at once, without a connection. On another ring, to leave no trace here. */
static int try_mode(const struct uring_settings *how)
{
	struct uring trial = { 0 };
	struct completion failure;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = 0;

	if (listener < 0 || listen(listener, 1))
		die("cannot listen: %m");
	open_ring(&trial.ring, false);
	reserve_fixed_files(&trial.ring, 1);
	arm(&trial, how, listener);
	if (take_completion(&trial.ring, &failure))
		error = -failure.result;
	close_ring(&trial.ring);
	close(listener);
	return error;
}

static void prepare(struct worker *self)
{
	const struct uring_settings *how = self->job->settings;
	struct uring *uring = calloc(1, sizeof(*uring));
	int error;

	if (!uring)
		die("there is not enough memory");
	self->state = uring;
	error = open_ring(&uring->ring, how->sq_poll);
	if (error)
		report_unsupported(self, "has no io_uring for us", error);
	error = try_mode(how);
	if (error)
		report_unsupported(self, "cannot accept in this way by io_uring", error);
	if (how->direct)
		reserve_fixed_files(&uring->ring, how->connections);
}

static void check(const struct uring *uring, const struct uring_settings *how, const struct completion *completion)
{
	if (completion->result < 0)
		die("cannot accept by io_uring: %s", strerror(-completion->result));
	if (how->direct && completion->result != (how->multishot ? (int)uring->accepted : 0))
		die("io_uring accepted into file %d instead of a fixed one", completion->result);
}

/* An order of no connections only arms an accept, for the next order. */
static void accept_by_uring(struct worker *self, const struct order *order)
{
	const struct uring_settings *how = self->job->settings;
	struct uring *uring = self->state;

	if (!order->count) {
		arm(uring, how, order->fd);
		send_report(self, (struct report){ .kind = ARMED });
		return;
	}
	for (uint32_t i = 0; i < order->count; i++) {
		struct completion completion;

		if (!uring->armed)
			arm(uring, how, order->fd);
		completion = await_completion(&uring->ring);
		check(uring, how, &completion);
		uring->armed = completion.flags & IORING_CQE_F_MORE;
		uring->accepted++;
		if (how->direct)
			send_report(self, (struct report){ .kind = ACCEPTED });
		else
			report_accepted(self, completion.result, 0);
	}
}

static void read_mode(void)
{
	const char *mode = option("mode", "single");
	const char *armed = option("armed", "after");

	settings.multishot = !strncmp(mode, "multishot", 9);
	settings.direct = strstr(mode, "direct");
	settings.sq_poll = number("sqpoll", 0);
	settings.armed_before = !strcmp(armed, "before");
	settings.connections = number("n", 1);
	if (strcmp(mode, "single") && strcmp(mode, "direct") && strcmp(mode, "multishot") &&
	    strcmp(mode, "multishot_direct"))
		die("mode must be single, direct, multishot or multishot_direct, not %s", mode);
	if (!settings.armed_before && strcmp(armed, "after"))
		die("armed must be before or after, not %s", armed);
}

/* mode=, n=, sqpoll=1, armed=before|after (the ready line) */
void set_up_uring(struct run *run)
{
	enum reach reach = reach_option();
	struct listener *listener = listen_on(run, reach, number("port", 0), IPPROTO_TCP);

	read_mode();
	run->client_order.to = destination(run, reach, listener);
	run->job.prepare = prepare;
	run->job.work = accept_by_uring;
	run->job.settings = &settings;
	set_up_acceptors(run);
	if (run->acceptor_count > 1)	/* their armed accepts would compete */
		die("uring has one acceptor");
	start_client(run, connect_as_ordered);
	if (!settings.armed_before)
		return;
	give_order(&run->acceptors[0], (struct order){ .fd = listener->fd });
	if (read_report(run).kind != ARMED)
		die("the acceptor did not arm its accept");
}

/* The kernel's thread that polls the queue, and that accepts; it belongs to the process since Linux 5.12. */
static pid_t polling_thread(pid_t pid, char comm[COMM_SIZE])
{
	char path[64];
	DIR *tasks;
	struct dirent *task;
	pid_t tid = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks && !tid && (task = readdir(tasks))) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/task/%.16s/comm", pid, task->d_name);
		file = fopen(path, "re");
		if (file && fgets(comm, COMM_SIZE, file) && !strncmp(comm, "iou-sqp-", 8))
			tid = atoi(task->d_name);
		if (file)
			fclose(file);
	}
	if (tasks)
		closedir(tasks);
	comm[strcspn(comm, "\n")] = 0;
	return tid;
}

void act_uring(struct run *run)
{
	char comm[COMM_SIZE] = "";
	pid_t tid;

	for (uint32_t i = 0; i < settings.connections; i++)
		establish(run, &run->acceptors[0], &run->listeners[0], run->client_order);
	if (!settings.sq_poll)
		return;
	tid = polling_thread(run->acceptors[0].pid, comm);
	for (size_t i = 0; tid && i < run->connection_count; i++) {
		run->connections[i].tid = tid;
		memcpy(run->connections[i].comm, comm, COMM_SIZE);
	}
}
