package main

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) decoyCommand() *cobra.Command {
	return noun("decoy", "Planted recipients that only a thief can hit",
		sh.decoyCoverage(), sh.decoyShow(), sh.decoyPlant(), sh.decoyRotate(), sh.decoyArrivals(), sh.decoyArrived())
}

// decoyCover is a tenant's coverage as the house answers it.
type decoyCover struct {
	Tenant       cordon.TenantID `json:"tenant"`
	Handle       string          `json:"handle"`
	Name         string          `json:"name"`
	Exercise     bool            `json:"exercise"`
	Recipients   int64           `json:"recipients"`
	Decoys       int64           `json:"decoys"`
	Wanted       int64           `json:"wanted"`
	Mailboxes    int64           `json:"mailboxes"`
	Retired      int64           `json:"retired"`
	Oldest       time.Time       `json:"oldest,omitzero"`
	LastRotation time.Time       `json:"last_rotation,omitzero"`
	Touches      int64           `json:"touches"`
	Arrivals     int64           `json:"arrivals"`
	Days         []decoyDay      `json:"days"`
}

type decoyDay struct {
	Day      string `json:"day"`
	Touches  int64  `json:"touches"`
	Arrivals int64  `json:"arrivals"`
}

func (sh *shell) decoyCoverage() *cobra.Command {
	return &cobra.Command{
		Use: "coverage", Short: "How every directory is guarded, and what was touched in 30 days",
		Long:    "Counts alone: which recipients are decoys is told to nobody.",
		Example: "  cordon decoy coverage\n  cordon decoy coverage --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			covers, err := all[decoyCover](cmd.Context(), sh, "/v1/decoys", nil, 0)
			if err != nil {
				return err
			}
			return sh.answer(covers, func() {
				var rows [][]string
				for _, c := range covers.Items {
					rows = append(rows, []string{c.Handle, count(c.Recipients), count(c.Decoys), count(c.Wanted), count(c.Mailboxes), count(c.Retired),
						stamp(c.Oldest), stamp(c.LastRotation), count(c.Touches), count(c.Arrivals)})
				}
				sh.table("TENANT PEOPLE DECOYS WANTED RECEIVING RETIRED OLDEST ROTATED NAMED ARRIVALS", rows)
			})
		},
	}
}

func (sh *shell) decoyShow() *cobra.Command {
	return sh.decoyVerb(decoyVerb{use: "show", method: get, short: "How many decoys stand among how many recipients"})
}

func (sh *shell) decoyPlant() *cobra.Command {
	var label string
	cmd := sh.decoyVerb(decoyVerb{use: "plant", method: post, short: "Top the decoys up to what the limits ask for", query: func() url.Values {
		if label == "" {
			return nil
		}
		return url.Values{"label": {label}}
	}})
	cmd.Flags().StringVar(&label, "label", "", "the occasion, or what they are planted into: told when mail arrives at one")
	return cmd
}

func (sh *shell) decoyRotate() *cobra.Command {
	return sh.decoyVerb(decoyVerb{use: "rotate", method: post, path: "/rotate", short: "Replace the oldest quarter of the decoys; those replaced stay traps"})
}

// decoyVerb is a verb on one tenant's decoys that answers with their coverage.
type decoyVerb struct {
	use, method, path, short string
	query                    func() url.Values
}

func (sh *shell) decoyVerb(v decoyVerb) *cobra.Command {
	var tenant string
	cmd := &cobra.Command{Use: v.use + " --tenant TENANT", Short: v.short, Example: "  cordon decoy " + v.use + " --tenant northside", Args: cobra.NoArgs}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		r := request{method: v.method, path: tenantPath(tenant, "/decoys"+v.path)}
		if v.query != nil {
			r.query = v.query()
		}
		var c decoyCover
		if err := sh.ask(cmd.Context(), r, &c); err != nil {
			return err
		}
		return sh.answer(c, func() {
			sh.say("%s decoys among %s recipients; the limits ask for %s", count(c.Decoys), count(c.Recipients), count(c.Wanted))
			if c.Mailboxes > 0 || c.Retired > 0 {
				sh.say("%s of them receive mail; %s more are retired and stay traps", count(c.Mailboxes), count(c.Retired))
			}
		})
	}
	return cmd
}

func (sh *shell) decoyArrivals() *cobra.Command {
	return &cobra.Command{
		Use: "arrivals", Short: "Mail from outside at planted addresses, the latest 100",
		Example: "  cordon decoy arrivals", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			arrivals, err := all[cordon.DecoyArrival](cmd.Context(), sh, "/v1/decoys/arrivals", whole(), 0)
			if err != nil {
				return err
			}
			return sh.answer(arrivals, func() {
				handles := sh.tenantHandles(cmd.Context())
				var rows [][]string
				for _, a := range arrivals.Items {
					tenant := string(a.Tenant)
					if handle := handles[a.Tenant]; handle != "" {
						tenant = handle
					}
					rows = append(rows, []string{stamp(a.FirstAt), tenant, orDash(a.Sender), orDash(a.Network), count(a.Copies), stamp(a.PlantedAt), stamp(a.RetiredAt), orDash(a.Label)})
				}
				sh.table("FIRST TENANT SENDER NETWORK COPIES PLANTED RETIRED LABEL", rows)
			})
		},
	}
}

// arrivedBytes is how much of a mail is handed on: enough for a fingerprint, and
// never more than the house takes.
const arrivedBytes = 1 << 20

func (sh *shell) decoyArrived() *cobra.Command {
	var to, from, client string
	cmd := &cobra.Command{
		Use: "arrived --to ADDRESS < MESSAGE", Short: "Report a mail that another server received for a planted address",
		Long:    "For an installation whose own mail server receives for the decoy domain.\nNothing of the message is kept. A mail larger than 1 MiB is reported by its beginning.",
		Example: "  cordon decoy arrived --to \"$RECIPIENT\" --from \"$SENDER\" --client \"$CLIENT_ADDRESS\" < message.eml", Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&to, "to", "", "the envelope's recipient")
	flags.StringVar(&from, "from", "", "the envelope's sender; only its domain is kept")
	flags.StringVar(&client, "client", "", "IP address the mail came from; only its /24 or /48 is kept")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := require(flags, "to"); err != nil {
			return err
		}
		header := http.Header{"Cordon-Envelope-To": {to}}
		if from != "" {
			header.Set("Cordon-Envelope-From", from)
		}
		if client != "" {
			header.Set("Cordon-Client-Address", client)
		}
		err := sh.ask(cmd.Context(), request{method: post, path: "/v1/inbound", header: header, body: io.LimitReader(sh.in, arrivedBytes), media: "message/rfc822"}, nil)
		if err != nil {
			return hideInput(err)
		}
		return sh.answer(map[string]bool{"counted": true}, func() { sh.say("Counted: the address was planted, so its directory has leaked.") })
	}
	return cmd
}

// hideInput keeps what was given for the envelope out of what is printed: a
// header that cannot be sent is named with its value by the HTTP client.
func hideInput(err error) error {
	var e *cordon.Error
	if errors.As(err, &e) && e.Field == "server" && e.Code == cordon.Unavailable {
		return &cordon.Error{Code: e.Code, Field: e.Field, Message: "the mail could not be reported", Remedy: e.Remedy}
	}
	return err
}
