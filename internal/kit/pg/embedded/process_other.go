//go:build unix && !linux

package embedded

import "syscall"

// attr makes a child of the account in a process group of its own. There is no death signal here: an orphan is found by the next start.
func (a account) attr(detached bool, _ []uintptr) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: !detached, Setsid: detached}
	if a.other {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid, Groups: []uint32{a.gid}}
	}
	return attr
}

func passAll() []uintptr { return nil }

// worksIn cannot look into other processes here, and believes the lock file.
func worksIn(pid int, _ string) bool { return syscall.Kill(pid, 0) == nil }

func anyoneWorksIn(string) bool { return true }
