package folder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"yichuang/internal/kit/clock"
)

// The faults of a file server.
var (
	ErrWrongHost = errors.New("folder: the file server shows another host key than the one on record")
	ErrLogin     = errors.New("folder: the file server does not accept user or password")
	errClosed    = errors.New("folder: closed")
)

const (
	dialLimit  = 10 * time.Second       // of connecting, greeting and login
	doLimit    = time.Minute            // of one verb, whatever its caller's patience
	stallLimit = 5 * time.Second        // how long a connection is kept on which a verb hangs that nobody waits for any more
	idleLimit  = 5 * time.Minute        // after which a connection is made anew rather than trusted
	dialPause  = 500 * time.Millisecond // between a connection that failed and the next one: callers must not hammer
)

// wire keeps one connection to a file server for all who use a folder: SFTP carries many requests at once.
type wire struct {
	address string
	config  ssh.ClientConfig
	machine clock.Clock
	dialing chan struct{} // holds a token while somebody connects

	mu      sync.Mutex
	now     *conn // nil: none
	failed  error // of the last attempt
	retryAt time.Time
	closed  bool
}

func newWire(u *url.URL, a Address) (*wire, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(a.HostKey))
	if err != nil {
		return nil, ErrHostKey
	}
	port := u.Port()
	if port == "" {
		port = "22"
	}
	w := &wire{address: net.JoinHostPort(u.Hostname(), port), machine: clock.System(), dialing: make(chan struct{}, 1)}
	w.config = ssh.ClientConfig{
		User: u.User.Username(), Auth: []ssh.AuthMethod{ssh.Password(a.Password), ssh.KeyboardInteractive(answers(a.Password))},
		HostKeyAlgorithms: algorithms(key.Type()), ClientVersion: "SSH-2.0-yichuang",
		HostKeyCallback: func(_ string, _ net.Addr, shown ssh.PublicKey) error {
			if !bytes.Equal(shown.Marshal(), key.Marshal()) {
				return ErrWrongHost
			}
			return nil
		},
	}
	return w, nil
}

// answers gives the password to servers that ask for it as a question.
func answers(password string) ssh.KeyboardInteractiveChallenge {
	return func(_, _ string, questions []string, _ []bool) ([]string, error) {
		out := make([]string, len(questions))
		for i := range out {
			out[i] = password
		}
		return out, nil
	}
}

// algorithms are the ways in which a server may prove the key of a kind; SHA-1 is none.
func algorithms(kind string) []string {
	if kind == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{kind}
}

// do runs fn on the connection, once more on a new one where a kept one turns out to be dead. It returns when ctx ends; fn may
// then still run, and the connection is cut if it does for long.
func (w *wire) do(ctx context.Context, fn func(context.Context, *conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, doLimit)
	defer cancel()
	for {
		c, fresh, err := w.get(ctx)
		if err != nil {
			return err
		}
		err = w.run(ctx, c, fn)
		if err == nil || !c.dead(err) {
			return err
		}
		w.drop(c)
		if fresh || ctx.Err() != nil {
			return fmt.Errorf("the connection to the file server broke: %w", err)
		}
	}
}

// run runs fn on one connection.
func (w *wire) run(ctx context.Context, c *conn, fn func(context.Context, *conn) error) error {
	done := make(chan error, 1)
	go func() { done <- fn(ctx, c) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	go func() {
		patience := time.NewTimer(stallLimit)
		defer patience.Stop()
		select {
		case <-done:
		case <-patience.C:
			w.drop(c)
		}
	}()
	return ctx.Err()
}

// dead tells whether an error is the connection's.
func (c *conn) dead(err error) bool {
	select {
	case <-c.lost:
		return true
	default:
	}
	var netErr net.Error
	return errors.Is(err, sftp.ErrSSHFxConnectionLost) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed) ||
		errors.As(err, &netErr) && !errors.Is(err, context.DeadlineExceeded)
}

// get gives the connection, made just now or kept.
func (w *wire) get(ctx context.Context) (c *conn, fresh bool, err error) {
	if c, err := w.kept(); c != nil || err != nil {
		return c, false, err
	}
	select {
	case w.dialing <- struct{}{}:
		defer func() { <-w.dialing }()
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	if c, err := w.kept(); c != nil || err != nil { // another has connected, or tried to
		return c, false, err
	}
	c, err = w.dial(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err != nil && ctx.Err() == nil:
		w.failed, w.retryAt = err, w.machine.Now().Add(dialPause)
		return nil, false, err
	case err != nil:
		return nil, false, err
	case w.closed:
		_ = c.hang()
		return nil, false, errClosed
	}
	w.now, w.failed = c, nil
	return c, true, nil
}

// kept gives the connection there is, nil for none, or the error of an attempt of just now.
func (w *wire) kept() (*conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.machine.Now()
	switch {
	case w.closed:
		return nil, errClosed
	case w.now != nil && now.Sub(w.now.used) < idleLimit:
		w.now.used = now
		return w.now, nil
	case w.now == nil && w.failed != nil && now.Before(w.retryAt):
		return nil, w.failed
	}
	if w.now != nil {
		_ = w.now.hang()
		w.now = nil
	}
	return nil, nil
}

// drop ends a connection.
func (w *wire) drop(c *conn) {
	_ = c.hang()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now == c {
		w.now = nil
	}
}

func (w *wire) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.now == nil {
		return nil
	}
	c := w.now
	w.now = nil
	return c.hang()
}

// dial connects, checks the server's key, logs in and starts SFTP, all of it within dialLimit.
func (w *wire) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	var dialer net.Dialer
	tcp, err := dialer.DialContext(ctx, "tcp", w.address)
	if err != nil {
		return nil, fmt.Errorf("connect to the file server: %w", err)
	}
	cut := context.AfterFunc(ctx, func() { _ = tcp.Close() }) // whatever step it is at
	c, err := w.login(tcp)
	if !cut() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = tcp.Close()
		if ctx.Err() != nil {
			err = fmt.Errorf("the file server does not answer: %w", ctx.Err())
		}
		return nil, err
	}
	c.used = w.machine.Now()
	go func() { _ = c.Wait(); close(c.lost); _ = tcp.Close() }()
	return c, nil
}

func (w *wire) login(tcp net.Conn) (*conn, error) {
	session, channels, requests, err := ssh.NewClientConn(tcp, w.address, &w.config)
	switch {
	case errors.Is(err, ErrWrongHost):
		return nil, ErrWrongHost
	case err != nil && strings.Contains(err.Error(), "unable to authenticate"): // the package has no error of its own for it
		return nil, ErrLogin
	case err != nil:
		return nil, fmt.Errorf("log in to the file server: %w", err)
	}
	c, err := startSFTP(ssh.NewClient(session, channels, requests))
	if err != nil {
		return nil, fmt.Errorf("start SFTP: %w", err)
	}
	c.hang = tcp.Close
	return c, nil
}

func startSFTP(client *ssh.Client) (*conn, error) {
	s, err := client.NewSession()
	if err != nil {
		return nil, err
	}
	in, err := s.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := s.StdoutPipe()
	if err != nil {
		return nil, err
	}
	said, err := s.StderrPipe()
	if err != nil {
		return nil, err
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	if err := s.RequestSubsystem("sftp"); err != nil {
		return nil, err
	}
	received := &meter{r: out}
	files, err := sftp.NewClientPipe(received, in)
	if err != nil {
		return nil, err
	}
	return &conn{Client: files, received: received, lost: make(chan struct{})}, nil
}
