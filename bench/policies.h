/* policies - folders of as many policies as a benchmark wants */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_POLICIES_H
#define BENCH_POLICIES_H

#include <stdio.h>

/* A mixture as an operator might have it: limiters, blacklists, bounds, in turns. Policy i is for "operation-i". */
void policy_write(FILE *out, unsigned i);

/* Files of 10,000 policies each into a folder that exists: 000.yaml, 001.yaml, ... Ends the program when it cannot. */
void policies_write(const char *folder, unsigned policies);

/* The files and the folder. */
void policies_remove(const char *folder);

#endif
