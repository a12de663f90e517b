package staff

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/crypto/argon2"
)

// argon2id with OWASP's second recommended setting: 19 MiB, two passes, one lane.
const (
	argonMemory = 19 * 1024
	argonPasses = 2
	argonLanes  = 1
	argonKey    = 32
)

// hashPassword returns the PHC string of password with a fresh salt.
func hashPassword(password string) string {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	key := argon2.IDKey([]byte(password), salt, argonPasses, argonMemory, argonLanes, argonKey)
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", argonMemory, argonPasses, argonLanes, enc(salt), enc(key))
}

// passwordMatches compares in constant time; a string that is no hash matches nothing.
func passwordMatches(phc, password string) bool {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 {
		return false
	}
	var memory, passes uint32
	var lanes uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err := errors.Join(err1, err2); err != nil {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}

// CheckPassword says what a new password lacks (S-01): ten characters of three kinds, not a common one.
func CheckPassword(password string) error {
	var lower, upper, digit, other int
	n := 0
	for _, r := range password {
		n++
		switch {
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			other = 1
		}
	}
	switch {
	case n < 10:
		return ErrPassword{"密码至少 10 个字符"}
	case n > 128:
		return ErrPassword{"密码最多 128 个字符"}
	case lower+upper+digit+other < 3:
		return ErrPassword{"密码要有大写字母、小写字母、数字、符号中的三种"}
	case common[strings.ToLower(password)]:
		return ErrPassword{"这个密码太常见，请换一个"}
	}
	return nil
}

// ErrPassword carries the sentence for the field.
type ErrPassword struct{ Text string }

func (e ErrPassword) Error() string { return "staff: " + e.Text }

// common holds well-known passwords that would otherwise pass the rule of three kinds.
var common = map[string]bool{
	"password123!": true, "p@ssw0rd123": true, "admin@12345": true, "admin12345!": true, "qwerty123456!": true,
	"aa12345678": true, "abc123456!": true, "aa123456789": true, "abcd1234!@": true, "1qaz2wsx!qaz": true,
	"woaini1314!": true, "a123456789!": true, "taizhou@2026": true, "welcome@123": true, "changeme123!": true,
}
