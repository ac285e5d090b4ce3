# guard - the guards are data, found by actor and operation as our index finds them; sets are asked, not walked
# SPDX-License-Identifier: Apache-2.0
package guard

default allow := true

allow := false if {
	some guard in data.guards[input.actor][input.operation]
	denies(guard)
}

denies(guard) if guard.targets[input.target]

denies(guard) if input.vfCount < guard.min

denies(guard) if input.vfCount > guard.max
