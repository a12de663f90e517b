package folder

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// server is an SFTP server on this machine that a test can make hostile.
type server struct {
	t       *testing.T
	address Address // of the folder dir
	dir     string
	config  ssh.ServerConfig
	logins  atomic.Int32 // that succeeded

	// through passes what the client sends on to the server; nil passes all.
	through func(client io.Reader) io.Reader
	mu      sync.Mutex
	conns   []net.Conn
}

func serveSFTP(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, dir: t.TempDir()}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	s.config.PasswordCallback = func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
		if c.User() == "jingjiang" && string(password) == "secret-1" {
			return nil, nil
		}
		return nil, errors.New("no")
	}
	s.config.AddHostKey(signer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); s.cut() })
	s.address = Address{URL: "sftp://jingjiang@" + l.Addr().String() + s.dir, Password: "secret-1",
		HostKey: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))}
	go s.accept(l)
	return s
}

func (s *server) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, c)
		s.mu.Unlock()
		go s.serve(c)
	}
}

// cut ends all connections.
func (s *server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.Close()
	}
	s.conns = nil
}

func (s *server) serve(c net.Conn) {
	_, channels, requests, err := ssh.NewServerConn(c, &s.config)
	if err != nil {
		c.Close()
		return
	}
	s.logins.Add(1)
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range asked {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		}()
		stream := struct {
			io.Reader
			io.WriteCloser
		}{channel, channel}
		if s.through != nil {
			stream.Reader = s.through(channel)
		}
		files, err := sftp.NewServer(stream)
		if err != nil {
			return
		}
		_ = files.Serve()
	}
}
