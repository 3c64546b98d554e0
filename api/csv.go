package api

import (
	"encoding/csv"
	"net/http"
)

// csvFile is an answer of rows, as a file to keep. The status goes out with the
// first row, so that a refusal before it is a problem; a fault later breaks the
// answer off, so that a part can never pass for the whole.
type csvFile struct {
	a      *API
	x      *exchange
	name   string
	header []string
	out    *csv.Writer // nil until the status went out
}

func (a *API) csvFile(x *exchange, name string, header ...string) *csvFile {
	return &csvFile{a: a, x: x, name: name, header: header}
}

// row sends one; a fault means that nobody reads any more.
func (f *csvFile) row(cells []string) error {
	if err := f.begin(); err != nil {
		return err
	}
	return f.out.Write(cells)
}

func (f *csvFile) begin() error {
	if f.out != nil {
		return nil
	}
	h := f.x.w.Header()
	h.Set("Content-Type", csvType+"; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
	f.x.w.WriteHeader(http.StatusOK)
	f.out = csv.NewWriter(f.x.w)
	return f.out.Write(f.header)
}

// end answers the fault that ended the rows while it can still be a problem, and
// breaks the answer off when it cannot.
func (f *csvFile) end(fault error) error {
	if fault != nil && f.out == nil {
		return fault
	}
	if fault == nil {
		_ = f.begin() // no row came: the header alone; its fault stays in out
		f.out.Flush()
	}
	gone := f.out.Error() != nil
	if fault != nil && !gone {
		f.a.Log.Error("answer broken off", "request", f.x.id, "error", fault)
	}
	if fault != nil || gone {
		panic(http.ErrAbortHandler)
	}
	return nil
}
