/* An answer as DNS servers send it: to a question for a name, with an alias of it and the address of the alias. */
#include "traffic.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DNS_PORT 53
#define POINTER_TO_QUESTION 0xc00c

struct message {
	uint8_t bytes[512];
	size_t size;
};

static void put(struct message *message, const void *bytes, size_t size)
{
	memcpy(&message->bytes[message->size], bytes, size);
	message->size += size;
}

static void put16(struct message *message, uint16_t value)
{
	put(message, &(uint16_t){ htons(value) }, sizeof(value));
}

static void put_name(struct message *message, const char *name)
{
	while (*name) {
		size_t length = strcspn(name, ".");

		put(message, &(uint8_t){ length }, 1);
		put(message, name, length);
		name += length + (name[length] == '.');
	}
	put(message, "", 1);
}

static void put_record(struct message *message, uint16_t type, const void *data, size_t size)
{
	put16(message, POINTER_TO_QUESTION);
	put16(message, type);
	put16(message, 1);
	put(message, "\0\0\0\x3c", 4);
	put16(message, size);
	put(message, data, size);
}

static union address loopback(sa_family_t family, uint16_t port)
{
	union address address = { .any.sa_family = family };

	if (family == AF_INET) {
		address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		address.v4.sin_port = htons(port);
	} else {
		address.v6.sin6_addr = in6addr_loopback;
		address.v6.sin6_port = htons(port);
	}
	return address;
}

static void send_from_server(const struct message *message, sa_family_t family)
{
	union address server = loopback(family, DNS_PORT), client = loopback(family, DNS_PORT + 1);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, &server.any, sizeof(server)))
		die("cannot be a DNS server: %m");
	if (sendto(fd, message->bytes, message->size, 0, &client.any, sizeof(client)) < 0)
		die("cannot send a DNS answer: %m");
	close(fd);
}

/* Has `name` lead to the address, in an answer over IP of the given family. */
void answer(const char *name, const union address *to, sa_family_t family)
{
	bool v4 = to->any.sa_family == AF_INET;
	struct message message = { 0 };

	put(&message, "\x12\x34\x81\x80\0\1\0\2\0\0\0\0", 12);
	put_name(&message, name);
	put16(&message, v4 ? 1 : 28);
	put16(&message, 1);
	put_record(&message, 5, "\5alias\7example", 15);
	if (v4)
		put_record(&message, 1, &to->v4.sin_addr, sizeof(to->v4.sin_addr));
	else
		put_record(&message, 28, &to->v6.sin6_addr, sizeof(to->v6.sin6_addr));
	send_from_server(&message, family);
}
