package store

import "github.com/cordonmail/cordon"

// UnsubscribeTokenForTest is the token of the link in a subscriber's mail.
func UnsubscribeTokenForTest(s *Store, id cordon.SubscriptionID) string {
	return s.unsubscribeToken(id)
}
