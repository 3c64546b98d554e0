package scantest

import (
	"encoding/hex"
	"net"
	"strings"
	"testing"
	"time"
)

const clamdConf = `
TCPSocket @PORT
TCPAddr 127.0.0.1
LocalSocket @DIR/socket
DatabaseDirectory @DIR
TemporaryDirectory @DIR
LogFile @DIR/log
Foreground yes
SelfCheck 0
StreamMaxLength 1M
MaxFileSize 100K
AlertEncryptedArchive yes
AlertExceedsMax @STRICT
`

// Eicar is the test file of the virus scanners' makers. It is kept in two
// halves, so that no scanner takes this program for it.
func Eicar() []byte {
	return []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}$` + `EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`)
}

// ClamAV starts a clamd that knows two signatures: the hash of Eicar, and
// VirusText. Of a file over 100 KB it reads nothing; unless strict it then says
// OK. It listens on tcp://Addr and on the socket Socket().
func ClamAV(t testing.TB, strict bool) *Child {
	t.Helper()
	dir, port := folder(t), freePort(t)
	at := net.JoinHostPort("127.0.0.1", port)
	says := "no"
	if strict {
		says = "yes"
	}
	return run(t, "clamd", map[string]string{
		"clamd.conf": strings.NewReplacer("@DIR", dir, "@PORT", port, "@STRICT", says).Replace(clamdConf),
		"test.hdb":   "44d88612fea8a8f36de82e1278abb02f:68:Cordon.Test.Eicar\n",
		"test.ndb":   "Cordon.Test.Text:0:*:" + hex.EncodeToString([]byte(VirusText)) + "\n",
	}, &Child{
		Addr: at, dir: dir, args: []string{"--config-file=" + dir + "/clamd.conf"},
		ready: func() bool {
			conn, err := net.DialTimeout("tcp", at, time.Second)
			if err == nil {
				err = conn.Close()
			}
			return err == nil
		},
	})
}

// Socket is the path of clamd's socket.
func (c *Child) Socket() string { return c.dir + "/socket" }
