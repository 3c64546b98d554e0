package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cordonmail/cordon"
)

const importChunk = 5000 // rows a transaction; few and large are what the store likes

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
