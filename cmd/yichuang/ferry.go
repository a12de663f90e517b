package main

import (
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"yichuang/internal/ferry"
	"yichuang/internal/kit/clock"
)

// gapSettings choose the folder that the appliance of a gap serves, and what it is told to bear.
type gapSettings struct {
	Root string        `name:"gap-dir" help:"Folder of the gap; holds hall-to-office and office-to-hall. Empty: gap below the data folder." env:"GAP_DIR" type:"path"`
	Max  int           `name:"gap-max" help:"Largest file, in bytes, that the appliance carries; the same in both zones." default:"8388608" env:"GAP_MAX"`
	Wait time.Duration `name:"gap-wait" help:"How long a file and its acknowledgement may be on their way until it is sent again." default:"30s" env:"GAP_WAIT"`
}

// byFiles joins a door to the folders of the gap.
func (g gapSettings) byFiles(door *ferry.Door, zone, data string, log *slog.Logger) error {
	root := g.Root
	if root == "" {
		root = filepath.Join(data, "gap")
	}
	dir, err := ferry.NewDir(ferry.DirOptions{Root: root, Zone: zone, Peer: otherZone(zone), Max: g.Max, Wait: g.Wait, Clock: clock.System(), Log: log})
	if err != nil {
		return err
	}
	door.Connect(dir)
	return nil
}

// join connects the two doors of one process: within it, or by the folders of the gap as if they were two.
func (g gapSettings) join(way string, hall, office *ferry.Door, data string, log *slog.Logger) error {
	if way == "dir" {
		return errors.Join(g.byFiles(hall, "hall", data, log), g.byFiles(office, "office", data, log))
	}
	hall.Connect(ferry.Loop{To: office})
	office.Connect(ferry.Loop{To: hall})
	return nil
}

// carryTime bounds one request of the ferry.
const carryTime = time.Minute

// byNetwork joins a door to the other zone's process, and returns what serves the other zone's requests.
func byNetwork(door *ferry.Door, url string) http.Handler {
	door.Connect(ferry.HTTPS{URL: url, Client: &http.Client{Timeout: carryTime}})
	return door.Handler()
}

// checkWay tells which ways a process can go that serves one zone or two.
func checkWay(way string, alone bool, peer string) error {
	switch {
	case way == "https" && !alone:
		return errors.New("--ferry=https is between two processes; this one serves both zones")
	case way == "loop" && alone:
		return errors.New("--ferry=loop is within one process; this one serves one zone")
	case alone && way != "dir" && peer == "":
		return errors.New("one zone alone needs --peer-url of the other, or --ferry=dir")
	}
	return nil
}
