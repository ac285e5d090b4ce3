/* receive - messages of participants */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/runtime_priv.h"

void
runtime_receive(struct turn *turn, struct str message)
{
	(void)turn;
	(void)message;
}
bool
runtime_scan(struct turn *turn)
{
	(void)turn;
	return false;
}
