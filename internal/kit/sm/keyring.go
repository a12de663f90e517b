package sm

import (
	"bytes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"sync"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

// A sealed value is: format (1 byte) | key id (4 bytes, big endian) | nonce (12) | SM4-GCM text and tag (n+16).
// The head is authenticated together with the caller's data.
const (
	sealFormat = 1
	headSize   = 1 + 4
	nonceSize  = 12
	tagSize    = 16

	// Overhead is by how many bytes a sealed value is longer than its plain text.
	Overhead = headSize + nonceSize + tagSize
)

// ErrSealed says that a sealed value does not open: it was changed, cut short, belongs to another
// place (other additional data) or was sealed with a key that is not what it says it is.
var ErrSealed = errors.New("sealed value does not open")

// ErrUnknownKey says that the keyring lacks the key a value was sealed with: most
// often the data of one installation met the key file of another.
type ErrUnknownKey struct{ ID uint32 }

func (e ErrUnknownKey) Error() string {
	return fmt.Sprintf("no key %d in this keyring", e.ID)
}

// Advice says to an operator what to do.
func (e ErrUnknownKey) Advice() string {
	return fmt.Sprintf("数据由编号 %d 的密钥加密,当前密钥文件中没有这把密钥。请把与数据同一套的密钥文件放回原处后重新启动。", e.ID)
}

// Keyring holds the keys of one zone: SM4 keys by number, the newest of which seals, and one key
// for blind indexes. It is safe for concurrent use.
type Keyring struct {
	path string // where it is stored; "" in tests

	mu      sync.RWMutex
	keys    map[uint32]sealKey
	current uint32
	index   []byte
}

type sealKey struct {
	raw  []byte
	aead cipher.AEAD
}

// Seal encrypts plain with the newest key. The additional data says where the value belongs
// (for example table, column and row id): it isn't stored, and Open must be given the same, so that
// a value copied into another row does not open there.
func (k *Keyring) Seal(plain, aad []byte) []byte {
	k.mu.RLock()
	id, key := k.current, k.keys[k.current]
	k.mu.RUnlock()

	out := make([]byte, headSize+nonceSize, len(plain)+Overhead)
	out[0] = sealFormat
	binary.BigEndian.PutUint32(out[1:], id)
	rand.Read(out[headSize:]) // never fails: crypto/rand ends the process instead
	return key.aead.Seal(out, out[headSize:], plain, bound(out[:headSize], aad))
}

// Open decrypts what Seal made. It fails with ErrSealed or ErrUnknownKey.
func (k *Keyring) Open(sealed, aad []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != sealFormat {
		return nil, ErrSealed
	}
	id := binary.BigEndian.Uint32(sealed[1:])
	key, ok := k.find(id)
	if !ok {
		return nil, ErrUnknownKey{ID: id}
	}
	head, nonce, text := sealed[:headSize], sealed[headSize:headSize+nonceSize], sealed[headSize+nonceSize:]
	plain, err := key.aead.Open(nil, nonce, text, bound(head, aad))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// find returns a key by its number. A number that is not known may have come with a rotation by another process: then the
// key file is read again.
func (k *Keyring) find(id uint32) (sealKey, bool) {
	k.mu.RLock()
	key, ok := k.keys[id]
	k.mu.RUnlock()
	if ok || k.path == "" {
		return key, ok
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if fresh, err := loadKeyring(k.path); err == nil && bytes.Equal(fresh.index, k.index) {
		k.keys, k.current = fresh.keys, fresh.current
	}
	key, ok = k.keys[id]
	return key, ok
}

// SealString is Seal for a column of text; aad is the place it belongs to.
func (k *Keyring) SealString(s, aad string) []byte { return k.Seal([]byte(s), []byte(aad)) }

// OpenString is Open for a column of text.
func (k *Keyring) OpenString(sealed []byte, aad string) (string, error) {
	plain, err := k.Open(sealed, []byte(aad))
	return string(plain), err
}

// KeyID tells which key a value was sealed with, for a job that seals old values anew.
func KeyID(sealed []byte) (uint32, bool) {
	if len(sealed) < Overhead || sealed[0] != sealFormat {
		return 0, false
	}
	return binary.BigEndian.Uint32(sealed[1:]), true
}

// Current is the number of the key that seals now.
func (k *Keyring) Current() uint32 {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.current
}

// Index is the blind index of a value: a keyed digest (HMAC-SM3, 32 bytes) by which an encrypted
// column is searched for exactly this value. Kind keeps apart values that look alike, such as a phone number and
// an account number. The caller brings the value into its canonical form first. It does not change
// when keys are rotated.
func (k *Keyring) Index(kind, s string) []byte {
	k.mu.RLock()
	mac := hmac.New(func() hash.Hash { return sm3.New() }, k.index)
	k.mu.RUnlock()
	fmt.Fprintf(mac, "%d:%s", len(kind), kind)
	mac.Write([]byte(s))
	return mac.Sum(nil)
}

// Rotate makes a new key the one that seals; older keys still open what they sealed.
// The key file is replaced before the new key is used; other processes on the same file find the key there when they first
// meet what it sealed. With a random nonce a key should seal no more than 2^32 values
// (NIST SP 800-38D §8.3): rotate long before.
func (k *Keyring) Rotate() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	next := k.clone()
	next.current++
	next.keys[next.current] = newSealKey(randomKey(16))
	if k.path != "" {
		if err := replaceFile(k.path, next.marshal()); err != nil {
			return fmt.Errorf("rotate keys: %w", err)
		}
	}
	k.keys, k.current = next.keys, next.current
	return nil
}

// TB is the part of testing.TB that NewTestKeyring needs; the product must not import testing.
type TB interface {
	Helper()
	Name() string
}

// NewTestKeyring returns a keyring that lives in memory, the same for each test of one name.
func NewTestKeyring(t TB) *Keyring {
	t.Helper()
	seed := SM3([]byte("yichuang test keyring " + t.Name()))
	return &Keyring{
		keys:    map[uint32]sealKey{1: newSealKey(seed[:16])},
		current: 1,
		index:   seed[:],
	}
}

func newKeyring() *Keyring {
	return &Keyring{
		keys:    map[uint32]sealKey{1: newSealKey(randomKey(16))},
		current: 1,
		index:   randomKey(32),
	}
}

func (k *Keyring) clone() *Keyring {
	keys := make(map[uint32]sealKey, len(k.keys)+1)
	for id, key := range k.keys {
		keys[id] = key
	}
	return &Keyring{keys: keys, current: k.current, index: k.index}
}

// newSealKey panics on a key that is not 16 bytes long; every caller has checked or made it.
func newSealKey(raw []byte) sealKey {
	block, err := sm4.NewCipher(raw)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return sealKey{raw: raw, aead: aead}
}

func randomKey(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// bound joins the head of a sealed value and the caller's additional data.
func bound(head, aad []byte) []byte {
	out := make([]byte, 0, len(head)+len(aad))
	return append(append(out, head...), aad...)
}
