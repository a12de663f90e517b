package sm_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yichuang/internal/kit/sm"
)

func TestPublicHalfLiesBesideTheKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "office.key")
	s, err := sm.LoadOrCreateSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	public := sm.PublicFile(path)
	if filepath.Base(public) != "office.pub" {
		t.Errorf("the public half lies at %s", public)
	}
	k, err := sm.LoadPublicKey(public)
	if err != nil || !k.Equal(s.Public()) {
		t.Fatalf("the public half: %v", err)
	}
	if text, err := os.ReadFile(public); err != nil || strings.Contains(string(text), "PRIVATE") {
		t.Errorf("the file to be handed out holds %s (%v)", text, err)
	}
	if err := os.Remove(public); err != nil {
		t.Fatal(err)
	}
	if _, err := sm.LoadOrCreateSigner(path); err != nil {
		t.Fatal(err)
	}
	if k, err := sm.LoadPublicKey(public); err != nil || !k.Equal(s.Public()) {
		t.Errorf("a lost public half is not made again: %v", err)
	}
	if _, err := sm.LoadPublicKey(path); !errors.As(err, new(sm.ErrKeyFile)) {
		t.Errorf("a private key taken for a public one: %v", err)
	}
}

func TestRotateSigner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "office.key")
	if _, err := sm.RotateSigner(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("rotating what is not there: %v", err)
	}
	s, err := sm.LoadOrCreateSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	if former, err := sm.LoadFormerKeys(path); err != nil || len(former) != 0 {
		t.Fatalf("a first key has %d before it (%v)", len(former), err)
	}
	var before []*sm.PublicKey
	for range 3 {
		before = append(before, s.Public())
		if s, err = sm.RotateSigner(path); err != nil {
			t.Fatal(err)
		}
		now, err := sm.LoadOrCreateSigner(path)
		if err != nil || !now.Public().Equal(s.Public()) {
			t.Fatalf("the key at its place is another one (%v)", err)
		}
		if k, err := sm.LoadPublicKey(sm.PublicFile(path)); err != nil || !k.Equal(s.Public()) {
			t.Fatalf("the public half is of another key (%v)", err)
		}
	}
	former, err := sm.LoadFormerKeys(path)
	if err != nil || len(former) != len(before) {
		t.Fatalf("%d former keys after %d changes (%v)", len(former), len(before), err)
	}
	for i, k := range former {
		if !k.Equal(before[i]) {
			t.Errorf("former key %d is not the one that signed then", i)
		}
	}
	if text, err := os.ReadFile(strings.TrimSuffix(path, ".key") + ".former"); err != nil || strings.Contains(string(text), "PRIVATE") {
		t.Errorf("former keys are kept as %s (%v)", text, err)
	}
	if err := os.WriteFile(strings.TrimSuffix(path, ".key")+".former", []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sm.LoadFormerKeys(path); !errors.As(err, new(sm.ErrKeyFile)) {
		t.Errorf("damaged former keys: %v", err)
	}
	if _, err := sm.RotateSigner(path); !errors.As(err, new(sm.ErrKeyFile)) {
		t.Errorf("rotating over damaged former keys: %v", err)
	}
	if now, err := sm.LoadOrCreateSigner(path); err != nil || !now.Public().Equal(s.Public()) {
		t.Errorf("a rotation that failed changed the key (%v)", err)
	}
}

// A process that runs on finds the key that a command has added meanwhile.
func TestRotationByAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "office.ring")
	running, command := keyring(t, path), keyring(t, path)
	if err := command.Rotate(); err != nil {
		t.Fatal(err)
	}
	if id, _ := sm.KeyID(running.SealString("x", "a")); id != 1 {
		t.Fatalf("a running process seals with key %d before it has met another", id)
	}
	fresh := command.SealString("x", "a")
	if got, err := running.OpenString(fresh, "a"); err != nil || got != "x" {
		t.Errorf("a running process cannot open what another sealed with a new key: %q, %v", got, err)
	}
	if id, _ := sm.KeyID(running.SealString("x", "a")); id != 2 {
		t.Errorf("having met the new key, it seals with key %d", id)
	}
	other := keyring(t, filepath.Join(t.TempDir(), "other.ring"))
	for range 3 {
		if err := other.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := running.OpenString(other.SealString("x", "a"), "a"); !errors.As(err, new(sm.ErrUnknownKey)) {
		t.Errorf("a key of another installation: %v", err)
	}
}
