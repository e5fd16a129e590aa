//go:build ((linux && (amd64 || arm64)) || (darwin && arm64)) && cgo && !noxla

// A plugin that stands in for a GPU's: see standin.go.

#include "pjrt.h"

static const table *standing; // there is one in a process

// create is PJRT_Client_Create without the options that a GPU's plugin takes, which the CPU's does not know.
static void *create(void *args) {
	create_args *a = args;
	a->options = NULL;
	a->number = 0;
	return standing->functions[CLIENT_CREATE](args);
}

// stand_in is a copy of the table of the CPU's plugin with that function, and compile in the place of PJRT_Client_Compile; NULL if the table is too short.
table *stand_in(const table *cpu, void *(*compile)(void *)) {
	table *copy = copy_of(cpu, CLIENT_COMPILE);
	if (copy == NULL) return NULL;
	standing = cpu;
	copy->functions[CLIENT_CREATE] = create;
	copy->functions[CLIENT_COMPILE] = compile;
	return copy;
}

// topology_of describes one GPU to the compiler of its plugin: NULL, or what went wrong.
char *topology_of(const table *cuda, const char *gpu, size_t size, void **topology) {
	if (cuda->size < sizeof(table) + (EXECUTABLE_MEMORY + 1) * sizeof(cuda->functions[0])) return strdup("its table of functions is too short");
	initialize_args initialize = {sizeof initialize};
	char *why = call(cuda, PLUGIN_INITIALIZE, &initialize);
	if (why != NULL) return why;
	named_text options[2] = {{sizeof options[0], NULL, "target_config", strlen("target_config"), 0, gpu, size}, {sizeof options[0], NULL, "topology", strlen("topology"), 0, "1x1x1", strlen("1x1x1")}};
	topology_args args = {sizeof args, NULL, "", 0, options, 2};
	why = call(cuda, TOPOLOGY_CREATE, &args);
	*topology = args.topology;
	return why;
}

// compile_ahead compiles a program for that GPU, and counts the bytes of memory that it wants there: NULL, or what went wrong.
char *compile_ahead(const table *cuda, void *topology, const compile_args *args, int64_t *bytes) {
	ahead_args ahead = {sizeof ahead, NULL, topology, args->program, args->options, args->options_size};
	char *why = call(cuda, COMPILE, &ahead);
	if (why != NULL) return why;
	memory_args memory = {sizeof memory, NULL, ahead.executable};
	why = call(cuda, EXECUTABLE_MEMORY, &memory);
	*bytes = memory.arguments + memory.outputs - memory.aliased + memory.temporary;
	destroy_args destroy = {sizeof destroy, NULL, ahead.executable};
	succeeds(cuda, EXECUTABLE_DESTROY, &destroy);
	return why;
}
