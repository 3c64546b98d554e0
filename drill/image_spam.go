package drill

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/url"
	"strings"

	"github.com/cordonmail/cordon"
)

const (
	leakMails = 3 // of the picture, to planted addresses
	reporters = 6 // customers who forward it
)

// imageSpam: a list of addresses has leaked. Strangers mail a picture that sells
// pills to addresses that never had spam, planted ones among them; customers
// forward it; and the same picture is sent through us.
func (r *Rehearsal) imageSpam(ctx context.Context, practices []*Practice, _ Options) (Report, error) {
	var report Report
	p := practices[0]
	for _, act := range []func(context.Context, *Practice) (Variant, error){r.pictureToDecoys, r.pictureReported, r.pictureThroughUs} {
		v, err := act(ctx, p)
		if err != nil {
			return report, err
		}
		report.Variants = append(report.Variants, v)
	}
	report.settle()
	return report, nil
}

// pictureToDecoys: outside mail at planted addresses proves the leak, at once, and
// names the directory.
func (r *Rehearsal) pictureToDecoys(ctx context.Context, p *Practice) (v Variant, err error) {
	v = Variant{Name: "image-to-decoys", Says: "strangers mail a picture to planted addresses of the directory", Exercise: true, Tried: leakMails}
	defer v.settle()
	r.tell("image-to-decoys: %s", v.Says)
	began := r.config.Now()
	for n, id := range p.Decoys[:min(leakMails, len(p.Decoys))] {
		person, err := r.config.Store.OpenPerson(ctx, cordon.System(), p.ID, id, "drill: mail from outside at a planted address")
		if err != nil {
			return v, fmt.Errorf("planted address: %w", err)
		}
		headers := map[string]string{"Cordon-Envelope-To": string(person.Address), "Cordon-Envelope-From": "offers@pills.invalid", "Cordon-Client-Address": "192.0.2.7"}
		if err := r.operator.send(ctx, "/v1/inbound", headers, picture(string(person.Address), n)); err != nil {
			return v, fmt.Errorf("mail from outside: %w", err)
		}
	}
	var first cordon.Signal
	err = until(ctx, openedWithin, func() (bool, error) {
		err := pages(ctx, r.operator, "/v1/signals", url.Values{"tenant": {string(p.ID)}}, func(s cordon.Signal) {
			if s.Kind == cordon.SignalDecoyMail && (first.ID == "" || s.At.Before(first.At)) {
				first = s
			}
		})
		return first.ID != "", err
	})
	if err != nil {
		return v, err
	}
	seen := first.ID != "" && first.Grade == cordon.GradeIncident && first.Tenant == p.ID
	v.expect("the leak is proved, and its directory named", true, seen, seen)
	if seen {
		v.TTD = Millis(max(0, first.At.Sub(began)))
	}
	return v, nil
}

// pictureReported: what customers forward becomes one problem, and each of them
// hears back.
func (r *Rehearsal) pictureReported(ctx context.Context, p *Practice) (v Variant, err error) {
	v = Variant{Name: "image-reports", Says: fmt.Sprintf("%d customers forward the picture that they got", reporters), Exercise: true, Tried: reporters}
	defer v.settle()
	r.tell("image-reports: %s", v.Says)
	began := r.config.Now()
	for n := range reporters {
		customer := fmt.Sprintf("patient%06d@%s.patients.example", n+1, p.Handle)
		if err := r.operator.send(ctx, "/v1/reports?exercise=true", nil, forwarded(customer, picture(customer, leakMails+n))); err != nil {
			return v, fmt.Errorf("report: %w", err)
		}
	}
	var problems []cordon.Problem
	err = until(ctx, openedWithin, func() (bool, error) {
		problems = nil
		reports := int64(0)
		err := pages(ctx, r.operator, "/v1/problems", url.Values{"open": {"true"}}, func(x cordon.Problem) {
			if x.Exercise && !x.OpenedAt.Before(began) {
				problems = append(problems, x)
				reports += x.Counts.Reports
			}
		})
		return reports >= reporters, err
	})
	if err != nil {
		return v, err
	}
	v.expect("one problem for all of them", 1, len(problems), len(problems) == 1)
	if len(problems) == 1 {
		x := problems[0]
		v.expect("reporters counted", reporters, x.Counts.Reporters, x.Counts.Reporters == reporters)
		v.expect("as a leak of this directory", cordon.ReportLeak, x.Kind, x.Kind == cordon.ReportLeak && x.Tenant == p.ID)
	}
	return v, nil
}

// pictureThroughUs: the same picture as a letter of the practice's own is kept back.
func (r *Rehearsal) pictureThroughUs(ctx context.Context, p *Practice) (v Variant, err error) {
	v = Variant{Name: "image-through-us", Says: "the picture is written, approved by the second stolen account, and sent to everyone", Exercise: true, Tried: int64(len(p.Patients))}
	r.tell("image-through-us: %s", v.Says)
	template, version, err := r.approvedLetter(ctx, p, "picture", map[string]any{
		"from_name": p.Name, "from_address": "desk@" + p.Domain, "subject": "EXERCISE: for you",
		"html":       `<p><a href="https://` + p.Domain + `/"><img src="https://` + p.Domain + `/offer.png" width="600" height="400" alt=""></a></p>`,
		"link_hosts": []string{p.Domain}, "fields": []any{},
	})
	if err != nil {
		return v, err
	}
	began := r.config.Now()
	author := r.operator
	author.as = p.Author
	body := map[string]any{"kind": cordon.Bulk, "template": template, "version": version, "audience": p.Audience, "exercise": true}
	var receipt struct{ Dispatch cordon.Dispatch }
	err = author.call(ctx, http.MethodPost, p.path("/orders"), body, &receipt)
	var refused *problem
	if errors.As(err, &refused) && refused.Status < 500 {
		v.Refused = v.Tried
		v.expect("kept back at the door", true, true, true)
		v.settle()
		return v, nil
	}
	if err != nil {
		return v, err
	}
	d := receipt.Dispatch
	v.TTD = Millis(r.config.Now().Sub(began))
	v.expect("held for a person", cordon.DispatchHeld, d.State, d.State == cordon.DispatchHeld)
	v.expect("the reason names the picture", true, reasoned(d.Reasons, "picture"), reasoned(d.Reasons, "picture"))
	a, err := r.assess(ctx, url.Values{"dispatch": {string(d.ID)}})
	v.BadCopiesOut, v.Held = a.Delivered+a.Unknown+a.InFlight, a.Held
	v.expect("bad copies out", 0, v.BadCopiesOut, v.BadCopiesOut == 0)
	v.settle()
	return v, err
}

// picture is a mail that is nothing but its image. Each differs in a few points
// and in its text, as such mail does, so that no two are the same bytes.
func picture(to string, n int) []byte {
	img := image.NewGray(image.Rect(0, 0, 240, 160))
	for y := range 160 {
		for x := range 240 {
			img.SetGray(x, y, color.Gray{Y: uint8((x*255)/240) ^ uint8(y&0x40)})
		}
	}
	for k := range 12 {
		img.SetGray((n*37+k*19)%240, (n*23+k*11)%160, color.Gray{Y: uint8(n * k)})
	}
	var raw bytes.Buffer
	if err := png.Encode(&raw, img); err != nil {
		panic(err) // into memory, of a picture that is there
	}
	var b strings.Builder
	fmt.Fprintf(&b, "From: \"Pharm %d\" <offers%d@pills.invalid>\r\nTo: <%s>\r\nSubject: EXERCISE re: your order %d\r\n", n, n, to, 4200+n)
	fmt.Fprintf(&b, "Date: Mon, 14 May 2007 03:%02d:00 +0000\r\nMessage-ID: <%d.exercise@pills.invalid>\r\nMIME-Version: 1.0\r\n", n%60, n)
	b.WriteString("Content-Type: multipart/related; boundary=\"p\"\r\n\r\n--p\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<img src=\"cid:pic\">\r\n")
	b.WriteString("--p\r\nContent-Type: image/png; name=\"pic.png\"\r\nContent-ID: <pic>\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	text := base64.StdEncoding.EncodeToString(raw.Bytes())
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	b.WriteString(text + "\r\n--p--\r\n")
	return []byte(b.String())
}

// forwarded is a customer's mail with what he got as its attachment.
func forwarded(customer string, got []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: <%s>\r\nTo: <abuse@platform.example>\r\nSubject: Fwd: EXERCISE I never had spam at this address\r\n", customer)
	fmt.Fprintf(&b, "Date: Mon, 14 May 2007 08:00:00 +0000\r\nMessage-ID: <fwd.%x@patients.example>\r\nMIME-Version: 1.0\r\n", len(got)*31+len(customer))
	b.WriteString("Content-Type: multipart/mixed; boundary=\"f\"\r\n\r\n--f\r\nContent-Type: text/plain\r\n\r\nPlease look at this.\r\n--f\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n")
	b.Write(got)
	b.WriteString("\r\n--f--\r\n")
	return b.Bytes()
}
