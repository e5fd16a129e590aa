// What of the PJRT C API is called here. Structures begin with their size, and the table has its functions after a head that never changes; both grow at their ends alone.
#ifndef IDFFNB_PJRT_H
#define IDFFNB_PJRT_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct { size_t size; void *extensions; const char *code; size_t code_size; const char *format; size_t format_size; } program;
typedef struct { size_t size; void *extensions; void *client; const program *program; const char *options; size_t options_size; void *loaded; } compile_args;
typedef struct { size_t size; void *extensions; void *client; const char *code; size_t code_size; void *loaded; const char *options; size_t options_size; } load_args;
typedef struct { size_t size; void *extensions; void *loaded, *executable; } executable_args;
typedef struct { size_t size; void *extensions; void *executable; const char *code; size_t code_size; void *backing; void (*release)(void *); } serialize_args;
typedef struct { size_t size; void *extensions; void *client; void *const *devices; size_t number; } devices_args;
typedef struct { size_t size; void *extensions; void *what; } destroy_args;
typedef struct { size_t size; void *extensions; const void *error; const char *text; size_t text_size; } message_args;
typedef struct { size_t size; void *extensions; } initialize_args;
typedef struct { size_t size; void *extensions; const char *name; size_t name_size; int type; const char *text; size_t text_size; } named_text; // type 0
typedef struct { size_t size; void *extensions; const named_text *options; size_t number; } create_args;                                        // its head
typedef struct { size_t size; void *extensions; const char *name; size_t name_size; const named_text *options; size_t number; void *topology; } topology_args;
typedef struct { size_t size; void *extensions; const void *topology; const program *program; const char *options; size_t options_size; void *client, *executable; } ahead_args;
typedef struct { size_t size; void *extensions; void *executable; int64_t code, arguments, outputs, aliased, temporary, others[10]; } memory_args;

typedef struct { size_t size; void *extensions; struct { size_t size; void *extensions; int major, minor; } version; void *(*functions[])(void *); } table;
enum { ERROR_DESTROY = 0, ERROR_MESSAGE = 1, PLUGIN_INITIALIZE = 3, CLIENT_CREATE = 10, CLIENT_DEVICES = 15, CLIENT_COMPILE = 20, EXECUTABLE_DESTROY = 40, EXECUTABLE_SERIALIZE = 49,
	GET_EXECUTABLE = 51, LOAD = 56, TOPOLOGY_CREATE = 82, COMPILE = 89, EXECUTABLE_MEMORY = 96 };

// copy_of is a copy of a table that has all functions up to last, or NULL.
static inline table *copy_of(const table *t, int last) {
	if (t->size < sizeof(table) + (last + 1) * sizeof(t->functions[0])) return NULL;
	table *copy = malloc(t->size);
	if (copy != NULL) memcpy(copy, t, t->size);
	return copy;
}

// call calls a function: NULL, or what went wrong, to be freed.
static inline char *call(const table *t, int function, void *args) {
	void *error = t->functions[function](args);
	if (error == NULL) return NULL;
	message_args message = {sizeof message, NULL, error};
	t->functions[ERROR_MESSAGE](&message);
	char *text = strndup(message.text, message.text_size);
	destroy_args destroy = {sizeof destroy, NULL, error};
	t->functions[ERROR_DESTROY](&destroy);
	return text != NULL ? text : strdup("no memory");
}

// succeeds calls a function and tells whether it gave no error.
static inline int succeeds(const table *t, int function, void *args) {
	char *error = call(t, function, args);
	free(error);
	return error == NULL;
}

static inline void *compile(const table *t, compile_args *args) { return t->functions[CLIENT_COMPILE](args); }

#endif
