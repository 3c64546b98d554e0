package screen_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cordonmail/cordon/screen"
)

// BenchmarkJudge judges a rendered letter of 5 KB, reading included, and says
// how long the slowest hundredth took.
func BenchmarkJudge(b *testing.B) {
	subject, text, html := letter5K()
	about := house()
	took := make([]time.Duration, 0, 1<<16)
	b.ReportAllocs()
	for b.Loop() {
		began := time.Now()
		s := screen.ReadLetter(subject, "Northside Physiotherapy", "desk@northside.example", text, html)
		screen.Judge(s, about, nil)
		if len(took) < cap(took) {
			took = append(took, time.Since(began))
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
