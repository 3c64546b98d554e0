package scan

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"io"
	"strings"
)

// probeDepth is deeper than clamd can be set to look: its MaxRecursion ends at
// 100.
const probeDepth = 110

// probe asks clamd about archives within archives, deeper than it looks. With
// AlertExceedsMax it says that a limit was exceeded. Without, it calls clean
// what it has not read, of this as of every message, and so nothing that it
// calls clean may pass.
func (c *clamav) probe(ctx context.Context) trouble {
	reply, problem := c.stream(ctx, c.nested())
	switch {
	case problem != "":
	case strings.HasPrefix(string(reply), "stream: Heuristics.Limits.Exceeded"):
	case string(reply) == "stream: OK":
		problem = lenient
	case strings.HasSuffix(string(reply), " ERROR"):
		problem = failing
	default:
		problem = garbled
	}
	c.strict.Store(problem == "")
	return problem
}

// nested is a few bytes in probeDepth zip archives, about 20 KB.
func nested() []byte {
	inner := []byte("nothing")
	pack, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		return nil // an empty stream is clean: the probe fails, and everything holds
	}
	for range probeDepth {
		var outer bytes.Buffer
		w := zip.NewWriter(&outer)
		w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) { pack.Reset(to); return pack, nil })
		f, err := w.Create("a")
		if err == nil {
			_, err = f.Write(inner)
		}
		if err != nil || w.Close() != nil {
			return nil
		}
		inner = outer.Bytes()
	}
	return inner
}
