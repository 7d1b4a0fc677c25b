// Package sandbox moves the running program into Linux namespaces of its own,
// so that whatever it starts, mounts or configures there is gone with it.
//
// The kernel does the cleaning: when the program's first process in the
// namespaces ends, however it ends, every other process in them is killed, and
// with the last process go the networks and the mounts. Two runs never see each
// other, and no run leaves anything for a later one to remove.
package sandbox
