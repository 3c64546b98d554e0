package sim

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/smtpd"
)

// leak TENANT: somebody takes the directory, opened: from now on outside can
// write to the address of the tenant's first decoy, whatever becomes of it.
func (w *World) doLeak(_ *txtar.Archive, l line) error {
	t, err := w.tenantNamed(l.word(0))
	if err != nil {
		return err
	}
	ids, err := w.house.Store.Decoys(context.Background(), t.ID)
	if err != nil || len(ids) == 0 {
		return fmt.Errorf("no decoys: %v", err)
	}
	p, err := w.house.Store.OpenPerson(context.Background(), w.operator(), t.ID, ids[0], "scenario")
	if err != nil {
		return err
	}
	t.leaked, t.leakedID = p.Address, ids[0]
	return nil
}

// outside TENANT|ADDRESS [times=N]: mail from outside comes in over SMTP, to the
// leaked address of the tenant or to an address as it stands.
func (w *World) doOutside(_ *txtar.Archive, l line) error {
	to := l.word(0)
	if t, ok := w.tenants[to]; ok {
		to = string(t.leaked)
	}
	times, err := strconv.Atoi(or(l.named["times"], "1"))
	if err != nil {
		return err
	}
	pipes := app.NewPipes()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	server := smtpd.New(smtpd.Config{Catalog: w.house.Catalog, Domains: []string{"decoy.invalid"}, Now: time.Now})
	go func() { done <- server.Serve(ctx, pipes) }()
	defer func() { cancel(); <-done }()
	conn, err := pipes.Dial(ctx, "", "")
	if err != nil {
		return err
	}
	return deliver(conn, to, times)
}

func deliver(conn net.Conn, to string, times int) error {
	c := smtp.NewClient(conn)
	defer c.Close()
	for range times {
		if err := c.Mail("win@offers.example", nil); err != nil {
			return err
		}
		if err := c.Rcpt(to, nil); err != nil {
			return err
		}
		body, err := c.Data()
		if err != nil {
			return err
		}
		if _, err := body.Write([]byte("Subject: You won\r\n\r\nCollect your prize.\r\n")); err != nil {
			return err
		}
		if err := body.Close(); err != nil {
			return err
		}
	}
	return c.Quit()
}

// rotate TENANT: by hand.
func (w *World) doRotate(_ *txtar.Archive, l line) error {
	t, err := w.tenantNamed(l.word(0))
	if err != nil {
		return err
	}
	_, err = w.house.Catalog.RotateDecoys(context.Background(), w.operator(), t.ID)
	return err
}

// decoys TENANT: the coverage, for expect; and no decoy is in what anybody of
// the tenant can list, count or aim at.
func (w *World) doDecoys(_ *txtar.Archive, l line) error {
	ctx, c := context.Background(), w.house.Catalog
	t, err := w.tenantNamed(l.word(0))
	if err != nil {
		return err
	}
	cover, err := c.TenantDecoys(ctx, w.operator(), t.ID)
	if err != nil {
		return err
	}
	w.answer = fmt.Sprintf("people %d wanted %d standing %d retired %d touches %d arrivals %d", cover.People, cover.Wanted, cover.Standing, cover.Retired, cover.Touches, cover.Arrivals)
	if err := w.reloadPeople(t); err != nil {
		return err
	}
	found, err := w.house.Store.FindRecipients(ctx, t.ID, t.people)
	if err != nil {
		return err
	}
	for _, f := range found {
		if f.Decoy {
			return fmt.Errorf("a decoy is in the list of people")
		}
	}
	reach, err := c.Reach(ctx, t.author, t.ID, cordon.Filter{Everyone: true}, nil)
	if err == nil && (reach.Total != cover.People || len(t.people) != cover.People) {
		err = fmt.Errorf("%d people, an audience of %d, a list of %d", cover.People, reach.Total, len(t.people))
	}
	return err
}
