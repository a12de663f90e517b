package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// peer is the program that measures DBOS.
type peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// startPeer builds and starts it on a database of its own. It is a module of its own: the product does not depend on DBOS.
func (b *bench) startPeer(ctx context.Context) (*peer, error) {
	if !b.want.MatchString("flow.dbos.8") && !b.want.MatchString("flow.times.dbos.8") {
		return nil, errors.New("not asked for")
	}
	url, err := b.hasty(ctx, "dbos")
	if err != nil {
		return nil, err
	}
	program := filepath.Join(b.dir, "peers")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, ".")
	build.Dir, build.Stderr = filepath.Join("bench", "peers"), os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("build bench/peers: %w", err)
	}
	p := &peer{cmd: exec.CommandContext(ctx, program, "-database", url, "-workflows", fmt.Sprint(chains), "-steps", fmt.Sprint(tasks), "-at", "8")}
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewScanner(out)
	return p, p.cmd.Start()
}

// round is a racer.
func (p *peer) round(context.Context, int) (time.Duration, error) {
	if _, err := io.WriteString(p.in, "go\n"); err != nil {
		return 0, fmt.Errorf("peer: %w", err)
	}
	if !p.out.Scan() {
		return 0, errors.New("the peer has ended")
	}
	var r struct{ Seconds float64 }
	if err := json.Unmarshal(p.out.Bytes(), &r); err != nil {
		return 0, fmt.Errorf("peer: %w", err)
	}
	return time.Duration(r.Seconds * float64(time.Second)), nil
}

func (p *peer) stop() {
	_ = p.in.Close()
	_ = p.cmd.Wait() // it has said on standard error what was wrong
}
