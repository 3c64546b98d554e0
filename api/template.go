package api

import (
	"context"
	"fmt"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

type templateRequest struct {
	TenantPath
	Body struct {
		Handle string `json:"handle" minLength:"1" maxLength:"40" doc:"Short name: a-z, 0-9 and - inside" example:"recall"`
	} `nameHint:"TemplateRequest"`
}

func (a *API) createTemplate(ctx context.Context, x *exchange, in *templateRequest) (*created[cordon.Template], error) {
	t, err := a.Catalog.CreateTemplate(ctx, x.actor, x.tenant, in.Body.Handle)
	if err != nil {
		return nil, err
	}
	return &created[cordon.Template]{Location: tenantURL(x.tenant, "/templates/"+string(t.ID)), Body: t}, nil
}

func (a *API) listTemplates(ctx context.Context, x *exchange, in *tenantList) (*answer[list[cordon.Template]], error) {
	return listed(a.Catalog.Templates(ctx, x.actor, x.tenant, in.page()))
}

type TemplatePath struct {
	TenantPath
	Template string `path:"template" maxLength:"64" doc:"Template, by ID or handle" example:"recall"`
}

func (a *API) getTemplate(ctx context.Context, x *exchange, in *TemplatePath) (*answer[cordon.Template], error) {
	return answered(a.Catalog.Template(ctx, x.actor, x.tenant, in.Template))
}

// contentRequest is cordon.Content as it is written: what has a default may be left out.
type contentRequest struct {
	FromName    string         `json:"from_name,omitempty" maxLength:"200" doc:"Name shown as the sender" example:"Northside Physiotherapy"`
	FromAddress string         `json:"from_address" minLength:"3" maxLength:"254" doc:"Sender's address; its domain must be one of the tenant's" example:"care@northside.example"`
	ReplyTo     string         `json:"reply_to,omitempty" maxLength:"254" doc:"Where answers go; left out for the sender" example:"desk@northside.example"`
	Subject     string         `json:"subject" minLength:"1" maxLength:"2000" doc:"Subject, with merge fields as {{field}}" example:"Your visit, {{first_name}}"`
	Text        string         `json:"text,omitempty" doc:"Plain text body; made from html when left out" example:"Dear {{first_name}}, please ring us."`
	HTML        string         `json:"html,omitempty" doc:"HTML body" example:"<p>Dear {{first_name}}, please ring us.</p>"`
	Fields      []fieldRequest `json:"fields,omitempty" nullable:"false" maxItems:"63" doc:"Every merge field the letter uses"`
	LinkHosts   []string       `json:"link_hosts,omitempty" nullable:"false" maxItems:"100" doc:"Hosts that links in the bodies may name"`
}

type fieldRequest struct {
	Name      string             `json:"name" minLength:"1" maxLength:"40" doc:"Name, a-z first, then a-z, 0-9 and _" example:"first_name"`
	Type      cordon.FieldType   `json:"type,omitempty" enum:"text,name,date,time,number,phone,email" default:"text" doc:"What a value may look like; none admits a URL or a line break" example:"name"`
	Source    cordon.FieldSource `json:"source,omitempty" enum:"recipient,order" default:"recipient" doc:"Where the value comes from: the recipient's sealed fields, or a row given with the order" example:"recipient"`
	Optional  bool               `json:"optional,omitempty" doc:"Whether it may be missing; then the body needs a fallback or a conditional section" example:"false"`
	MaxLength int                `json:"max_length,omitempty" minimum:"0" maximum:"10000" doc:"Longest value in bytes; 0 means 200" example:"200"`
}

func (c contentRequest) words() (cordon.Content, error) {
	out := cordon.Content{FromName: c.FromName, Subject: c.Subject, Text: c.Text, HTML: c.HTML, LinkHosts: c.LinkHosts}
	var err error
	if out.FromAddress, err = address("from_address", c.FromAddress); err != nil {
		return out, err
	}
	if c.ReplyTo != "" {
		if out.ReplyTo, err = address("reply_to", c.ReplyTo); err != nil {
			return out, err
		}
	}
	for _, f := range c.Fields {
		if f.Type == "" {
			f.Type = cordon.FieldText
		}
		if f.Source == "" {
			f.Source = cordon.FromRecipient
		}
		out.Fields = append(out.Fields, cordon.Field{Name: f.Name, Type: f.Type, Source: f.Source, Optional: f.Optional, MaxLength: f.MaxLength})
	}
	return out, nil
}

func address(name, s string) (cordon.Address, error) {
	parsed, err := cordon.ParseAddress(s)
	if e, ok := err.(*cordon.Error); ok {
		return "", &cordon.Error{Code: e.Code, Field: name, Message: e.Message, Remedy: e.Remedy}
	}
	return parsed, err
}

type versionRequest struct {
	TemplatePath
	Body contentRequest
}

func (a *API) writeVersion(ctx context.Context, x *exchange, in *versionRequest) (*created[cordon.Version], error) {
	c, err := in.Body.words()
	if err != nil {
		return nil, err
	}
	v, err := a.Catalog.WriteVersion(ctx, x.actor, x.tenant, in.Template, c)
	if err != nil {
		return nil, err
	}
	return &created[cordon.Version]{Location: tenantURL(x.tenant, fmt.Sprintf("/templates/%s/versions/%d", v.Template, v.Number)), Body: v}, nil
}

func (a *API) listVersions(ctx context.Context, x *exchange, in *TemplatePath) (*answer[list[cordon.Version]], error) {
	versions, err := a.Catalog.Versions(ctx, x.actor, x.tenant, in.Template)
	return listed(versions, "", err)
}

type VersionPath struct {
	TemplatePath
	Version int `path:"version" minimum:"1" doc:"Version's number" example:"3"`
}

func (a *API) getVersion(ctx context.Context, x *exchange, in *VersionPath) (*answer[cordon.Version], error) {
	return answered(a.version(ctx, x, in))
}

func (a *API) version(ctx context.Context, x *exchange, in *VersionPath) (cordon.Version, error) {
	return a.Catalog.Version(ctx, x.actor, x.tenant, in.Template, in.Version)
}

type approval struct {
	VersionPath
	Body struct {
		Hash string `json:"hash" minLength:"64" maxLength:"64" doc:"Hash of the version you have seen; a byte changed since voids it" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	} `nameHint:"ApprovalRequest"`
}

func (a *API) approveVersion(ctx context.Context, x *exchange, in *approval) (*answer[cordon.Version], error) {
	return answered(a.Catalog.Approve(ctx, x.actor, x.tenant, in.Template, in.Version, in.Body.Hash))
}

func (a *API) revokeVersion(ctx context.Context, x *exchange, in *VersionPath) (*answer[cordon.Version], error) {
	if err := a.Catalog.Revoke(ctx, x.actor, x.tenant, in.Template, in.Version); err != nil {
		return nil, err
	}
	// Whoever may revoke need not hold the permission to read the catalog.
	return answered(a.Catalog.Version(ctx, a.Registry.Operator(), x.tenant, in.Template, in.Version))
}

// preview is a letter as an invented person would get it.
type preview struct {
	Subject string `json:"subject" doc:"Subject, merged and marked as a sample" example:"[Sample] Your visit, Sample"`
	Text    string `json:"text" doc:"Plain text body, merged" example:"Dear Sample, please ring us."`
	HTML    string `json:"html,omitempty" doc:"HTML body, merged" example:"<p>Dear Sample, please ring us.</p>"`
}

func (a *API) previewVersion(ctx context.Context, x *exchange, in *VersionPath) (*answer[preview], error) {
	v, err := a.version(ctx, x, in)
	if err != nil {
		return nil, err
	}
	letter, err := compose.Compile(v.Content)
	if err != nil {
		return nil, err
	}
	sample := letter.Sample()
	return answered(preview{Subject: sample.Subject, Text: sample.Text, HTML: sample.HTML}, nil)
}
