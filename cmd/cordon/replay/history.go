package replay

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/cordonmail/cordon"
)

// History is a file of who sent when to how many.
type History struct {
	Name     string
	Kind     string // edges, counts or posts
	StandIn  string // what stands for recipients that the file does not name
	Messages []Message
	People   int // recipients in the order of their first message: 0 … People-1
	Senders  int
	Days     float64
}

// Message is one message of a history.
type Message struct {
	At     int64 // seconds of the epoch
	Sender int
	To     []int // recipients; nil for a bulk send
	Reach  int   // recipients of a bulk send
}

// maxLine and maxMessages bound what is read of a file.
const (
	maxLine     = 1 << 16
	maxMessages = 5_000_000
)

// bulkFrom: a message to more people than this would be a bulk send here, which
// leaves in stages.
const bulkFrom = 50

// columns by the names that the histories give them.
type columns map[string]int

// Read reads a history, gzipped or plain, by the names in its header line.
func Read(name string, in io.Reader) (*History, error) {
	buffered := bufio.NewReader(in)
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, cordon.InvalidField(name, "is not a whole gzip file", "")
		}
		buffered = bufio.NewReader(unpacked)
	}
	lines := bufio.NewScanner(buffered)
	lines.Buffer(make([]byte, maxLine), maxLine)
	if !lines.Scan() {
		return nil, cordon.InvalidField(name, "is empty", "give a history with a header line")
	}
	r := reader{cols: columns{}, senders: index{}, people: index{}}
	for i, column := range strings.Split(strings.TrimSpace(lines.Text()), "\t") {
		column, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(column)), "(")
		r.cols[column] = i
	}
	if err := r.choose(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for n := 2; lines.Scan(); n++ {
		if text := strings.TrimRight(lines.Text(), "\r\n"); text != "" {
			if err := r.line(strings.Split(text, "\t")); err != nil {
				return nil, fmt.Errorf("%s: line %d: %w", name, n, err)
			}
		}
		if len(r.rows) > maxMessages {
			return nil, cordon.InvalidField(name, "has more than 5,000,000 lines", "split it")
		}
	}
	if err := lines.Err(); err != nil {
		return nil, cordon.InvalidField(name, "cannot be read to its end: "+err.Error(), "")
	}
	if len(r.rows) == 0 {
		return nil, cordon.InvalidField(name, "has no messages", "")
	}
	return r.history(name), nil
}

// index gives numbers to names, in the order they come.
type index map[string]int

func (x index) of(name string) int {
	n, ok := x[name]
	if !ok {
		n = len(x)
		x[name] = n
	}
	return n
}

// row is one line.
type row struct {
	at           int64
	sender       int
	person       string
	copies       int
	thread, list string
	reply        bool
}

type reader struct {
	cols    columns
	kind    string
	time    string
	senders index
	people  index
	rows    []row
}

func (r *reader) has(names ...string) bool {
	return !slices.ContainsFunc(names, func(n string) bool { _, ok := r.cols[n]; return !ok })
}

// choose finds out which kind of history the columns make.
func (r *reader) choose() error {
	r.time = "epoch"
	if !r.has("epoch") {
		r.time = "seconds_since_start"
	}
	switch {
	case !r.has(r.time, "sender"):
	case r.has("recipient"):
		r.kind = "edges"
		return nil
	case r.has("n_to"):
		r.kind = "counts"
		return nil
	case r.has("list", "thread"):
		r.kind = "posts"
		return nil
	}
	return cordon.InvalidField("header", "names no columns of a known history",
		"sender, recipient, seconds_since_start; or epoch, sender, n_to, n_cc, thread, reply; or epoch, list, sender, thread, is_reply")
}

// text of a column, "" when the file has none of that name.
func (r *reader) text(fields []string, column string) string {
	i, ok := r.cols[column]
	if !ok || i >= len(fields) {
		return ""
	}
	return strings.TrimSpace(fields[i])
}

func (r *reader) line(fields []string) error {
	at, err := strconv.ParseFloat(r.text(fields, r.time), 64)
	if err != nil || at < 0 || at > 1e11 {
		return cordon.InvalidField(r.time, "is not a number of seconds", "")
	}
	sender := r.text(fields, "sender")
	if sender == "" {
		return cordon.InvalidField("sender", "is missing", "")
	}
	x := row{at: int64(at), sender: r.senders.of(sender), person: r.text(fields, "recipient"), thread: r.text(fields, "thread"), list: r.text(fields, "list")}
	switch r.kind {
	case "edges":
		if x.person == "" {
			return cordon.InvalidField("recipient", "is missing", "")
		}
	case "counts":
		to, err := strconv.Atoi(r.text(fields, "n_to"))
		cc := 0
		if text := r.text(fields, "n_cc"); err == nil && text != "" {
			cc, err = strconv.Atoi(text)
		}
		if err != nil || to < 0 || cc < 0 || to+cc > 1_000_000 {
			return cordon.InvalidField("n_to", "and n_cc are no numbers of recipients", "")
		}
		x.copies = to + cc
	case "posts":
		x.reply = r.text(fields, "is_reply") == "1"
		x.person = sender
	}
	r.rows = append(r.rows, x)
	return nil
}

// base is where a history that counts from its own start is put: a Monday.
const base = 946857600 // 2000-01-03 00:00 UTC

func (r *reader) history(name string) *History {
	slices.SortStableFunc(r.rows, func(a, b row) int { return int(a.at - b.at) })
	if r.time != "epoch" {
		for i := range r.rows {
			r.rows[i].at += base
		}
	}
	h := &History{Name: name, Kind: r.kind, Senders: len(r.senders)}
	switch r.kind {
	case "edges":
		r.edges(h)
	case "counts":
		h.StandIn = "the file counts recipients and does not name them: a thread stands for the people in it, so that a message which opens one goes to somebody new, and any other to people known by it"
		r.counts(h)
	case "posts":
		h.StandIn = "the file names no recipients: a post goes to its list, and a reply also to whoever began the thread and whoever posted last in it"
		r.posts(h)
	}
	h.People = len(r.people)
	h.Days = float64(h.Messages[len(h.Messages)-1].At-h.Messages[0].At) / 86400
	return h
}

// edges: the lines of one sender at one second are one message.
func (r *reader) edges(h *History) {
	for from := 0; from < len(r.rows); {
		until := from
		for until < len(r.rows) && r.rows[until].at == r.rows[from].at {
			until++
		}
		at := make(map[int]int)
		for _, x := range r.rows[from:until] {
			i, ok := at[x.sender]
			if !ok {
				i = len(h.Messages)
				at[x.sender] = i
				h.Messages = append(h.Messages, Message{At: x.at, Sender: x.sender})
			}
			m := &h.Messages[i]
			if person := r.people.of(x.person); !slices.Contains(m.To, person) {
				m.To = append(m.To, person)
			}
		}
		from = until
	}
	for i := range h.Messages {
		if m := &h.Messages[i]; len(m.To) > bulkFrom {
			m.Reach, m.To = len(m.To), nil
		}
	}
}

func (r *reader) counts(h *History) {
	for _, x := range r.rows {
		m := Message{At: x.at, Sender: x.sender}
		if n := x.copies; n > bulkFrom {
			m.Reach = n
		} else {
			m.To = []int{r.people.of("thread " + x.thread)}
		}
		h.Messages = append(h.Messages, m)
	}
}

func (r *reader) posts(h *History) {
	type thread struct{ first, last string }
	threads := make(map[string]thread)
	for _, x := range r.rows {
		m := Message{At: x.at, Sender: x.sender, To: []int{r.people.of("list " + x.list)}}
		t, known := threads[x.thread]
		if known && x.reply {
			for _, who := range []string{t.first, t.last} {
				if person := r.people.of(who); who != x.person && !slices.Contains(m.To, person) {
					m.To = append(m.To, person)
				}
			}
		}
		if !known {
			t.first = x.person
		}
		t.last = x.person
		threads[x.thread] = t
		h.Messages = append(h.Messages, m)
	}
}
