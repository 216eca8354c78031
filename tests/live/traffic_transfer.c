#include "traffic.h"
#include "traffic_ring.h"
#include "traffic_transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define CHUNK 65536
#define PART 4099 /* of messages of several */

static char buffer[CHUNK];
static struct ring ring;
static int pipe_fds[2] = { -1, -1 };

static size_t at_most(uint64_t bytes, size_t most)
{
	return bytes < most ? bytes : most;
}

static void need_pipe(void)
{
	if (pipe_fds[0] < 0 && pipe2(pipe_fds, O_CLOEXEC))
		die("cannot make a pipe: %m");
}

/* Two parts of the buffer, of which the first is one byte. */
static void halve(struct iovec parts[2], size_t bytes)
{
	parts[0] = (struct iovec){ buffer, at_most(bytes, 1) };
	parts[1] = (struct iovec){ buffer + 1, bytes - parts[0].iov_len };
}

static ssize_t send_plain(int fd, uint64_t bytes)
{
	return send(fd, buffer, at_most(bytes, CHUNK), MSG_NOSIGNAL);
}

static ssize_t send_write(int fd, uint64_t bytes)
{
	return write(fd, buffer, at_most(bytes, CHUNK));
}

static ssize_t send_writev(int fd, uint64_t bytes)
{
	struct iovec parts[2];

	halve(parts, at_most(bytes, CHUNK));
	return writev(fd, parts, 2);
}

static ssize_t send_message(int fd, uint64_t bytes)
{
	struct iovec parts[2];
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	halve(parts, at_most(bytes, CHUNK));
	return sendmsg(fd, &message, MSG_MORE * (bytes > CHUNK));
}

static ssize_t send_messages(int fd, uint64_t bytes)
{
	struct iovec part[3];
	struct mmsghdr messages[3] = { 0 };
	ssize_t sent = 0;
	int count = 0;

	for (; count < 3 && bytes; count++) {
		part[count] = (struct iovec){ buffer, at_most(bytes, PART) };
		messages[count].msg_hdr = (struct msghdr){ .msg_iov = &part[count], .msg_iovlen = 1 };
		bytes -= part[count].iov_len;
	}
	count = sendmmsg(fd, messages, count, 0);
	for (int i = 0; i < count; i++)
		sent += messages[i].msg_len;
	return count < 0 ? count : sent;
}

static ssize_t send_file(int fd, uint64_t bytes)
{
	static int file = -1;
	off_t offset = 0;

	if (file < 0) {
		file = memfd_create("traffic", MFD_CLOEXEC);
		if (file < 0 || write(file, buffer, CHUNK) != CHUNK)
			die("cannot make a file: %m");
	}
	return sendfile(fd, file, &offset, at_most(bytes, CHUNK));
}

static ssize_t send_splice(int fd, uint64_t bytes)
{
	ssize_t ready, sent = 0;

	need_pipe();
	ready = write(pipe_fds[1], buffer, at_most(bytes, PART));
	while (sent < ready) {
		ssize_t moved = splice(pipe_fds[0], NULL, fd, NULL, ready - sent, 0);

		if (moved <= 0)
			return -1;
		sent += moved;
	}
	return sent;
}

/* What was sent stays in the buffer, so nothing is lost by not waiting; the error queue is emptied at the end. */
static ssize_t send_zerocopy(int fd, uint64_t bytes)
{
	int one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)))
		die("cannot send without copying: %m");
	return send(fd, buffer, at_most(bytes, CHUNK), MSG_ZEROCOPY);
}

static ssize_t by_ring(int opcode, int fd, uint64_t bytes, int flags)
{
	struct io_uring_sqe request = { .opcode = opcode, .fd = fd, .addr = (uintptr_t)buffer };
	struct completion done;
	int error;

	if (!ring.sqes) {
		error = open_ring(&ring, false);
		if (error) {
			errno = error;
			return -1;
		}
	}
	request.len = at_most(bytes, CHUNK);
	request.msg_flags = flags;
	submit(&ring, &request);
	do
		done = await_completion(&ring);
	while (done.flags & IORING_CQE_F_NOTIF);
	if (done.result < 0)
		errno = -done.result;
	return done.result;
}

static ssize_t send_uring(int fd, uint64_t bytes)
{
	return by_ring(IORING_OP_SEND, fd, bytes, MSG_NOSIGNAL);
}

static ssize_t send_uring_write(int fd, uint64_t bytes)
{
	return by_ring(IORING_OP_WRITE, fd, bytes, 0);
}

static ssize_t receive_plain(int fd, uint64_t bytes)
{
	return recv(fd, buffer, at_most(bytes, CHUNK), 0);
}

static ssize_t receive_read(int fd, uint64_t bytes)
{
	return read(fd, buffer, at_most(bytes, CHUNK));
}

static ssize_t receive_readv(int fd, uint64_t bytes)
{
	struct iovec parts[2];

	halve(parts, at_most(bytes, CHUNK));
	return readv(fd, parts, 2);
}

static ssize_t receive_message(int fd, uint64_t bytes)
{
	struct iovec parts[2];
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	halve(parts, at_most(bytes, CHUNK));
	return recvmsg(fd, &message, 0);
}

static ssize_t receive_messages(int fd, uint64_t bytes)
{
	struct iovec part[3];
	struct mmsghdr messages[3] = { 0 };
	ssize_t received = 0;
	int count = 0;

	for (; count < 3 && bytes; count++) {
		part[count] = (struct iovec){ buffer, at_most(bytes, PART) };
		messages[count].msg_hdr = (struct msghdr){ .msg_iov = &part[count], .msg_iovlen = 1 };
		bytes -= part[count].iov_len;
	}
	count = recvmmsg(fd, messages, count, MSG_WAITFORONE, NULL);
	for (int i = 0; i < count; i++)
		received += messages[i].msg_len;
	return count < 0 ? count : received;
}

/* Looks at each piece twice before it is taken. */
static ssize_t receive_peek(int fd, uint64_t bytes)
{
	ssize_t seen = recv(fd, buffer, at_most(bytes, CHUNK), MSG_PEEK);

	if (seen <= 0 || recv(fd, buffer, seen, MSG_PEEK) != seen)
		return -1;
	return recv(fd, buffer, seen, 0);
}

static ssize_t receive_discard(int fd, uint64_t bytes)
{
	return recv(fd, NULL, at_most(bytes, CHUNK), MSG_TRUNC);
}

static ssize_t receive_all(int fd, uint64_t bytes)
{
	return recv(fd, buffer, at_most(bytes, CHUNK), MSG_WAITALL);
}

static ssize_t receive_splice(int fd, uint64_t bytes)
{
	ssize_t moved, drained = 0;

	need_pipe();
	moved = splice(fd, NULL, pipe_fds[1], NULL, at_most(bytes, PART), 0);
	while (drained < moved) {
		ssize_t got = read(pipe_fds[0], buffer, moved - drained);

		if (got <= 0)
			return -1;
		drained += got;
	}
	return moved;
}

static ssize_t receive_uring(int fd, uint64_t bytes)
{
	return by_ring(IORING_OP_RECV, fd, bytes, 0);
}

static ssize_t receive_uring_read(int fd, uint64_t bytes)
{
	return by_ring(IORING_OP_READ, fd, bytes, 0);
}

struct call {
	const char *name;
	ssize_t (*transfer)(int fd, uint64_t bytes);
};

static const struct call senders[] = {
	{ "send", send_plain },	      { "write", send_write },	    { "writev", send_writev },
	{ "sendmsg", send_message },  { "sendmmsg", send_messages }, { "sendfile", send_file },
	{ "splice", send_splice },    { "zerocopy", send_zerocopy }, { "uring", send_uring },
	{ "uring_write", send_uring_write },
};

static const struct call receivers[] = {
	{ "recv", receive_plain },     { "read", receive_read },	{ "readv", receive_readv },
	{ "recvmsg", receive_message }, { "recvmmsg", receive_messages }, { "peek", receive_peek },
	{ "trunc", receive_discard },  { "waitall", receive_all },	{ "splice", receive_splice },
	{ "uring", receive_uring },    { "uring_read", receive_uring_read },
};

static void transfer(const struct call *calls, size_t count, const char *name, int fd, uint64_t bytes)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(calls[i].name, name))
			continue;
		while (bytes) {
			ssize_t moved = calls[i].transfer(fd, bytes);

			if (moved <= 0)
				die("%s did not transfer all: %m", name);
			bytes -= moved;
		}
		return;
	}
	die("there is no call %s", name);
}

void send_by(const char *call, int fd, uint64_t bytes)
{
	transfer(senders, LENGTH(senders), call, fd, bytes);
}

void receive_by(const char *call, int fd, uint64_t bytes)
{
	transfer(receivers, LENGTH(receivers), call, fd, bytes);
}

int use_tls(int fd)
{
	const struct tls12_crypto_info_aes_gcm_128 keys = {
		.info = { .version = TLS_1_2_VERSION, .cipher_type = TLS_CIPHER_AES_GCM_128 },
	};

	if (setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")))
		return errno;
	if (setsockopt(fd, SOL_TLS, TLS_TX, &keys, sizeof(keys)) || setsockopt(fd, SOL_TLS, TLS_RX, &keys, sizeof(keys)))
		die("cannot set the keys of a kTLS socket: %m");
	return 0;
}
