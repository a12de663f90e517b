package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// city is the running city, as city.json describes it.
type city struct {
	Hall     string    `json:"hall"`
	Office   string    `json:"office"`
	SimCity  string    `json:"simcity"`
	Accounts []account `json:"accounts"`
	Examples []example `json:"examples"`

	cmd  *exec.Cmd
	data string
	keep bool
}

type account struct {
	Role, Login, Password, Name, Idno, Note string
}

type example struct {
	Certificate, Owner, Idno, Unit, District, State, Contract string
}

// openCity reads the city.json of a running city, or starts bin/yichuang on free ports with a data folder of its own.
func openCity(ctx context.Context, at string, keep bool) (*city, error) {
	if at != "" {
		return readCity(at)
	}
	data, err := os.MkdirTemp("", "yichuang-demo-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(data, 0o755); err != nil { // the database runs as another user when we are root
		return nil, err
	}
	port, err := freePorts()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join("bin", "yichuang"), "city", "--port", strconv.Itoa(port), "--data", data, "--speed", "3600")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	var trouble bytes.Buffer
	cmd.Stderr = &trouble
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start bin/yichuang (make build first): %w", err)
	}
	ready := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "Ctrl-C") {
				ready <- true
			}
		}
		close(ready)
	}()
	select {
	case ok := <-ready:
		if !ok {
			_ = cmd.Wait()
			return nil, fmt.Errorf("the city did not come up: %s", strings.TrimSpace(trouble.String()))
		}
	case <-time.After(3 * time.Minute):
		return nil, fmt.Errorf("the city did not come up within 3 minutes")
	}
	c, err := readCity(filepath.Join(data, "city.json"))
	if err != nil {
		return nil, err
	}
	c.cmd, c.data, c.keep = cmd, data, keep
	return c, nil
}

func readCity(path string) (*city, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := &city{}
	return c, json.Unmarshal(raw, c)
}

// freePorts finds a base port with the four after it free.
func freePorts() (int, error) {
	for base := 21000; base < 60000; base += 97 {
		free := true
		for i := range 5 {
			l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(base+i))
			if err != nil {
				free = false
				break
			}
			l.Close()
		}
		if free {
			return base, nil
		}
	}
	return 0, fmt.Errorf("no five free ports")
}

func (c *city) close() {
	if c.cmd == nil {
		return
	}
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	_ = c.cmd.Wait()
	if !c.keep {
		_ = os.RemoveAll(c.data)
	}
}

// accountOf finds an account by identity number.
func (c *city) accountOf(idno string) (account, bool) {
	for _, a := range c.Accounts {
		if a.Idno == idno {
			return a, true
		}
	}
	return account{}, false
}

// control talks to simcity's control interface.
func (c *city) control(method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, c.SimCity+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("simcity %s answered %d: %s", path, res.StatusCode, clip(string(raw), 300))
	}
	if out == nil || len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, out)
}
