package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cordonmail/cordon/drill"
)

// A house with a certificate is walked over TLS, and knows itself by it.
func TestADrillOverTLS(t *testing.T) {
	c := config(t)
	c.TLS.Certificate, c.TLS.Key = certificate(t, c.Data)
	h, _ := drillHouse(t, c)
	defer h.end(t)
	var begun drill.Run
	wait(t, "the house to take drills", func() bool {
		var err error
		begun, err = h.Drills.Start(t.Context(), h.Registry.Operator(), "id-walk", drill.Options{})
		return err == nil
	})
	if run := h.drilled(t, begun.ID); run.State != drill.Passed || len(run.Report.Variants) != 9 {
		t.Errorf("the run is %s: %s", run.State, run.Fault)
	}
}

// certificate makes one that signs itself, for a name the house is not called by.
func certificate(t *testing.T, dir string) (file, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"cordon.example"}, NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, &template, &template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	file, key = filepath.Join(dir, "house.pem"), filepath.Join(dir, "house.key")
	for name, block := range map[string]*pem.Block{file: {Type: "CERTIFICATE", Bytes: raw}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file, key
}
