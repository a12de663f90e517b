package land

import "fmt"

// Fault is an error in something typed, which the person who typed it can mend. Besides the English text
// for the log it names the sentence of catalog/messages.zh.yaml to show beside the field, and fills its slots.
// All errors of this package are Faults; they are comparable values, so both errors.Is and errors.As find them.
type Fault interface {
	error
	Sentence() (id string, slots map[string]any)
}

// ErrUnknownCode says that a code list has no such code.
type ErrUnknownCode struct{ List, Code string }

func (e ErrUnknownCode) Error() string { return fmt.Sprintf("%s has no code %q", e.List, e.Code) }

// Sentence names the sentence that tells the person so.
func (e ErrUnknownCode) Sentence() (string, map[string]any) {
	return "err.code.unknown", map[string]any{"code": e.Code}
}
