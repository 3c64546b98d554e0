package app

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/queue"
)

// healthz says that the process answers.
func (h *House) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write([]byte("ok\n"))
}

// readyz says that mail can be accepted and judged: the store answers and the
// board of stops is fresh.
func (h *House) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	switch {
	case h.Store.Ping(ctx) != nil:
		http.Error(w, "store unreachable", http.StatusServiceUnavailable)
	case !h.Board.Fresh():
		http.Error(w, "stops not read lately", http.StatusServiceUnavailable)
	default:
		w.Write([]byte("ready\n"))
	}
}

// metrics serves Prometheus counts. They hold no tenant and no address: names of
// organisations do not belong into a monitoring system.
func (h *House) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &houseCollector{h})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// houseCollector reads the house's counts when it is scraped.
type houseCollector struct{ house *House }

var (
	deliveriesDesc = prometheus.NewDesc("cordon_deliveries", "Copies by state, over all tenants.", []string{"state"}, nil)
	stopsDesc      = prometheus.NewDesc("cordon_stops_active", "Stops in force.", nil, nil)
	ledgerDesc     = prometheus.NewDesc("cordon_ledger_entries", "Entries in the ledger.", nil, nil)
	inFlightDesc   = prometheus.NewDesc("cordon_in_flight", "Copies past the last look and not yet recorded, on this node.", nil, nil)
	attemptsDesc   = prometheus.NewDesc("cordon_attempts_total", "Tries of this node since it started, by outcome.", []string{"outcome"}, nil)
	outgoingDesc   = prometheus.NewDesc("cordon_outgoing", "Messages of the outbox by purpose and state.", []string{"purpose", "state"}, nil)
	wakeAgeDesc    = prometheus.NewDesc("cordon_outgoing_wake_age_seconds", "How long the oldest due message that wakes somebody has waited; 0 when none does.", nil, nil)
	openPagesDesc  = prometheus.NewDesc("cordon_pages_open", "Pages by state, those that are over left out.", []string{"state"}, nil)
	backlogDesc    = prometheus.NewDesc("cordon_backlog", "Copies claimed by this node and not yet past the last look.", nil, nil)
)

func (c *houseCollector) Describe(descriptions chan<- *prometheus.Desc) {
	prometheus.DescribeByCollect(c, descriptions)
}

func (c *houseCollector) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	if totals, err := c.house.Store.Totals(ctx); err == nil {
		var all cordon.Counts
		for _, counts := range totals {
			all.Add(counts)
		}
		for _, s := range cordon.DeliveryStates() {
			gauge(deliveriesDesc, float64(*all.Of(s)), string(s))
		}
	}
	if stops, err := c.house.Store.ActiveStops(ctx); err == nil {
		gauge(stopsDesc, float64(len(stops)))
	}
	if size, _, err := c.house.Store.LedgerHead(ctx); err == nil {
		gauge(ledgerDesc, float64(size))
	}
	c.collectPaging(ctx, gauge)
	gauge(inFlightDesc, float64(c.house.Board.InFlight()))
	stats := c.house.Runner.Stats()
	gauge(backlogDesc, float64(stats.Backlog))
	for outcome, n := range outcomes(stats) {
		metrics <- prometheus.MustNewConstMetric(attemptsDesc, prometheus.CounterValue, float64(n), string(outcome))
	}
}

// collectPaging counts the outbox and the open pages.
func (c *houseCollector) collectPaging(ctx context.Context, gauge func(*prometheus.Desc, float64, ...string)) {
	if h, err := c.house.Store.OutboxHealth(ctx); err == nil {
		for _, n := range h.Counts {
			gauge(outgoingDesc, float64(n.Count), string(n.Purpose), string(n.State))
		}
		age := 0.0
		if !h.OldestWake.IsZero() {
			age = c.house.now().Sub(h.OldestWake).Seconds()
		}
		gauge(wakeAgeDesc, age)
	}
	if open, err := c.house.Store.OpenPages(ctx); err == nil {
		for state, n := range open {
			gauge(openPagesDesc, float64(n), string(state))
		}
	}
}

func outcomes(s queue.Stats) map[cordon.DeliveryState]int64 {
	return map[cordon.DeliveryState]int64{
		cordon.Delivered: s.Delivered, cordon.Deferred: s.Deferred, cordon.Bounced: s.Bounced,
		cordon.Uncertain: s.Uncertain, cordon.Refused: s.Refused, cordon.HeldState: s.Held,
	}
}
