package tickets

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"yichuang/internal/land"
)

// Read is what the machine was given: an identity number, or the code of a booking.
type Read struct {
	Number land.IDNumber
	Code   string
}

// ErrRead says in a sentence why what was given is neither.
type ErrRead struct{ Text string }

func (e ErrRead) Error() string { return "tickets: neither a card nor a code" }

var (
	bookingCode = regexp.MustCompile(`^Y?[0-9]{5}$`)
	oldNumber   = regexp.MustCompile(`^[1-9][0-9]{14}$`)
	blank       = regexp.MustCompile(`[\s\p{Cc}\p{Cf}]+`)
)

// longest is far more than a card reader sends.
const longest = 64

// Parse reads what a card reader typed, or a person: full-width digits, blanks and a small x are accepted, and numbers of 15
// digits of the first generation's cards. Errors: ErrRead, and those of [land.ParseIDNumber].
func Parse(text string, today land.Date) (Read, error) {
	if len(text) > longest*utf8.UTFMax || !utf8.ValidString(text) {
		return Read{}, ErrRead{"没有读出号码，请再刷一次身份证"}
	}
	plain := strings.ToUpper(blank.ReplaceAllString(land.Narrow(text), ""))
	switch {
	case plain == "":
		return Read{}, ErrRead{"请刷身份证，或输入短信里的预约码"}
	case bookingCode.MatchString(plain):
		return Read{Code: "Y" + strings.TrimPrefix(plain, "Y")}, nil
	case plain[0] == 'Y':
		return Read{}, ErrRead{"预约码是 Y 和 5 位数字，请对照短信再看一遍"}
	case oldNumber.MatchString(plain):
		number, err := modern(plain, today)
		return Read{Number: number}, err
	}
	number, err := land.ParseIDNumber(plain, today)
	return Read{Number: number}, err
}

// modern is the number of 18 characters that replaced one of 15 (GB 11643-1999): the century is added, and the check character.
func modern(old string, today land.Date) (land.IDNumber, error) {
	birth, err := land.ParseDate("19" + old[6:12])
	if err != nil {
		return "", land.ErrIDDate{Date: fmt.Sprintf("19%s-%s-%s", old[6:8], old[8:10], old[10:12])}
	}
	seq := int(old[12]-'0')*100 + int(old[13]-'0')*10 + int(old[14]-'0')
	number, err := land.MakeIDNumber(old[:6], birth, seq)
	if err != nil {
		return "", err
	}
	return land.ParseIDNumber(string(number), today)
}
