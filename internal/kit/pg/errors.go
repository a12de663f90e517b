package pg

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE codes that we act on (PostgreSQL manual, appendix A).
const (
	codeUnique        = "23505"
	codeCheck         = "23514"
	codeExclusion     = "23P01"
	codeForeignKey    = "23503"
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
	codeLockTimeout   = "55P03"
	codeDiskFull      = "53100"
)

// IsUnique tells whether err is the violation of a unique constraint or index of this name; "" means of any.
func IsUnique(err error, constraint string) bool { return violates(err, codeUnique, constraint) }

// IsCheck tells whether err is the violation of a check constraint of this name; "" means of any.
func IsCheck(err error, constraint string) bool { return violates(err, codeCheck, constraint) }

// IsExclusion tells whether err is the violation of an exclusion constraint of this name; "" means of any.
func IsExclusion(err error, constraint string) bool { return violates(err, codeExclusion, constraint) }

// IsForeignKey tells whether err is the violation of a foreign key of this name; "" means of any.
func IsForeignKey(err error, constraint string) bool {
	return violates(err, codeForeignKey, constraint)
}

// IsLocked tells whether err means that a lock was not to be had: SELECT … FOR UPDATE NOWAIT met another's
// row, or the wait for a lock took too long.
func IsLocked(err error) bool { return code(err) == codeLockTimeout }

// IsDiskFull tells whether the database refused to write for lack of space.
func IsDiskFull(err error) bool { return code(err) == codeDiskFull }

func violates(err error, want, constraint string) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == want &&
		(constraint == "" || pgErr.ConstraintName == constraint)
}

func isConflict(err error) bool {
	c := code(err)
	return c == codeSerialization || c == codeDeadlock
}

func code(err error) string {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return ""
	}
	return pgErr.Code
}
