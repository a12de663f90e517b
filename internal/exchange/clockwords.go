package exchange

import (
	"time"

	"yichuang/internal/kit/clock"
)

// hourMinute is a moment as an alarm says it.
func hourMinute(t time.Time) string { return t.In(clock.Shanghai()).Format("01-02 15:04") }
