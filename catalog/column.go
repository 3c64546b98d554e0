package catalog

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cordonmail/cordon"
)

// maxColumns bounds a file: a tenant has at most cordon.MaxFields field names,
// and two columns (reference and tags) are none.
const maxColumns = 60

// meaning is what a column holds.
type meaning int

const (
	meansField meaning = iota
	meansNothing
	meansAddress
	meansName
	meansRef
	meansTags
)

// column is one column of a file.
type column struct {
	meaning meaning
	name    string // as faults and templates call it: [a-z][a-z0-9_]*
	person  bool   // holds part of a person's name
}

// columns is a file's header, understood.
type columns struct {
	all         []column
	address     int
	first, last int // columns of the forename and the surname; -1 when there are none
	name        int
	hasTags     bool
	hasRef      bool
}

// synonyms are the header names with a meaning of their own, without case,
// spaces and punctuation.
var synonyms = map[string]column{
	"email": addressColumn, "emailaddress": addressColumn, "mail": addressColumn, "mailaddress": addressColumn, "address": addressColumn,
	"name": nameColumn, "fullname": nameColumn, "displayname": nameColumn,
	"firstname": firstColumn, "givenname": firstColumn, "forename": firstColumn,
	"lastname": lastColumn, "surname": lastColumn, "familyname": lastColumn,
	"ref": refColumn, "reference": refColumn, "id": refColumn, "externalref": refColumn, "externalreference": refColumn, "externalid": refColumn,
	"patientid": refColumn, "patientno": refColumn, "patientnumber": refColumn, "mrn": refColumn,
	"customerid": refColumn, "customerno": refColumn, "customernumber": refColumn, "clientid": refColumn,
	"memberid": refColumn, "membernumber": refColumn, "personid": refColumn, "userid": refColumn, "recordid": refColumn,
	"tags": tagsColumn, "tag": tagsColumn,
}

var (
	addressColumn = column{meaning: meansAddress, name: "email"}
	nameColumn    = column{meaning: meansName, name: cordon.FieldName, person: true}
	firstColumn   = column{meaning: meansField, name: "first_name", person: true}
	lastColumn    = column{meaning: meansField, name: "last_name", person: true}
	refColumn     = column{meaning: meansRef, name: "external_ref"}
	tagsColumn    = column{meaning: meansTags, name: "tags"}
)

// understand reads the header. It never repeats a cell of a header that is not
// surely one: a file without a header has a person's data in its first line.
func understand(rec *record) (columns, error) {
	cols := columns{address: -1, first: -1, last: -1, name: -1}
	if err := checkHeader(rec); err != nil {
		return cols, err
	}
	var faults []cordon.Fault
	wrong := func(i int, message, remedy string) {
		faults = append(faults, cordon.Fault{Line: rec.line, Field: fmt.Sprintf("column %d", i+1), Message: message, Remedy: remedy})
	}
	seen := map[string]int{}
	for i, cell := range rec.fields {
		col, why := columnOf(cell)
		switch at, twice := seen[col.name]; {
		case why != "":
			wrong(i, why, "name the column in a-z, 0-9 and _, beginning with a letter")
		case col.meaning == meansNothing:
		case twice:
			wrong(i, fmt.Sprintf("means the same as column %d: %s", at+1, col.name), "rename or remove one of them")
		default:
			seen[col.name] = i
		}
		cols.all = append(cols.all, col)
	}
	if len(faults) > 0 {
		return cols, all(faults)
	}
	at := func(name string) int {
		if i, ok := seen[name]; ok {
			return i
		}
		return -1
	}
	cols.address, cols.name = at("email"), at(cordon.FieldName)
	cols.first, cols.last = at("first_name"), at("last_name")
	cols.hasTags, cols.hasRef = at("tags") >= 0, at("external_ref") >= 0
	if cols.address < 0 {
		return cols, headerError(rec, fmt.Sprintf("none of its %d columns is called email", rec.count), "name the column with the mail addresses \"email\"")
	}
	return cols, nil
}

func checkHeader(rec *record) error {
	switch {
	case rec.trouble != fine:
		return headerError(rec, "has a quote that does not belong there", "put quotes around a whole field and write \"\" for one inside")
	case rec.count > maxColumns:
		return headerError(rec, fmt.Sprintf("has %d columns; at most %d are taken", rec.count, maxColumns), "leave out what no letter needs")
	case rec.long > 0:
		return headerError(rec, fmt.Sprintf("has a name of thousands of bytes in column %d", rec.long), "begin the file with a line of column names")
	}
	for _, cell := range rec.fields {
		switch {
		case bytes.IndexByte(cell, '@') >= 0:
			return headerError(rec, "holds an address, so it is no header", "begin the file with a line of column names, like email,first_name,last_name")
		case bytes.IndexByte(cell, 0) >= 0:
			return headerError(rec, "holds NUL bytes, so this is no text file in the charset it was read in", "save it as CSV in UTF-8")
		case !utf8.Valid(cell):
			return headerError(rec, "is not valid UTF-8", "save the file as UTF-8, or say which charset it has")
		}
	}
	return nil
}

func headerError(rec *record, message, remedy string) error {
	return &cordon.Error{Code: cordon.Invalid, Field: fmt.Sprintf("line %d", rec.line), Message: message, Remedy: remedy}
}

// columnOf understands one header cell.
func columnOf(cell []byte) (column, string) {
	name := fieldName(string(cell))
	if strings.TrimFunc(string(cell), unicode.IsSpace) == "" {
		return column{meaning: meansNothing, name: "(no name)"}, ""
	}
	if col, ok := synonyms[strings.ReplaceAll(name, "_", "")]; ok {
		return col, ""
	}
	if !cordon.ValidFieldName(name) {
		return column{}, "has a name that no template could use"
	}
	return column{meaning: meansField, name: name}, ""
}

// fieldName brings a header cell into the form of a merge field: "Größe (cm)"
// becomes "grosse_cm". A letter that is not Latin makes it empty: dropping it
// would leave a name that means something else.
func fieldName(s string) string {
	var b strings.Builder
	for _, r := range foldLatin(strings.TrimSpace(s)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsControl(r):
			return ""
		default:
			if b.Len() > 0 && !strings.HasSuffix(b.String(), "_") {
				b.WriteByte('_')
			}
		}
	}
	return strings.TrimRight(b.String(), "_")
}
