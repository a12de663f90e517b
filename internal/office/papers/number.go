package papers

import "fmt"

// serialNumber writes the number of a document as public bodies do: 泰州市不动产受理〔2026〕000412 号.
func serialNumber(k Kind, o Office, year, serial int) string {
	return fmt.Sprintf("%s不动产%s〔%d〕%06d 号", o.Issuing, kinds[k].word, year, serial)
}
