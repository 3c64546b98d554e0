package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/cordonmail/cordon"
)

// What belongs to no tenant and is personal all the same (who is on call, who
// subscribed, what a reporter wrote) is sealed under a key of the house. Its rows
// are deleted, not crypto-erased.

// sealHouse seals bytes that belong to a subject of the house: "outgoing out_…",
// "contact con_…". A row copied to another subject does not open there.
func (s *Store) sealHouse(subject string, raw []byte) []byte {
	return s.house.Seal(nil, nil, raw, []byte("house "+subject))
}

func (s *Store) openHouse(subject string, sealed []byte) ([]byte, error) {
	raw, err := s.house.Open(nil, nil, sealed, []byte("house "+subject))
	if err != nil {
		return nil, fmt.Errorf("open %s: sealed data does not open", subject)
	}
	return raw, nil
}

// blindHouse is what an address of the house's own lists is found by without
// being stored: the same for every spelling that differs in case alone, and
// another for every purpose.
func (s *Store) blindHouse(purpose string, a cordon.Address) []byte {
	mac := hmac.New(sha256.New, s.houseBlind)
	mac.Write([]byte(purpose + "\x00" + strings.ToLower(string(a))))
	return mac.Sum(nil)[:blindSize]
}
