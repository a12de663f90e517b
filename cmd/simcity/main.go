// Command simcity plays every system outside the platform, for tests and demonstrations: see docs/simcity.md.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"yichuang/internal/kit/log"
	"yichuang/internal/land"
	"yichuang/internal/sim"
)

// settings are the flags; each has an environment variable, too.
type settings struct {
	Port            int     `help:"Port on 127.0.0.1 that everything is served on; 0 takes a free one." default:"9000" env:"SIMCITY_PORT"`
	SFTPPort        int     `name:"sftp-port" help:"Port on 127.0.0.1 of the SFTP server; 0 takes the one of the last start, or a free one." default:"0" env:"SIMCITY_SFTP_PORT"`
	Data            string  `help:"Folder of all state and keys, made when missing." default:"./var/simcity" env:"SIMCITY_DATA" type:"path"`
	Seed            uint64  `help:"Which city is invented. Kept in the folder on the first start." default:"1" env:"SIMCITY_SEED"`
	Today           string  `help:"Day on which the city is built, like 2026-11-24. Kept in the folder on the first start; empty means today." env:"SIMCITY_TODAY"`
	Speed           float64 `help:"How much faster than life departments and couriers are." default:"360" env:"SIMCITY_SPEED"`
	PlatformPartner string  `help:"Address of the office's partner listener." env:"SIMCITY_PLATFORM_PARTNER"`
	PlatformHall    string  `help:"Address of the hall; sign-ins may return below it." env:"SIMCITY_PLATFORM_HALL"`
	LogFormat       string  `help:"text or json." default:"text" enum:"text,json" env:"SIMCITY_LOG_FORMAT"`
}

func main() {
	var s settings
	kong.Parse(&s, kong.Name("simcity"), kong.Description("Every system outside the platform, simulated over its real protocol. A tool for tests and demonstrations."))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "simcity:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. It says on out, in one line of JSON, when it is ready and where.
func run(ctx context.Context, s settings, out io.Writer) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", s.Port))
	if err != nil {
		return fmt.Errorf("port %d is not free, choose another with --port: %w", s.Port, err)
	}
	files, err := listenFiles(s.Data, s.SFTPPort)
	if err != nil {
		return err
	}
	today := land.Date("")
	if s.Today != "" {
		if today, err = land.ParseDate(s.Today); err != nil {
			return fmt.Errorf("--today: %w", err)
		}
	}
	logger := log.New(os.Stderr, s.LogFormat)
	city, err := sim.Open(sim.Options{
		Dir: s.Data, Base: "http://" + listener.Addr().String(), Files: files.Addr().String(), Seed: s.Seed, Today: today, Speed: s.Speed,
		Partner: s.PlatformPartner, Hall: s.PlatformHall, Log: logger,
	})
	if err != nil {
		return err
	}
	server := &http.Server{Handler: city.Handler(), ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(listener) }()
	go func() { failed <- city.ServeFiles(ctx, files) }()
	if err := json.NewEncoder(out).Encode(map[string]any{"ready": true, "url": "http://" + listener.Addr().String()}); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() { city.Run(ctx); close(done) }()
	select {
	case <-ctx.Done():
	case err := <-failed:
		if err != nil && !errors.Is(err, http.ErrServerClosed) {
			return err
		}
	}
	bye, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err = server.Shutdown(bye)
	<-done
	return err
}
