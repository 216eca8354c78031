#include "traffic.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 240 /* a flood takes that long in software emulation */

/* No worker ends by itself before end_workers(), so this is a failure; one that exited has said why. */
static void worker_died(int signal)
{
	int status;

	(void)signal;
	if (waitpid(-1, &status, WNOHANG) > 0 && WIFEXITED(status))
		_exit(1);
	die("a worker was killed by a signal");
}

void start_reports(struct run *run)
{
	struct sigaction action = { .sa_handler = worker_died, .sa_flags = SA_RESTART };

	if (pipe2(run->reports, O_CLOEXEC))
		die("cannot make a pipe: %m");
	if (sigaction(SIGCHLD, &action, NULL))
		die("cannot watch for the end of workers: %m");
}

/* Sends the report with who sent it. */
void send_report(const struct worker *self, struct report report)
{
	report.worker = self->index;
	report.pid = getpid();
	report.tid = gettid();
	report.uid = getuid();
	prctl(PR_GET_NAME, report.comm);
	if (write(self->reports, &report, sizeof(report)) != sizeof(report))
		die("cannot report: %m");
}

/* The next report of any worker. One that says that the kernel lacks something ends the program with that. */
struct report read_report(struct run *run)
{
	struct pollfd ready = { .fd = run->reports[0], .events = POLLIN };
	struct report report;

	if (poll(&ready, 1, PATIENCE_S * 1000) == 0)
		die("no worker reported anything for %d s", PATIENCE_S);
	if (read(run->reports[0], &report, sizeof(report)) != sizeof(report))
		die("cannot read a report: %m");
	if (report.kind == UNSUPPORTED) {
		end_workers(run);
		print_unsupported(report.sentence);
	}
	return report;
}

void give_order(const struct worker *worker, struct order order)
{
	if (write(worker->orders[1], &order, sizeof(order)) != sizeof(order))
		die("cannot give an order: %m");
}

static void *serve(void *argument)
{
	struct worker *self = argument;
	struct order order;

	if (self->job->prepare)
		self->job->prepare(self);
	send_report(self, (struct report){ .kind = HELLO, .mntns = inode_of("/proc/thread-self/ns/mnt") });
	while (read(self->orders[0], &order, sizeof(order)) == sizeof(order))
		self->job->work(self, &order);
	die("cannot read an order: %m");
}

static void join_cgroup(const char *directory)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		die("cannot join the cgroup %s: %m", directory);
	close(fd);
}

/* Before any further thread is made, as some of this is of a thread and inherited. */
static void become(const struct job *job)
{
	if (job->cgroup)
		join_cgroup(job->cgroup);
	if (job->own_mntns && unshare(CLONE_NEWNS))
		die("cannot make a mount namespace: %m");
	if (job->uid && setuid(job->uid))
		die("cannot become user %ld: %m", job->uid);
	if (prctl(PR_SET_NAME, job->comm))
		die("cannot set the name of a thread: %m");
}

/* After become(), as a change of user ends the effect (kernel/cred.c: commit_creds). */
static void die_with(pid_t controller)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != controller)
		die("the controller has gone");
}

/* One process whose threads are the given workers: its only thread for one, else one each besides the first. */
static void start_process(struct run *run, struct worker *workers, const struct job *job, int threads)
{
	pid_t controller = getpid();
	pthread_t thread;
	pid_t pid;

	for (int i = 0; i < threads; i++) {
		workers[i].job = job;
		workers[i].reports = run->reports[1];
		if (pipe2(workers[i].orders, O_CLOEXEC))
			die("cannot make a pipe: %m");
	}
	pid = fork();
	if (pid < 0)
		die("cannot make a process: %m");
	for (int i = 0; pid && i < threads; i++)
		workers[i].pid = pid;
	if (pid)
		return;
	signal(SIGCHLD, SIG_DFL);
	become(job);
	die_with(controller);
	if (threads == 1)
		serve(workers);
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread, NULL, serve, &workers[i]))
			die("cannot make a thread: %m");
	for (;;)
		pause();
}

static struct report await_hello(struct run *run)
{
	struct report report = read_report(run);

	if (report.kind != HELLO)
		die("a worker did something before it was told to");
	return report;
}

/* Makes processes of run->job.threads acceptors each. */
void start_acceptors(struct run *run, int processes)
{
	int threads = run->job.threads;

	if (processes < 1 || threads < 1 || processes > MOST_ACCEPTORS || processes * threads > MOST_ACCEPTORS)
		die("there must be from 1 to %d acceptors", MOST_ACCEPTORS);
	run->acceptor_count = processes * threads;
	for (int i = 0; i < run->acceptor_count; i++)
		run->acceptors[i].index = i;
	for (int i = 0; i < processes; i++)
		start_process(run, &run->acceptors[i * threads], &run->job, threads);
	for (int i = 0; i < run->acceptor_count; i++) {
		struct report hello = await_hello(run);

		run->acceptors[hello.worker].tid = hello.tid;
		run->uid = hello.uid;
		if (hello.worker == 0)
			run->mntns = hello.mntns;
	}
}

/* Makes the one client. Its index is that of no acceptor. */
void start_client(struct run *run, work *how)
{
	static struct job job = { .comm = "client", .threads = 1 };

	job.work = how;
	run->client.index = -1;
	start_process(run, &run->client, &job, 1);
	run->client.tid = await_hello(run).tid;
}

static bool read_proc(const struct worker *worker, const char *file, char *text, size_t size)
{
	char path[64];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", worker->pid, worker->tid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("cannot read %s: %m", path);
	length = read(fd, text, size - 1);
	close(fd);
	text[length < 0 ? 0 : length] = 0;
	return length > 0;
}

/*
 * /proc/.../syscall names a system call only if the thread was off the CPU all the while (lib/syscall.c). In accept it is
 * so either in state S, as it waits for a connection, or in state D, as another thread has the lock of the listener.
 * While nobody connects, nothing takes a thread out of accept between the two reads, so both together prove the wait.
 */
static bool in_accept(const struct worker *worker)
{
	char call[128], status[512];
	const char *state;
	long nr;

	if (!read_proc(worker, "syscall", call, sizeof(call)) || sscanf(call, "%ld", &nr) != 1)
		return false;
	if (nr != SYS_accept && nr != SYS_accept4)
		return false;
	if (!read_proc(worker, "stat", status, sizeof(status)))
		return false;
	state = strrchr(status, ')');	/* the name before it may hold anything */
	return state && !strncmp(state, ") S ", 4);
}

void wait_until_in_accept(const struct worker *worker)
{
	time_t end = time(NULL) + PATIENCE_S;

	while (!in_accept(worker)) {
		if (time(NULL) > end)
			die("thread %d is still not waiting in accept", worker->tid);
		sched_yield();
	}
}

static void end_process(pid_t pid)
{
	if (kill(pid, SIGKILL) || waitpid(pid, NULL, 0) != pid)
		die("a worker ended too early");
}

/* Workers may be waiting in accept, so they are killed; a failed one would have ended the controller before. */
void end_workers(struct run *run)
{
	signal(SIGCHLD, SIG_DFL);
	for (int i = 0; i < run->acceptor_count; i += run->job.threads)
		end_process(run->acceptors[i].pid);
	if (run->client.pid)
		end_process(run->client.pid);
}
