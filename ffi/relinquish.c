// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Capabilities and no_new_privs belong to a thread, and a runtime has many by the time that tracing has begun. Like glibc's
// setuid(2), which is the process's by a signal to each thread (nptl(7)), this has every thread give up its own.
// Compiled without _GNU_SOURCE, so that it loads with any glibc since 2.28 (see package/glibc.sh).
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/prctl.h>

long syscall(long number, ...);

#define PUBLIC __attribute__((visibility("default")))

// Ignored unless it is handled, so one that comes too late ends nothing; neither V8 nor Deno uses it.
#define SIGNAL SIGURG

struct sets {
	uint64_t effective, permitted, inheritable;
};

// Of a thread, or of this one for 0.
static long capget(int id, struct sets *sets)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, id };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static long capset(const struct sets *sets)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ sets->effective, sets->permitted, sets->inheritable },
		{ sets->effective >> 32, sets->permitted >> 32, sets->inheritable >> 32 },
	};

	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

// What this thread keeps of what it has; 0 or -errno. Calls only what a signal handler may (signal-safety(7)).
static long give_up(uint64_t kept)
{
	struct sets sets;
	long error = capget(0, &sets);

	if (error)
		return error;
	if (sets.permitted & 1ULL << CAP_SETPCAP) {
		sets.effective = sets.permitted;
		error = capset(&sets);
		for (long bit = 0; syscall(SYS_prctl, PR_CAPBSET_DROP, bit, 0, 0, 0) == 0; bit++)
			;
	}
	sets.effective = sets.permitted &= kept;
	sets.inheritable = 0; // and with it the ambient ones (capabilities(7))
	if (!error)
		error = capset(&sets);
	if (syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 && !error)
		error = -errno;
	return error;
}

#define MOST_THREADS 4096

// The threads that were asked. Entries are only added, as handlers read them.
static struct {
	int id;
	atomic_int done;
} threads[MOST_THREADS];
static atomic_int count;
static _Atomic long first_error;

static void on_signal(int signal)
{
	int saved = errno, id = syscall(SYS_gettid);

	for (int i = 0; i < atomic_load(&count); i++) {
		if (threads[i].id != id || atomic_load(&threads[i].done))
			continue;
		long none = 0, error = give_up(0);

		if (error)
			atomic_compare_exchange_strong(&first_error, &none, error);
		atomic_store(&threads[i].done, 1);
	}
	errno = saved;
	(void)signal;
}

// The place of a thread among those that were asked, or behind them.
static int place_of(int id)
{
	int i = 0;

	while (i < atomic_load(&count) && threads[i].id != id)
		i++;
	return i;
}

// True if it has done what it was asked, or will yet. One that has capabilities has only got another's number.
static int is_asked(int place)
{
	struct sets sets = { 0 };

	if (place == atomic_load(&count))
		return 0;
	return !atomic_load(&threads[place].done) || capget(threads[place].id, &sets) || sets.permitted == 0;
}

/**
 * Asks all other threads that were not asked yet to give up all capabilities and to set no_new_privs, and does not wait
 * until they have: on a machine that is busy, that may take a while. Returns how many they are, or -errno.
 */
PUBLIC long nettrace_ask_others(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	int pid = getpid(), self = syscall(SYS_gettid);
	DIR *tasks = opendir("/proc/self/task");
	long asked = 0;

	if (!tasks)
		return -errno;
	sigaction(SIGNAL, &action, NULL);
	for (struct dirent *entry; (entry = readdir(tasks)) && asked >= 0;) {
		int id = atoi(entry->d_name), place = place_of(id);

		if (id <= 0 || id == self || is_asked(place))
			continue;
		if (place == MOST_THREADS) {
			asked = -E2BIG;
			break;
		}
		threads[place].id = id;
		atomic_store(&threads[place].done, 0);
		if (place == atomic_load(&count))
			atomic_store(&count, place + 1);
		asked++;
		if (syscall(SYS_tgkill, pid, id, SIGNAL) < 0 && errno != ESRCH)
			asked = -errno;
	}
	closedir(tasks);
	return asked;
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// Waits until all that were asked have done it, or have ended; 0 or -errno.
static long wait_for_others(int64_t deadline_us)
{
	int pid = getpid();

	for (int i = 0; i < atomic_load(&count); i++) {
		for (int tries = 0; !atomic_load(&threads[i].done); tries++) {
			struct timespec pause = { 0, tries < 100 ? 10000 : 1000000 };

			if (syscall(SYS_tgkill, pid, threads[i].id, 0) < 0 && errno == ESRCH)
				break;
			if (now_us() > deadline_us)
				return -ETIMEDOUT;
			nanosleep(&pause, NULL);
		}
	}
	return 0;
}

/**
 * Has this thread give up all capabilities but those in `kept`, every other thread all of them, and all set no_new_privs;
 * waits for `patience_us` at most. Returns 0 or -errno.
 *
 * A thread that is made meanwhile has its maker's capabilities of that moment. Its maker has not been through the handler
 * then, and does not get there before the new thread can be seen in /proc (copy_process, kernel/fork.c); so once all have
 * answered and none is new, there is none left.
 */
PUBLIC long nettrace_relinquish(uint64_t kept, int64_t patience_us)
{
	int64_t deadline_us = now_us() + patience_us;
	long result = give_up(kept), asked;

	do {
		asked = nettrace_ask_others();
		if (asked < 0 && !result)
			result = asked;
		if (!result)
			result = wait_for_others(deadline_us);
	} while (asked > 0 && !result);
	signal(SIGNAL, SIG_DFL);
	return result ? result : atomic_load(&first_error);
}

/**
 * Makes a system call in this thread with only the capabilities in `effective` and such as it has; returns what the kernel
 * does: a number, or -errno.
 */
PUBLIC long nettrace_call_with(uint64_t effective, long number, long a, const void *b, long c, long d)
{
	struct sets sets;
	long error = capget(0, &sets);

	if (error)
		return error;
	struct sets less = sets;

	less.effective &= effective;
	error = capset(&less);
	if (error)
		return error;
	long result = syscall(number, a, b, c, d);

	if (result < 0)
		result = -errno;
	error = capset(&sets);
	return error ? error : result;
}
