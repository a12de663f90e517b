package board

import (
	"errors"
	"math"
	"math/rand/v2"
	"time"
)

// Curve is how delays are spread.
type Curve string

// The curves; the empty one is Fixed.
const (
	Fixed     Curve = "fixed"
	Uniform   Curve = "uniform"
	LogNormal Curve = "logNormal"
)

// Latency is a distribution of delays, in real milliseconds.
type Latency struct {
	Curve  Curve `json:"curve,omitempty"`
	MS     int   `json:"ms,omitempty"`     // Fixed: the delay; Uniform: the least; LogNormal: the median
	HighMS int   `json:"highMs,omitempty"` // Uniform: the most; LogNormal: what 99 of 100 stay below
}

// longest is the most that a message is delayed.
const longest = 10 * time.Minute

func (l Latency) bad() error {
	most := int(longest.Milliseconds())
	switch {
	case l.MS < 0 || l.MS > most || l.HighMS < 0 || l.HighMS > most:
		return errors.New("latency is not within 0 and 600000 ms")
	case l.Curve == "" || l.Curve == Fixed:
		if l.HighMS != 0 {
			return errors.New("a fixed latency has no highMs")
		}
	case l.Curve != Uniform && l.Curve != LogNormal:
		return errors.New("curve of the latency is not fixed, uniform or logNormal")
	case l.HighMS < l.MS:
		return errors.New("highMs is below ms")
	case l.Curve == LogNormal && l.MS == 0:
		return errors.New("a logNormal latency needs a median")
	}
	return nil
}

// zero tells whether nothing is ever delayed.
func (l Latency) zero() bool { return l.MS == 0 && l.HighMS == 0 }

// normal99 is where 99 of 100 draws of a standard normal distribution lie below.
const normal99 = 2.3263478740408408

// draw picks a delay.
func (l Latency) draw(rng *rand.Rand) time.Duration {
	ms := float64(l.MS)
	switch l.Curve {
	case Uniform:
		ms += rng.Float64() * float64(l.HighMS-l.MS)
	case LogNormal:
		ms *= math.Exp(math.Log(float64(l.HighMS)/ms) / normal99 * rng.NormFloat64())
	}
	return min(time.Duration(ms*float64(time.Millisecond)), longest)
}
