package store_test

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// BenchmarkUpsertRecipients stores b.N new recipients with references, two
// fields and two tags, 5,000 a call, into one growing tenant.
func BenchmarkUpsertRecipients(b *testing.B) {
	s := storetest.New(b)
	p := newPractice(b, s, "berg")
	const batch = 5000
	rows := make([]cordon.RecipientRow, 0, batch)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		row := patient(fmt.Sprintf("P%08d", i), "recall", fmt.Sprint("ward-", i%20))
		row.Person.Fields["dentist"] = "Dr. Li"
		if rows = append(rows, row); len(rows) == batch {
			p.upsert(rows...)
			rows = rows[:0]
		}
	}
	p.upsert(rows...)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "recipients/s")
	var used syscall.Rusage
	ok(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	b.ReportMetric(float64(used.Utime.Nano()+used.Stime.Nano())/float64(b.N)/1e3, "cpu-µs/recipient") // what is left to compare by on a busy machine
	b.ReportMetric(float64(used.Maxrss)/1024, "peak-MB")
}

// BenchmarkAudienceCount counts an audience of 100,000 and says what each
// recipient costs.
func BenchmarkAudienceCount(b *testing.B) {
	const size = 100_000
	for name, f := range map[string]cordon.Filter{
		"everyone": {Everyone: true},
		"tag":      {All: []string{"recall"}},
		"any-none": {Any: []string{"ward-1", "ward-2"}, None: []string{"ward-3"}},
	} {
		b.Run(name, func(b *testing.B) {
			s := storetest.New(b)
			p := newPractice(b, s, "berg")
			for from := 0; from < size; from += store.MaxUpsert {
				rows := make([]cordon.RecipientRow, store.MaxUpsert)
				for i := range rows {
					rows[i] = patient(fmt.Sprintf("P%08d", from+i), "recall", fmt.Sprint("ward-", i%20))
				}
				p.upsert(rows...)
			}
			for b.Loop() {
				p.count(f)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/size, "ns/recipient")
		})
	}
}
