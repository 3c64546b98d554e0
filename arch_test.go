package cordon_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// The floors of the house. A room may import rooms on lower floors only; rooms
// on the services' floor never import each other, and services and edges never
// reach past their floor. The sentence is what the failing test says.
const module = "github.com/cordonmail/cordon"

type room struct {
	may      []string // rooms it may import, besides the root package
	sentence string
}

var (
	crafts   = []string{"message", "compose", "screen", "gauge", "inspect"}
	services = []string{"intake", "guard", "queue", "contain", "ledger", "identity", "catalog", "drill", "watch", "incident", "oncall", "outbox", "announce", "report", "notice"}
	edges    = []string{"api", "console", "smtpd", "statuspage"}
)

func floors() map[string]room {
	everything := join(crafts, services, edges, []string{"store", "store/storetest", "relay", "pager", "scan", "scan/scantest", "app", "sim", "mailsink", "cmd/cordon/replay"})
	table := map[string]room{
		"":                  {nil, "the words stand on nothing: the root package imports no room"},
		"message":           {nil, "message knows only the words"},
		"compose":           {[]string{"message"}, "a craft is a pure function: it knows words and messages"},
		"screen/train":      {[]string{"screen", "message"}, "training knows the craft it trains"},
		"screen/alike":      {nil, "it makes the table of look-alike characters and knows nothing of the house"},
		"screen":            {[]string{"message", "compose"}, "a craft is a pure function: it knows words, messages and letters"},
		"gauge":             {nil, "a craft is a pure function: gauge knows the words alone"},
		"inspect":           {[]string{"message"}, "a craft is a pure function: it knows words and messages"},
		"store":             {[]string{"message"}, "storage knows words, never services or edges"},
		"store/storetest":   {[]string{"store"}, "storetest knows the store"},
		"relay":             {[]string{"message"}, "the wire knows words and messages, never services or edges"},
		"pager":             {[]string{"message"}, "the wire to people who are paged knows words and messages, never services or edges"},
		"scan":              {[]string{"message"}, "the outside scanners: knows words and messages"},
		"scan/scantest":     {[]string{"scan"}, "scantest knows the outside scanners"},
		"mailsink":          {[]string{"message"}, "the receiving server of demo and drill knows words and messages"},
		"api":               {join(services, crafts), "an edge knows services, never the store or another edge"},
		"console":           {join(services, crafts), "an edge knows services, never the store or another edge"},
		"statuspage":        {join(services, crafts), "an edge knows services, never the store or another edge"},
		"smtpd":             {join(services, crafts), "an edge knows services, never the store or another edge"},
		"app":               {join(services, crafts, edges, []string{"store", "relay", "pager", "scan", "mailsink"}), "app wires everything below it"},
		"cmd/cordon/replay": {[]string{"guard", "gauge"}, "a replay judges by the guard's own code and keeps its house in memory"},
		"cmd/cordon":        {everything, "the command starts what app wires"},
		"sim":               {everything, "the simulated world may use the whole house"},
	}
	for _, s := range services {
		table[s] = room{crafts, "a service knows words and crafts, never another service, the store, a wire or an edge"}
	}
	return table
}

func join(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// TestFloors asks the go command for every import of every package (tests
// apart) and holds it against the table.
func TestFloors(t *testing.T) {
	table := floors()
	for _, pkg := range packages(t) {
		name := strings.TrimPrefix(strings.TrimPrefix(pkg.ImportPath, module), "/")
		room, known := table[name]
		if !known {
			t.Errorf("%s: no such room; add it to the floor table in arch_test.go and to README.md", name)
			continue
		}
		for _, imported := range pkg.Imports {
			if fault := judgeImport(name, room, imported); fault != "" {
				t.Error(fault)
			}
		}
	}
}

func judgeImport(name string, r room, imported string) string {
	if name == "" && (imported == "database/sql" || imported == "net/http" || imported == "log" || imported == "os") {
		return "the words do no I/O: the root package imports " + imported
	}
	if imported == module || !strings.HasPrefix(imported, module+"/") {
		return ""
	}
	target := strings.TrimPrefix(imported, module+"/")
	for _, allowed := range r.may {
		if target == allowed {
			return ""
		}
	}
	return name + " imports " + target + ": " + r.sentence
}

// TestFloorsCanFail makes sure the table refuses what it must.
func TestFloorsCanFail(t *testing.T) {
	table := floors()
	for _, c := range [][2]string{{"guard", "store"}, {"guard", "intake"}, {"api", "store"}, {"api", "console"}, {"store", "queue"}, {"compose", "store"}, {"", "message"}} {
		if judgeImport(c[0], table[c[0]], module+"/"+c[1]) == "" {
			t.Errorf("%q may import %q", c[0], c[1])
		}
	}
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var found []goPackage
	dec := json.NewDecoder(bufio.NewReader(bytes.NewReader(out)))
	for {
		var p goPackage
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		found = append(found, p)
	}
	if len(found) < 5 {
		t.Fatalf("go list found only %d packages", len(found))
	}
	return found
}
