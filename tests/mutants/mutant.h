// Included in front of each file that holds mutants, in the tree that run.py makes and nowhere
// else. One mutant is on at a time: the number in ASSAY_MUTANT. Which ones a program comes by is
// written to the file that ASSAY_MUTANT_SEEN names, when it ends.
#pragma once

#include <stdio.h>
#include <stdlib.h>

#define MUTANTS_MAX 65536

__attribute__((weak)) int assay_mutant;
__attribute__((weak)) int assay_mutant_ended;
__attribute__((weak)) unsigned char assay_mutant_seen[MUTANTS_MAX];

// Also before constructors of other files have run.
static inline int mutant(int number)
{
	assay_mutant_seen[number] = 1;
	return assay_mutant == number;
}

__attribute__((constructor)) static void assay_mutant_begin(void)
{
	const char *number = getenv("ASSAY_MUTANT");

	if (number != NULL)
		assay_mutant = atoi(number);
}

__attribute__((destructor)) static void assay_mutant_end(void)
{
	const char *path = getenv("ASSAY_MUTANT_SEEN");
	FILE *file;

	if (path == NULL || assay_mutant_ended++ != 0)
		return;
	file = fopen(path, "a"); // beside what its children wrote
	if (file == NULL)
		return;
	for (int i = 0; i < MUTANTS_MAX; i++) {
		if (assay_mutant_seen[i])
			fprintf(file, "%d\n", i);
	}
	fclose(file);
}
