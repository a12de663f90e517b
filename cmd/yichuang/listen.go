package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// errPort says that a port is taken, and what to do.
type errPort struct {
	Address string
	Err     error
}

func (e errPort) Error() string { return fmt.Sprintf("cannot listen on %s: %v", e.Address, e.Err) }

func (e errPort) Unwrap() error { return e.Err }

// Advice says what to do.
func (e errPort) Advice() string {
	if errors.Is(e.Err, syscall.EADDRINUSE) {
		return "Another program uses the port. Choose another base port, for example: make run PORT=9080"
	}
	return "Choose another address or port."
}

// site is one listener with what it serves.
type site struct {
	name     string
	listener net.Listener
	handler  http.Handler
	tls      *tls.Config // nil: plain
}

func listen(name, address string) (*site, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, errPort{address, err}
	}
	return &site{name: name, listener: l}, nil
}

func (s *site) url() string { return "http://" + s.listener.Addr().String() }

// serve serves all sites until ctx ends, then lets what is under way finish.
func serve(ctx context.Context, g *errgroup.Group, sites ...*site) {
	for _, s := range sites {
		server := &http.Server{Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
		l := s.listener
		if s.tls != nil {
			l = tls.NewListener(l, s.tls)
		}
		g.Go(func() error {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			return nil
		})
		g.Go(func() error {
			<-ctx.Done()
			bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
			defer cancel()
			if err := server.Shutdown(bye); err != nil {
				return server.Close() // streams of events stay open until they are cut
			}
			return nil
		})
	}
}
