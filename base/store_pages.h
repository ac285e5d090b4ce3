/* store_pages - LMDB's file format, read without LMDB: is each page somebody's, and nobody's twice? */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STORE_PAGES_H
#define BASE_STORE_PAGES_H

#include "base/error.h"

/*
 * LMDB 0.9 puts no sums into its pages. Most damage shows in what the tables hold; two kinds do not, and are looked for
 * here. A meta page that is damaged may bring the snapshot before the last back, which is as sound as the last one: so
 * each transaction keeps its own number as the last entry of the nameless tree (its seal), and both meta pages must
 * have the number that is found when their tree is followed. And a page that is free and in use at once is sound until
 * the next transaction takes it: so the pages of all trees and of the free list are told apart one by one, and what
 * the meta page and the tables' entries say of their trees is compared with them.
 *
 * What it cannot tell: that a whole write was lost, so that the file is what it was one transaction earlier.
 */
#define STORE_SEAL_KEY "\xff" /* behind the names of all tables */
#define STORE_SEAL_SIZE 8     /* the number, in the machine's order */

/*
 * Checks a file of LMDB 0.9 that nobody writes to. Reads page by page and within the file's length, whatever they hold.
 * errors  ERROR_DAMAGED; ERROR_IO, ERROR_MEMORY. A file that is missing or hardly begun is left to store_open: 0.
 */
int store_check_file(const char *path, struct error *err);

#endif
