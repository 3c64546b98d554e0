package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cordonmail/cordon"
)

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
