package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
)

const (
	// MaxImportBytes bounds one file, so that an endless one cannot fill the disk.
	MaxImportBytes = 8 << 30

	// MaxReportedFaults is how many faults a report and an error hold; a callback
	// gets all.
	MaxReportedFaults = 1000

	importChunk = 5000 // rows a transaction; few and large are what the store likes
	// maxRecordLines bounds what one stray quote may swallow: a longer record is
	// taken for a broken file, because skipping it could skip many people.
	maxRecordLines = 50
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
	if _, err := im.catalog.topUpDecoys(ctx, im.by, im.tenant); err != nil {
		return fmt.Errorf("import: the recipients are in, but %w", err)
	}
	return nil
}

// spoolFile takes the whole file in, because only all of it tells its charset.
func (im *importing) spoolFile(ctx context.Context, file io.Reader) (Charset, error) {
	raw, err := newSpool(im.catalog.dataDir)
	if err != nil {
		return "", fmt.Errorf("import: %w", err)
	}
	im.raw = raw
	var sniff charsetSniffer
	buf := make([]byte, 256<<10)
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := file.Read(buf)
		if n > 0 {
			_, _ = sniff.Write(buf[:n])
			if _, err := raw.Write(buf[:n]); err != nil {
				return "", fmt.Errorf("import: %w", err)
			}
			im.progress(Progress{Phase: PhaseReading, Bytes: raw.size})
		}
		if raw.size > MaxImportBytes {
			return "", cordon.InvalidField("file", fmt.Sprintf("is larger than %d GiB", MaxImportBytes>>30), "split it")
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("import: read file: %w", err)
		}
	}
	if what := sniff.foreign(); what != "" {
		return "", cordon.InvalidField("file", "is "+what+", not CSV", "export it as CSV in UTF-8")
	}
	if im.opts.Charset != CharsetAuto {
		return im.opts.Charset, nil
	}
	return sniff.charset(), nil
}

// counter counts the raw bytes that went into checking.
type counter struct {
	in io.Reader
	n  *int64
}

func (c counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	*c.n += int64(n)
	return n, err
}

// checkRows reads every row, reports what is wrong and stages what is not.
func (im *importing) checkRows(ctx context.Context, charset Charset) error {
	in, err := im.raw.reader()
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	reader := newCSVReader(decode(counter{in, &im.read}, charset))
	if err := reader.begin(); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	cols, err := im.header(ctx, reader)
	if err != nil {
		return err
	}
	if err := im.openStage(cols); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	check := &rowChecker{cols: cols}
	for {
		rec, err := reader.next()
		switch {
		case errors.Is(err, io.EOF):
			im.progress(Progress{Phase: PhaseChecking, Bytes: im.read, Of: im.raw.size, Rows: im.report.Rows, Bad: im.report.Bad})
			return nil
		case err != nil:
			return fmt.Errorf("import: %w", err)
		case rec.blank():
			continue
		}
		if err := im.record(check, rec); err != nil {
			return err
		}
		if im.report.Rows%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			im.progress(Progress{Phase: PhaseChecking, Bytes: im.read, Of: im.raw.size, Rows: im.report.Rows, Bad: im.report.Bad})
		}
	}
}

// header reads the first line that is not blank and sees that the tenant has
// room for its fields.
func (im *importing) header(ctx context.Context, reader *csvReader) (columns, error) {
	for {
		rec, err := reader.next()
		if errors.Is(err, io.EOF) {
			return columns{}, cordon.InvalidField("file", "is empty", "begin it with a line of column names, like email,first_name,last_name")
		}
		if err != nil {
			return columns{}, fmt.Errorf("import: %w", err)
		}
		if rec.blank() {
			continue
		}
		cols, err := understand(rec)
		if err != nil {
			return columns{}, err
		}
		for _, col := range cols.all {
			if col.meaning != meansNothing {
				im.report.Columns = append(im.report.Columns, col.name)
			}
		}
		return cols, im.roomFor(ctx, cols)
	}
}

func (im *importing) roomFor(ctx context.Context, cols columns) error {
	names, err := im.catalog.fieldNames(ctx, im.tenant)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	for _, col := range cols.all {
		if col.meaning == meansField && !slices.Contains(names, col.name) {
			names = append(names, col.name)
		}
	}
	if len(names) > cordon.MaxFields {
		return cordon.InvalidField("file", fmt.Sprintf("brings the tenant to %d personal fields; it can have %d", len(names), cordon.MaxFields), "leave out columns no letter needs, or name them as earlier files did")
	}
	return nil
}

func (im *importing) openStage(cols columns) (err error) {
	dir := im.catalog.dataDir
	if im.stage, err = newStage(dir, cols); err != nil {
		return err
	}
	if im.refs, err = newRepeats(dir); err != nil {
		return err
	}
	im.addresses, err = newRepeats(dir)
	return err
}

// record checks one record and stages it when it is good.
func (im *importing) record(check *rowChecker, rec *record) error {
	if rec.trouble == neverClosed {
		return lostQuote(rec, "is never closed")
	}
	if rec.last-rec.line > maxRecordLines {
		return lostQuote(rec, fmt.Sprintf("is closed only in line %d", rec.last))
	}
	im.report.Rows++
	r, ok := check.check(rec)
	if !ok {
		im.report.Bad++
		for _, f := range check.faults {
			im.fault(f)
		}
		return nil
	}
	n := note{ordinal: im.staged, line: r.line, marked: len(r.ref) > 0}
	if n.marked {
		if err := im.refs.add(r.ref, n); err != nil {
			return fmt.Errorf("import: %w", err)
		}
	}
	// Addresses that differ in case alone reach one mailbox.
	im.lower = append(im.lower[:0], strings.ToLower(string(r.address))...)
	if err := im.addresses.add(im.lower, n); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if err := im.stage.put(r, check.values); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	im.staged++
	return nil
}

// lostQuote ends an import even with SkipBad: everything behind the quote was
// read as one field, and who stands there cannot be known.
func lostQuote(rec *record, what string) error {
	return &cordon.Error{
		Code: cordon.Invalid, Field: fmt.Sprintf("line %d", rec.line),
		Message: "a quote opened in the row that begins here " + what + "; nothing was imported",
		Remedy:  "close the quote, or write \"\" for a quote inside a quoted field",
	}
}

// checkRepeats reports rows whose reference or address another row has.
func (im *importing) checkRepeats(ctx context.Context) error {
	again := func(n note, field, message, remedy string) {
		if im.bad.add(n.ordinal) {
			im.report.Bad++
		}
		im.fault(cordon.Fault{Line: n.line, Field: field, Message: message, Remedy: remedy})
	}
	err := im.refs.find(ctx, func(first, n note) {
		again(n, refColumn.name, fmt.Sprintf("same reference as line %d", first.line), "keep one of the two lines")
	})
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	err = im.addresses.find(ctx, func(first, n note) {
		switch {
		case !im.opts.AllowSharedAddress:
			again(n, addressColumn.name, fmt.Sprintf("same address as line %d", first.line), "keep one of the two lines; if two people share it, allow with --allow-shared-address")
		case !first.marked || !n.marked:
			again(n, addressColumn.name, fmt.Sprintf("same address as line %d, and without a reference the two people cannot be told apart", first.line), "give both lines a reference")
		}
	})
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	return nil
}

// write stores the good rows, in transactions of importChunk.
func (im *importing) write(ctx context.Context, good int) error {
	in, err := im.stage.reader()
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	rows := make([]cordon.RecipientRow, 0, importChunk)
	done := 0
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		inserted, updated, err := im.catalog.store.UpsertRecipients(ctx, im.by, im.tenant, rows)
		if err != nil {
			return fmt.Errorf("import: stopped after %d of %d rows, which stay; import the file again to go on: %w", done, good, err)
		}
		im.report.Inserted += inserted
		im.report.Updated += updated
		done += len(rows)
		rows = rows[:0]
		im.progress(Progress{Phase: PhaseWriting, Bytes: im.read, Of: int64(good), Rows: done, Bad: im.report.Bad})
		return nil
	}
	for ordinal := uint32(0); ; ordinal++ {
		row, err := in.next()
		if errors.Is(err, io.EOF) {
			return flush()
		}
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		if im.bad.has(ordinal) {
			continue
		}
		if rows = append(rows, row); len(rows) == importChunk {
			if err := flush(); err != nil {
				return err
			}
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
