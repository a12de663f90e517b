// Package verify lets anyone check a paper of the city: by the code of its QR, by its number and a holder's full name, or by
// the file itself.
//
// In come the records of issued documents, by ferry (Store.Put); out go the public pages /verify and /v/{code} with three
// clear answers: genuine and valid, replaced or cancelled, not found. A name is never shown in full, a wrong name and a
// wrong number get the same answer, and guessing is slowed.
package verify
