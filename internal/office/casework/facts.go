package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
)

// Facts are what the departments told of a case: numbers that later messages and papers repeat. Sealed in the database.
type Facts struct {
	ContractNo  string `json:"contractNo,omitempty"`
	FilingNo    string `json:"filingNo,omitempty"`
	SurveyNo    string `json:"surveyNo,omitempty"`
	RegistryNo  string `json:"registryNo,omitempty"`  // of the case that the registry made of ours
	BookVersion string `json:"bookVersion,omitempty"` // of the registry's page of the unit when it was checked
	BuyerHomes  int    `json:"buyerHomes"`
	SellerHomes int    `json:"sellerHomes"` // with the one that is sold

	TaxNo       string   `json:"taxNo,omitempty"`
	TaxReceipts []string `json:"taxReceipts,omitempty"`
	Dispute     *Dispute `json:"dispute,omitempty"`

	TaxSlip *TaxSlip `json:"taxSlip,omitempty"`

	Agreement    string `json:"agreement,omitempty"` // number of the trust agreement
	TrustNo      string `json:"trustNo,omitempty"`   // under which housing supervises the money
	TrustTold    bool   `json:"trustTold,omitempty"` // housing has the agreement
	TrustAccount string `json:"trustAccount,omitempty"`

	Loans []LoanFact `json:"loans,omitempty"`

	Title        land.CertNumber            `json:"title,omitempty"`
	Certificates map[string]land.CertNumber `json:"certificates,omitempty"` // see Entry
	Mortgage     land.CertNumber            `json:"mortgage,omitempty"`
	EnteredAt    time.Time                  `json:"enteredAt,omitzero"`
	Registrar    string                     `json:"registrar,omitempty"`

	Waybill string `json:"waybill,omitempty"`

	Incidents []Incident `json:"incidents,omitempty"`

	Against   string `json:"against,omitempty"`   // the last thing that was said against the case: its reason if it is refused
	WhyClosed string `json:"whyClosed,omitempty"` // why it ended, or is about to end, before its time
}

// certificate is the number of the one that a buyer holds.
func (f *Facts) certificate(b message.Party) land.CertNumber {
	if no, ok := f.Certificates[b.Document.Number]; ok {
		return no
	}
	return f.Title
}

// TaxSlip is the payment slip (缴款书) by which the tax of an assessment is paid into the treasury.
type TaxSlip struct {
	Assessment string    `json:"assessment"`
	Number     string    `json:"number"`
	Treasury   string    `json:"treasury"`
	PayBy      land.Date `json:"payBy"`
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
