package casework

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
)

// sealText encrypts what somebody wrote in his own words, bound to its case; an empty text is null.
func (s *Service) sealText(text string, id uuid.UUID) []byte {
	if text == "" {
		return nil
	}
	return s.keys.Seal([]byte(text), textAAD(id))
}

func (s *Service) openText(sealed []byte, id uuid.UUID) (string, error) {
	if sealed == nil {
		return "", nil
	}
	plain, err := s.keys.Open(sealed, textAAD(id))
	if err != nil {
		return "", fmt.Errorf("casework: open text: %w", err)
	}
	return string(plain), nil
}

// sealJSON is sealText for a list.
func (s *Service) sealJSON(v any, id uuid.UUID) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("casework: encode: %w", err)
	}
	return s.keys.Seal(plain, textAAD(id)), nil
}

func (s *Service) openJSON(sealed []byte, id uuid.UUID, v any) error {
	plain, err := s.keys.Open(sealed, textAAD(id))
	if err != nil {
		return fmt.Errorf("casework: open list: %w", err)
	}
	return json.Unmarshal(plain, v)
}

func textAAD(id uuid.UUID) []byte { return append([]byte("text"), id[:]...) }
