package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
)

// linesCmd sets the lines of a zone to other systems from a file: all at once on a new installation, and those of the hall, which
// has no pages for administrators. Later changes to the office's are made at /admin/endpoints.
type linesCmd struct {
	Zone     string `help:"Whose lines: hall or office." enum:"hall,office" required:""`
	Database string `help:"Address of the zone's database, postgres://…" required:"" env:"ZONE_DB"`
	Data     string `help:"Folder of keys and stored files." default:"./var" env:"DATA" type:"path"`
	File     string `help:"JSON list of lines; docs/operations.md describes it." type:"existingfile" required:""`
	Reason   string `help:"Why, for the audit record." required:""`
}

// lineSetting is one line as the file has it. Secret makes it HMAC-SM3, PeerKey SM2, neither a desk.
type lineSetting struct {
	Name        string `json:"name"` // Chinese; a line of the same name is changed
	Counterpart string `json:"counterpart"`
	District    string `json:"district"`
	Item        string `json:"item"`
	Party       string `json:"party"`
	Dialect     string `json:"dialect"` // empty: unified
	Address     string `json:"address"`
	App         string `json:"app"`     // we, as they know us
	PeerApp     string `json:"peerApp"` // they, as they sign
	PeerKey     string `json:"peerKey"` // PEM
	Secret      string `json:"secret"`
	Grade       int    `json:"grade"` // of data that they may be sent, 1 to 4; 0: all that their operations hold
	Off         bool   `json:"off"`
	Folder      string `json:"folder"`      // of files: file:///… or sftp://user@host/…
	FolderKey   string `json:"folderKey"`   // the SFTP server's public key
	Certificate string `json:"certificate"` // fingerprint of the only TLS certificate that they may show
	Password    string `json:"password"`    // of the SFTP account
}

// Run sets all lines of the file or, where one is wrong, those before it, and says which one.
func (c *linesCmd) Run(ctx context.Context) error {
	settings, err := readLines(c.File)
	if err != nil {
		return err
	}
	return maintain(ctx, c.Zone, c.Database, c.Data, func(m maintenance) error {
		signer, err := sm.LoadOrCreateSigner(filepath.Join(c.Data, "keys", c.Zone+"-partner.key"))
		if err != nil {
			return err
		}
		x, err := exchange.New(exchange.Options{Pool: m.pool, Keyring: m.keys, Clock: m.clock, Audit: m.audit})
		if err != nil {
			return err
		}
		if err := setLines(ctx, x, settings, signer, c.Reason); err != nil {
			return err
		}
		fmt.Printf("%d lines of the %s are set. Hand this public key to those that sign with SM2:\n%s", len(settings), c.Zone, signer.Public().PEM())
		return nil
	})
}

func readLines(path string) (out []lineSetting, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	d := json.NewDecoder(file)
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("lines in %s: %w", path, err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("lines in %s: there is none", path)
	}
	return out, nil
}

// setLines makes each line, or changes the one of its name; its limits stay.
func setLines(ctx context.Context, x *exchange.Exchange, settings []lineSetting, signer *sm.Signer, reason string) error {
	known, err := x.Endpoints(ctx)
	if err != nil {
		return err
	}
	by := map[string]exchange.Endpoint{}
	for _, e := range known {
		by[e.Name] = e
	}
	who := operator(reason)
	for i, s := range settings {
		e, ok := by[s.Name]
		if !ok {
			e = exchange.Endpoint{Name: s.Name, Limits: exchange.DefaultLimits()}
		}
		e.Counterpart, e.District, e.Item, e.Party, e.BaseURL, e.App, e.PeerApp, e.Enabled = s.Counterpart, s.District, s.Item, s.Party, s.Address, s.App, s.PeerApp, !s.Off
		if e.Grade = spec.Grade(s.Grade); e.Grade == 0 {
			e.Grade = x.GradeTo(s.Counterpart)
		}
		e.Certificate, e.Folder, e.FolderKey = s.Certificate, s.Folder, s.FolderKey
		if e.Dialect = s.Dialect; e.Dialect == "" {
			e.Dialect = "unified"
		}
		keys, err := s.keys(signer)
		if err == nil {
			_, err = x.SetEndpoint(ctx, exchange.Actor{ID: who.Name, Name: who.Name, Source: who.Source}, e, keys, reason)
		}
		if err != nil {
			return fmt.Errorf("line %d, %s: %w", i+1, s.Name, err)
		}
	}
	return nil
}

func (s *lineSetting) keys(signer *sm.Signer) (*exchange.Keys, error) {
	switch {
	case s.Secret != "" && s.PeerKey != "":
		return nil, errors.New("either peerKey or secret")
	case s.Secret != "":
		return &exchange.Keys{Secret: []byte(s.Secret), Folder: s.Password}, nil
	case s.PeerKey != "":
		peer, err := sm.ParsePublicKey([]byte(s.PeerKey))
		if err != nil {
			return nil, fmt.Errorf("peerKey: %w", err)
		}
		return &exchange.Keys{Signer: signer, Peer: peer, Folder: s.Password}, nil
	}
	return nil, nil
}
