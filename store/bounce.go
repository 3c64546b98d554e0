package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/cordonmail/cordon"
)

// noSuchMailbox says whether a bounce means that the address itself is bad, so
// that it must not be mailed again. RFC 3463 3.2: X.1.7 and X.1.8 are about the
// sender's address and say nothing of the recipient's.
func noSuchMailbox(reply string) bool {
	code, status, _ := strings.Cut(reply, " ")
	if !strings.HasPrefix(code, "5") {
		return false
	}
	detail, ok := strings.CutPrefix(status, "5.1.")
	return ok && detail != "7" && detail != "8"
}

// suppressBounced suppresses the addresses of a group that bounced for good.
func (t *tx) suppressBounced(ctx context.Context, group []settled, facts map[laneKey]*dispatchFacts) error {
	g := group[0]
	if g.outcome != cordon.Bounced || !noSuchMailbox(g.reply) {
		return nil
	}
	if _, err := t.lockHeadcount(ctx, g.dispatch.tenant); err != nil { // an import must not miss it
		return err
	}
	list := jsonRows(group, func(i settled) []any { return []any{i.dispatch.num, i.seq} })
	const bounced = `SELECT r.blind FROM {{rows $2}} j CROSS JOIN delivery v CROSS JOIN recipient r
		WHERE v.tenant = $1 AND v.dispatch = CAST(j.value->>0 AS BIGINT) AND v.seq = CAST(j.value->>1 AS BIGINT)
		AND r.tenant = $1 AND r.num = v.recipient AND r.state = 'active'`
	_, err := t.exec(ctx, `INSERT INTO suppression (tenant, blind, reason, at)
		SELECT DISTINCT CAST($1 AS BIGINT), x.blind, CAST($3 AS TEXT), CAST($4 AS BIGINT) FROM (`+bounced+`) x WHERE TRUE
		ON CONFLICT (tenant, blind) DO NOTHING`, g.dispatch.tenant, list, string(cordon.SuppressedBounce), micros(t.now))
	if err != nil {
		return fmt.Errorf("suppress bounced: %w", err)
	}
	if _, err := t.exec(ctx, `UPDATE recipient SET suppressed = TRUE WHERE tenant = $1 AND NOT suppressed
		AND substr(blind, 1, 8) IN (SELECT substr(x.blind, 1, 8) FROM (`+bounced+`) x) AND blind IN (`+bounced+`)`, g.dispatch.tenant, list); err != nil {
		return fmt.Errorf("suppress bounced: %w", err)
	}
	for _, part := range groupsOf(group, sameDispatch) {
		f := facts[part[0].dispatch]
		var seqs spans
		for _, it := range part {
			seqs = seqs.add(it.seq)
		}
		t.append(cordon.Entry{
			Kind: cordon.EntrySuppressed, Tenant: f.tenantID, Actor: cordon.System().ID(), Subject: string(f.id),
			Body: mustJSON(map[string]any{"reason": cordon.SuppressedBounce, "copies": seqs.size(), "seqs": seqs.String()}),
		})
	}
	return nil
}
