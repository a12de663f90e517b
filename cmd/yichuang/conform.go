package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"yichuang/internal/conform"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
)

// conformCmd checks a counterpart against docs/interface, from a vendor's desk or ours. It needs no database and no keys of an installation.
type conformCmd struct {
	Role        string        `help:"What the counterpart is: ${enum}." required:"" enum:"${counterparts}"`
	Dialect     string        `help:"How the counterpart speaks: ${enum}. Empty: as the credentials say." default:"" enum:",${dialects}" env:"CONFORM_DIALECT"`
	Target      string        `help:"Address of the counterpart, before /v1/, /bizxml or /soap. Not for filedrop: the credentials name the folder." env:"CONFORM_TARGET"`
	Credentials string        `help:"JSON file with keys and samples; docs/interface/README.md describes it." required:"" env:"CONFORM_CREDENTIALS" type:"existingfile"`
	Listen      string        `help:"Address on which results are awaited. The counterpart has to know it as the platform's. Empty: results are not checked." env:"CONFORM_LISTEN"`
	Wait        time.Duration `help:"How long results may take." default:"10m" env:"CONFORM_WAIT"`
	Report      string        `help:"File for the report in HTML." env:"CONFORM_REPORT" type:"path"`
	All         bool          `help:"List what passed, too."`
}

// errNotConform is the outcome that makes the exit code 1.
var errNotConform = errors.New("the counterpart does not conform")

// Run checks, prints the table, writes the report, and fails where a rule is broken.
func (c *conformCmd) Run(ctx context.Context) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	report, err := c.check(ctx, o)
	if err != nil {
		return err
	}
	if err := report.WriteTable(os.Stdout, c.All); err != nil {
		return err
	}
	if err := c.write(report); err != nil {
		return err
	}
	if !report.OK() {
		return errNotConform
	}
	return nil
}

func (c *conformCmd) options() (conform.Options, error) {
	file, err := os.Open(c.Credentials)
	if err != nil {
		return conform.Options{}, err
	}
	defer file.Close()
	credentials, err := conform.ReadCredentials(file)
	if err != nil {
		return conform.Options{}, fmt.Errorf("%s: %w", c.Credentials, err)
	}
	if c.Dialect != "" {
		credentials.Dialect = conform.Dialect(c.Dialect)
	}
	document, err := spec.Load()
	if err != nil {
		return conform.Options{}, err
	}
	clk := clock.System()
	carrier, err := conform.NewCarrier(credentials, c.Target, clk)
	if err != nil {
		return conform.Options{}, err
	}
	return conform.Options{Role: c.Role, Target: c.Target, Credentials: credentials, Carrier: carrier, Document: document, Clock: clk, Wait: c.Wait,
		Tell: func(text string) { fmt.Fprintln(os.Stderr, text) }}, nil
}

// check runs the rules while the receiver listens, if it has an address, or watches the folder of files.
func (c *conformCmd) check(ctx context.Context, o conform.Options) (*conform.Report, error) {
	files := o.Carrier.Dialect() == conform.FileDrop
	if c.Listen == "" && !files {
		return conform.Run(ctx, o)
	}
	var err error
	if o.Receiver, err = conform.NewReceiver(o.Credentials, o.Document, o.Clock); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, serving := errgroup.WithContext(ctx)
	if files {
		o.Target = o.Credentials.Folder.URL
		g.Go(func() error { return o.Receiver.Watch(serving, o.Credentials.Folder) })
	} else {
		s, err := listen("results", c.Listen)
		if err != nil {
			return nil, err
		}
		s.handler = o.Receiver
		serve(serving, g, s)
	}
	report, err := conform.Run(serving, o)
	cancel()
	return report, errors.Join(err, g.Wait())
}

func (c *conformCmd) write(report *conform.Report) error {
	if c.Report == "" {
		return nil
	}
	file, err := os.Create(c.Report)
	if err != nil {
		return err
	}
	return errors.Join(report.WriteHTML(file), file.Close())
}
