package catalog_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
)

// patients is a file of invented people, made while it is read.
func patients(t testing.TB, n int) io.Reader {
	t.Helper()
	names := lines(t, "testdata/names-international.tsv")
	pick := rand.New(rand.NewPCG(1, 2))
	r, w := io.Pipe()
	go func() {
		out := bufio.NewWriterSize(w, 64<<10)
		fmt.Fprint(out, "ref,email,first_name,last_name,date_of_birth,phone,doctor,tags\n")
		for i := range n {
			name := strings.Split(names[pick.IntN(len(names))], "\t")
			fmt.Fprintf(out, "p%07d,person%d@post%d.example.org,%s,%s,%d-%02d-%02d,+44 20 7946 %04d,\"Dr. %s\",recall;ward %d\n",
				i, i, i%5000, name[1], name[2], 1930+i%90, 1+i%12, 1+i%28, i%10000, name[2], i%7)
		}
		_ = out.Flush()
		_ = w.Close()
	}()
	return r
}

// What a row costs while it is checked: spooling, charset, CSV, rules, staging
// and looking for repeats. A last bad row keeps the store out of it.
func BenchmarkImportCheck(b *testing.B) {
	h := newHouse(b)
	clinic := h.tenant("clinic")
	b.ReportAllocs()
	b.ResetTimer()
	file := io.MultiReader(patients(b, b.N), strings.NewReader("bad\n"))
	report, err := h.Import(b.Context(), h.op, clinic, file, catalog.ImportOptions{})
	if cordon.CodeOf(err) != cordon.Invalid || report.Rows != b.N+1 || report.Bad != 1 {
		b.Fatalf("%+v, %v", report, err)
	}
}

// What a row costs from the file to the database.
func BenchmarkImport(b *testing.B) {
	h := newHouse(b)
	clinic := h.tenant("clinic")
	b.ReportAllocs()
	b.ResetTimer()
	report, err := h.Import(b.Context(), h.op, clinic, patients(b, b.N), catalog.ImportOptions{})
	if err != nil || report.Inserted != b.N {
		b.Fatalf("%+v, %v", report, err)
	}
}
