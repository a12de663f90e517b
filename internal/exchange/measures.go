package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// measures are what the ops listener shows of exchange. No label holds personal data.
type measures struct {
	seconds *prometheus.HistogramVec
	bytes   *prometheus.CounterVec
	open    *prometheus.GaugeVec
	dropped prometheus.Counter
}

func newMeasures(r prometheus.Registerer) (*measures, error) {
	m := &measures{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "exchange_call_seconds", Help: "Duration of calls to and from other systems, retries included.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"direction", "counterpart", "operation", "outcome"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "exchange_bytes_total", Help: "Bytes of bodies sent and received.",
		}, []string{"direction", "counterpart"}),
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "exchange_circuit_open", Help: "1 while the circuit of an endpoint is open in this process.",
		}, []string{"endpoint"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "exchange_strangers_total", Help: "Refused messages of unknown senders that were not written to the log, for there were too many.",
		}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.seconds, m.bytes, m.open, m.dropped} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("exchange measures: %w", err)
		}
	}
	return m, nil
}

func (m *measures) observe(c Call) {
	m.seconds.WithLabelValues(c.Direction, c.Counterpart, string(c.Operation), string(c.Outcome)).Observe(c.Duration.Seconds())
	m.bytes.WithLabelValues("out", c.Counterpart).Add(float64(c.sent()))
	m.bytes.WithLabelValues("in", c.Counterpart).Add(float64(c.received()))
}

// circuitChanged makes an opened or closed circuit seen: in the log, the measures and on the page.
func (x *Exchange) circuitChanged(e Endpoint, since time.Time) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	open := 0.0
	if since.IsZero() {
		x.log.Info("circuit closed", "endpoint", e.Name)
	} else {
		open = 1
		x.log.Warn("circuit opened", "endpoint", e.Name)
	}
	x.measures.open.WithLabelValues(e.Name).Set(open)
	if err := markOpen(ctx, x.pool, e.ID, since); err != nil {
		x.log.Error("note circuit", "endpoint", e.Name, "err", err)
	}
}
