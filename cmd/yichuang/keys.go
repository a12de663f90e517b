package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/sm"
)

// keys are those that a process works with. Each zone's own ring and signer stay in its zone; the ferry's ring and the
// public halves are carried over once, at set-up.
type keys struct {
	dir          string
	ferry        *sm.Keyring // the same in both zones
	hall, office zoneKeys
}

// zoneKeys are those of one zone. Of a zone that another process serves, the public half alone is known.
type zoneKeys struct {
	public *sm.PublicKey   // of the signer
	ring   *sm.Keyring     // at rest
	signer *sm.Signer      // crates, confirmations, records of papers
	former []*sm.PublicKey // of signers before it
}

// Files of the key folder.
const ferryRing = "ferry.ring"

func ringFile(zone string) string   { return zone + ".ring" }
func signerFile(zone string) string { return zone + ".key" }
func publicFile(zone string) string { return sm.PublicFile(signerFile(zone)) }

func formerFile(zone string) string { return zone + ".former" }

func otherZone(zone string) string {
	if zone == "hall" {
		return "office"
	}
	return "hall"
}

// errHandOver says which file one zone lacks of the other.
type errHandOver struct{ Dir, File, From, To string }

func (e errHandOver) Error() string {
	return fmt.Sprintf("the %s lacks %s of the %s", e.To, filepath.Join(e.Dir, e.File), e.From)
}

// Advice says what to copy where.
func (e errHandOver) Advice() string {
	return fmt.Sprintf("Run `yichuang keys make --zone %s` on the machine of the %s and copy keys/%s from its data folder to %s here. "+
		"The files that end in .key and the ring of a zone stay where they are.", e.From, e.From, e.File, filepath.Join(e.Dir, e.File))
}

// openKeys reads the keys of the zones that this process serves and makes those that are not there yet. What belongs to
// another zone is never made here: where its public half, or the hall's copy of the ferry's ring, is missing, the error
// says what to copy.
func openKeys(dir string, zones ...string) (*keys, error) {
	k, err := makeKeys(dir, zones...)
	if err != nil {
		return nil, err
	}
	for zone, z := range map[string]*zoneKeys{"hall": &k.hall, "office": &k.office} {
		if z.signer != nil {
			continue
		}
		z.public, err = sm.LoadPublicKey(filepath.Join(dir, publicFile(zone)))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errHandOver{Dir: dir, File: publicFile(zone), From: zone, To: otherZone(zone)}
		}
		if err != nil {
			return nil, err
		}
	}
	if k.ferry == nil {
		return nil, errHandOver{Dir: dir, File: ferryRing, From: "office", To: "hall"}
	}
	return k, nil
}

// makeKeys reads or makes what belongs to the zones themselves. The ferry's ring is made where the office is; a hall alone
// without one has none.
func makeKeys(dir string, zones ...string) (*keys, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("key folder: %w", err)
	}
	k := &keys{dir: dir}
	for zone, z := range map[string]*zoneKeys{"hall": &k.hall, "office": &k.office} {
		if slices.Contains(zones, zone) {
			var err error
			if *z, err = openZoneKeys(dir, zone); err != nil {
				return nil, err
			}
		}
	}
	ring := filepath.Join(dir, ferryRing)
	if _, err := os.Stat(ring); errors.Is(err, fs.ErrNotExist) && !slices.Contains(zones, "office") {
		return k, nil
	}
	var err error
	k.ferry, err = sm.LoadOrCreateKeyring(ring)
	return k, err
}

// oldKeyFor is how long what a zone's former key signed still passes the ferry after the key has changed, by the age of the file that
// holds it. Crates are sent anew within minutes; the rest is for who copies files.
const oldKeyFor = 7 * 24 * time.Hour

// peerKeys reads the keys by which a zone's crates are checked: the current one and, for a while, the one before it.
func (k *keys) peerKeys(zone string) func() ([]*sm.PublicKey, error) {
	path := filepath.Join(k.dir, signerFile(zone))
	return func() ([]*sm.PublicKey, error) {
		current, err := sm.LoadPublicKey(sm.PublicFile(path))
		if err != nil {
			return nil, err
		}
		all := []*sm.PublicKey{current}
		info, err := os.Stat(filepath.Join(k.dir, formerFile(zone)))
		if errors.Is(err, fs.ErrNotExist) || err == nil && clock.System().Now().Sub(info.ModTime()) > oldKeyFor {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("former key of the %s: %w", zone, err)
		}
		former, err := sm.LoadFormerKeys(path)
		if err == nil && len(former) > 0 {
			all = append(all, former[len(former)-1])
		}
		return all, err
	}
}

func openZoneKeys(dir, zone string) (z zoneKeys, err error) {
	if z.ring, err = sm.LoadOrCreateKeyring(filepath.Join(dir, ringFile(zone))); err != nil {
		return z, err
	}
	path := filepath.Join(dir, signerFile(zone))
	if z.signer, err = sm.LoadOrCreateSigner(path); err != nil {
		return z, err
	}
	z.public = z.signer.Public()
	z.former, err = sm.LoadFormerKeys(path)
	return z, err
}

// keysCmd makes and changes keys. It works on the files alone and needs no database; running processes go on meanwhile.
type keysCmd struct {
	Data   string        `help:"Folder of keys and stored files." default:"./var" env:"DATA" type:"path"`
	Make   keysMakeCmd   `cmd:"" help:"Make the keys of a new zone and say what the other one needs of them."`
	Rotate keysRotateCmd `cmd:"" help:"Put a new key in the place of one; what the old one sealed or signed stays good."`
}

func (c *keysCmd) dir() string { return filepath.Join(c.Data, "keys") }

type keysMakeCmd struct {
	Zone string `help:"Zone of this machine: hall or office." required:"" enum:"hall,office"`
}

// Run makes the keys that are not there yet.
func (c *keysMakeCmd) Run(_ context.Context, parent *keysCmd) error {
	if _, err := makeKeys(parent.dir(), c.Zone); err != nil {
		return err
	}
	hand := []string{publicFile(c.Zone)}
	if c.Zone == "office" {
		hand = append(hand, ferryRing)
	}
	fmt.Printf("Keys of the %s are in %s. Copy to the same folder of the %s:\n", c.Zone, parent.dir(), otherZone(c.Zone))
	for _, name := range hand {
		fmt.Println(" ", filepath.Join(parent.dir(), name))
	}
	fmt.Println("All others stay here. Keep a copy of the folder apart from the database's backups.")
	return nil
}

type keysRotateCmd struct {
	File string `arg:"" help:"Which key: hall.ring, office.ring, ferry.ring, hall.key or office.key." enum:"hall.ring,office.ring,ferry.ring,hall.key,office.key"`
}

// Run changes one key and says what is left to do.
func (c *keysRotateCmd) Run(_ context.Context, parent *keysCmd) error {
	path := filepath.Join(parent.dir(), c.File)
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("rotate: %w", err)
	}
	if filepath.Ext(c.File) == ".ring" {
		return rotateRing(path)
	}
	if _, err := sm.RotateSigner(path); err != nil {
		return err
	}
	former := strings.TrimSuffix(path, filepath.Ext(path)) + ".former"
	fmt.Printf("%s is new. What the old key signed stays good.\nCopy %s and %s to the same folder of the other zone, whose processes find them by themselves; then restart the processes of this zone one after the other.\n",
		path, sm.PublicFile(path), former)
	if c.File == signerFile("office") {
		return retireSeal(parent.dir())
	}
	return nil
}

func rotateRing(path string) error {
	ring, err := sm.LoadOrCreateKeyring(path)
	if err != nil {
		return err
	}
	if err := ring.Rotate(); err != nil {
		return err
	}
	fmt.Printf("%s seals with key %d from now on; older keys still open what they sealed.\n", path, ring.Current())
	if filepath.Base(path) == ferryRing {
		fmt.Println("Copy it to the same folder of the other zone first, whose processes find it by themselves; then restart the processes of both zones one after the other.")
	} else {
		fmt.Println("Restart the zone's processes one after the other; those that still run find the new key by themselves. Save a copy of the file.")
	}
	return nil
}

// sealFile is the certificate of the e-seal. It belongs to office.key.
const sealFile = "seal.pem"

// retireSeal lays the certificate of the former key aside; the next start makes one for the new key.
func retireSeal(dir string) error {
	path := filepath.Join(dir, sealFile)
	for n := 1; ; n++ {
		aside := filepath.Join(dir, fmt.Sprintf("seal-%d.pem", n))
		if _, err := os.Lstat(aside); err == nil {
			continue
		}
		err := os.Rename(path, aside)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("certificate of the former seal: %w", err)
		}
		fmt.Printf("The certificate of the e-seal lies at %s now. The next start of the office makes one for the new key; put one of your authority's there if you have one.\n", aside)
		return nil
	}
}

// partners sign what the demonstration's lines to other systems carry.
type partners struct{ hall, office *sm.Signer }

func openPartners(dir string) (p partners, err error) {
	if p.hall, err = sm.LoadOrCreateSigner(filepath.Join(dir, "hall-partner.key")); err != nil {
		return p, err
	}
	p.office, err = sm.LoadOrCreateSigner(filepath.Join(dir, "office-partner.key"))
	return p, err
}
