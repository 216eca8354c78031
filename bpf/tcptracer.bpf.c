// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One event for each TCP connection that is made, accepted or closed, with who did it.
#define SHOWS_ACCEPTS
#include "owner.bpf.h"

enum type { CONNECT = 1, ACCEPT, CLOSE };

struct trace {
	struct origin origin;
	struct endpoints ends;
	__u32 type;
	__u32 state; /* before it happened */
};

EVENTS(struct trace);
LOST(session_full); /* connections that may be shown as closed twice, or not at all, as there was no room for them */

/* Sockets that go to CLOSE and are there still: their ends, which may be gone from them when they are destroyed. */
struct session {
	struct endpoints ends;
	__u64 ended; /* nothing more is to be shown of it */
};

PER_SOCKET(sessions, struct session);

static __always_inline void keep_session(struct sock *sk, const struct endpoints *ends, bool ended)
{
	struct session session = { .ends = *ends, .ended = ended };
	__u64 key = (__u64)sk;

	if (unkept(map_update(&sessions, &key, &session, ended ? BPF_ANY : BPF_NOEXIST)))
		COUNT_LOST(session_full);
}

static __always_inline bool has_ended(struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct session *session = bpf_map_lookup_elem(&sessions, &key);

	return session && session->ended;
}

/* What happened to these ends; `owner` says who did it, or if NULL, the current task. */
struct happening {
	enum type type;
	__u32 state;
	__u32 netns;
	bool by_owner;
	struct owner *owner;
};

static __always_inline void emit(const struct endpoints *ends, __u64 now, const struct happening *what)
{
	struct trace *e;

	if (!keep_ends(ends, what->netns) || !(what->by_owner ? keep_owner(what->owner) : keep_task()))
		return;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		COUNT_LOST(ring_full);
		return;
	}
	if (what->by_owner)
		set_owner(&e->origin, what->owner, now, what->netns);
	else
		set_origin(&e->origin, now, what->netns);
	e->ends = *ends;
	e->type = what->type;
	e->state = what->state;
	bpf_ringbuf_submit(e, 0);
}

static __always_inline void show_accept(struct sock *sk, __u64 time_ns, const bool typed)
{
	struct happening what = { .type = ACCEPT, .netns = netns_of(sk, typed) };
	struct endpoints ends;
	__u64 key = (__u64)sk;

	/* It may have been reset in the queue; now somebody has it, and will close it. */
	bpf_map_delete_elem(&sessions, &key);
	what.state = READ(typed, sk, __sk_common.skc_state);
	set_endpoints(&ends, sk, typed);
	emit(&ends, time_ns, &what);
}

/*
 * Shows a close by the current task; by the owner, if a thread of the kernel closes for it, or if no task has locked the
 * socket: then a packet or a timer ends what was closed before, and interrupts whatever runs (sock_owned_by_user() in
 * tcp_v4_rcv(), net/ipv4/tcp_ipv4.c). That close is not known where the kernel left out the program that would have seen it.
 */
static __always_inline void show_close(struct sock *sk, const struct endpoints *ends, __u32 state)
{
	struct happening what = { .type = CLOSE, .state = state, .netns = netns_of(sk, true) };

	what.by_owner = in_kernel_thread() || !sk->sk_lock.owned;
	if (what.by_owner)
		what.owner = owner_of(sk, true);
	emit(ends, bpf_ktime_get_ns(), &what);
}

/*
 * True if this change is close(2), or shutdown(2) of both directions; after the latter a close changes nothing that could
 * be told apart. Closing what is half closed sets the state that there was.
 */
static __always_inline bool is_close(struct sock *sk, int oldstate, int newstate)
{
	return sk->sk_shutdown == SHUTDOWN_MASK && (closes(sk, oldstate, newstate) || oldstate == newstate);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state, struct sock *sk, int oldstate, int newstate)
{
	__u64 now = bpf_ktime_get_ns(), key = (__u64)sk;
	struct endpoints ends;
	bool unborn = oldstate == TCP_SYN_SENT || oldstate == TCP_SYN_RECV;

	if (sk->sk_protocol != IPPROTO_TCP || !keep_kind(sk, true))
		return 0;
	learn_owner(sk, oldstate, newstate, now);
	if (begins(oldstate, newstate))
		bpf_map_delete_elem(&sessions, &key);
	if (newstate == TCP_SYN_SENT)
		return 0;
	if (newstate == TCP_LISTEN || oldstate == TCP_LISTEN || oldstate == TCP_CLOSE)
		return 0;
	set_endpoints(&ends, sk, true);
	if (newstate == TCP_ESTABLISHED) {
		struct happening what = { CONNECT, oldstate, netns_of(sk, true), true, owner_of(sk, true) };

		if (oldstate == TCP_SYN_SENT || (what.owner && what.owner->kind == CONNECTED))
			emit(&ends, now, &what);
	} else if (unborn) {
		keep_session(sk, &ends, true);
	} else if (is_close(sk, oldstate, newstate)) {
		if (!has_ended(sk))
			show_close(sk, &ends, oldstate);
		keep_session(sk, &ends, true);
	} else if (newstate == TCP_CLOSE) {
		/* Nobody has a socket of the accept queue; what somebody has is closed later, and shown when it is destroyed. */
		keep_session(sk, &ends, !sk->sk_socket);
	}
	return 0;
}

/* A socket that is in CLOSE already when it is closed is destroyed in the context of who closes it. */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(destroy, struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct session *session = bpf_map_lookup_elem(&sessions, &key);
	struct endpoints ends = {};
	bool ended = false;

	if (session) {
		bpf_probe_read_kernel(&ends, sizeof(ends), &session->ends);
		ended = session->ended;
	} else if (keep_kind(sk, true)) {
		set_endpoints(&ends, sk, true);
	}
	if (ends.rport && !ended)
		show_close(sk, &ends, TCP_CLOSE);
	bpf_map_delete_elem(&sessions, &key);
	bpf_map_delete_elem(&owners, &key);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
