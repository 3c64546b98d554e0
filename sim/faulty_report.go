package sim

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

func (f *Faulty) ReceiveReport(ctx context.Context, n cordon.NewReport) (cordon.Report, bool, error) {
	if err := f.write(); err != nil {
		return cordon.Report{}, false, err
	}
	return f.Store.ReceiveReport(ctx, n)
}

func (f *Faulty) FileReport(ctx context.Context, x cordon.Filing) (cordon.Report, cordon.Problem, error) {
	if err := f.write(); err != nil {
		return cordon.Report{}, cordon.Problem{}, err
	}
	return f.Store.FileReport(ctx, x)
}

func (f *Faulty) DelayReport(ctx context.Context, id cordon.ReportID, waits []time.Duration) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.DelayReport(ctx, id, waits)
}

func (f *Faulty) ReadReport(ctx context.Context, by cordon.Actor, id cordon.ReportID) (cordon.OpenReport, error) {
	if err := f.write(); err != nil {
		return cordon.OpenReport{}, err
	}
	return f.Store.ReadReport(ctx, by, id)
}

func (f *Faulty) ProveReporter(ctx context.Context, tracking string, confirm []byte) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.ProveReporter(ctx, tracking, confirm)
}

func (f *Faulty) SettleProblem(ctx context.Context, by cordon.Actor, id cordon.ProblemID, m cordon.SettleProblem, compose func(cordon.OpenReport, cordon.Problem) cordon.Outgoing) (cordon.Problem, int, error) {
	if err := f.write(); err != nil {
		return cordon.Problem{}, 0, err
	}
	return f.Store.SettleProblem(ctx, by, id, m, compose)
}

func (f *Faulty) RecordLateBounce(ctx context.Context, ref cordon.Ref, b cordon.LateBounce, after int) (bool, error) {
	if err := f.write(); err != nil {
		return false, err
	}
	return f.Store.RecordLateBounce(ctx, ref, b, after)
}

func (f *Faulty) CountReturned(ctx context.Context, what cordon.Returned) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.CountReturned(ctx, what)
}

// ForgetReports is a write only when there is something to forget; who counts
// writes counts none of it.
func (f *Faulty) ForgetReports(ctx context.Context, raw, from time.Time, n int) (bool, error) {
	if f.Dead() {
		return false, errDead
	}
	return f.Store.ForgetReports(ctx, raw, from, n)
}
