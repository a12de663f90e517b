package main

import (
	"fmt"
	"os"
	"path/filepath"

	"yichuang/internal/kit/sm"
)

// keys are those of an installation. Each zone's own ring and signer stay in its zone; the ferry's ring and both public keys are
// carried over once, at set-up.
type keys struct {
	hall, office, ferry        *sm.Keyring
	hallSigner, officeSigner   *sm.Signer
	hallPartner, officePartner *sm.Signer // sign messages to other systems
}

// openKeys reads the keys in a folder and makes those that are not there yet.
func openKeys(dir string) (*keys, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("key folder: %w", err)
	}
	k := &keys{}
	for name, ring := range map[string]**sm.Keyring{"hall.ring": &k.hall, "office.ring": &k.office, "ferry.ring": &k.ferry} {
		var err error
		if *ring, err = sm.LoadOrCreateKeyring(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	for name, signer := range map[string]**sm.Signer{"hall.key": &k.hallSigner, "office.key": &k.officeSigner, "hall-partner.key": &k.hallPartner, "office-partner.key": &k.officePartner} {
		var err error
		if *signer, err = sm.LoadOrCreateSigner(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	return k, nil
}
