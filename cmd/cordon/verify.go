package main

import (
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/ledger"
)

func (sh *shell) verifyCommand() *cobra.Command {
	var trust ledger.Trust
	cmd := &cobra.Command{
		Use: "verify BUNDLE", Short: "Check the evidence of an incident, offline, with nothing but the file",
		Long:    "Check a bundle that cordon ledger bundle wrote, on any machine: every file\nagainst its hash, every entry against the signed root of the ledger, every copy\nagainst the entries, and the figures against what the entries come to. Give the\nledger's key and its witnesses' from where you trust them: without --key the\nbundle is taken at its word for its own key.",
		Example: "  cordon verify inc-12.zip\n  cordon verify inc-12.zip --key 'cordon/clinic+1a2b3c4d+…' --witness 'witness.example+5e6f7a8b+…' --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return cordon.InvalidField("bundle", "cannot be opened", "name the file that cordon ledger bundle wrote")
			}
			defer f.Close()
			info, err := f.Stat()
			if err != nil {
				return cordon.InvalidField("bundle", "cannot be read", "name a file")
			}
			v, err := ledger.VerifyBundle(f, info.Size(), trust)
			if err != nil {
				return err
			}
			if err := sh.answer(v, func() { sh.showBundle(v) }); err != nil {
				return err
			}
			if !v.OK {
				return silent{1}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&trust.Key, "key", "", "the ledger's verifier key, as cordon ledger head --json shows it")
	cmd.Flags().StringArrayVar(&trust.Witnesses, "witness", nil, "a witness's verifier key; it must have signed (may be given several times)")
	return cmd
}

func (sh *shell) showBundle(v ledger.BundleVerdict) {
	name := v.Incident
	if v.Exercise {
		name = "EXERCISE " + name
	}
	sh.say("%s of %s", name, v.Installation)
	sh.say("  files     %s", count(int64(v.Files)))
	sh.say("  entries   %s, of a ledger of %s", count(v.Entries), count(v.LedgerSize))
	sh.say("  root      %s", v.Root)
	sh.say("  copies    %s listed; computed from the entries: %s delivered, %s perhaps", count(v.Copies), count(v.Delivered), count(v.Unknown))
	if v.KeyTrusted {
		sh.say("  key       %s", v.Key)
	} else {
		sh.say("  key       %s (the bundle's own word: give --key to be sure)", v.Key)
	}
	for _, w := range v.Witnesses {
		sh.say("  witness   %s, %s", w, stamp(v.WitnessedAt))
	}
	for _, fault := range v.Faults {
		sh.say("  WRONG     %s", fault)
	}
	if v.OK {
		sh.say("the bundle is whole and says what the ledger says")
		return
	}
	sh.say("the bundle is NOT what the ledger says")
}

// ledgerBundle writes the evidence of an incident into a file.
func (sh *shell) ledgerBundle() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "bundle INCIDENT", Short: "Write the evidence of an incident as a file that anybody can check",
		Example: "  cordon ledger bundle INC-12 --out inc-12.zip\n  cordon verify inc-12.zip", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return misused("--out", "is missing", "name the file to write")
			}
			c, err := sh.client(cmd.Context(), false)
			if err != nil {
				return err
			}
			resp, err := c.do(cmd.Context(), request{method: get, path: "/v1/incidents/" + url.PathEscape(args[0]) + "/bundle"})
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			size, err := writeWhole(out, resp.Body)
			if err != nil {
				return err
			}
			return sh.answer(map[string]any{"file": out, "bytes": size, "at": time.Now().UTC()}, func() {
				sh.say("%s, %s bytes; check it with cordon verify %s", out, count(size), out)
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "file to write")
	return cmd
}

// writeWhole writes a file under another name and moves it into place, so that a
// part never passes for the whole.
func writeWhole(path string, from io.Reader) (int64, error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return 0, cordon.InvalidField("--out", "cannot be written there", "name a file in a folder you may write to")
	}
	defer os.Remove(f.Name())
	n, err := io.Copy(f, from)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return 0, &cordon.Error{Code: cordon.Unavailable, Message: "the bundle broke off: nothing was written", Remedy: "ask again"}
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return 0, cordon.InvalidField("--out", "cannot be written there", "name a file in a folder you may write to")
	}
	return n, nil
}
