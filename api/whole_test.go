package api_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

func TestTheWholeWayOverREST(t *testing.T) {
	w := newWorld(t)
	w.practice("northside")
	values := "recipient,visit\n" + w.recipient("northside", "P-1") + ",2026-05-04\n" + w.recipient("northside", "P-2") + ",2026-05-05\n"

	r := w.must(202, w.operator("POST", "/v1/tenants/northside/orders?kind=bulk&template=recall&version=1&audience="+audienceID(w, "northside", "due"), values, "Content-Type", "text/csv"))
	dispatch := r.get(t, "dispatch", "id")
	if got := r.json(t)["dispatch"].(map[string]any)["recipients"]; got != 2.0 {
		t.Fatalf("recipients are %v, want the 2 of the audience: %s", got, r.text)
	}
	if r.header.Get("Location") == "" || w.must(200, w.operator("GET", r.header.Get("Location"), nil)).get(t, "id") != dispatch {
		t.Error("Location does not lead to the dispatch")
	}

	stop := w.must(201, w.operator("POST", "/v1/stops", map[string]any{"scope": map[string]any{"tenant": "northside", "template": "recall"}, "reason": "wrong date"}))
	for _, key := range []string{"id", "scope", "delivered", "in_flight", "held", "refused", "unknown"} {
		if _, ok := stop.json(t)[key]; !ok {
			t.Errorf("the stop's answer lacks %s: %s", key, stop.text)
		}
	}
	if held := stop.json(t)["held"]; held != 2.0 {
		t.Errorf("held is %v, want 2: %s", held, stop.text)
	}
	listed := w.must(200, w.operator("GET", "/v1/stops?active=true", nil))
	if !strings.Contains(listed.text, stop.get(t, "id")) {
		t.Error("the stop is not among those in force")
	}

	damage := w.must(200, w.operator("GET", "/v1/assess?dispatch="+dispatch, nil))
	for _, key := range []string{"scope", "dispatches", "delivered", "in_flight", "held", "refused", "unknown", "first_at", "last_at", "tenants", "personal_data_reads", "ledger_size", "root"} {
		if _, ok := damage.json(t)[key]; !ok {
			t.Errorf("the assessment lacks %s: %s", key, damage.text)
		}
	}
	rows := readCSV(t, w.must(200, w.operator("GET", "/v1/assess.csv?dispatch="+dispatch, nil)))
	if len(rows) != 3 || strings.Contains(fmt.Sprint(rows), "unlikely") {
		t.Errorf("want a header and 2 rows without addresses, got %v", rows)
	}
	rows = readCSV(t, w.must(200, w.operator("GET", "/v1/assess.csv?reveal=true&dispatch="+dispatch, nil)))
	if !strings.Contains(fmt.Sprint(rows), "ada.unlikely@mail.example.net") {
		t.Errorf("revealed rows have no address: %v", rows)
	}
	if reads := w.operator("GET", "/v1/assess?tenant=northside", nil).json(t)["personal_data_reads"]; reads != 2.0 {
		t.Errorf("%v reads of personal data are counted, want the 2 just made", reads)
	}

	w.must(200, w.operator("POST", "/v1/stops/"+stop.get(t, "id")+"/lift", map[string]any{"disposition": "resume"}))
	w.must(409, w.operator("POST", "/v1/stops/"+stop.get(t, "id")+"/lift", map[string]any{"disposition": "resume"}))

	verify := w.must(200, w.operator("GET", "/v1/ledger/verify", nil))
	last := lastLine(t, verify)["report"].(map[string]any)
	if last["ok"] != true || last["first_bad"] != nil || last["entries"].(float64) < 5 {
		t.Errorf("verification answers %v", last)
	}
	if size := w.must(200, w.operator("GET", "/v1/ledger/head", nil)).json(t)["size"].(float64); size < last["entries"].(float64) {
		t.Errorf("the head has %v entries, fewer than were verified", size)
	}
}

func audienceID(w *world, tenant, handle string) string {
	w.t.Helper()
	return w.must(200, w.operator("GET", "/v1/tenants/"+tenant+"/audiences/"+handle, nil)).get(w.t, "id")
}

func readCSV(t *testing.T, r reply) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(r.text)).ReadAll()
	if err != nil {
		t.Fatalf("%v: %s", err, r.text)
	}
	return rows
}

func lastLine(t *testing.T, r reply) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(r.text), "\n")
	var v map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &v); err != nil {
		t.Fatalf("%v: %s", err, r.text)
	}
	return v
}

func TestAnOrderMayComeInThreeShapes(t *testing.T) {
	w := newWorld(t)
	w.practice("northside")
	one, two := w.recipient("northside", "P-1"), w.recipient("northside", "P-2")
	path := "/v1/tenants/northside/orders"

	t.Run("JSON", func(t *testing.T) {
		w.must(202, w.operator("POST", path, map[string]any{
			"kind": "single", "template": "recall", "version": 1, "recipients": []string{one},
			"values": []any{map[string]any{"recipient": one, "values": map[string]string{"visit": "2026-05-04"}}},
		}))
	})
	t.Run("CSV with the rest in the query", func(t *testing.T) {
		body := "\xef\xbb\xbfrecipient,visit\r\n" + one + ",2026-05-04\r\n" + two + ",\"2026-05-05\"\r\n"
		w.must(202, w.operator("POST", path+"?template=recall&version=1&audience=due", body, "Content-Type", "text/csv; charset=utf-8"))
	})
	t.Run("a form with both", func(t *testing.T) {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, _ := form.CreateFormField("order")
		fmt.Fprintf(part, `{"kind":"single","template":"recall","version":1,"recipients":[%q]}`, two)
		part, _ = form.CreateFormFile("values", "values.csv")
		fmt.Fprintf(part, "recipient,visit\n%s,2026-05-05\n", two)
		form.Close()
		w.must(202, w.operator("POST", path, body.String(), "Content-Type", form.FormDataContentType()))
	})
}

func TestARepeatedOrderIsNotSentAgain(t *testing.T) {
	w := newWorld(t)
	w.practice("northside")
	one := w.recipient("northside", "P-1")
	order := func(visit string) map[string]any {
		return map[string]any{
			"kind": "single", "template": "recall", "version": 1, "recipients": []string{one},
			"values": []any{map[string]any{"recipient": one, "values": map[string]string{"visit": visit}}},
		}
	}
	first := w.must(202, w.operator("POST", "/v1/tenants/northside/orders", order("2026-05-04"), "Idempotency-Key", `"one-two"`))
	again := w.must(202, w.operator("POST", "/v1/tenants/northside/orders", order("2026-05-04"), "Idempotency-Key", "one-two"))
	if first.get(t, "dispatch", "id") != again.get(t, "dispatch", "id") || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("the repeated call made another dispatch: %s", again.text)
	}
	other := w.must(409, w.operator("POST", "/v1/tenants/northside/orders", order("2026-06-01"), "Idempotency-Key", "one-two"))
	if other.get(t, "code") != "conflict" {
		t.Errorf("another order under the same key: %s", other.text)
	}
	bad := w.must(422, w.operator("POST", "/v1/tenants/northside/orders", order("2026-06-01"), "Idempotency-Key", "two words"))
	if bad.get(t, "field") != "Idempotency-Key" {
		t.Errorf("a key that cannot be one: %s", bad.text)
	}
}

func TestBadValuesAreNamedAndNothingIsAccepted(t *testing.T) {
	w := newWorld(t)
	w.practice("northside")
	one, two := w.recipient("northside", "P-1"), w.recipient("northside", "P-2")
	for name, c := range map[string]struct{ body, field string }{
		"empty":               {"", "values"},
		"no header":           {one + ",2026-05-04\n", "line 1"},
		"column twice":        {"recipient,visit,visit\n" + one + ",a,b\n", "line 1"},
		"column no field":     {"recipient,Visit Date\n" + one + ",a\n", "line 1"},
		"columns missing":     {"recipient,visit\n" + one + ",2026-05-04\n" + two + "\n", "line 3"},
		"quote open":          {"recipient,visit\n" + one + ",\"2026\n", "line"},
		"quote for megabytes": {"recipient,visit\n" + one + ",\"" + strings.Repeat("x", 1<<20), "values"},
		"not UTF-8":           {"recipient,visit\n" + one + ",2026-05-04\n" + two + ",\xff\xfe\n", "line 3: visit"},
	} {
		t.Run(name, func(t *testing.T) {
			r := w.operator("POST", "/v1/tenants/northside/orders?template=recall&version=1&audience=due", strings.NewReader(c.body), "Content-Type", "text/csv")
			if r.status != 422 && r.status != 400 {
				t.Fatalf("answered %d: %s", r.status, r.text)
			}
			if !strings.HasPrefix(r.get(t, "field"), c.field) && c.body != "" {
				t.Errorf("field is %q, want %q: %s", r.get(t, "field"), c.field, r.text)
			}
			if strings.Contains(r.text, "xxxx") {
				t.Error("the answer repeats what was given")
			}
		})
	}
	if items := w.operator("GET", "/v1/dispatches", nil).json(t)["items"].([]any); len(items) != 0 {
		t.Errorf("%d dispatches were made of orders that were refused", len(items))
	}
}

func TestImportIsAllOrNothing(t *testing.T) {
	w := newWorld(t)
	w.tenant("northside")
	path := "/v1/tenants/northside/recipients/import"
	bad := "ref,email,name\nP-1,ada@mail.example.net,Ada\nP-2,not an address,Ben\nP-3,,Cyd\n"
	r := w.must(200, w.operator("POST", path, bad, "Content-Type", "text/csv"))
	report := lastLine(t, r)["report"].(map[string]any)
	if report["ok"] != false || report["bad"] != 2.0 || report["inserted"] != 0.0 || report["why"] == nil {
		t.Errorf("report is %v", report)
	}
	if strings.Count(r.text, `"fault"`) != 2 || !strings.Contains(r.text, `"line":3`) || strings.Contains(r.text, "not an address") {
		t.Errorf("want both bad rows by line, without their contents: %s", r.text)
	}
	if n := len(w.operator("GET", "/v1/tenants/northside/recipients", nil).json(t)["items"].([]any)); n > 0 {
		t.Errorf("%d recipients are there although nothing should be", n)
	}
	r = w.must(200, w.operator("POST", path+"?skip_bad=true", bad, "Content-Type", "text/csv"))
	if report := lastLine(t, r)["report"].(map[string]any); report["ok"] != true || report["inserted"] != 1.0 || report["bad"] != 2.0 {
		t.Errorf("report is %v", report)
	}
	w.must(415, w.operator("POST", path, `{}`, "Content-Type", "application/json"))
	w.must(404, w.operator("POST", "/v1/tenants/nobody/recipients/import", bad, "Content-Type", "text/csv"))
}

func TestKeysAreShownOnceAndEndAtOnce(t *testing.T) {
	w := newWorld(t)
	tenant := w.tenant("northside")
	account := w.account(tenant, "booking", cordon.RoleSender)
	id, secret := w.key(account, "northside", cordon.SendSingle, cordon.ReadDispatches)
	if !strings.HasPrefix(secret, "cordon_") {
		t.Errorf("the secret is %q…, want the prefix cordon_", secret[:7])
	}
	me := w.must(200, w.with(secret, "GET", "/v1/whoami", nil)).json(t)
	if me["actor"] != id || me["kind"] != "key" || me["account"] != account || me["tenant"] != tenant {
		t.Errorf("whoami answers %v", me)
	}
	if keys := w.must(200, w.operator("GET", "/v1/keys", nil)); strings.Contains(keys.text, secret) {
		t.Error("the list of keys shows the secret")
	}
	for _, step := range []struct {
		verb   string
		status int
	}{{"suspend", 401}, {"resume", 200}, {"revoke", 401}} {
		w.must(204, w.operator("POST", "/v1/keys/"+id+"/"+step.verb, map[string]any{"reason": "test"}))
		w.must(step.status, w.with(secret, "GET", "/v1/whoami", nil))
	}
	w.must(409, w.operator("POST", "/v1/keys/"+id+"/resume", map[string]any{"reason": "too late"}))
}

func TestAuthorsCannotApproveTheirOwn(t *testing.T) {
	w := newWorld(t)
	w.practice("northside")
	boss := w.account("", "boss", cordon.RoleOperator)
	v := w.must(201, w.operator("POST", "/v1/tenants/northside/templates/recall/versions", map[string]any{
		"from_address": "care@northside.example", "subject": "Hello", "text": "Dear all.",
	}, "X-Cordon-As", boss))
	r := w.must(403, w.operator("POST", "/v1/tenants/northside/templates/recall/versions/2/approve", map[string]any{"hash": v.get(t, "hash")}, "X-Cordon-As", boss))
	if r.get(t, "code") != "denied" {
		t.Errorf("answered %s", r.text)
	}
	w.must(409, w.operator("POST", "/v1/tenants/northside/templates/recall/versions/2/approve", map[string]any{"hash": strings.Repeat("0", 64)}))
	w.must(200, w.operator("POST", "/v1/tenants/northside/templates/recall/versions/2/approve", map[string]any{"hash": v.get(t, "hash")}))
	w.must(200, w.operator("POST", "/v1/tenants/northside/templates/recall/versions/2/revoke", nil))
}

func TestPreviewUsesInventedData(t *testing.T) {
	w := newWorld(t)
	w.practice("northside")
	r := w.must(200, w.operator("GET", "/v1/tenants/northside/templates/recall/versions/1/preview", nil))
	if !strings.HasPrefix(r.get(t, "subject"), "[Sample] Your visit, ") || strings.Contains(r.get(t, "text"), "{{") || strings.Contains(r.text, "nlikely") {
		t.Errorf("preview is %s", r.text)
	}
}

func TestLimitsAreReplacedWhole(t *testing.T) {
	w := newWorld(t)
	w.tenant("northside")
	path := "/v1/tenants/northside/limits"
	limits := w.must(200, w.operator("GET", path, nil)).json(t)
	limits["new_tenant_per_day"], limits["undo_single"] = 5000, "1s"
	w.must(200, w.operator("PUT", path, limits))
	if got := w.operator("GET", path, nil).json(t); got["new_tenant_per_day"] != 5000.0 || got["undo_single"] != "1s" {
		t.Errorf("limits are %v", got)
	}
	limits["undo_single"] = "soon"
	if r := w.must(422, w.operator("PUT", path, limits)); r.get(t, "field") != "undo_single" {
		t.Errorf("answered %s", r.text)
	}
	delete(limits, "undo_single")
	if r := w.must(422, w.operator("PUT", path, limits)); r.get(t, "field") != "undo_single" {
		t.Errorf("a limit left out must not become 0: %s", r.text)
	}
}

func TestListsComeInParts(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		w.tenant(fmt.Sprintf("practice-%d", i))
	}
	seen, after := map[string]bool{}, ""
	for range 5 {
		r := w.must(200, w.operator("GET", "/v1/tenants?limit=2&after="+after, nil)).json(t)
		for _, item := range r["items"].([]any) {
			handle := item.(map[string]any)["handle"].(string)
			if seen[handle] {
				t.Errorf("%s comes twice", handle)
			}
			seen[handle] = true
		}
		next, more := r["next"].(string)
		if !more {
			break
		}
		after = next
	}
	if len(seen) != 5 {
		t.Errorf("%d of 5 tenants were listed", len(seen))
	}
	r := w.operator("GET", "/v1/tenants?after=nonsense!", nil)
	if r.status != http.StatusUnprocessableEntity {
		t.Errorf("a cursor that is none: %d %s", r.status, r.text)
	}
}

func TestErasingATenantAsksTwice(t *testing.T) {
	w := newWorld(t)
	w.practice("northside")
	w.must(422, w.operator("POST", "/v1/tenants/northside/erase", map[string]any{"confirm": "southside"}))
	one := w.recipient("northside", "P-1")
	w.must(200, w.operator("POST", "/v1/tenants/northside/recipients/"+one+"/reveal", map[string]any{"purpose": "test"}))
	w.must(204, w.operator("POST", "/v1/tenants/northside/erase", map[string]any{"confirm": "northside"}))
	if r := w.operator("POST", "/v1/tenants/northside/recipients/"+one+"/reveal", map[string]any{"purpose": "test"}); r.status == 200 {
		t.Errorf("an erased tenant's recipient was opened: %s", r.text)
	}
}
