package sm_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"yichuang/internal/kit/sm"
)

// GB/T 32905-2016, appendix A.
func TestSM3KnownAnswers(t *testing.T) {
	for in, want := range map[string]string{
		"abc":                      "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
		strings.Repeat("abcd", 16): "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
	} {
		if got := sm.SM3Hex([]byte(in)); got != want {
			t.Errorf("SM3(%q) = %s, want %s", in, got, want)
		}
		sum := sm.SM3([]byte(in))
		h := sm.NewSM3()
		h.Write([]byte(in))
		if hex.EncodeToString(sum[:]) != want || hex.EncodeToString(h.Sum(nil)) != want {
			t.Errorf("the three ways to the digest of %q differ", in)
		}
	}
}

func TestSealAndOpen(t *testing.T) {
	k := sm.NewTestKeyring(t)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		aad := rapid.SliceOf(rapid.Byte()).Draw(t, "aad")
		sealed := k.Seal(plain, aad)
		got, err := k.Open(sealed, aad)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("Open = %x, %v; want %x", got, err, plain)
		}
		if len(sealed) != len(plain)+sm.Overhead {
			t.Fatalf("sealed is %d bytes longer", len(sealed)-len(plain))
		}
		bad := bytes.Clone(sealed)
		bad[rapid.IntRange(0, len(bad)-1).Draw(t, "place")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := k.Open(bad, aad); err == nil {
			t.Fatal("a changed bit was not noticed")
		}
		if _, err := k.Open(sealed[:rapid.IntRange(0, len(sealed)-1).Draw(t, "cut")], aad); !errors.Is(err, sm.ErrSealed) {
			t.Fatalf("cut short: %v", err)
		}
		if _, err := k.Open(sealed, append(bytes.Clone(aad), 'x')); !errors.Is(err, sm.ErrSealed) {
			t.Fatalf("in another place: %v", err)
		}
	})
}

func TestSealNeverRepeatsItself(t *testing.T) {
	k := sm.NewTestKeyring(t)
	if bytes.Equal(k.SealString("王小明", "party.name 1"), k.SealString("王小明", "party.name 1")) {
		t.Error("the same name twice gives the same bytes: equal names show")
	}
}

func TestOpenStringOfAnotherRow(t *testing.T) {
	k := sm.NewTestKeyring(t)
	sealed := k.SealString("321283199001011234", "party.number 1")
	if got, err := k.OpenString(sealed, "party.number 1"); err != nil || got != "321283199001011234" {
		t.Errorf("OpenString = %q, %v", got, err)
	}
	if _, err := k.OpenString(sealed, "party.number 2"); !errors.Is(err, sm.ErrSealed) {
		t.Errorf("a value copied into another row opens: %v", err)
	}
}

func TestIndex(t *testing.T) {
	k, other := sm.NewTestKeyring(t), keyring(t, filepath.Join(t.TempDir(), "keys.json"))
	a := k.Index("phone", "13800000000")
	for name, b := range map[string][]byte{
		"another value":   k.Index("phone", "13800000001"),
		"another kind":    k.Index("account", "13800000000"),
		"a shifted seam":  k.Index("phone1", "3800000000"),
		"another keyring": other.Index("phone", "13800000000"),
	} {
		if bytes.Equal(a, b) {
			t.Errorf("%s has the same index", name)
		}
	}
	if !bytes.Equal(a, k.Index("phone", "13800000000")) || len(a) != 32 {
		t.Error("the same value has another index")
	}
}

func TestKeyringOnDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "hall.json")
	first := keyring(t, path)
	sealed, index := first.SealString("x", "a"), first.Index("k", "v")

	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("key file has mode %v: %v", info.Mode(), err)
	}
	again := keyring(t, path)
	if got, err := again.OpenString(sealed, "a"); err != nil || got != "x" {
		t.Errorf("after loading: %q, %v", got, err)
	}
	if !bytes.Equal(again.Index("k", "v"), index) {
		t.Error("after loading, indexes differ: nothing would be found again")
	}
}

func TestRotate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	k := keyring(t, path)
	old, index := k.SealString("x", "a"), k.Index("k", "v")
	if err := k.Rotate(); err != nil {
		t.Fatal(err)
	}
	fresh := k.SealString("x", "a")
	for name, k := range map[string]*sm.Keyring{"rotated": k, "loaded": keyring(t, path)} {
		for _, sealed := range [][]byte{old, fresh} {
			if got, err := k.OpenString(sealed, "a"); err != nil || got != "x" {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
		if !bytes.Equal(k.Index("k", "v"), index) {
			t.Errorf("%s: the index changed", name)
		}
	}
	id1, _ := sm.KeyID(old)
	id2, _ := sm.KeyID(fresh)
	if id1 != 1 || id2 != 2 || k.Current() != 2 {
		t.Errorf("keys are %d and %d, current %d", id1, id2, k.Current())
	}
	var unknown sm.ErrUnknownKey
	if _, err := keyring(t, filepath.Join(t.TempDir(), "other.json")).Open(fresh, []byte("a")); !errors.As(err, &unknown) || unknown.ID != 2 {
		t.Errorf("with the keys of another installation: %v", err)
	}
}

// Two zones that start at once on one folder must end with one set of keys.
func TestTwoProcessesCreateOneKeyring(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	var wg sync.WaitGroup
	indexes := make([][]byte, 16)
	for i := range indexes {
		wg.Go(func() {
			k, err := sm.LoadOrCreateKeyring(path)
			if err != nil {
				t.Error(err)
				return
			}
			indexes[i] = k.Index("k", "v")
		})
	}
	wg.Wait()
	for _, index := range indexes {
		if !bytes.Equal(index, indexes[0]) {
			t.Fatal("two different keyrings were made")
		}
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("%d files are left: %v", len(files), err)
	}
}

func TestDamagedKeyFileIsNeverReplaced(t *testing.T) {
	const key, index = "AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	for name, content := range map[string]string{
		"empty":               "",
		"half":                `{"format":1,"cur`,
		"another file":        "hello",
		"a later format":      `{"format":2}`,
		"no keys":             `{"format":1,"current":1,"keys":{},"index":"` + index + `"}`,
		"a short key":         `{"format":1,"current":1,"keys":{"1":"AAAA"},"index":"` + index + `"}`,
		"a key without digit": `{"format":1,"current":1,"keys":{"one":"` + key + `"},"index":"` + index + `"}`,
		"no index key":        `{"format":1,"current":1,"keys":{"1":"` + key + `"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys.json")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			var bad sm.ErrKeyFile
			if _, err := sm.LoadOrCreateKeyring(path); !errors.As(err, &bad) || bad.Advice() == "" {
				t.Errorf("LoadOrCreateKeyring: %v", err)
			}
			if raw, err := os.ReadFile(path); err != nil || string(raw) != content {
				t.Errorf("the file was touched: %q, %v", raw, err)
			}
		})
	}
}

func TestKeyFileOthersMayRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	keyring(t, path)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	var bad sm.ErrKeyFile
	if _, err := sm.LoadOrCreateKeyring(path); !errors.As(err, &bad) || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("LoadOrCreateKeyring: %v", err)
	}
}

func TestSignAndVerify(t *testing.T) {
	alice, bob := signer(t), signer(t)
	msg := []byte("联办受理通知单 TZ-261124-00412-6")
	sig, err := alice.Sign(msg)
	if err != nil {
		t.Fatal(err)
	}
	if err := alice.Public().Verify(msg, sig); err != nil {
		t.Errorf("own signature: %v", err)
	}
	flipped := bytes.Clone(sig)
	flipped[len(flipped)-1] ^= 1
	for name, err := range map[string]error{
		"another message": alice.Public().Verify(append(bytes.Clone(msg), '!'), sig),
		"another key":     bob.Public().Verify(msg, sig),
		"a flipped bit":   alice.Public().Verify(msg, flipped),
		"no signature":    alice.Public().Verify(msg, nil),
		"zeros":           alice.Public().Verify(msg, make([]byte, 70)),
	} {
		if !errors.Is(err, sm.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysAsPEM(t *testing.T) {
	s := signer(t)
	private, err := sm.ParseSigner(s.PEM())
	if err != nil {
		t.Fatal(err)
	}
	public, err := sm.ParsePublicKey(s.Public().PEM())
	if err != nil {
		t.Fatal(err)
	}
	sig, err := private.Sign([]byte("x"))
	if err != nil || public.Verify([]byte("x"), sig) != nil || !public.Equal(s.Public()) {
		t.Errorf("keys differ after PEM: %v", err)
	}
	if public.Equal(signer(t).Public()) || public.Equal(nil) {
		t.Error("different keys are equal")
	}
	const p256 = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n-----END PUBLIC KEY-----\n"
	for name, text := range map[string][]byte{
		"nothing": nil, "no PEM": []byte("hello"), "the private key": s.PEM(), "a key of another curve": []byte(p256),
		"rubbish in PEM": []byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
	} {
		if _, err := sm.ParsePublicKey(text); err == nil {
			t.Errorf("%s passes as a public key", name)
		}
	}
	if _, err := sm.ParseSigner(s.Public().PEM()); err == nil {
		t.Error("a public key passes as a signer")
	}
}

func TestSignerOnDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sign", "office.pem")
	var wg sync.WaitGroup
	keys := make([]*sm.PublicKey, 8)
	for i := range keys {
		wg.Go(func() {
			s, err := sm.LoadOrCreateSigner(path)
			if err != nil {
				t.Error(err)
				return
			}
			keys[i] = s.Public()
		})
	}
	wg.Wait()
	for _, k := range keys {
		if !k.Equal(keys[0]) {
			t.Fatal("two different signers were made")
		}
	}
	if err := os.WriteFile(path, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	var bad sm.ErrKeyFile
	if _, err := sm.LoadOrCreateSigner(path); !errors.As(err, &bad) {
		t.Errorf("a damaged key file: %v", err)
	}
}

func keyring(t *testing.T, path string) *sm.Keyring {
	t.Helper()
	k, err := sm.LoadOrCreateKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signer(t *testing.T) *sm.Signer {
	t.Helper()
	s, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	return s
}
