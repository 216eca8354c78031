#include "traffic.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char **words;
static int word_count;
static uint64_t asked_for;	/* a bit for each word */

/* Writes one sentence to stderr and ends this process with status 1; %m is errno's text. */
void die(const char *sentence, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, sentence);
	vsnprintf(text, sizeof(text), sentence, arguments);
	va_end(arguments);
	dprintf(STDERR_FILENO, "traffic: %s.\n", text);
	_exit(1);
}

void take_options(char **given, int count)
{
	words = given;
	word_count = count;
	if (count > 64)
		die("there are more than 64 options");
}

/* The value of key=value, the last one if there are several. */
const char *option(const char *key, const char *otherwise)
{
	size_t length = strlen(key);
	const char *value = otherwise;

	for (int i = 0; i < word_count; i++) {
		if (strncmp(words[i], key, length) || words[i][length] != '=')
			continue;
		asked_for |= 1ULL << i;
		value = words[i] + length + 1;
	}
	return value;
}

static uint64_t parse_number(const char *key, const char *text, char **end)
{
	uint64_t value;

	errno = 0;
	value = strtoull(text, end, 10);
	if (errno || *end == text)
		die("%s must be a number, not %s", key, text);
	return value;
}

uint64_t number(const char *key, uint64_t otherwise)
{
	const char *text = option(key, NULL);
	char *end;
	uint64_t value;

	if (!text)
		return otherwise;
	value = parse_number(key, text, &end);
	if (*end)
		die("%s must be a number, not %s", key, text);
	return value;
}

/* Numbers separated by commas. Returns how many. */
size_t numbers(const char *key, const char *otherwise, uint64_t *values, size_t most)
{
	const char *text = option(key, otherwise);
	char *end;

	for (size_t i = 0; i < most; i++) {
		values[i] = parse_number(key, text, &end);
		if (!*end)
			return i + 1;
		if (*end != ',')
			break;
		text = end + 1;
	}
	die("%s must be at most %zu numbers separated by commas", key, most);
}

enum reach reach_option(void)
{
	const char *family = option("family", "4");

	if (!strcmp(family, "4"))
		return V4;
	if (!strcmp(family, "6"))
		return V6;
	if (!strcmp(family, "mapped"))
		return MAPPED;
	die("family must be 4, 6 or mapped, not %s", family);
}

/* The acceptors' name, in which \xNN is the byte NN. */
const char *comm_option(void)
{
	static char comm[64];
	const char *from = option("comm", "server");
	size_t length = 0;

	while (*from && length + 1 < sizeof(comm)) {
		unsigned int byte;
		int escape_length;

		if (sscanf(from, "\\x%2x%n", &byte, &escape_length) == 1) {
			comm[length++] = (char)byte;
			from += escape_length;
		} else {
			comm[length++] = *from++;
		}
	}
	return comm;
}

void refuse_other_options(const char *scenario)
{
	for (int i = 0; i < word_count; i++)
		if (!(asked_for & 1ULL << i))
			die("%s has no option %s", scenario, words[i]);
}
