// Command peers measures DBOS Transact with the workload of yichuang's own measurement of flows: workflows of steps in a
// row, some at a time. For each line on standard input it measures one round and prints a line of JSON: steps, the start of
// a workflow counted as one, and the seconds that they took.
//
// It is a module of its own so that the product does not depend on what it is compared with; bench runs it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

func main() {
	url := flag.String("database", "", "address of an empty PostgreSQL database")
	workflows := flag.Int("workflows", 60, "in a round")
	steps := flag.Int("steps", 12, "of each workflow")
	some := flag.Int("at", 8, "how many at a time")
	flag.Parse()
	if err := run(context.Background(), *url, *workflows, *steps, *some); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url string, workflows, steps, some int) error {
	dc, err := dbos.NewContext(ctx, dbos.Config{DatabaseURL: url, AppName: "bench", Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return err
	}
	dbos.RegisterWorkflow(dc, chain)
	if err := dbos.Launch(dc); err != nil {
		return err
	}
	defer dbos.Shutdown(dc, 5*time.Second)
	out := json.NewEncoder(os.Stdout)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		took, err := atOnce(dc, workflows, steps, some)
		if err != nil {
			return err
		}
		if err := out.Encode(map[string]any{"steps": workflows * (steps + 1), "seconds": took.Seconds()}); err != nil {
			return err
		}
	}
	return nil
}

// chain runs steps that do nothing but keep a string like the dozen data of ours.
func chain(dc dbos.Context, steps int) (string, error) {
	last := ""
	for range steps {
		var err error
		if last, err = dbos.RunAsStep(dc, func(context.Context) (string, error) { return "some value", nil }); err != nil {
			return "", err
		}
	}
	return last, nil
}

func atOnce(dc dbos.Context, n, steps, some int) (time.Duration, error) {
	begin := time.Now()
	todo := make(chan struct{})
	errs := make(chan error, some)
	var wg sync.WaitGroup
	for range some {
		wg.Go(func() {
			for range todo {
				if err := one(dc, steps); err != nil {
					errs <- err
					for range todo { // let the others be handed out
					}
					return
				}
			}
		})
	}
	for range n {
		todo <- struct{}{}
	}
	close(todo)
	wg.Wait()
	select {
	case err := <-errs:
		return 0, err
	default:
		return time.Since(begin), nil
	}
}

func one(dc dbos.Context, steps int) error {
	h, err := dbos.RunWorkflow(dc, chain, steps)
	if err != nil {
		return err
	}
	_, err = h.GetResult()
	return err
}
