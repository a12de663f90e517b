package account

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// FaceResult is the answer of the face service.
type FaceResult struct {
	Pass   bool   `json:"pass"`
	Score  int    `json:"score"`  // 0 to 100
	Reason string `json:"reason"` // code of why not: "blurred", "different", "no-face"
}

// FaceService compares a photo with the one the police hold of a person.
type FaceService interface {
	Check(ctx context.Context, c Citizen, photo []byte) (FaceResult, error)
}

// FaceClient speaks to the face service over HTTP.
type FaceClient struct {
	URL    string // base address
	Client *http.Client
}

const (
	faceTimeout = 10 * time.Second
	faceAnswer  = 64 << 10 // bytes read of an answer
)

// ErrFaceDown says that the face service does not answer, or not as it should.
var ErrFaceDown = errors.New("account: face service does not answer")

// Check asks once. Error: ErrFaceDown; a face that does not match is a result, not an error.
func (f FaceClient) Check(ctx context.Context, c Citizen, photo []byte) (FaceResult, error) {
	ctx, stop := context.WithTimeout(ctx, faceTimeout)
	defer stop()
	body, err := json.Marshal(struct {
		Name   string `json:"name"`
		Number string `json:"idno"`
		Image  []byte `json:"image,omitempty"`
	}{c.Name, c.Document.Number, photo})
	if err != nil {
		return FaceResult{}, fmt.Errorf("encode face check: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(f.URL, "/")+"/face/check", bytes.NewReader(body))
	if err != nil {
		return FaceResult{}, fmt.Errorf("face check: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	client := f.Client
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		return FaceResult{}, fmt.Errorf("%w: %w", ErrFaceDown, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return FaceResult{}, fmt.Errorf("%w: status %d", ErrFaceDown, res.StatusCode)
	}
	var out FaceResult
	if err := json.NewDecoder(io.LimitReader(res.Body, faceAnswer)).Decode(&out); err != nil {
		return FaceResult{}, fmt.Errorf("%w: %w", ErrFaceDown, err)
	}
	out.Score = min(max(out.Score, 0), 100)
	return out, nil
}
