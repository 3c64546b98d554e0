package scantest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

const howToGet = "run the tests by `make test`, or `scripts/with-scanners` once (as root: apt-get install rspamd clamav-daemon)"

// patience is how long a scanner may take to start. It does within two seconds;
// a machine that does many other things takes longer.
const patience = 90 * time.Second

// Child is a scanner that runs.
type Child struct {
	Addr   string // host:port
	dir    string
	args   []string
	ready  func() bool
	mu     sync.Mutex
	cmd    *exec.Cmd
	hold   io.Closer // while it is open, the scanner runs
	ended  chan struct{}
	output *bytes.Buffer
}

// watcher runs the scanner, and ends it with all its workers when the pipe from
// this process closes, however this process ended.
const watcher = `exec 3<&0
{ cat <&3; kill -KILL 0; } >/dev/null 2>&1 &
"$@" 3<&- </dev/null
`

// Stop ends the scanner and its workers as a crash would, and waits until they
// are gone.
func (c *Child) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd == nil {
		return
	}
	c.end()
}

// end ends the process group, which is of this child's own making. Its members
// were killed once the shell is gone, but the last may be dying still: only when
// nobody listens is the scanner away.
func (c *Child) end() {
	_ = c.hold.Close()
	<-c.ended
	c.cmd = nil
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range patience / (5 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", c.Addr, time.Second)
		if err != nil {
			return
		}
		_ = conn.Close()
		<-tick.C
	}
}

// Start starts it, again after Stop, and waits until it answers.
func (c *Child) Start(t testing.TB) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	who, err := owner(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	c.output = new(bytes.Buffer)
	cmd := exec.Command("/bin/sh", append([]string{"-c", watcher, "sh"}, c.args...)...)
	cmd.Dir, cmd.Env = c.dir, []string{"PATH=/usr/bin:/bin", "HOME=" + c.dir, "TMPDIR=" + c.dir, "LC_ALL=C"}
	cmd.Stdout, cmd.Stderr = c.output, c.output
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who, Setpgid: true}
	hold, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("%s does not start: %v; %s", c.args[0], err, howToGet)
	}
	c.cmd, c.hold, c.ended = cmd, hold, make(chan struct{})
	go func() { _ = cmd.Wait(); close(c.ended) }()

	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	tooLong := time.After(patience)
	for !c.ready() {
		select {
		case <-tick.C:
			continue
		case <-c.ended:
		case <-tooLong:
		}
		c.end()
		log, _ := os.ReadFile(filepath.Join(c.dir, "log"))
		t.Fatalf("%s does not answer\n%s\n%s", c.args[0], c.output, log)
	}
}

// run makes the child of a program that the package brings, with its files.
func run(t testing.TB, program string, files map[string]string, c *Child) *Child {
	t.Helper()
	path, err := find(program)
	if err != nil {
		t.Fatalf("%v; %s", err, howToGet)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c.args = append([]string{path}, c.args...)
	t.Cleanup(c.Stop)
	c.Start(t)
	return c
}

// folder is a temporary one that another user may enter. t.TempDir is below a
// folder that only its owner may.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cordon-scan-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the scanner's folder: %v", err)
		}
	})
	return dir
}

// find looks where daemons are, too, which is not in everyone's PATH.
func find(program string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return path, nil
		}
	}
	return "", errors.New(program + " is missing")
}

// owner gives the folder to an unprivileged user when we are root, and answers
// whom to run the scanner as; nil is as whoever we are.
func owner(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return nil, errors.New("the tests run as root, and there is no user nobody to run scanners as")
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err1, err2, os.Chown(dir, int(uid), int(gid))); err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
