//go:build !unix

package queue

import "os"

// lockFile: where the system has no flock, the node's name alone keeps two
// processes apart.
func lockFile(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
}
