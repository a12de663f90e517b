package main

import (
	"os"
	"runtime/debug"
)

// memoryLimit is what the program's own memory should stay below, in bytes; the pages of its file that are in use, some 45 MB,
// come on top. It holds 20 MB when nobody is there. Go collects earlier near the limit and goes beyond it when it must.
const memoryLimit = 96 << 20

// boundMemory sets the limit unless the operator has set another one.
func boundMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// releaseMemory gives back what only the start needed: the first one invents a city and hashes the passwords of its staff.
func releaseMemory() { debug.FreeOSMemory() }
