package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cordonmail/cordon"
)

const (
	// MaxImportBytes bounds one file, so that an endless one cannot fill the disk.
	MaxImportBytes = 8 << 30

	// MaxReportedFaults is how many faults a report and an error hold; a callback
	// gets all.
	MaxReportedFaults = 1000
)

// ImportOptions say how a file is taken in.
type ImportOptions struct {
	SkipBad            bool    // import the good rows although others are bad
	AllowSharedAddress bool    // several people with references of their own may share an address
	Charset            Charset // "" finds out

	Progress func(Progress)     // called now and then; may be nil
	Fault    func(cordon.Fault) // called for every fault; may be nil
}

// Phase is a stage of an import.
type Phase string

const (
	PhaseReading  Phase = "reading"  // the file comes in
	PhaseChecking Phase = "checking" // every row is looked at; nothing is written
	PhaseWriting  Phase = "writing"
)

// Progress says how far an import is. Of is what Bytes (reading, checking) or
// Rows (writing) grows to; 0 while that is not known.
type Progress struct {
	Phase Phase `json:"phase"`
	Bytes int64 `json:"bytes"`
	Of    int64 `json:"of"`
	Rows  int   `json:"rows"`
	Bad   int   `json:"bad"`
}

// ImportReport is what an import came to.
type ImportReport struct {
	Rows     int            `json:"rows"` // lines with data
	Inserted int            `json:"inserted"`
	Updated  int            `json:"updated"`
	Bad      int            `json:"bad"` // rows with at least one fault
	Faults   []cordon.Fault `json:"faults,omitempty"`
	Charset  Charset        `json:"charset"`
	Columns  []string       `json:"columns"` // as templates name them
}

// Import takes in recipients from a CSV file of any size at bounded memory. The
// file is spooled, sealed, and checked to its last row before the first row is
// written: a file with bad rows changes nothing, unless SkipBad is set. A row
// with an external reference updates who has it; one without updates by address.
func (c *Catalog) Import(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, file io.Reader, opts ImportOptions) (ImportReport, error) {
	if !by.Can(cordon.ManageRecipients, tenant) {
		return ImportReport{}, forbidden(cordon.ManageRecipients)
	}
	if _, err := c.active(ctx, tenant); err != nil {
		return ImportReport{}, err
	}
	im := &importing{catalog: c, by: by, tenant: tenant, opts: opts}
	defer im.close()
	err := im.run(ctx, file)
	slices.SortStableFunc(im.report.Faults, func(a, b cordon.Fault) int { return a.Line - b.Line })
	var e *cordon.Error
	if errors.As(err, &e) && im.report.Bad > 0 && len(e.Faults) == 0 {
		e.Faults = im.report.Faults
	}
	return im.report, err
}

// importing is one import on its way.
type importing struct {
	catalog *Catalog
	by      cordon.Actor
	tenant  cordon.TenantID
	opts    ImportOptions
	report  ImportReport

	raw       *spool
	stage     *stage
	refs      *repeats
	addresses *repeats
	bad       ordinals // of staged rows that turned out to repeat others
	staged    uint32
	read      int64 // bytes of the raw file checked so far
	lower     []byte
}

func (im *importing) run(ctx context.Context, file io.Reader) error {
	charset, err := im.spoolFile(ctx, file)
	if err != nil {
		return err
	}
	im.report.Charset = charset
	if err := im.checkRows(ctx, charset); err != nil {
		return err
	}
	if err := im.checkRepeats(ctx); err != nil {
		return err
	}
	im.raw.Close()
	im.forgetRepeats()
	good := im.report.Rows - im.report.Bad
	switch {
	case im.report.Rows == 0:
		return cordon.InvalidField("file", "has a header and no rows", "")
	case im.report.Bad > 0 && !im.opts.SkipBad:
		return cordon.InvalidField("file", fmt.Sprintf("%d of %d rows are wrong; nothing was imported", im.report.Bad, im.report.Rows), "correct them, or leave them out with --skip-bad")
	case good == 0:
		return cordon.InvalidField("file", "has no row that can be imported", "correct the rows")
	}
	if err := im.write(ctx, good); err != nil {
		return err
	}
	if _, err := im.catalog.topUp(ctx, im.by, im.tenant, "with an import"); err != nil {
		return fmt.Errorf("import: the recipients are in, but %w", err)
	}
	return nil
}

func (im *importing) close() {
	if im.raw != nil {
		im.raw.Close()
	}
	if im.stage != nil {
		im.stage.Close()
	}
	im.forgetRepeats()
}

func (im *importing) forgetRepeats() {
	for _, r := range []*repeats{im.refs, im.addresses} {
		if r != nil {
			r.Close()
		}
	}
}

func (im *importing) fault(f cordon.Fault) {
	if len(im.report.Faults) < MaxReportedFaults {
		im.report.Faults = append(im.report.Faults, f)
	}
	if im.opts.Fault != nil {
		im.opts.Fault(f)
	}
}

func (im *importing) progress(p Progress) {
	if im.opts.Progress != nil {
		im.opts.Progress(p)
	}
}
