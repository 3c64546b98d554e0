package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/cordonmail/cordon/ledger"
)

const (
	witnessTimeout = 10 * time.Second
	witnessMost    = 64 << 10 // bytes of a request or an answer
)

// newWitness makes this house a witness of the ledgers that are configured, and
// tells the auditor who witnesses its own.
func (h *House) newWitness(s ledger.WitnessStore, seed []byte) (*ledger.Witness, error) {
	c := h.Config.Witness
	urls, keys := commas(c.URLs), commas(c.Keys)
	peers := make([]ledger.Peer, len(urls))
	for i := range urls {
		peers[i] = ledger.Peer{URL: urls[i], Key: keys[i]}
	}
	if err := h.Auditor.UseWitnesses(postCheckpoint, peers...); err != nil {
		return nil, err
	}
	h.Store.RequireWitness(len(peers) > 0)
	name := c.Name
	if name == "" {
		name = h.Config.Ledger.Installation + "/witness"
	}
	return ledger.NewWitness(ledger.WitnessConfig{Store: s, Name: name, Seed: seed, Logs: commas(c.Logs), Now: h.now, Log: h.log})
}

// commas splits a list that is written with commas between.
func commas(text string) []string {
	var all []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// witnessClient follows no redirect: a checkpoint goes to whom it was meant for.
var witnessClient = &http.Client{Timeout: witnessTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// postCheckpoint carries a checkpoint to a witness.
func postCheckpoint(ctx context.Context, url string, body []byte) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("ask witness: %w", err)
	}
	response, err := witnessClient.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("ask witness: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, witnessMost))
	if err != nil {
		return 0, nil, fmt.Errorf("ask witness: %w", err)
	}
	return response.StatusCode, answer, nil
}

// addCheckpoint answers another installation's ledger. Nobody signs in: the
// checkpoint's own signature is the right (C2SP tlog-witness).
func (h *House) addCheckpoint(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, witnessMost))
	if err != nil {
		http.Error(w, "too large", http.StatusBadRequest)
		return
	}
	a, err := h.witness.AddCheckpoint(r.Context(), body)
	switch {
	case err != nil:
		h.log.ErrorContext(r.Context(), "checkpoint not witnessed", "error", err)
		http.Error(w, "cannot witness now", http.StatusServiceUnavailable)
	case a.Status == http.StatusConflict:
		w.Header().Set("Content-Type", "text/x.tlog.size")
		w.WriteHeader(a.Status)
		fmt.Fprintf(w, "%d\n", a.Size)
	case a.Status != http.StatusOK:
		http.Error(w, http.StatusText(a.Status), a.Status)
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, a.Line) // a client that hung up asks again
	}
}

// witnessKey shows the key by which others check this house's cosignatures.
func (h *House) witnessKey(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, h.witness.VerifierKey()+"\n")
}
