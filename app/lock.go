package app

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/cordonmail/cordon"
)

// lockData makes sure that one process runs a data folder: the journal and the
// socket in it belong to one node. The kernel drops the lock when the process
// dies, however it dies.
func lockData(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, cordon.InvalidField("data", "another cordon is running on this folder", "stop it, or give each node its own --data")
	}
	return f, nil
}
