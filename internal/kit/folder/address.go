package folder

import (
	"errors"
	"net/url"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Address says where a folder is: file:///srv/exchange/jingjiang on this machine, or sftp://user@host:22/path.
type Address struct {
	URL      string
	Password string // of the SFTP account
	HostKey  string // the SFTP server's public key, as a line of known_hosts has it: "ssh-ed25519 AAAA…"
}

// IsZero tells whether there is no folder.
func (a Address) IsZero() bool { return a.URL == "" }

// The faults of an address.
var (
	ErrAddress  = errors.New("folder: neither file:///path nor sftp://user@host/path")
	ErrHostKey  = errors.New("folder: an SFTP server must be known by its public key")
	ErrPassword = errors.New("folder: an SFTP account needs a password")
)

// Check tells whether the address can be one; it opens nothing. The error is one of the above.
func (a Address) Check() error {
	u, err := url.Parse(a.URL)
	if err != nil || u.RawQuery != "" || u.Fragment != "" || !strings.HasPrefix(u.Path, "/") {
		return ErrAddress
	}
	switch u.Scheme {
	case "file":
		if u.Host != "" || filepath.Clean(u.Path) == "/" {
			return ErrAddress
		}
		return nil
	case "sftp":
	default:
		return ErrAddress
	}
	if _, inline := u.User.Password(); u.Host == "" || u.User.Username() == "" || inline {
		return ErrAddress
	}
	if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(a.HostKey)); err != nil {
		return ErrHostKey
	}
	if a.Password == "" {
		return ErrPassword
	}
	return nil
}

// local gives the path of a folder on this machine.
func (a Address) local() (dir string, ok bool) {
	u, err := url.Parse(a.URL)
	if err != nil || u.Scheme != "file" {
		return "", false
	}
	return filepath.Clean(u.Path), true
}
