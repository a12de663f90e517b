package message

import "github.com/google/uuid"

// StaffNotice asks the hall, which stands on the Internet, to send an SMS to somebody who works in the office. Its kinds are
// sms.alarm, sms.overdue and sms.remind; it speaks of lines and case numbers, never of parties.
type StaffNotice struct {
	ID    uuid.UUID         `json:"id"` // the same id is sent once
	Phone string            `json:"phone"`
	Kind  string            `json:"kind"`
	Args  map[string]string `json:"args"`
}
