package conform

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/folder"
	"yichuang/internal/kit/sm"
)

// Credentials are what the two sides of a test agreed on, and the samples. docs/interface/README.md describes the file.
type Credentials struct {
	App        string           `json:"app"`        // the platform's application id in this test
	PrivateKey string           `json:"privateKey"` // SM2, PEM; the counterpart has the public half
	PeerApp    string           `json:"peerApp"`    // the counterpart's application id
	PeerKey    string           `json:"peerKey"`    // SM2 public key, PEM
	Secret     string           `json:"secret"`     // in place of both keys: HMAC-SM3
	Dialect    Dialect          `json:"dialect"`    // empty: unified
	Folder     folder.Address   `json:"-"`          // both sides reach: of filedrop, and of attachments in XML
	Operations []spec.Operation `json:"operations"` // what the counterpart provides; empty: all of its role
	Samples    []Sample         `json:"samples"`    // in the order in which they are tried
}

// Sample is the body of a request that the counterpart can act on.
type Sample struct {
	Operation spec.Operation  `json:"operation"`
	Body      json.RawMessage `json:"body"`
	Refusal   spec.Code       `json:"refusal"` // the code that the counterpart refuses it with; empty: it is done
}

// ReadCredentials reads the file and says what is wrong with it.
func ReadCredentials(r io.Reader) (Credentials, error) {
	var c Credentials
	file := struct {
		*Credentials
		Folder struct {
			URL      string `json:"url"`      // file:///path or sftp://user@host:22/path
			Password string `json:"password"` // of the SFTP account
			HostKey  string `json:"hostKey"`  // the server's key, as a line of known_hosts has it
		} `json:"folder"`
	}{Credentials: &c}
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return c, fmt.Errorf("credentials: %w", err)
	}
	c.Folder = folder.Address(file.Folder)
	if err := c.Check(); err != nil {
		return c, err
	}
	for _, op := range c.Operations {
		if !called(op) {
			return c, fmt.Errorf("credentials: %q is no operation to a counterpart", op)
		}
	}
	for i, s := range c.Samples {
		if !called(s.Operation) {
			return c, fmt.Errorf("credentials: sample %d is of %q, which is no operation to a counterpart", i+1, s.Operation)
		}
	}
	return c, nil
}

// Check tells whether dialect, folder and keys are complete.
func (c Credentials) Check() error {
	switch {
	case !slices.Contains(Dialects(), string(c.dialect())):
		return fmt.Errorf("credentials: dialect %q is none of %v", c.Dialect, Dialects())
	case c.dialect() == FileDrop && c.Folder.IsZero():
		return errors.New("credentials: the dialect filedrop needs a folder")
	case !c.Folder.IsZero():
		if err := c.Folder.Check(); err != nil {
			return fmt.Errorf("credentials: %w", err)
		}
	}
	if _, _, err := c.keys(); err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	return nil
}

func (c Credentials) dialect() Dialect {
	if c.Dialect == "" {
		return Unified
	}
	return c.Dialect
}

// called tells whether we call an operation.
func called(op spec.Operation) bool {
	info, ok := spec.Lookup(op)
	return ok && info.Direction == spec.ToCounterpart
}

// keys makes whom we sign as and how the counterpart's signature is checked.
func (c Credentials) keys() (spec.Identity, spec.Verifier, error) {
	self := spec.Identity{App: c.App}
	switch {
	case c.App == "" || c.PeerApp == "":
		return self, nil, errors.New("app and peerApp are needed")
	case c.Secret != "" && c.PrivateKey+c.PeerKey != "":
		return self, nil, errors.New("either keys or secret")
	case c.Secret != "":
		self.Key = spec.Secret(c.Secret)
		return self, spec.Secret(c.Secret), nil
	}
	signer, err := sm.ParseSigner([]byte(c.PrivateKey))
	if err != nil {
		return self, nil, fmt.Errorf("privateKey: %w", err)
	}
	peer, err := sm.ParsePublicKey([]byte(c.PeerKey))
	if err != nil {
		return self, nil, fmt.Errorf("peerKey: %w", err)
	}
	self.Key = spec.SM2Key(signer)
	return self, spec.SM2Verifier(peer), nil
}

// provides tells whether the counterpart has an operation.
func (c Credentials) provides(op spec.Operation) bool {
	return op == spec.SystemPing || len(c.Operations) == 0 || slices.Contains(c.Operations, op)
}

// operations lists what is tried in a role, the ping first, and what the counterpart does not provide.
func (c Credentials) operations(role string) (tried, missing []spec.Info) {
	ping, _ := spec.Lookup(spec.SystemPing)
	tried = []spec.Info{ping}
	for _, info := range spec.Operations() {
		switch {
		case info.Counterpart != role || info.Direction != spec.ToCounterpart:
		case c.provides(info.Operation):
			tried = append(tried, info)
		default:
			missing = append(missing, info)
		}
	}
	return tried, missing
}

// Roles lists the kinds of counterparts that have operations to be called.
func Roles() []string {
	var out []string
	for _, info := range spec.Operations() {
		if info.Direction == spec.ToCounterpart && info.Operation != spec.SystemPing && !slices.Contains(out, info.Counterpart) {
			out = append(out, info.Counterpart)
		}
	}
	slices.Sort(out)
	return out
}
