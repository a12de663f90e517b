package exchangeadmin

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/exchange"
	"yichuang/internal/kit/clock"
)

// The drawing is 340 wide, so that its words are readable on a phone; the plot lies right of the scale and above the labels.
const (
	plotLeft, plotRight = 44, 336
	plotTop, plotBottom = 26, 162
)

// plot places the numbers of a chart.
type plot struct {
	exchange.Chart
	top   float64 // value of the highest grid line
	label func(float64) string
}

// rect is one bar, in the units of the drawing.
type rect struct{ X, Y, Width, Height, Class string }

// tick is a word at an axis.
type tick struct{ X, Y, Text string }

// counting is the plot of how many calls there were.
func counting(c exchange.Chart) plot {
	most := 0
	for _, b := range c.Bins {
		most = max(most, b.Calls())
	}
	return plot{c, nice(float64(most)), func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }}
}

// timing is the plot of how long calls took, in milliseconds.
func timing(c exchange.Chart) plot {
	most := time.Duration(0)
	for _, b := range c.Bins {
		most = max(most, b.Quantile(0.95))
	}
	return plot{c, nice(float64(most.Milliseconds())), func(v float64) string {
		if v >= 1000 {
			return strconv.FormatFloat(v/1000, 'g', 3, 64) + " 秒"
		}
		return strconv.FormatFloat(v, 'f', -1, 64) + " ms"
	}}
}

// failing is the plot of how many of 100 calls failed.
func failing(c exchange.Chart) plot {
	most := 0.0
	for _, b := range c.Bins {
		most = max(most, failedPercent(b))
	}
	return plot{c, min(nice(most), 100), func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) + "%" }}
}

// nice is the next number of 1, 2, 4, 5 times a power of ten, at least 4, so that a quarter of it reads well.
func nice(v float64) float64 {
	for power := 1.0; ; power *= 10 {
		for _, step := range []float64{1, 2, 4, 5} {
			if top := step * power; top >= v && top >= 4 {
				return top
			}
		}
	}
}

func (p plot) y(v float64) float64 {
	return plotBottom - (plotBottom-plotTop)*min(v/p.top, 1)
}

func (p plot) x(i int) float64 {
	return plotLeft + float64(i)*(plotRight-plotLeft)/float64(len(p.Bins))
}

// bars are the calls of each bin, one above the other: well, refused, failed. What is there is seen, be it one of a thousand.
func (p plot) bars() []rect {
	var list []rect
	width := p.x(1) - p.x(0)
	for i, b := range p.Bins {
		base := float64(plotBottom)
		for _, part := range []struct {
			n     int
			class string
		}{{b.OK, "f1"}, {b.Refused, "f3"}, {b.Failed, "fr"}} {
			if part.n == 0 {
				continue
			}
			height := max(plotBottom-p.y(float64(part.n)), 1.5)
			base -= height
			list = append(list, rect{unit(p.x(i) + width*0.1), unit(base), unit(width * 0.8), unit(height), part.class})
		}
	}
	return list
}

// value is what a bin shows.
type value func(exchange.Bin) float64

// within is what a share q of the calls did not exceed, in milliseconds.
func within(q float64) value {
	return func(b exchange.Bin) float64 { return float64(b.Quantile(q).Microseconds()) / 1000 }
}

// failedPercent is how many of 100 calls failed.
func failedPercent(b exchange.Bin) float64 { return 100 * b.FailedShare() }

// point is where a bin's value is drawn.
func (p plot) point(i int, v value) tick {
	return tick{X: unit((p.x(i) + p.x(i+1)) / 2), Y: unit(p.y(v(p.Bins[i])))}
}

// lines join the values of bins that follow each other; bins without calls break them.
func (p plot) lines(v value) []string {
	var all, points []string
	end := func() {
		if len(points) > 1 {
			all = append(all, strings.Join(points, " "))
		}
		points = nil
	}
	for i, b := range p.Bins {
		if b.Calls() == 0 {
			end()
			continue
		}
		at := p.point(i, v)
		points = append(points, at.X+","+at.Y)
	}
	end()
	return all
}

// dots are the bins that stand alone, which a line would not show.
func (p plot) dots(v value) []tick {
	var list []tick
	called := func(i int) bool { return i >= 0 && i < len(p.Bins) && p.Bins[i].Calls() > 0 }
	for i := range p.Bins {
		if called(i) && !called(i-1) && !called(i+1) {
			list = append(list, p.point(i, v))
		}
	}
	return list
}

// scale are the grid lines with their numbers.
func (p plot) scale() []tick {
	var list []tick
	for _, part := range []float64{0, 0.5, 1} {
		list = append(list, tick{X: strconv.Itoa(plotLeft - 4), Y: unit(p.y(p.top * part)), Text: p.label(p.top * part)})
	}
	return list
}

// times are the words below the axis: four of them, in the middle of their bins.
func (p plot) times() []tick {
	var list []tick
	n := len(p.Bins)
	for k := range 4 {
		i := k * n / 4
		list = append(list, tick{X: unit(p.x(i)), Y: "178", Text: binWord(p.Span, p.Bins[i].From)})
	}
	return list
}

func unit(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// binWord is the beginning of a bin in Beijing.
func binWord(s exchange.Span, t time.Time) string {
	t = t.In(clock.Shanghai())
	switch s {
	case exchange.LastHour:
		return t.Format("15:04")
	case exchange.LastDay:
		return t.Format("15 时")
	case exchange.LastWeek:
		return t.Format("01-02 15 时")
	case exchange.LastMonth:
		return t.Format("01-02")
	}
	return t.Format("2006-01")
}

func spanWord(s exchange.Span) string {
	return map[exchange.Span]string{exchange.LastHour: "1 小时", exchange.LastDay: "24 小时", exchange.LastWeek: "7 天", exchange.LastMonth: "30 天", exchange.LastYear: "12 个月"}[s]
}

// eachWord is what one bar stands for.
func eachWord(s exchange.Span) string {
	return map[exchange.Span]string{exchange.LastHour: "每分钟", exchange.LastDay: "每小时", exchange.LastWeek: "每 6 小时", exchange.LastMonth: "每天", exchange.LastYear: "每月"}[s]
}

// finding says the chart of calls in a sentence.
func (p plot) finding() string {
	if p.Total.Calls() == 0 {
		return "近 " + spanWord(p.Span) + "没有调用"
	}
	most := p.Bins[0]
	for _, b := range p.Bins {
		if b.Calls() > most.Calls() {
			most = b
		}
	}
	return fmt.Sprintf("近 %s共 %d 次调用，失败 %d 次；%s起的一段最多，%d 次", spanWord(p.Span), p.Total.Calls(), p.Total.Failed, binWord(p.Span, most.From), most.Calls())
}

// pace is how often an operation is called: so many times a minute, hour or day, whichever reads well.
func pace(calls int, c exchange.Chart) string {
	over := c.Bins[len(c.Bins)-1].To.Sub(c.Bins[0].From)
	for _, unit := range []struct {
		of   time.Duration
		word string
	}{{time.Minute, "次/分"}, {time.Hour, "次/时"}} {
		if rate := float64(calls) * float64(unit.of) / float64(over); rate >= 1 {
			return strconv.FormatFloat(rate, 'f', 1, 64) + " " + unit.word
		}
	}
	return strconv.FormatFloat(float64(calls)*float64(day)/float64(over), 'f', 1, 64) + " 次/天"
}

// totals says all calls of a chart in words.
func totals(c exchange.Counts) string {
	if c.Calls() == 0 {
		return "没有调用"
	}
	return fmt.Sprintf("%d 次：成功 %d，不予办理 %d，失败 %d（%.1f%%）。95%% 在 %s内，最慢 %s", c.Calls(), c.OK, c.Refused, c.Failed, 100*c.FailedShare(), took(c.Quantile(0.95)), took(c.Slowest))
}
