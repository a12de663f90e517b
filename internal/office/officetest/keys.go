package officetest

import "yichuang/internal/kit/sm"

// Keys are those at rest of every office under test, for rooms that a test makes itself.
func (o *Office) Keys() *sm.Keyring {
	o.T.Helper()
	f, err := fixtures()
	o.must(err)
	return f.keys
}
