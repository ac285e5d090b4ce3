/* descriptors - how many files and connections the process may have open */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_SYSTEM_DESCRIPTORS_H
#define API_SYSTEM_DESCRIPTORS_H

/* Raises the soft limit to the hard one: connections need them. At start. */
void descriptors_raise(void);

/* Descriptors that the process needs besides connections: those open before the workers, and those that may come later. */
unsigned descriptors_needed(unsigned workers);

/* How many connections the limit, as it is now, leaves room for beside `needed`; UINT_MAX: any number. Any thread. */
unsigned descriptors_room(unsigned needed);

#endif
