/* bus_name - names of topics, consumer groups and their instances */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/model/bus_name.h"

bool
bus_name_valid(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' &&
		    c != '_' && c != '.')
			return false;
	}
	return name.len > 0 && name.len <= BUS_NAME_MAX;
}
