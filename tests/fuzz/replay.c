/* replay - runs a fuzz target over the files of the directories given, without a fuzzer */
/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input gets a block of exactly its size, so that a sanitizer sees one byte too far. */
static int
replay_file(const char *path)
{
	struct stat info;
	uint8_t *data;
	size_t size;
	FILE *file;
	int r = -1;

	if (stat(path, &info) < 0 || !S_ISREG(info.st_mode))
		return 0;
	file = fopen(path, "rb");
	if (!file)
		return -1;
	size = (size_t)info.st_size;
	data = malloc(size);
	if ((data || size == 0) && fread(data, 1, size, file) == size) {
		(void)LLVMFuzzerTestOneInput(data, size); /* always 0; a finding ends the program */
		r = 1;
	}
	free(data);
	(void)fclose(file); /* only read */
	return r;
}

int
main(int argc, char **argv)
{
	size_t count = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);

		if (!dir) {
			perror(argv[i]);
			return 1;
		}
		for (struct dirent *entry; (entry = readdir(dir));) {
			char path[PATH_MAX];
			int r;

			(void)snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name); /* names are short */
			r = replay_file(path);
			if (r < 0) {
				perror(path);
				return 1;
			}
			count += (size_t)r;
		}
		(void)closedir(dir); /* only read */
	}
	printf("%zu inputs replayed\n", count);
	return count > 0 ? 0 : 1;
}
