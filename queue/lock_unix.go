//go:build unix

package queue

import (
	"fmt"
	"os"
	"syscall"

	"github.com/cordonmail/cordon"
)

// lockFile keeps a second process out: it would settle our copies as its own.
func lockFile(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("%w: %w", cordon.Errorf(cordon.Conflict, "another process sends from this data folder"), err)
	}
	return f, nil
}
