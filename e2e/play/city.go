package play

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// City is a city as its city.json describes it.
type City struct {
	Hall     string    `json:"hall"`
	Office   string    `json:"office"`
	Partner  string    `json:"partner"`
	SimCity  string    `json:"simcity"`
	Ops      string    `json:"ops"`
	Accounts []Account `json:"accounts"`
	Examples []Home    `json:"examples"`

	// Crowd gives people and staff addresses of their own, as in life, so that limits by address do not hold up a crowd on one
	// machine. Only Linux answers at all loopback addresses.
	Crowd bool   `json:"-"`
	Data  string `json:"-"` // folder of a city of our own

	homes atomic.Uint32 // addresses given out
	args  []string
	cmd   *exec.Cmd
	done  chan struct{} // closed when the process has ended
	said  *bytes.Buffer // what it complained of; to be read after done
}

// Account is somebody who can sign in.
type Account struct {
	Role, Login, Password, Name, Idno, Note string

	SpouseName, SpouseIdno string `json:"-"` // for who is asked
}

// Home is a home in a state worth trying.
type Home struct {
	Certificate, Owner, Idno, Unit, District, State, Contract string
}

// Read reads the city.json of a running city.
func Read(path string) (*City, error) {
	c := &City{}
	return c, c.read(path)
}

func (c *City) read(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	c.Accounts, c.Examples = nil, nil
	return json.Unmarshal(raw, c)
}

// Found starts the program on free ports with a data folder of its own and waits until the city is ready. The folder's name begins
// with prefix; speed is how much faster than life the departments are.
func Found(ctx context.Context, program, prefix string, speed float64) (*City, error) {
	data, err := os.MkdirTemp("", prefix)
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
	c := &City{Data: data, args: []string{program, "city", "--port", strconv.Itoa(port), "--data", data, // all by flags: make hands its variables down
		"--seed", "1", "--speed", strconv.FormatFloat(speed, 'f', -1, 64)}}
	if err := c.Up(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(data))
	}
	return c, nil
}

// upWithin is how long a city may take until it is ready; the first time it is built as well.
const upWithin = 3 * time.Minute

// Up starts the process of a city of our own and waits until it is ready.
func (c *City) Up(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	c.said = &bytes.Buffer{}
	cmd.Stderr = c.said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s (make build first): %w", c.args[0], err)
	}
	c.cmd, c.done = cmd, make(chan struct{})
	ready := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "Ctrl-C") {
				ready <- true
			}
		}
		_ = cmd.Wait() // only now: it closes what is read here
		close(c.done)
	}()
	select {
	case <-ready:
	case <-c.done:
		return fmt.Errorf("the city did not come up: %s", c.Ended())
	case <-time.After(upWithin):
		c.Kill()
		return fmt.Errorf("the city did not come up within %v", upWithin)
	}
	return c.read(filepath.Join(c.Data, "city.json"))
}

// Kill ends the process as a power cut would. Its children notice by themselves.
func (c *City) Kill() {
	if c.cmd == nil {
		return
	}
	_ = c.cmd.Process.Kill()
	<-c.done
}

// Ended is what the process said when it ended, by itself or not; empty while it runs.
func (c *City) Ended() string {
	if c.cmd == nil {
		return ""
	}
	select {
	case <-c.done:
		return strings.TrimSpace(c.cmd.ProcessState.String() + "; " + c.said.String())
	default:
		return ""
	}
}

// Pid is the number of the process of a city of our own.
func (c *City) Pid() int { return c.cmd.Process.Pid }

// Close stops a city of our own, and removes its folder unless it is to be kept. A city that runs by itself goes on.
func (c *City) Close(keep bool) {
	if c.cmd != nil {
		_ = c.cmd.Process.Signal(syscall.SIGTERM)
		<-c.done
	}
	if c.Data != "" && !keep {
		_ = os.RemoveAll(c.Data)
	}
}

// browser is a new one, at an address of its own where there is a crowd.
func (c *City) browser() *Browser {
	if !c.Crowd {
		return NewBrowser()
	}
	n := c.homes.Add(1)
	return browserAt(net.IPv4(127, 1, byte(n>>8), byte(n)))
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

// AccountOf finds an account by identity number.
func (c *City) AccountOf(idno string) (Account, bool) {
	for _, a := range c.Accounts {
		if a.Idno == idno {
			return a, true
		}
	}
	return Account{}, false
}

// Control talks to simcity's control interface; in and out may be nil.
func (c *City) Control(method, path string, in, out any) error {
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
		return &StatusError{"simcity " + path, res.StatusCode, clip(string(raw), 300)}
	}
	if out == nil || len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, out)
}
