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

// maxRecordLines bounds what one stray quote may swallow: a longer record is
// taken for a broken file, because skipping it could skip many people.
const maxRecordLines = 50

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
