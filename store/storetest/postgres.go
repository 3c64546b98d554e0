package storetest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
)

// EnvPostgres names a running PostgreSQL (a URL of a user who may create
// databases); without it a cluster is made for the test process.
const EnvPostgres = "CORDON_TEST_POSTGRES"

const howToGetPostgres = "install PostgreSQL (Debian: apt-get install postgresql), run the tests by `make test`, or set " + EnvPostgres + "=postgres://user:password@host:port/postgres"

// cluster is where the server is; while hold is open, it runs.
type cluster struct {
	at   *url.URL
	hold io.Closer // kept reachable, or the collector would close it
}

// server is the PostgreSQL all tests of the process share.
var server = sync.OnceValues(func() (*cluster, error) {
	if given := os.Getenv(EnvPostgres); given != "" {
		u, err := url.Parse(given)
		if err != nil || u.Host == "" {
			return nil, errors.New(EnvPostgres + " is not a postgres:// URL")
		}
		return &cluster{at: u}, nil
	}
	return startCluster()
})

// newDatabase makes a database of the test's own, already migrated.
func newDatabase(t testing.TB) string {
	t.Helper()
	c, err := server()
	if err != nil {
		t.Fatalf("no PostgreSQL for the tests: %v; %s", err, howToGetPostgres)
	}
	at := c.at
	template, err := migratedTemplate(at)
	if err != nil {
		t.Fatalf("prepare PostgreSQL: %v; %s", err, howToGetPostgres)
	}
	name := "cordon_test_" + cordon.RandomText(16)
	if err := admin(at, func(db *sql.DB) error {
		_, err := db.Exec("CREATE DATABASE " + name + " TEMPLATE " + template)
		return err
	}); err != nil {
		t.Fatalf("make database: %v", err)
	}
	t.Cleanup(func() { // runs after the store is closed
		if err := admin(at, func(db *sql.DB) error {
			_, err := db.Exec("DROP DATABASE " + name + " WITH (FORCE)")
			return err
		}); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return in(at, name)
}

func in(at *url.URL, database string) string {
	u := *at
	u.Path = "/" + database
	return u.String()
}

func admin(at *url.URL, f func(*sql.DB) error) error {
	db, err := sql.Open("pgx", in(at, "postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	return f(db)
}

var template struct {
	once sync.Once
	name string
	err  error
}

// migratedTemplate makes, once a process, the database the others are copied
// from. It is named by process, because several test processes may share the
// server, and CREATE DATABASE wants its template to itself.
func migratedTemplate(at *url.URL) (string, error) {
	template.once.Do(func() {
		sum := sha256.Sum256([]byte(cordon.RandomText(26)))
		name := "cordon_template_" + strconv.Itoa(os.Getpid()) + "_" + hex.EncodeToString(sum[:6])
		template.name = name
		template.err = func() error {
			if err := admin(at, func(db *sql.DB) error {
				_, err := db.Exec("CREATE DATABASE " + name)
				return err
			}); err != nil {
				return err
			}
			s, err := store.Open(context.Background(), store.Options{Database: in(at, name), Master: Master()})
			if err != nil {
				return err
			}
			return s.Close()
		}()
	})
	return template.name, template.err
}

// startCluster makes a cluster in a temporary folder and starts it on a free
// port, without fsync: it lives as long as the process. A small shell watches
// over it, because a test process has no last moment of its own: when the pipe
// from this process closes, however it ended, the cluster stops and the folder
// goes.
func startCluster() (*cluster, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "cordon-postgres-")
	if err != nil {
		return nil, err
	}
	who, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	if err := runAs(who, dir, filepath.Join(bin, "initdb"), "-D", data, "-U", "cordon", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	options := fmt.Sprintf("-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c synchronous_commit=off"+
		" -c full_page_writes=off -c max_connections=300 -c shared_buffers=64MB -c autovacuum=off", port)
	hold, err := watchOver(who, dir, filepath.Join(bin, "pg_ctl"), data, options)
	if err != nil {
		return nil, err
	}
	at := &url.URL{Scheme: "postgres", User: url.User("cordon"), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), RawQuery: "sslmode=disable"}
	return &cluster{at, hold}, nil
}

const watcher = `"$1" -D "$2" -o "$3" -l log -w -s start || exit 1
echo started
cat >/dev/null
"$1" -D "$2" -m immediate -s stop
cd / && rm -rf "$OLDPWD"
`

// watchOver starts the server under the watching shell and waits until it
// answers. The pipe's writing end is kept open by this process and no other.
func watchOver(who *syscall.Credential, dir string, args ...string) (io.Closer, error) {
	cmd := exec.Command("/bin/sh", append([]string{"-c", watcher, "sh"}, args...)...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who, Setpgid: true}
	hold, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	said, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if line, err := bufio.NewReader(said).ReadString('\n'); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, fmt.Errorf("PostgreSQL did not start: %s\n%s", line, log)
	}
	return hold, nil
}

// postgresBin finds the newest installed server.
func postgresBin() (string, error) {
	var found []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/postgres", "/usr/pgsql-*/bin/postgres", "/usr/local/pgsql/bin/postgres", "/opt/homebrew/opt/postgresql*/bin/postgres"} {
		m, _ := filepath.Glob(pattern)
		found = append(found, m...)
	}
	if len(found) == 0 {
		if path, err := exec.LookPath("postgres"); err == nil {
			return filepath.Dir(path), nil
		}
		return "", errors.New("no PostgreSQL server is installed")
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return majorVersion(a) - majorVersion(b) })
	return filepath.Dir(newest), nil
}

func majorVersion(path string) int {
	digits := strings.FieldsFunc(path, func(r rune) bool { return r < '0' || r > '9' })
	if len(digits) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(digits[0])
	return n
}

// unprivileged answers whom to run the server as: it refuses root. nil means
// as whoever we are.
func unprivileged(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("the tests run as root, and there is neither a user postgres nor nobody to run PostgreSQL as")
}

func runAs(who *syscall.Credential, dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, said.Bytes())
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
