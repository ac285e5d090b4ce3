/* text - where text.h was before base had it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_TEXT_H
#define API_TEXT_H

#include "base/text.h"

#endif
