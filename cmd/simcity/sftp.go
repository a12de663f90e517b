package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// listenFiles takes the port of the SFTP server. Where none is asked for it takes that of the last start, which is kept in the folder,
// lest the platform has to learn new addresses after each one; should another program have it by now, a free one.
func listenFiles(data string, port int) (net.Listener, error) {
	kept := filepath.Join(data, "sftp-port")
	if port == 0 {
		raw, err := os.ReadFile(kept)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("port of the SFTP server in the data folder: %w", err)
		}
		if last, err := strconv.Atoi(strings.TrimSpace(string(raw))); err == nil {
			if l, err := listenOn(last); err == nil {
				return l, nil
			}
		}
	}
	l, err := listenOn(port)
	if err != nil {
		return nil, fmt.Errorf("port %d is not free, choose another with --sftp-port: %w", port, err)
	}
	if err := errors.Join(os.MkdirAll(data, 0o700), os.WriteFile(kept, []byte(strconv.Itoa(l.Addr().(*net.TCPAddr).Port)), 0o600)); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("data folder: %w", err)
	}
	return l, nil
}

func listenOn(port int) (net.Listener, error) {
	return net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}
