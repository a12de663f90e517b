package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/land"
)

// Facts are what the departments told of a case: numbers that later messages and papers repeat. Sealed in the database.
type Facts struct {
	ContractNo  string `json:"contractNo,omitempty"`
	FilingNo    string `json:"filingNo,omitempty"`
	SurveyNo    string `json:"surveyNo,omitempty"`
	BookVersion string `json:"bookVersion,omitempty"` // of the registry's page of the unit when it was checked
	BuyerHomes  int    `json:"buyerHomes"`

	TaxNo       string   `json:"taxNo,omitempty"`
	TaxReceipts []string `json:"taxReceipts,omitempty"`
	Dispute     *Dispute `json:"dispute,omitempty"`

	Agreement    string `json:"agreement,omitempty"` // number of the trust agreement
	TrustAccount string `json:"trustAccount,omitempty"`

	Loans []LoanFact `json:"loans,omitempty"`

	Title     land.CertNumber `json:"title,omitempty"`
	Mortgage  land.CertNumber `json:"mortgage,omitempty"`
	EnteredAt time.Time       `json:"enteredAt,omitzero"`
	Registrar string          `json:"registrar,omitempty"`

	Waybill string `json:"waybill,omitempty"`

	Incidents []Incident `json:"incidents,omitempty"`

	Against   string `json:"against,omitempty"`   // the last thing that was said against the case: its reason if it is refused
	WhyClosed string `json:"whyClosed,omitempty"` // why it ended, or is about to end, before its time
}

// SaveFacts writes c.Facts; the caller holds the lock of the case.
func (s *Service) SaveFacts(ctx context.Context, tx pgx.Tx, c *Case) error {
	plain, err := json.Marshal(c.Facts)
	if err != nil {
		return fmt.Errorf("casework: encode facts: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE cases SET facts = $2 WHERE id = $1`, c.ID, s.keys.Seal(plain, factsAAD(c))); err != nil {
		return fmt.Errorf("casework: save facts: %w", err)
	}
	return nil
}

func factsAAD(c *Case) []byte { return append([]byte("facts"), c.ID[:]...) }
