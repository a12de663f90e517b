package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// simCity is the child process that plays every system outside of the platform.
type simCity struct {
	url  string
	done chan error
}

// startSimCity starts bin/simcity beside this program and waits until it is ready.
func startSimCity(ctx context.Context, port int, data string, seed uint64, speed float64) (*simCity, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find simcity: %w", err)
	}
	program := filepath.Join(filepath.Dir(self), "simcity")
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("simcity is not beside this program: run make build: %w", err)
	}
	if err := os.MkdirAll(data, 0o755); err != nil {
		return nil, fmt.Errorf("simcity's folder: %w", err)
	}
	journal, err := os.OpenFile(filepath.Join(data, "simcity.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("simcity's log: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, "--port", strconv.Itoa(port), "--data", data, "--seed", strconv.FormatUint(seed, 10),
		"--speed", strconv.FormatFloat(speed, 'f', -1, 64))
	cmd.Stderr = journal
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start simcity: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start simcity: %w", err)
	}
	s := &simCity{done: make(chan error, 1)}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	var ready struct {
		URL string `json:"url"`
	}
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err != nil {
		_ = cmd.Wait()
		return nil, fmt.Errorf("simcity did not start; its log is %s: %w", journal.Name(), err)
	}
	s.url = ready.URL
	go func() { s.done <- cmd.Wait() }()
	return s, nil
}

// get and post talk to simcity's control interface.
func (s *simCity) get(ctx context.Context, path string, out any) error {
	return s.do(ctx, http.MethodGet, path, nil, out)
}

func (s *simCity) post(ctx context.Context, path string, in any) error {
	return s.do(ctx, http.MethodPost, path, in, nil)
}

func (s *simCity) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("simcity %s: %w", path, err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, body)
	if err != nil {
		return fmt.Errorf("simcity %s: %w", path, err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("simcity %s: %w", path, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		return fmt.Errorf("simcity %s: %w", path, err)
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("simcity %s answered %d: %s", path, res.StatusCode, raw)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}

// system is one simulated system on the published interface.
type system struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Counterpart string `json:"counterpart"`
	District    string `json:"district"`
	Zone        string `json:"zone"`
	App         string `json:"app"`
	Dialect     string `json:"dialect"`
	URL         string `json:"url"`
	Folder      struct {
		URL      string `json:"url"`
		HostKey  string `json:"hostKey"`
		Password string `json:"password"`
	} `json:"folder"`
	PublicKey string `json:"publicKey"`
}
