package account

import (
	"context"
	"errors"
)

// FaceResult is the answer of the face service.
type FaceResult struct {
	Pass   bool
	Score  int    // 0 to 100
	Reason string // code of why not: "blurred", "different", "no-face"
}

// FaceService compares a photo with the one the police hold of a person. Error: ErrFaceDown; a face that does not match is a
// result, not an error.
type FaceService interface {
	Check(ctx context.Context, c Citizen, photo []byte) (FaceResult, error)
}

// ErrFaceDown says that the face service does not answer, or not as it should.
var ErrFaceDown = errors.New("account: face service does not answer")
