package catalog_test

import (
	"testing"

	"github.com/cordonmail/cordon"
)

func TestHostsAreApprovedByTheInstallation(t *testing.T) {
	h := newHouse(t)
	clinic, other := h.tenant("clinic"), h.tenant("other")
	ctx := t.Context()

	if _, err := h.ApproveHost(ctx, h.person(clinic, cordon.RoleOperator), clinic, "maps.example.org"); cordon.CodeOf(err) != cordon.Denied {
		t.Errorf("a person of the tenant, whatever their role, must not approve a host: %v", err)
	}
	got, err := h.ApproveHost(ctx, h.op, clinic, "Maps.Example.ORG.")
	if err != nil || got.Name != "maps.example.org" || got.ApprovedBy != "operator" {
		t.Fatalf("approved %+v, %v", got, err)
	}
	if _, err := h.ApproveHost(ctx, h.op, clinic, "maps.example.org"); err != nil {
		t.Errorf("approving twice: %v", err)
	}
	for _, bad := range []string{"", "localhost", "co.uk", "192.0.2.7", "https://maps.example.org/", "github.io"} {
		if _, err := h.ApproveHost(ctx, h.op, clinic, bad); cordon.CodeOf(err) != cordon.Invalid {
			t.Errorf("host %q: %v", bad, err)
		}
	}
	list := func(tenant cordon.TenantID) []cordon.LinkHost {
		t.Helper()
		all, err := h.LinkHosts(ctx, h.op, tenant)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if all := list(clinic); len(all) != 1 || all[0].Name != "maps.example.org" || !all[0].ApprovedAt.Equal(h.at) {
		t.Errorf("hosts of the clinic: %+v", all)
	}
	if all := list(other); len(all) != 0 {
		t.Errorf("another tenant has the clinic's hosts: %+v", all)
	}
	if err := h.WithdrawHost(ctx, h.op, other, "maps.example.org"); cordon.CodeOf(err) != cordon.Missing {
		t.Errorf("withdrawing what another tenant has: %v", err)
	}
	if err := h.WithdrawHost(ctx, h.op, clinic, "maps.example.org"); err != nil {
		t.Fatal(err)
	}
	if all := list(clinic); len(all) != 0 {
		t.Errorf("a withdrawn host is still there: %+v", all)
	}
}
