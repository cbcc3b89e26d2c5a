package redistest

import "syscall"

// dieWithParent has the kernel kill a server whose test binary dies without
// running its cleanups, as it does on a go test timeout. Servers would pile up
// otherwise, some of them frozen.
//
// The kernel takes the parent to be the thread which started the server. Go
// ends a thread early only if a goroutine locked to it returns, so a test must
// not call Start from such a goroutine.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
