package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/cordonmail/cordon/drill"
)

// intruderPatience is how long a drill's intruder waits for one answer.
const intruderPatience = time.Minute

// drill performs drills on this house until ctx ends, by the doors that others
// have: the operator's socket and the address it listens on.
func (h *House) drill(ctx context.Context, listening net.Addr) error {
	door, end, err := h.door(listening)
	if err != nil {
		return err
	}
	defer end()
	return h.Drills.Run(ctx, door)
}

// Door is how a drill reaches this house while it listens there; end closes
// what it held open.
func (h *House) door(listening net.Addr) (door drill.Door, end func(), err error) {
	socket := filepath.Join(h.Config.Data, SocketName)
	operator := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	intruder := &http.Transport{}
	door = drill.Door{
		Operator: &http.Client{Transport: operator},
		Intruder: &http.Client{Transport: intruder, Timeout: intruderPatience},
		URL:      "http://" + reachable(listening),
	}
	if h.Config.TLS.Certificate != "" {
		door.URL = "https://" + reachable(listening)
		if intruder.TLSClientConfig, err = h.onlyOurs(); err != nil {
			return door, nil, err
		}
		operator.DialTLSContext = operator.DialContext // the socket speaks no TLS, whatever the URL says
	}
	return door, func() { operator.CloseIdleConnections(); intruder.CloseIdleConnections() }, nil
}

// reachable is the address to call where something listens everywhere.
func reachable(listening net.Addr) string {
	tcp, ok := listening.(*net.TCPAddr)
	switch {
	case !ok || !tcp.IP.IsUnspecified():
		return listening.String()
	case tcp.IP.To4() != nil:
		return net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port))
	}
	return net.JoinHostPort("localhost", fmt.Sprint(tcp.Port))
}

// onlyOurs takes this house's own certificate and no other, whatever name it
// carries: the house calls itself by its address.
func (h *House) onlyOurs() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(h.Config.TLS.Certificate, h.Config.TLS.Key)
	if err != nil {
		return nil, fmt.Errorf("own certificate: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true, VerifyConnection: func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 || !bytes.Equal(s.PeerCertificates[0].Raw, pair.Certificate[0]) {
			return errors.New("this is not the house's own certificate")
		}
		return nil
	}}, nil
}
