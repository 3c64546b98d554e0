package console

import (
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

// sampleDecoys is one directory that leaked, one that is covered and one that
// lacks decoys.
func sampleDecoys() decoysPage {
	days := make([]cordon.DecoyDay, cordon.DecoyDays)
	for i := range days {
		days[i].Day = sampleNow.AddDate(0, 0, i+1-cordon.DecoyDays).Truncate(24 * time.Hour)
	}
	quiet := append([]cordon.DecoyDay(nil), days...)
	days[22].Touches, days[26].Arrivals, days[27].Arrivals, days[27].Touches = 1, 1, 4, 2
	planted := sampleNow.Add(-80 * 24 * time.Hour)
	p := decoysPage{}
	p.fill([]cordon.DecoyCoverage{
		{Tenant: sampleTenant, Handle: "harbour-street", Name: "Harbour Street Practice", People: 5000, Wanted: 25, Standing: 25, Mailboxes: 25, Retired: 7, Oldest: planted, LastRotation: sampleNow.Add(-9 * 24 * time.Hour), Touches: 3, Arrivals: 5, Days: days},
		{Tenant: sampleTenant, Handle: "northgate", Name: "Northgate Dental", Exercise: true, People: 220, Wanted: 3, Standing: 3, Oldest: planted, Days: quiet},
		{Tenant: sampleTenant, Handle: "riverside", Name: "Riverside Physiotherapy and Rehabilitation Centre", People: 1801, Wanted: 10, Standing: 3, Oldest: planted, Days: quiet},
	}, sampleNow)
	p.Next = "/decoys?after=x"
	p.Arrivals = []arrivalRow{
		{Arrival: cordon.DecoyArrival{Label: "autumn export", PlantedAt: planted, Sender: "offers.example", Network: "192.0.2.0/24", Copies: 4, Size: 2811, FirstAt: sampleNow.Add(-50 * time.Hour)}, Tenant: "Harbour Street Practice", From: "offers.example"},
		{Arrival: cordon.DecoyArrival{PlantedAt: planted, RetiredAt: sampleNow.Add(-9 * 24 * time.Hour), Network: "2001:db8:1::/48", Copies: 1, Probe: true, FirstAt: sampleNow.Add(-80 * time.Hour)}, Tenant: "Harbour Street Practice", From: arrivalFrom(cordon.DecoyArrival{})},
	}
	return p
}

func TestDecoyCardsSayTheWorst(t *testing.T) {
	cover := cordon.DecoyCoverage{People: 900, Wanted: 5, Standing: 5}
	if c := decoyCardOf(cover, false, sampleNow); c.Word != "Covered" {
		t.Errorf("covered reads %q", c.Word)
	}
	// Once addresses receive, decoys that cannot do not count.
	if c := decoyCardOf(cover, true, sampleNow); c.Word != "5 missing" {
		t.Errorf("without mailboxes it reads %q", c.Word)
	}
	cover.Touches = 1
	if c := decoyCardOf(cover, false, sampleNow); c.Word != "Touched" {
		t.Errorf("touched reads %q", c.Word)
	}
	cover.Arrivals = 1
	if c := decoyCardOf(cover, false, sampleNow); c.Word != "Leaked" || c.Edge != "incident" {
		t.Errorf("leaked reads %q", c.Word)
	}
}

func TestDaysAreDrawnToTheBusiest(t *testing.T) {
	days := make([]cordon.DecoyDay, cordon.DecoyDays)
	if c := drawDays(days); len(c.Bars) != 0 || !strings.Contains(c.Summary, "untouched") {
		t.Errorf("nothing is drawn as %+v", c)
	}
	days[0].Touches, days[29].Arrivals, days[29].Touches = 1, 3, 1
	c := drawDays(days)
	if len(c.Bars) != 2 || c.Bars[0].Named != 10 || c.Bars[0].NamedY != 30 || c.Bars[1].X != 290 || c.Bars[1].Mail != 30 || c.Bars[1].MailY != 0 {
		t.Errorf("drawn as %+v", c)
	}
}
