// Command yichuang is the platform: one binary for both zones. It parses flags, wires, and serves; it decides nothing.
package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"yichuang/internal/conform"
	"yichuang/internal/office/staff"
)

const description = `一窗：不动产交易、登记、纳税一体化平台。

  yichuang city                     whole demonstration city on this machine, with its own PostgreSQL and simulated departments
  yichuang serve --zone hall …      one zone (or both) of a real installation, against given databases
  yichuang staff add …              an account of the office, the first one of a new installation too
  yichuang lines --zone hall …      the lines of a zone to other systems, from a file
  yichuang ferry list --zone hall … messages between the zones that wait for a person
  yichuang keys make|rotate …       the keys of a zone: made, handed over, changed
  yichuang conform --role tax …     check a counterpart's system against the published interface
  yichuang guide --counterpart tax  write the guide by which a vendor builds a counterpart's side

Every flag has an environment variable; docs/operations.md lists them all.`

type cli struct {
	City    cityCmd    `cmd:"" help:"Run the demonstration city: both zones, a private PostgreSQL, simulated departments."`
	Serve   serveCmd   `cmd:"" help:"Serve one zone or both against given databases."`
	Staff   staffCmd   `cmd:"" help:"Accounts of the office that its pages cannot make: the first ones, and lost passwords."`
	Lines   linesCmd   `cmd:"" help:"Set the lines of a zone to other systems from a file."`
	Ferry   ferryCmd   `cmd:"" help:"Messages of a zone that wait for a person."`
	Keys    keysCmd    `cmd:"" help:"Make and change the keys of an installation."`
	Conform conformCmd `cmd:"" help:"Check the system of a department, bank or utility against the published interface."`
	Guide   guideCmd   `cmd:"" help:"Write the guide by which a vendor builds the side of a department, bank or utility."`
}

// names lists the words that a setting may have.
func names(of map[string]string) string { return strings.Join(slices.Sorted(maps.Keys(of)), ",") }

func main() {
	boundMemory()
	var c cli
	parser := kong.Must(&c, kong.Name("yichuang"), kong.Description(description), kong.Vars{"counterparts": strings.Join(conform.Roles(), ","), "dialects": strings.Join(conform.Dialects(), ","), "roles": names(staff.RoleNames), "departments": names(staff.DepartmentNames)}, kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	run, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	run.BindTo(ctx, (*context.Context)(nil))
	if err := run.Run(); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "yichuang:", err)
		var advised interface{ Advice() string }
		if errors.As(err, &advised) {
			fmt.Fprintln(os.Stderr, advised.Advice())
		}
		os.Exit(1)
	}
}
