package sim

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/notice"
)

// notice …: what people do so that those whom an incident reached are told, and
// what stands then.
//
//	notice by TENANT                      notices are sent by privacy@TENANT.example
//	notice contact TENANT ADDRESS [language=de]
//	notice laws TENANT LAW,… [language=de]
//	notice N look 'WORDS'                 approving incident N's notice says so
//	notice N edit LANGUAGE TEXT 'WORDS' | approve [followup=yes] | tell
//	notice N write [TENANT] | waive TENANT 'WHY' | otherwise TENANT 'HOW'
//	notice N draft seq=2 state=draft      which notice is the newest, and how it stands
//	notice N stands TENANT=told/accepted  what each tenant got
//	notice N reads 'WORDS' [letter=practice] [language=de]   on the public page
//	notice N list TENANT mailed=20 suppressed=1              a tenant's exact list
//	notice N clocks TENANT undecided=3 met=1 | decide REGIME applies|does-not-apply 'WHY' [of=TENANT]
func (w *World) doNotice(_ *txtar.Archive, l line) error {
	ctx, by := context.Background(), w.actorOr(l, w.operator())
	switch l.word(0) {
	case "by", "contact", "laws":
		return w.noticeSettings(ctx, by, l)
	}
	i, err := w.house.Incidents.Find(ctx, w.operator(), l.word(0))
	if err != nil {
		return err
	}
	switch l.word(1) {
	case "stands", "list", "clocks", "reads", "draft", "look":
		return w.noticeSays(ctx, by, i, l)
	}
	return w.noticeActs(ctx, by, i, l)
}

func (w *World) noticeSettings(ctx context.Context, by cordon.Actor, l line) error {
	t, err := w.tenantNamed(l.word(1))
	if err != nil {
		return err
	}
	switch l.word(0) {
	case "by":
		_, err = w.house.Notices.SetIdentity(ctx, by, cordon.NoticeIdentity{Tenant: t.ID, Name: t.Name + " Systems", Address: cordon.Address("privacy@" + l.word(1) + ".example")})
	case "contact":
		_, err = w.house.Notices.AddContact(ctx, by, cordon.TenantContact{Tenant: t.ID, Address: cordon.Address(l.word(2)), Language: cordon.Language(l.named["language"])})
	case "laws":
		_, err = w.house.Notices.SetSettings(ctx, by, cordon.NoticeSettings{Tenant: t.ID, Language: cordon.Language(l.named["language"]), Jurisdictions: strings.Split(l.word(2), ",")})
	}
	return err
}

func (w *World) noticeActs(ctx context.Context, by cordon.Actor, i cordon.Incident, l line) error {
	var tenants []cordon.TenantID
	if name := l.word(2); name != "" && w.tenants[name] != nil {
		tenants = append(tenants, w.tenants[name].ID)
	}
	var err error
	switch l.word(1) {
	case "edit":
		_, err = w.house.Notices.Edit(ctx, by, i.ID, notice.Edit{Texts: map[cordon.Language]map[cordon.NoticeField]string{cordon.Language(l.word(2)): {cordon.NoticeField(l.word(3)): l.word(4)}}})
	case "approve":
		var act notice.Act
		if act, err = w.house.Notices.Look(ctx, by, i.ID); err == nil {
			_, err = w.house.Notices.Approve(ctx, by, i.ID, notice.Approval{Hash: act.Hash, FollowUp: l.named["followup"] == "yes"})
		}
	case "tell":
		_, err = w.house.Notices.Tell(ctx, by, i.ID)
	case "write":
		_, err = w.house.Notices.WriteTo(ctx, by, i.ID, tenants)
	case "waive":
		_, err = w.house.Notices.Waive(ctx, by, i.ID, tenants, l.word(3))
	case "otherwise":
		err = w.house.Notices.TellOtherwise(ctx, by, i.ID, tenants[0], l.word(3))
	case "decide":
		c := cordon.ClockChoice{Regime: l.word(2), Decision: cordon.ClockDecision(l.word(3)), Because: l.word(4)}
		if name := l.named["of"]; name != "" {
			c.Tenant = w.tenants[name].ID
		}
		_, err = w.house.Notices.Decide(ctx, by, i.ID, c)
	default:
		err = fmt.Errorf("nobody can %q a notice", l.word(1))
	}
	return err
}

func (w *World) noticeSays(ctx context.Context, by cordon.Actor, i cordon.Incident, l line) error {
	got := map[string]string{}
	var err error
	switch l.word(1) {
	case "look":
		act, err := w.house.Notices.Look(ctx, by, i.ID)
		if err == nil && !strings.Contains(act.Says(), l.word(2)) {
			err = fmt.Errorf("it %s", act.Says())
		}
		return err
	case "reads":
		return w.noticeReads(ctx, i, l)
	case "draft":
		act, err := w.house.Notices.Look(ctx, by, i.ID)
		if err != nil {
			return err
		}
		got["seq"], got["state"], got["by"] = strconv.Itoa(act.Facts.Seq), string(act.Facts.State), act.Facts.WrittenBy
	case "stands":
		list, _, err := w.house.Notices.Tellings(ctx, by, i.ID, cordon.Page{Limit: 500})
		if err != nil {
			return err
		}
		for _, n := range list {
			got[n.Handle] = string(n.State) + "/" + string(n.FollowUp)
		}
	case "list":
		counts := map[cordon.ToldBy]int{}
		for row, err := range w.house.Notices.List(ctx, by, i.ID, w.tenants[l.word(2)].ID, false) {
			if err != nil {
				return err
			}
			counts[row.Told]++
		}
		for told, n := range counts {
			got[string(told)] = strconv.Itoa(n)
		}
	case "clocks":
		clocks, err := w.house.Notices.Clocks(ctx, by, i.ID, w.tenants[l.word(2)].ID)
		if err != nil {
			return err
		}
		counts := map[string]int{"undecided": 0, "met": 0, "paged": 0}
		for _, c := range clocks {
			if c.Decision == cordon.ClockUndecided {
				counts["undecided"]++
			}
			if !c.MetAt.IsZero() {
				counts["met"]++
			}
			counts["paged"] = max(counts["paged"], c.Paged)
		}
		for name, n := range counts {
			got[name] = strconv.Itoa(n)
		}
	}
	for name, want := range l.named {
		if name != "as" && got[name] != want {
			return fmt.Errorf("%s is %q, want %q: %v", name, got[name], want, got)
		}
	}
	return err
}

func (w *World) noticeReads(ctx context.Context, i cordon.Incident, l line) error {
	page, err := w.house.Notices.PublicPage(ctx, i.Number, notice.Letter(or(l.named["letter"], string(notice.PatientPage))), cordon.Language(or(l.named["language"], "en")))
	if err != nil {
		return err
	}
	text := page.Document.Title + "\n" + page.Document.Text()
	if !strings.Contains(text, l.word(2)) {
		return fmt.Errorf("the page does not say %q:\n%s", l.word(2), text)
	}
	return nil
}
