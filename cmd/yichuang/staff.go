package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"

	"yichuang/internal/office/staff"
)

// staffCmd makes accounts without a page: a new installation has nobody who could sign in. It needs the office's database and
// the ring in the data folder, so it runs on the office's machine as its service account.
type staffCmd struct {
	OfficeDB string        `name:"office-db" help:"Address of the office's database, postgres://…" required:"" env:"OFFICE_DB"`
	Data     string        `help:"Folder of keys and stored files." default:"./var" env:"DATA" type:"path"`
	Add      staffAddCmd   `cmd:"" help:"Make an account."`
	Reset    staffResetCmd `cmd:"" help:"Give an account a new first password, unlock it and end its sessions."`
}

// with opens the office's accounts for one act.
func (c *staffCmd) with(ctx context.Context, do func(*staff.Room) error) error {
	return maintain(ctx, "office", c.OfficeDB, c.Data, func(m maintenance) error { return do(staff.New(m.pool, m.keys, m.audit, m.clock)) })
}

// secret says where a first password comes from.
type secret struct {
	PasswordStdin bool `help:"Read the first password from standard input, one line, instead of making one."`
}

// password is what the person signs in with once; shown says whether it must be printed.
func (s secret) password(in io.Reader) (text string, shown bool, err error) {
	if !s.PasswordStdin {
		return staff.NewPassword(), true, nil
	}
	line, err := bufio.NewReader(io.LimitReader(in, 1024)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, fmt.Errorf("first password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), false, nil
}

// operator is who typed the command, for the audit record.
func operator(reason string) staff.Operator {
	name := "operator"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, _ := os.Hostname() // the record says less without it
	return staff.Operator{Name: name, Source: "command line on " + host, Reason: reason}
}

type staffAddCmd struct {
	secret
	Login      string   `help:"What the person signs in with: letters, digits, dots and hyphens." required:""`
	Name       string   `help:"The person's name." required:""`
	Role       []string `help:"What the person is: ${roles}. Several for one person are separated by commas; admin, security and auditor stand alone." required:"" enum:"${roles}"`
	Department string   `help:"Where the person works: ${departments}." default:"platform" enum:"${departments}"`
	District   string   `help:"Code of the district, such as 321202; empty for the whole city."`
	Org        string   `help:"Code of the bank or centre that the person belongs to."`
	Hall       string   `help:"Code of the hall of a window."`
	Window     int      `help:"Number of the window."`
	Superior   string   `help:"Login of the leader."`
	Phone      string   `help:"Phone number, for notices."`
	Document   string   `help:"Identity number; stored as a keyed digest only."`
	Reason     string   `help:"Why, for the audit record." required:""`
}

// Run makes the account and prints its first password, if it was made here.
func (c *staffAddCmd) Run(ctx context.Context, parent *staffCmd) error {
	password, shown, err := c.password(os.Stdin)
	if err != nil {
		return err
	}
	a := staff.Account{Person: staff.Person{Login: c.Login, Name: c.Name, Phone: c.Phone, District: c.District, Department: c.Department, Org: c.Org,
		Hall: c.Hall, WindowNo: c.Window, Roles: c.Role}, Password: password, Document: c.Document, Superior: c.Superior}
	return parent.with(ctx, func(room *staff.Room) error {
		if err := room.Create(ctx, a, operator(c.Reason)); err != nil {
			return err
		}
		fmt.Printf("Account %s is there.\n", c.Login)
		announcePassword(password, shown)
		return nil
	})
}

type staffResetCmd struct {
	secret
	Login  string `help:"Whose password." required:""`
	Reason string `help:"Why, for the audit record." required:""`
}

// Run sets the password.
func (c *staffResetCmd) Run(ctx context.Context, parent *staffCmd) error {
	password, shown, err := c.password(os.Stdin)
	if err != nil {
		return err
	}
	return parent.with(ctx, func(room *staff.Room) error {
		if err := room.Reset(ctx, c.Login, password, operator(c.Reason)); err != nil {
			return err
		}
		fmt.Printf("Account %s has a new first password and no sessions.\n", c.Login)
		announcePassword(password, shown)
		return nil
	})
}

func announcePassword(password string, shown bool) {
	if shown {
		fmt.Printf("First password, shown this once: %s\n", password)
	}
	fmt.Println("The office lets the account do nothing before the password is changed.")
}
