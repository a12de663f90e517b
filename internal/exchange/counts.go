package exchange

import "time"

// Counts are calls over a time by how they ended and how long they took.
type Counts struct {
	OK        int // duplicates among them
	Refused   int // decided on the content: the line works
	Failed    int // no answer that counts, not taken in, or not to be believed
	Slowest   time.Duration
	histogram [bucketCount]int
}

// bucketCount is one more than there are bounds: the last bucket holds what took longer.
const bucketCount = 16

// bucketBounds are the upper ends of the buckets, in microseconds; each is at most two and a half times the one before.
func bucketBounds() []int64 {
	return []int64{1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000, 50_000_000}
}

// Calls is how many there were.
func (c Counts) Calls() int { return c.OK + c.Refused + c.Failed }

// FailedShare is the part that failed, from 0 to 1; 0 of no calls.
func (c Counts) FailedShare() float64 {
	if c.Calls() == 0 {
		return 0
	}
	return float64(c.Failed) / float64(c.Calls())
}

// Quantile estimates the time that a share q of the calls did not exceed, within its bucket in proportion; 0 of no calls.
func (c Counts) Quantile(q float64) time.Duration {
	rank, below := q*float64(c.Calls()), 0.0
	bounds := bucketBounds()
	for i, n := range c.histogram {
		if n == 0 || below+float64(n) < rank {
			below += float64(n)
			continue
		}
		low, high := time.Duration(0), c.Slowest
		if i > 0 {
			low = time.Duration(bounds[i-1]) * time.Microsecond
		}
		if i < len(bounds) {
			high = min(high, time.Duration(bounds[i])*time.Microsecond)
		}
		return low + time.Duration(float64(max(high-low, 0))*(rank-below)/float64(n))
	}
	return c.Slowest
}

// add puts the calls of another time or operation to these.
func (c *Counts) add(o Counts) {
	c.OK, c.Refused, c.Failed, c.Slowest = c.OK+o.OK, c.Refused+o.Refused, c.Failed+o.Failed, max(c.Slowest, o.Slowest)
	for i, n := range o.histogram {
		c.histogram[i] += n
	}
}
