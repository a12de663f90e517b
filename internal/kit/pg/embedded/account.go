package embedded

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user under whom the server runs. PostgreSQL refuses to be root.
type account struct {
	uid, gid uint32
	other    bool // not the user of this process: programs are started with its credentials
}

// accountFor chooses the account for a data folder: ourselves, unless we are root. Then it's who owns the folder already, who
// called sudo, or an unprivileged user of the machine.
func accountFor(folder string) account {
	if os.Geteuid() != 0 {
		return account{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}
	}
	if info, err := os.Stat(folder); err == nil {
		if st := info.Sys().(*syscall.Stat_t); st.Uid != 0 {
			return account{st.Uid, st.Gid, true}
		}
	}
	if a, ok := sudoer(); ok {
		return a
	}
	for _, name := range []string{"yichuang", "postgres", "nobody"} {
		if a, ok := named(name); ok {
			return a
		}
	}
	const nobody = 65534 // what Linux calls nobody where /etc/passwd is missing, as in small containers
	return account{nobody, nobody, true}
}

func sudoer() (account, bool) {
	uid, err1 := strconv.ParseUint(os.Getenv("SUDO_UID"), 10, 32)
	gid, err2 := strconv.ParseUint(os.Getenv("SUDO_GID"), 10, 32)
	return account{uint32(uid), uint32(gid), true}, errors.Join(err1, err2) == nil && uid != 0
}

func named(name string) (account, bool) {
	u, err := user.Lookup(name)
	if err != nil {
		return account{}, false
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	return account{uint32(uid), uint32(gid), true}, errors.Join(err1, err2) == nil && uid != 0
}

// own gives a path to the account.
func (a account) own(path string) error {
	if !a.other {
		return nil
	}
	return os.Lchown(path, int(a.uid), int(a.gid))
}

// closedOn finds the first folder on the way to path that the account may not enter; "" where there is none.
// It goes by the mode alone, not by access control lists.
func (a account) closedOn(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	var way []string
	for dir := path; ; dir = filepath.Dir(dir) {
		way = append(way, dir)
		if dir == filepath.Dir(dir) {
			break
		}
	}
	for i := len(way) - 1; i >= 0; i-- {
		info, err := os.Stat(way[i])
		if err != nil {
			return "", fmt.Errorf("look at %s: %w", way[i], err)
		}
		if info.IsDir() && !a.mayEnter(info) {
			return way[i], nil
		}
	}
	return "", nil
}

func (a account) mayEnter(info os.FileInfo) bool {
	st, mode := info.Sys().(*syscall.Stat_t), info.Mode().Perm()
	switch {
	case st.Uid == a.uid:
		return mode&0o100 != 0
	case st.Gid == a.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}
