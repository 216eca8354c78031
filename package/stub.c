// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The executable's entry point. It runs after the dynamic linker and before Deno's own entry point, puts the payload
 * (program and assets) into sealed memory, and starts Deno on it with arguments and an environment of our choosing.
 *
 * It is mapped behind Deno's own segments, so it can have no relocations, no writable data and no libc. pack.ts puts a
 * struct config right behind it.
 */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;
typedef long i64;

/* Places are relative to the struct itself; pack.ts writes the same fields in the same order. */
struct config {
	i64 entry;		/* Deno's own entry point */
	i64 environ_slot;	/* Deno's pointer to libc's environ */
	i64 payload;
	u64 payload_size;	/* a multiple of eight */
	u64 payload_sum;
	u32 arguments;		/* how many strings go between argv[0] and the user's arguments */
	u32 variables;		/* how many go in front of the user's environment */
	u32 dropped;		/* how many are prefixes of variables that are left out of it */
	u32 strings_size;
	char strings[];		/* arguments, variables, dropped prefixes; a final % stands for the payload's descriptor */
};

#define PLACE(config, offset) ((u8 *)(config) + (offset))

/*
 * _start(stack as the kernel left it): makes room below it, has build() fill that, and goes on to Deno's entry point
 * as if the kernel had made the new stack. What the dynamic linker passes on (a function to call at exit) is kept.
 */
#if defined(__x86_64__)
enum { SYS_write = 1, SYS_fcntl = 72, SYS_getcwd = 79, SYS_chdir = 80, SYS_exit_group = 231, SYS_memfd_create = 319 };

__asm__(".section .text.start, \"ax\"\n"
	".hidden config\n"
	".globl _start\n"
	"_start:\n"
	"	mov %rsp, %rbx\n"
	"	mov %rdx, %r12\n"
	"	mov %rsp, %rdi\n"
	"	lea config(%rip), %rsi\n"
	"	and $-16, %rsp\n"
	"	call stack_size\n"
	"	mov %rbx, %rsp\n"
	"	sub %rax, %rsp\n"
	"	and $-16, %rsp\n"
	"	mov %rsp, %r13\n"
	"	mov %rbx, %rdi\n"
	"	mov %r13, %rsi\n"
	"	lea config(%rip), %rdx\n"
	"	call build\n"
	"	mov %r13, %rsp\n"
	"	mov %r12, %rdx\n"
	"	xor %ebp, %ebp\n"
	"	jmp *%rax\n"
	".text\n");

static i64 call(i64 number, u64 a, u64 b, u64 c)
{
	i64 result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
enum { SYS_getcwd = 17, SYS_fcntl = 25, SYS_chdir = 49, SYS_write = 64, SYS_exit_group = 94, SYS_memfd_create = 279 };

__asm__(".section .text.start, \"ax\"\n"
	".hidden config\n"
	".globl _start\n"
	"_start:\n"
	"	mov x19, x0\n"
	"	mov x20, sp\n"
	"	mov x0, sp\n"
	"	adr x1, config\n"
	"	bl stack_size\n"
	"	sub x21, x20, x0\n"
	"	and x21, x21, #-16\n"
	"	mov sp, x21\n"
	"	mov x0, x20\n"
	"	mov x1, x21\n"
	"	adr x2, config\n"
	"	bl build\n"
	"	mov x2, x0\n"
	"	mov sp, x21\n"
	"	mov x0, x19\n"
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	br x2\n"
	".text\n");

static i64 call(i64 number, u64 a, u64 b, u64 c)
{
	register u64 x8 __asm__("x8") = number;
	register u64 x0 __asm__("x0") = a;
	register u64 x1 __asm__("x1") = b;
	register u64 x2 __asm__("x2") = c;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}
#endif

enum { ENOENT = 2, EFAULT = 14, EBUSY = 16 };
enum { MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2, MFD_NOEXEC_SEAL = 8 };
enum { F_ADD_SEALS = 1033, F_SEAL_SEAL = 1, F_SEAL_SHRINK = 2, F_SEAL_GROW = 4, F_SEAL_WRITE = 8 };

/* Writes a number in decimal; returns the end. */
static char *put_number(char *to, u64 number)
{
	char digits[20];
	int count = 0;

	do {
		digits[count++] = '0' + number % 10;
		number /= 10;
	} while (number);
	while (count)
		*to++ = digits[--count];
	return to;
}

static u64 length(const char *text)
{
	u64 count = 0;

	while (text[count])
		count++;
	return count;
}

static void say(const char *text)
{
	call(SYS_write, 2, (u64)text, length(text));
}

__attribute__((noreturn)) static void leave(u64 code)
{
	for (;;)
		call(SYS_exit_group, code, 0, 0);
}

__attribute__((noreturn)) static void fail(const char *what, i64 error)
{
	char number[24];

	say("nettrace: ");
	say(what);
	if (error) {
		*put_number(number, -error) = 0;
		say(" (error ");
		say(number);
		say(")");
	}
	say(".\n");
	leave(1);
}

/* FNV-1a over words of eight bytes: one changed word always changes the sum. */
static u64 sum(const u64 *words, u64 size)
{
	u64 hash = 0xcbf29ce484222325;

	for (u64 i = 0; i < size / 8; i++)
		hash = (hash ^ words[i]) * 0x100000001b3;
	return hash;
}

/*
 * Returns a descriptor of sealed memory that holds the payload. It is copied there, since the executable may be one
 * that its user can run but not read. Kernels before 6.3 do not know MFD_NOEXEC_SEAL.
 */
static u32 seal_payload(const struct config *config)
{
	const u8 *from = PLACE(config, config->payload);
	u64 name = (u64) "nettrace";
	i64 fd = call(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL, 0);

	if (fd < 0)
		fd = call(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING, 0);
	if (fd < 0)
		fail("cannot start, as the system gives no memory file", fd);
	for (u64 done = 0; done < config->payload_size;) {
		i64 written = call(SYS_write, fd, (u64)(from + done), config->payload_size - done);

		if (written == -EFAULT) /* mapped beyond the end of a truncated file */
			fail("this executable is damaged; install it again", 0);
		if (written <= 0)
			fail("cannot start, as its program does not fit into memory", written);
		done += written;
	}
	if (sum((const u64 *)from, config->payload_size) != config->payload_sum)
		fail("this executable is damaged; install it again", 0);
	/*
	 * Whoever looks at one of its pages at that moment, as migration does and DAMON, keeps it from being sealed, and the
	 * kernel waits for them for a sixth of a second only (memfd_wait_for_pins, mm/memfd.c).
	 */
	i64 error = -EBUSY;

	for (int tries = 0; error == -EBUSY && tries < 30; tries++)
		error = call(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	if (error)
		fail("cannot start, as the system does not seal memory files", error);
	return fd;
}

static int starts_with(const char *text, const char *prefix)
{
	while (*prefix)
		if (*text++ != *prefix++)
			return 0;
	return 1;
}

/* As the Unicode Standard has it (table 3-7): the first byte says how many follow, and what the second may be. */
static int is_utf8(const unsigned char *at)
{
	while (*at) {
		u32 first = *at++;
		u32 more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
		u32 least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
		u32 most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

		if (more && (first < 0xc2 || first > 0xf4 || *at < least || *at > most))
			return 0;
		for (; more; more--)
			if ((*at++ & 0xc0) != 0x80)
				return 0;
	}
	return 1;
}

static int is_dropped(const char *variable, const char *prefix, u32 prefixes)
{
	for (; prefixes; prefixes--, prefix += length(prefix) + 1)
		if (starts_with(variable, prefix))
			return 1;
	return 0;
}

/* Where the list of words that ends in 0 and starts at `list` ends. */
static const u64 *past_zero(const u64 *list)
{
	while (*list)
		list++;
	return list + 1;
}

/* Bytes that build() needs at most: the lists, and strings with a descriptor number in them. */
__attribute__((visibility("hidden"))) u64 stack_size(const u64 *old, const struct config *config)
{
	const u64 *auxiliary = past_zero(past_zero(old + 1));
	u32 added = config->arguments + config->variables;

	while (*auxiliary)
		auxiliary += 2;
	return (u64)(auxiliary + 2) - (u64)old + added * 8 + config->strings_size + added * 10;
}

struct stack {
	u64 *list;		/* next free word */
	char *text;		/* next free byte, behind the lists */
	const char *string;	/* next of the configuration's strings */
	u32 fd;
};

/* Puts the configuration's next `count` strings onto the list. */
static void push_strings(struct stack *stack, u32 count)
{
	for (; count; count--) {
		const char *string = stack->string;
		u64 size = length(string);

		stack->string += size + 1;
		if (!size || string[size - 1] != '%') {
			*stack->list++ = (u64)string;
			continue;
		}
		*stack->list++ = (u64)stack->text;
		for (u64 i = 0; i < size - 1; i++)
			*stack->text++ = string[i];
		stack->text = put_number(stack->text, stack->fd);
		*stack->text++ = 0;
	}
}

/* Fills the new stack (System V ABI: argc, argv, environ, auxiliary vector); returns where to go on. */
__attribute__((visibility("hidden"))) u64 build(const u64 *old, u64 *new, const struct config *config)
{
	u64 strings_room = config->strings_size + (config->arguments + config->variables) * 10;
	struct stack stack = {
		.list = new,
		.text = (char *)new + stack_size(old, config) - strings_room,
		.string = config->strings,
		.fd = seal_payload(config),
	};
	const u64 *from = old + 2;

	if (!old[0]) /* kernels before 5.18 (commit dcd46d897adb) allow it, and the lists would be read askew */
		fail("cannot start without a name, as its argv is empty", 0);
	for (u64 i = 1; i <= old[0]; i++) /* the first is our own name */
		if (!is_utf8((const unsigned char *)old[i])) { /* Deno would show its own usage */
			say("nettrace: What was typed is no text in UTF-8: give a file of such a name by a link that has another.\n");
			leave(2);
		}
	/* Deno does not start in a directory that has been deleted. */
	if (call(SYS_getcwd, 0, 0, 0) == -ENOENT)
		call(SYS_chdir, (u64) "/", 0, 0);

	*stack.list++ = old[0] + config->arguments;
	*stack.list++ = old[1];
	push_strings(&stack, config->arguments);
	while (*from)
		*stack.list++ = *from++;
	*stack.list++ = *from++;

	/* libc's constructors have already taken the old one. */
	**(u64 ***)PLACE(config, config->environ_slot) = stack.list;
	push_strings(&stack, config->variables);
	for (; *from; from++)
		if (!is_dropped((const char *)*from, stack.string, config->dropped))
			*stack.list++ = *from;
	*stack.list++ = *from++;

	do {
		*stack.list++ = from[0];
		*stack.list++ = from[1];
		from += 2;
	} while (from[-2]);
	return (u64)PLACE(config, config->entry);
}
