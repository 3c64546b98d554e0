package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/cordonmail/cordon"
)

// Practice is an exercise tenant, set up as a real one is: through the API, by
// an author and an approver, with patients from a CSV file.
type Practice struct {
	ID       cordon.TenantID
	Handle   string
	Name     string
	Domain   string
	Author   cordon.AccountID
	Approver cordon.AccountID
	Program  cordon.AccountID // owner of the keys
	Patients []cordon.RecipientID
	Decoys   []cordon.RecipientID
	Audience cordon.AudienceID

	booking  keyPair // the practice's own program: sends single mail
	template cordon.TemplateID
	version  int
}

type keyPair struct {
	id     cordon.KeyID
	secret string
}

// Open sets up a practice with so many invented patients.
func (r *Rehearsal) Open(ctx context.Context, handle, name string, patients int) (*Practice, error) {
	p := &Practice{Handle: handle, Name: name, Domain: handle + ".example"}
	steps := []func(context.Context, *Practice) error{
		r.createTenant,
		func(ctx context.Context, p *Practice) error { return r.importPatients(ctx, p, patients) },
		r.createPeople,
		r.createContact,
		r.createLetters,
	}
	for _, step := range steps {
		if err := step(ctx, p); err != nil {
			return nil, fmt.Errorf("set up %s: %w", handle, err)
		}
	}
	return p, nil
}

func (r *Rehearsal) createTenant(ctx context.Context, p *Practice) error {
	var tenant cordon.Tenant
	if err := r.operator.call(ctx, http.MethodPost, "/v1/tenants", map[string]any{"handle": p.Handle, "name": p.Name, "exercise": true}, &tenant); err != nil {
		return err
	}
	p.ID = tenant.ID
	if !tenant.Exercise {
		return notForExercise(p.Handle)
	}
	if err := r.operator.call(ctx, http.MethodPost, p.path("/domains"), map[string]any{"name": p.Domain}, nil); err != nil {
		return err
	}
	if r.config.Undo == 0 && r.config.Step == 0 {
		return nil
	}
	var limits map[string]any
	if err := r.operator.call(ctx, http.MethodGet, p.path("/limits"), nil, &limits); err != nil {
		return err
	}
	if r.config.Undo > 0 {
		limits["undo_single"] = r.config.Undo.String()
	}
	if step := r.config.Step.String(); r.config.Step > 0 {
		limits["undo_bulk"], limits["first_use_hold"] = "0s", step
		limits["stages"] = []map[string]any{{"copies": 10, "wait": step}, {"copies": 100, "wait": step}, {"copies": 1000, "wait": step}}
	}
	return r.operator.call(ctx, http.MethodPut, p.path("/limits"), limits, nil)
}

func (r *Rehearsal) importPatients(ctx context.Context, p *Practice, n int) error {
	pipe, file := io.Pipe()
	go func() { file.CloseWithError(WritePatients(file, p.Handle, n)) }()
	var last struct {
		Report struct {
			OK       bool
			Inserted int
			Bad      int
		}
	}
	if err := r.operator.call(ctx, http.MethodPost, p.path("/recipients/import"), pipe, &last); err != nil {
		return err
	}
	if !last.Report.OK || last.Report.Inserted != n {
		return fmt.Errorf("imported %d of %d invented patients, %d bad", last.Report.Inserted, n, last.Report.Bad)
	}
	var err error
	if p.Patients, err = r.everyone(ctx, p.ID); err != nil {
		return err
	}
	p.Decoys, err = r.config.Store.Decoys(ctx, p.ID)
	if err == nil && len(p.Decoys) == 0 {
		err = errors.New("no decoys were planted")
	}
	return err
}

func (r *Rehearsal) everyone(ctx context.Context, tenant cordon.TenantID) ([]cordon.RecipientID, error) {
	var all []cordon.RecipientID
	page := cordon.Page{Limit: 500}
	for {
		rows, next, err := r.config.Store.Recipients(ctx, tenant, cordon.Filter{Everyone: true}, page)
		if err != nil {
			return nil, fmt.Errorf("list patients: %w", err)
		}
		for _, row := range rows {
			all = append(all, row.ID)
		}
		if next == "" {
			return all, nil
		}
		page.After = next
	}
}

func (r *Rehearsal) createPeople(ctx context.Context, p *Practice) (err error) {
	for _, person := range []struct {
		name string
		role cordon.Role
		id   *cordon.AccountID
	}{{"Practice manager", cordon.RoleAuthor, &p.Author}, {"Senior partner", cordon.RoleApprover, &p.Approver}, {"Booking program", cordon.RoleAuthor, &p.Program}} {
		var account cordon.Account
		body := map[string]any{"tenant": p.ID, "name": person.name, "role": person.role}
		if err := r.operator.call(ctx, http.MethodPost, "/v1/accounts", body, &account); err != nil {
			return err
		}
		*person.id = account.ID
	}
	p.booking, err = r.issueKey(ctx, p, "booking", cordon.SendSingle)
	return err
}

// createContact names whom to tell at the practice; its mail stays in the house
// like all mail of an exercise.
func (r *Rehearsal) createContact(ctx context.Context, p *Practice) error {
	body := map[string]any{"role": cordon.ContactPrivacy, "language": cordon.English, "name": "Privacy desk", "address": "privacy@" + p.Domain}
	return r.operator.call(ctx, http.MethodPost, p.path("/contacts"), body, nil)
}

func (r *Rehearsal) issueKey(ctx context.Context, p *Practice, name string, rights ...cordon.Permission) (keyPair, error) {
	var created struct {
		Key    cordon.Key
		Secret string
	}
	body := map[string]any{"account": p.Program, "tenant": p.ID, "name": name, "permissions": rights}
	if err := r.operator.call(ctx, http.MethodPost, "/v1/keys", body, &created); err != nil {
		return keyPair{}, err
	}
	return keyPair{created.Key.ID, created.Secret}, nil
}

func (r *Rehearsal) createLetters(ctx context.Context, p *Practice) (err error) {
	if p.template, p.version, err = r.approvedLetter(ctx, p, "appointment", appointmentLetter(p)); err != nil {
		return err
	}
	var audience cordon.Audience
	body := map[string]any{"handle": "everyone", "filter": map[string]any{"everyone": true}}
	if err := r.operator.call(ctx, http.MethodPost, p.path("/audiences"), body, &audience); err != nil {
		return err
	}
	p.Audience = audience.ID
	return nil
}

// approvedLetter has the author write a letter and the approver approve it.
func (r *Rehearsal) approvedLetter(ctx context.Context, p *Practice, handle string, letter map[string]any) (cordon.TemplateID, int, error) {
	author, approver := r.operator, r.operator
	author.as, approver.as = p.Author, p.Approver
	var template cordon.Template
	if err := author.call(ctx, http.MethodPost, p.path("/templates"), map[string]any{"handle": handle}, &template); err != nil {
		return "", 0, err
	}
	var version cordon.Version
	path := p.path("/templates/" + string(template.ID) + "/versions")
	if err := author.call(ctx, http.MethodPost, path, letter, &version); err != nil {
		return "", 0, err
	}
	err := approver.call(ctx, http.MethodPost, fmt.Sprintf("%s/%d/approve", path, version.Number), map[string]any{"hash": version.Hash}, nil)
	return template.ID, version.Number, err
}

func notForExercise(handle string) error {
	return &cordon.Error{Code: cordon.Conflict, Field: "tenant", Message: handle + " was not made for exercises: no drill runs on it"}
}

func (p *Practice) path(rest string) string { return "/v1/tenants/" + string(p.ID) + rest }

// Recall orders the practice's approved recall to all its patients, by its
// author, through the API.
func (r *Rehearsal) Recall(ctx context.Context, p *Practice) (cordon.Dispatch, error) {
	template, version, err := r.approvedLetter(ctx, p, "recall", RecallLetter(p))
	if err != nil {
		return cordon.Dispatch{}, fmt.Errorf("recall of %s: %w", p.Handle, err)
	}
	// The recall is a letter of the platform's own: every practice sends it in
	// nearly the same words, and the operator has said so.
	if err := r.operator.call(ctx, http.MethodPost, p.path(fmt.Sprintf("/templates/%s/versions/%d/share", template, version)), nil, nil); err != nil {
		return cordon.Dispatch{}, fmt.Errorf("recall of %s: %w", p.Handle, err)
	}
	author := r.operator
	author.as = p.Author
	var receipt struct{ Dispatch cordon.Dispatch }
	body := map[string]any{"kind": cordon.Bulk, "template": template, "version": version, "audience": p.Audience, "exercise": true}
	if err := author.call(ctx, http.MethodPost, p.path("/orders"), body, &receipt); err != nil {
		return cordon.Dispatch{}, fmt.Errorf("recall of %s: %w", p.Handle, err)
	}
	return receipt.Dispatch, nil
}
