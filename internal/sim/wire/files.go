package wire

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/subtle"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"yichuang/internal/kit/clock"
	"yichuang/internal/sim/board"
)

// fileServer is the city's SFTP server: one account a system, each with a folder of its own that it cannot leave. The systems
// themselves read and write their folder on the disk.
type fileServer struct {
	address  string // host:port; empty: there is no server, the platform is shown the folders themselves
	root     string // of all folders, absolute
	key      ssh.Signer
	accounts *board.Table[account] // by user
}

// account is one system's on the file server.
type account struct {
	User     string `json:"user"`
	Password string `json:"password"`
	Dir      string `json:"dir"` // name of its folder below files/
}

func openFiles(b *board.Board, address string) (*fileServer, error) {
	s := &fileServer{address: address}
	var err error
	if s.root, err = filepath.Abs(b.Path("files")); err != nil {
		return nil, err
	}
	if s.accounts, err = board.OpenTable[account](b, "file-accounts"); err != nil {
		return nil, err
	}
	s.key, err = hostKey(b.Path("sftp-host-key.pem"))
	return s, err
}

// hostKey loads the server's key, or makes it on the first start.
func hostKey(path string) (ssh.Signer, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("host key: %w", err)
		}
		block, err := ssh.MarshalPrivateKey(private, "")
		if err != nil {
			return nil, fmt.Errorf("host key: %w", err)
		}
		raw = pem.EncodeToMemory(block)
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			return nil, fmt.Errorf("host key: %w", err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("host key: %w", err)
	}
	key, err := ssh.ParsePrivateKey(raw)
	if err != nil {
		return nil, fmt.Errorf("host key %s: %w", path, err)
	}
	return key, nil
}

// enrol gives a system its account and folder.
func (s *fileServer) enrol(system string) (account, error) {
	user := strings.ReplaceAll(system, "/", "-")
	a, _, err := s.accounts.Add(user, account{User: user, Password: rand.Text(), Dir: user})
	if err != nil {
		return account{}, err
	}
	if err := os.MkdirAll(s.dir(a), 0o700); err != nil {
		return account{}, fmt.Errorf("folder of %s: %w", system, err)
	}
	return a, nil
}

func (s *fileServer) dir(a account) string { return filepath.Join(s.root, a.Dir) }

// folder is what the platform has to know of an account.
func (s *fileServer) folder(a account) *Folder {
	if s.address == "" {
		return &Folder{URL: (&url.URL{Scheme: "file", Path: filepath.ToSlash(s.dir(a))}).String()}
	}
	u := url.URL{Scheme: "sftp", Host: s.address, User: url.User(a.User), Path: "/"}
	return &Folder{URL: u.String(), HostKey: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.key.PublicKey()))), Password: a.Password}
}

// loginLimit is how long a caller may take to log in.
const loginLimit = 10 * time.Second

// ServeFiles serves the systems' folders over SFTP until ctx ends.
func (h *Hub) ServeFiles(ctx context.Context, l net.Listener) error {
	config := ssh.ServerConfig{ServerVersion: "SSH-2.0-simcity", MaxAuthTries: 3, PasswordCallback: h.files.login}
	config.AddHostKey(h.files.key)
	var all sync.WaitGroup
	defer all.Wait()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("SFTP server: %w", err)
		}
		all.Go(func() {
			defer context.AfterFunc(ctx, func() { _ = c.Close() })()
			defer c.Close()
			if err := h.files.serve(c, &config); err != nil && !errors.Is(err, io.EOF) && ctx.Err() == nil {
				h.board.Log.InfoContext(ctx, "file server", "from", c.RemoteAddr().String(), "err", err)
			}
		})
	}
}

var errLogin = errors.New("user or password is wrong")

func (s *fileServer) login(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
	a, known := s.accounts.Get(c.User())
	if !known || subtle.ConstantTimeCompare([]byte(a.Password), password) != 1 {
		return nil, errLogin
	}
	return nil, nil
}

// serve lets one caller in and serves its requests for SFTP.
func (s *fileServer) serve(c net.Conn, config *ssh.ServerConfig) error {
	if err := c.SetDeadline(clock.System().Now().Add(loginLimit)); err != nil {
		return err
	}
	session, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return err
	}
	if err := c.SetDeadline(time.Time{}); err != nil {
		return err
	}
	a, _ := s.accounts.Get(session.User()) // login found it
	root, err := os.OpenRoot(s.dir(a))
	if err != nil {
		return err
	}
	defer root.Close()
	go ssh.DiscardRequests(requests)
	var all sync.WaitGroup
	defer all.Wait()
	for offered := range channels {
		if offered.ChannelType() != "session" {
			if err := offered.Reject(ssh.UnknownChannelType, "sessions only"); err != nil {
				return err
			}
			continue
		}
		channel, asked, err := offered.Accept()
		if err != nil {
			return err
		}
		all.Go(func() { serveChannel(channel, asked, root) })
	}
	return nil
}

// serveChannel waits until SFTP is asked for, and serves it from root.
func serveChannel(channel ssh.Channel, asked <-chan *ssh.Request, root *os.Root) {
	defer channel.Close()
	for r := range asked {
		wanted := r.Type == "subsystem" && len(r.Payload) > 4 && string(r.Payload[4:]) == "sftp"
		if err := r.Reply(wanted, nil); err != nil {
			return
		}
		if wanted {
			go ssh.DiscardRequests(asked)
			server := sftp.NewRequestServer(channel, handlers(root))
			_ = server.Serve() // ends with the caller
			_ = server.Close()
			return
		}
	}
}
