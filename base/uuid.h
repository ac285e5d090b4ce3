/* uuid - random ids */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdint.h>

#define UUID_SIZE 37 /* 36 characters and the NUL */

/* A version 4 UUID in lower case from a generator's state, which the caller has seeded with random bytes. Not secret. */
void uuid_make(uint64_t state[4], char ret[UUID_SIZE]);

/* The generator's next number. */
uint64_t uuid_random(uint64_t state[4]);

#endif
