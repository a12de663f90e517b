package ferry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// maxAnswer bounds what the other zone answers, in bytes: an acknowledgement.
const maxAnswer = 1 << 20

// HTTPS carries over the network to a Handler of the other zone. Client brings its own certificates and time limit.
type HTTPS struct {
	URL    string
	Client *http.Client
}

// Traits of a request.
func (h HTTPS) Traits() Traits {
	return Traits{Name: "https", Bundle: directBundle, Report: reportEvery}
}

// Carry posts the crate.
func (h HTTPS) Carry(ctx context.Context, crate []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(crate))
	if err != nil {
		return nil, fmt.Errorf("ferry: %w", err)
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	res, err := h.Client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ferry: carry: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("ferry: read answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ferry: the other zone answered %d", res.StatusCode)
	}
	return answer, nil
}

// Handler serves the other zone's HTTPS transport.
func (d *Door) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCrate))
		if err != nil {
			http.Error(w, "too large or cut off", http.StatusRequestEntityTooLarge)
			return
		}
		answer, err := d.Receive(r.Context(), raw)
		switch {
		case err == nil:
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write(answer)
		case refused(err):
			d.o.Log.WarnContext(r.Context(), "ferry refused a crate", "error", err)
			http.Error(w, "refused", http.StatusForbidden)
		default:
			d.o.Log.ErrorContext(r.Context(), "ferry could not store a crate", "error", err)
			http.Error(w, "try again", http.StatusServiceUnavailable)
		}
	})
}
