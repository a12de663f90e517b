package embedded

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// attr makes a child of the account. It's in a process group of its own, so that Ctrl-C reaches us and not the database under our
// feet; and when we die without a word, the kernel sends it the signal for a fast shutdown. A detached one outlives us.
func (a account) attr(detached bool, caps []uintptr) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT, AmbientCaps: caps}
	if detached {
		attr = &syscall.SysProcAttr{Setsid: true, AmbientCaps: caps}
	}
	if a.other {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid, Groups: []uint32{a.gid}}
	}
	return attr
}

// Linux capabilities (capabilities(7)) by which a process that is not root passes closed folders.
const (
	capDACOverride   = 1
	capDACReadSearch = 2
)

// passAll returns the capability that lets a child pass folders closed to its user, as when everything lies under /root: the narrower
// one where we have it, the wider one in containers, which lack the first. Nil where we have neither.
func passAll() []uintptr {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return nil
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		text, ok := strings.CutPrefix(lines.Text(), "CapEff:")
		if !ok {
			continue
		}
		have, err := strconv.ParseUint(strings.TrimSpace(text), 16, 64)
		for _, c := range []uintptr{capDACReadSearch, capDACOverride} {
			if err == nil && have&(1<<c) != 0 {
				return []uintptr{c}
			}
		}
	}
	return nil
}

// worksIn tells whether process pid has the folder as its working folder, as PostgreSQL's processes have their data.
func worksIn(pid int, folder string) bool {
	wd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	return err == nil && wd == folder
}

// anyoneWorksIn tells whether any process has the folder as its working folder.
func anyoneWorksIn(folder string) bool {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd") // fails only on a malformed pattern
	for _, link := range links {
		if wd, err := os.Readlink(link); err == nil && wd == folder {
			return true
		}
	}
	return false
}
