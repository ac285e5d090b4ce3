// embed - a Go program that asks before it acts: libclguard by cgo
// SPDX-License-Identifier: Apache-2.0
//
//	CGO_ENABLED=1 go run embed.go POLICY...
//
// Takes the right to restart a VM again and again, as a control loop gone wrong would, and is stopped by the guards.
package main

// #cgo pkg-config: clguard
// #include <clguard.h>
// #include <stdlib.h>
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

func fail(err *C.struct_clg_error) {
	fmt.Fprintln(os.Stderr, "embed.go:", C.GoString(&err.text[0]))
	os.Exit(1)
}

// restart reports whether the guards permitted it.
func restart(engine *C.struct_clg_engine, request *C.struct_clg_request) bool {
	var right C.struct_clg_reservation
	var err C.struct_clg_error
	if C.clg_reserve(engine, request, 60000, &right, &err) != 0 {
		fail(&err)
	}
	defer C.clg_reservation_done(&right)
	decision := &right.decision
	if decision.effect != C.CLG_PERMIT {
		fmt.Printf("restart vm-7: denied, %s (%s:%d)\n", C.GoString(decision.reason), C.GoString(decision.file), decision.line)
		return false
	}
	fmt.Printf("restart vm-7: permitted, %s\n", C.GoString(decision.reason))
	// ... here the VM is restarted ...
	outcome := C.CString("Success")
	defer C.free(unsafe.Pointer(outcome))
	if C.clg_settle(engine, &right.id[0], outcome, nil, &err) != 0 {
		fail(&err)
	}
	return true
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: embed POLICY...")
		os.Exit(2)
	}
	var engine *C.struct_clg_engine
	var err C.struct_clg_error
	if C.clg_open(nil, &engine, &err) != 0 { // nil: the default options
		fail(&err)
	}
	// What C keeps a pointer to is C's own memory.
	paths := C.malloc(C.size_t(len(os.Args)-1) * C.size_t(unsafe.Sizeof(uintptr(0))))
	list := unsafe.Slice((**C.char)(paths), len(os.Args)-1)
	for i, path := range os.Args[1:] {
		list[i] = C.CString(path)
	}
	if C.clg_load(engine, &list[0], C.size_t(len(list)), nil, nil, &err) != 0 {
		fail(&err)
	}
	request := (*C.struct_clg_request)(C.calloc(1, C.sizeof_struct_clg_request))
	request.size = C.sizeof_struct_clg_request
	request.actor, request.operation, request.target = C.CString("APPC"), C.CString("Restart"), C.CString("vm-7")
	for number := 0; number < 10; number++ {
		request.request_id = C.CString(fmt.Sprint("restart-", number))
		permitted := restart(engine, request)
		C.free(unsafe.Pointer(request.request_id))
		if !permitted {
			break
		}
	}
	C.clg_close(engine)
}
