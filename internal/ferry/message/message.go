// Package message holds every type that may pass the ferry between the hall and the office.
//
// In comes nothing and out goes nothing: these are plain data, one struct a message, one constant a name. A message
// that is not listed in Types is refused at the door. The struct Application is the heart: the citizen fills it in the
// hall, and the office works on the copy that the ferry brought.
package message

// Type names a message. The word before the dot is the sender's zone or the thing it speaks of.
type Type string

// From the hall to the office.
const (
	HomeQuery            Type = "home.query"            // HomeQuery → HomeReply
	ContractQuery        Type = "contract.query"        // ContractQuery → ContractReply
	ShareQuery           Type = "share.query"           // ShareQuery → ShareReply
	UtilityQuery         Type = "utility.query"         // UtilityQuery → UtilityReply
	ApplicationSubmitted Type = "application.submitted" // Submitted
	ApplicationWithdrawn Type = "application.withdrawn" // Withdrawn
	CorrectionSubmitted  Type = "correction.submitted"  // CorrectionReply
	TaxConfirmed         Type = "tax.confirmed"         // TaxDecision
	TaxDisputed          Type = "tax.disputed"          // TaxDecision
	PaymentReceived      Type = "payment.received"      // Payment
	RefundDone           Type = "refund.done"           // RefundResult
	StatementRead        Type = "statement.read"        // Statement
	BookingMade          Type = "booking.made"          // Booking
	BookingCancelled     Type = "booking.cancelled"     // Booking
	ParcelPosted         Type = "parcel.posted"         // Parcel
	ParcelMoved          Type = "parcel.moved"          // Parcel
)

// From the office to the hall.
const (
	HomeReplied      Type = "home.replied"
	ContractReplied  Type = "contract.replied"
	ShareReplied     Type = "share.replied"
	UtilityReplied   Type = "utility.replied"
	CaseOpened       Type = "case.opened"       // CaseOpenedBody
	CaseProgress     Type = "case.progress"     // Progress, a whole snapshot: the newest wins
	CorrectionAsked  Type = "correction.asked"  // CorrectionAsk
	CorrectionClosed Type = "correction.closed" // CorrectionClosedBody
	AssessmentReady  Type = "assessment.ready"  // Assessment
	BillIssued       Type = "bill.issued"       // Bill
	BillClosed       Type = "bill.closed"       // BillClosedBody
	RefundOrdered    Type = "refund.ordered"    // Refund
	DocumentIssued   Type = "document.issued"   // Document
	DocumentState    Type = "document.state"    // Document
	NoticeSent       Type = "notice.sent"       // Notice
	ParcelOrdered    Type = "parcel.ordered"    // ParcelOrder
	StaffTold        Type = "staff.told"        // StaffNotice
	StatementAsked   Type = "statement.asked"   // StatementAsk
)

// Types lists all that may pass, by the zone that sends it.
func Types(zone string) []Type {
	switch zone {
	case "hall":
		return []Type{HomeQuery, ContractQuery, ShareQuery, UtilityQuery, ApplicationSubmitted, ApplicationWithdrawn,
			CorrectionSubmitted, TaxConfirmed, TaxDisputed, PaymentReceived, RefundDone, BookingMade, BookingCancelled,
			ParcelPosted, ParcelMoved, StatementRead}
	case "office":
		return []Type{HomeReplied, ContractReplied, ShareReplied, UtilityReplied, CaseOpened, CaseProgress,
			CorrectionAsked, CorrectionClosed, AssessmentReady, BillIssued, BillClosed, RefundOrdered, DocumentIssued,
			DocumentState, NoticeSent, ParcelOrdered, StaffTold, StatementAsked}
	}
	return nil
}
