/* bus_name - names of topics, consumer groups and their instances */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_MODEL_BUS_NAME_H
#define RUNTIME_MODEL_BUS_NAME_H

#include "base/str.h"

#define BUS_NAME_MAX 120 /* bytes */

/* True if the name is 1 to BUS_NAME_MAX of A-Z a-z 0-9 . _ - */
bool bus_name_valid(struct str name);

#endif
