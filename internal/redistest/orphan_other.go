//go:build !linux

package redistest

import "syscall"

// dieWithParent returns nil where the kernel offers nothing of the kind.
func dieWithParent() *syscall.SysProcAttr { return nil }
