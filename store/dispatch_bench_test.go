package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// crowd fills a tenant with n recipients by plain SQL: their sealed data opens
// for nobody, and nothing here opens it.
func crowd(b *testing.B, s *store.Store, n int) *sender {
	b.Helper()
	p := newSender(b, s, &handClock{at: time.Now()}, 0)
	number := `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < $2)`
	bytes, random := `randomblob(16)`, `randomblob(200)`
	if s.Engine() == "postgres" {
		number = `WITH c AS (SELECT n FROM generate_series(1, CAST($2 AS BIGINT)) n)`
		bytes, random = `decode(md5(CAST(c.n AS TEXT)), 'hex')`, `decode(repeat(md5(CAST(c.n AS TEXT)), 6), 'hex')`
	}
	db := storetest.Raw(b, s)
	_, err := db.Exec(number+fmt.Sprintf(` INSERT INTO recipient (tenant, num, id, external_ref, blind, sealed, fields, state, decoy, suppressed, tags, updated_at)
		SELECT (SELECT t.num FROM tenant t WHERE t.id = $1), c.n, 'rcp_0000000000000000' || c.n, '', %s, %s, 3, 'active', FALSE, FALSE, '[]', 0 FROM c`, bytes, random), string(p.tenant), n)
	ok(b, err)
	if s.Engine() == "postgres" {
		_, err = db.Exec("ANALYZE")
		ok(b, err)
	}
	return p
}

func engines(b *testing.B, f func(b *testing.B, s *store.Store, dir string)) {
	b.Run("sqlite", func(b *testing.B) {
		dir := b.TempDir()
		f(b, storetest.Open(b, store.Options{DataDir: dir}), dir)
	})
	b.Run("postgres", func(b *testing.B) { f(b, storetest.NewPostgres(b), "") })
}

func fileSize(b *testing.B, dir string) int64 {
	b.Helper()
	var size int64
	for _, name := range []string{"cordon.db"} {
		info, err := os.Stat(filepath.Join(dir, name))
		ok(b, err)
		size += info.Size()
	}
	return size
}

// benchPeople is the size of the send: CORDON_BENCH_RECIPIENTS, or 100,000.
func benchPeople() int {
	if n, err := strconv.Atoi(os.Getenv("CORDON_BENCH_RECIPIENTS")); err == nil && n > 0 {
		return n
	}
	return 100_000
}

// cpuTime is what the process has used so far; with PostgreSQL that is our side
// alone.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	ok(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSend accepts a bulk send, stops and lifts it, and takes it through
// claim and record; it reports rates and the bytes a copy costs on disk.
func BenchmarkSend(b *testing.B) {
	people := benchPeople()
	engines(b, func(b *testing.B, s *store.Store, dir string) {
		p := crowd(b, s, people)
		before := int64(0)
		if dir != "" {
			storetest.Tamper(b, s, "VACUUM")
			storetest.Tamper(b, s, "PRAGMA wal_checkpoint(TRUNCATE)")
			before = fileSize(b, dir)
		}
		var spent time.Duration
		rate := func(name string, n int, from time.Time) {
			took, cpu := time.Since(from), cpuTime(b)
			if n > 1 { // what it would be on a machine with nothing else to do
				b.ReportMetric(float64(n)/(cpu-spent).Seconds(), name+"/cpu-s")
			}
			spent = cpu
			b.ReportMetric(took.Seconds(), name+"-s")
			if n > 1 {
				b.ReportMetric(float64(n)/took.Seconds(), name+"/s")
			}
		}
		spent = cpuTime(b)
		from := time.Now()
		d := p.bulk()
		rate("accept", people, from)
		if d.Recipients != people {
			b.Fatalf("%d recipients", d.Recipients)
		}
		scope := cordon.Scope{Tenant: p.tenant}
		for range 3 {
			from = time.Now()
			stop, err := s.PlaceStop(b.Context(), operator, cordon.Stop{Scope: scope, Reason: "bench"}, nil)
			ok(b, err)
			rate("stop", 1, from)
			if stop.Answer.Held != int64(people) {
				b.Fatalf("answer %+v", stop.Answer)
			}
			_, err = s.LiftStop(b.Context(), operator, stop.ID, cordon.Resume)
			ok(b, err)
		}
		from = time.Now()
		sent := 0
		var claiming time.Duration
		for sent < people && time.Since(from) < 60*time.Second {
			at := time.Now()
			lanes, err := s.LanesDue(b.Context(), 10)
			ok(b, err)
			if len(lanes) == 0 {
				break
			}
			claims, err := s.ClaimDue(b.Context(), node, lanes[0], 500)
			ok(b, err)
			claiming += time.Since(at)
			deliver(b, s, p.clock, claims)
			sent += len(claims)
		}
		rate("claim+record", sent, from)
		b.ReportMetric(claiming.Seconds()/float64(sent)*500*1000, "claim500-ms")
		from = time.Now()
		a, err := s.Assess(b.Context(), cordon.Question{Dispatch: d.ID})
		ok(b, err)
		rate("assess", 1, from)
		from = time.Now()
		_, err = s.Assess(b.Context(), cordon.Question{Tenant: p.tenant, From: d.AcceptedAt.Add(-time.Hour)})
		ok(b, err)
		rate("assess-time", 1, from)
		if sent == people && a.Delivered != int64(people) {
			b.Fatalf("assessed %+v", a)
		}
		if dir != "" {
			storetest.Tamper(b, s, "PRAGMA wal_checkpoint(TRUNCATE)")
			b.ReportMetric(float64(fileSize(b, dir)-before)/float64(people), "disk-B/copy")
		}
		from = time.Now()
		entries, err := s.Entries(b.Context(), 0, 10)
		ok(b, err)
		for _, e := range entries {
			if e.Kind == cordon.EntryDispatchAccepted {
				ok(b, s.VerifyStored(b.Context(), e))
			}
		}
		rate("verify", 1, from)
	})
}

// BenchmarkRecordAttempts records groups of 500 deliveries, of a send without
// values and of one with: their deletion must cost the first nothing.
func BenchmarkRecordAttempts(b *testing.B) {
	const copies = 20_000
	engines(b, func(b *testing.B, s *store.Store, _ string) {
		for _, values := range []bool{false, true} {
			name := "plain"
			if values {
				name = "values"
			}
			b.Run(name, func(b *testing.B) {
				p := newSender(b, s, &handClock{at: time.Now()}, copies)
				for b.Loop() {
					b.StopTimer()
					p.bulk(func(n *cordon.NewDispatch) {
						if values {
							dated(p.people)(n)
						}
					})
					var spent time.Duration
					for left := copies; left > 0; left -= 500 {
						lanes, err := s.LanesDue(b.Context(), 1)
						ok(b, err)
						claims, err := s.ClaimDue(b.Context(), node, lanes[0], 500)
						ok(b, err)
						from := time.Now()
						deliver(b, s, p.clock, claims)
						spent += time.Since(from)
					}
					b.ReportMetric(copies/spent.Seconds(), "copies/s")
					b.StartTimer()
				}
			})
		}
	})
}
