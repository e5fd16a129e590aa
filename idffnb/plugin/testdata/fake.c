// A library that looks like a PJRT plugin, for tests. MAJOR and MINOR are the version it claims; REFUSE makes its first function fail; NOTHING makes it give no table.
#include <stddef.h>
#include <string.h>

#ifndef NO_ENTRY
static void error_destroy(void *args) {}

struct message_args { size_t size; void *extensions; const void *error; const char *message; size_t message_size; };
static void error_message(struct message_args *args) {
	args->message = "INTERNAL: CUDA driver version is insufficient for CUDA runtime version";
	args->message_size = strlen(args->message);
}

struct code_args { size_t size; void *extensions; const void *error; int code; };
static void *error_code(struct code_args *args) { args->code = 13; return NULL; }

static void *initialize(void *args) {
#ifdef REFUSE
	static int error;
	return &error;
#else
	return NULL;
#endif
}

struct attributes_args { size_t size; void *extensions; const void *attributes; size_t number; };
static void *attributes(struct attributes_args *args) { args->attributes = NULL; args->number = 0; return NULL; }

static struct {
	size_t size; void *extensions;
	struct { size_t size; void *extensions; int major, minor; } version;
	void *functions[5];
} table = {sizeof table, NULL, {sizeof table.version, NULL, MAJOR, MINOR}, {error_destroy, error_message, error_code, initialize, attributes}};

void *GetPjrtApi(void) {
#ifdef NOTHING
	return NULL;
#else
	return &table;
#endif
}
#endif

char payload[1 << 16] = {1}; // so that the file can be cut short
