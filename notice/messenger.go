package notice

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// Config is what a Messenger is made of.
type Config struct {
	Store Store
	Door  Door
	// Regimes is a folder of data files that takes the place of those shipped; ""
	// for those.
	Regimes string
	// StatusURL is the status page's address without a slash at its end; "": there
	// is none, and letters link nowhere.
	StatusURL string
	// ConsoleURL is how people reach the console.
	ConsoleURL string
	Interval   time.Duration // between two steps when nothing calls for one; 0 = 10 s
	Now        func() time.Time
	Log        *slog.Logger
}

// Messenger tells those whom incidents reached. Its verbs are safe for use by many
// goroutines, and Step by many nodes.
type Messenger struct {
	store      Store
	door       Door
	tongues    map[cordon.Language]*Tongue
	regimes    []cordon.Regime
	statusURL  string
	consoleURL string
	interval   time.Duration
	now        func() time.Time
	log        *slog.Logger

	looked cordon.Glance // at all open incidents, of Step alone
}

// New makes a Messenger. The error is about the folder of regimes.
func New(c Config) (*Messenger, error) {
	tongues, err := loadTongues()
	if err != nil {
		return nil, err
	}
	regimes, err := LoadRegimes(c.Regimes)
	if err != nil {
		return nil, err
	}
	m := &Messenger{store: c.Store, door: c.Door, tongues: tongues, regimes: regimes, statusURL: strings.TrimSuffix(c.StatusURL, "/"),
		consoleURL: strings.TrimSuffix(c.ConsoleURL, "/"), interval: c.Interval, now: c.Now, log: c.Log}
	if m.interval <= 0 {
		m.interval = 10 * time.Second
	}
	if m.now == nil {
		m.now = time.Now
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	return m, nil
}

// Tongues lists the languages with their own names, English first.
func (m *Messenger) Tongues() []*Tongue {
	var all []*Tongue
	for _, l := range cordon.Languages() {
		all = append(all, m.tongues[l])
	}
	return all
}

func (m *Messenger) tongue(l cordon.Language) *Tongue {
	if t, ok := m.tongues[l]; ok {
		return t
	}
	return m.tongues[cordon.English]
}

// PageURL is the public address of an incident's page for those concerned; "" when
// there is no status page.
func (m *Messenger) PageURL(i cordon.Incident, l cordon.Language) string {
	return m.publicURL(i, PatientPage, l)
}

func (m *Messenger) practiceURL(i cordon.Incident, l cordon.Language) string {
	return m.publicURL(i, PracticePage, l)
}

func (m *Messenger) publicURL(i cordon.Incident, name Letter, l cordon.Language) string {
	if m.statusURL == "" {
		return ""
	}
	p := Public{Path: publicPath(i.Number, name)}
	return m.statusURL + p.In(l)
}

// publicPath is where the status page has a notice, in English.
func publicPath(number int64, name Letter) string {
	path := fmt.Sprintf("/notice/%d", number)
	if name == PracticePage {
		path += "/practices"
	}
	return path
}

// checkURL is the page that says of a message code whether it is genuine.
func (m *Messenger) checkURL() string {
	if m.statusURL == "" {
		return ""
	}
	return m.statusURL + "/check"
}

func (m *Messenger) statusHost() string {
	u, err := url.Parse(m.statusURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func mayNot(what string) error {
	return &cordon.Error{Code: cordon.Denied, Message: "you may not " + what, Remedy: "ask the operator for the permission"}
}

// incidentFor finds the incident and asks whether the actor holds the permission
// on it, for the whole installation: a notice speaks of several tenants and to
// them. A tenant's people have their packet and their clocks, and learn nothing
// here.
func (m *Messenger) incidentFor(ctx context.Context, by cordon.Actor, p cordon.Permission, id cordon.IncidentID) (cordon.Incident, error) {
	if !by.Can(p, by.Tenant) {
		return cordon.Incident{}, mayNot("use notices (" + string(p) + ")")
	}
	i, err := m.store.Incident(ctx, id)
	if err == nil && by.Tenant != "" {
		return cordon.Incident{}, &cordon.Error{Code: cordon.Missing, Field: "incident", Message: "there is no such incident, or it is not yours"}
	}
	return i, err
}

// Identity answers by whom notices are sent.
func (m *Messenger) Identity(ctx context.Context, by cordon.Actor) (cordon.NoticeIdentity, error) {
	if !by.Can(cordon.ReadIncidents, by.Tenant) {
		return cordon.NoticeIdentity{}, mayNot("read by whom notices are sent")
	}
	return m.store.NoticeIdentity(ctx)
}

// SetIdentity names by whom notices are sent: only who may act for the whole
// installation.
func (m *Messenger) SetIdentity(ctx context.Context, by cordon.Actor, id cordon.NoticeIdentity) (cordon.NoticeIdentity, error) {
	if !by.Can(cordon.ManageNotices, "") {
		return id, mayNot("name by whom notices are sent")
	}
	switch a, err := cordon.ParseAddress(string(id.Address)); {
	case err != nil:
		return id, err
	case strings.TrimSpace(id.Name) == "" || len(id.Name) > 200 || strings.ContainsAny(id.Name, "\r\n@{}"):
		return id, cordon.InvalidField("name", "is missing, too long, or holds an address", "give the organisation's name")
	default:
		id.Address = a
	}
	if err := m.store.SetNoticeIdentity(ctx, by, id); err != nil {
		return id, err
	}
	return m.store.NoticeIdentity(ctx)
}

// orNobody is the identity, or an unnamed one where none is set yet: drafts can
// be looked at before.
func (m *Messenger) orNobody(ctx context.Context, incident cordon.IncidentID) (cordon.NoticeIdentity, error) {
	id, err := m.store.NoticeIdentityOf(ctx, incident)
	if cordon.CodeOf(err) == cordon.Missing {
		return cordon.NoticeIdentity{}, nil
	}
	return id, err
}
