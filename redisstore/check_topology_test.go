package redisstore_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// startFitCluster starts a cluster of three masters that lack nothing, and
// returns a client of each.
func startFitCluster(t *testing.T) (*redistest.Cluster, []*redis.Client) {
	t.Helper()
	cluster := redistest.StartCluster(t, 3, 0)
	var nodes []*redis.Client
	for _, server := range cluster.Nodes() {
		node := server.Client(t)
		mustSucceed(t, node.ConfigSet(t.Context(), "appendonly", "yes").Err())
		nodes = append(nodes, node)
	}
	return cluster, nodes
}

// Each master of a cluster is looked at, and so is the whole.
func TestCheckCluster(t *testing.T) {
	t.Parallel()
	cluster, nodes := startFitCluster(t)
	t.Run("fit", func(t *testing.T) {
		mirror := redisstore.MirrorOptions{Staleness: time.Second}
		wantCodes(t, check(t, cluster.Client(t), redisstore.Options{Mirror: mirror}))
		wantCodes(t, check(t, cluster.Client(t), redisstore.Options{Prefix: randomPrefix(), Shards: 1024}))
		wantCodes(t, check(t, cluster.Client(t), redisstore.Options{Prefix: randomPrefix(), Shards: 1}))
	})
	t.Run("one node that evicts", func(t *testing.T) {
		for name, value := range map[string]string{"maxmemory": "100mb", "maxmemory-policy": "allkeys-lru"} {
			old := nodes[1].ConfigGet(t.Context(), name).Val()[name]
			mustSucceed(t, nodes[1].ConfigSet(t.Context(), name, value).Err())
			defer nodes[1].ConfigSet(t.Context(), name, old)
		}
		report := check(t, cluster.Client(t), redisstore.Options{})
		wantCodes(t, report, "WARN eviction")
		wantText(t, report, cluster.Addrs()[1]+": maxmemory-policy is allkeys-lru")
	})
	t.Run("rights on one node only", func(t *testing.T) {
		all, forCluster := permissions(t)
		for i, node := range nodes {
			rules := slices.Concat([]string{"~*", "&*", "+info", "+config|get", "+cluster|info"}, all, forCluster)
			if i == 2 {
				rules = append(rules, "-hset", "-asking", "-cluster|info")
			}
			allow(t, node, "app", rules...)
		}
		client := cluster.Client(t, func(o *redis.ClusterOptions) {
			o.Username, o.Password, o.DisableIdentity = "app", "secret", true
		})
		report := check(t, client, redisstore.Options{})
		wantCodes(t, report, "WARN permission", "INFO unknown")
		wantText(t, report, cluster.Addrs()[2]+": the client's user lacks the rights +hset +asking:")
		wantText(t, report, "the cluster's state")
	})
	t.Run("a client of one node", func(t *testing.T) {
		report := check(t, cluster.Nodes()[0].Client(t), redisstore.Options{})
		wantCodes(t, report, "WARN mode")
		wantText(t, report, "the client knows only this one")
	})
}

func TestCheckUnevenCluster(t *testing.T) {
	t.Parallel()
	cluster, nodes := startFitCluster(t)
	// The last node has the latest epoch, so that what it claims stays its own.
	id, err := nodes[2].Do(t.Context(), "cluster", "myid").Text()
	mustSucceed(t, err)
	for _, i := range []int{2, 1, 0} {
		_, err := nodes[i].Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for slot := 5462; slot < 10922; slot++ { // but for the first of the second
				p.Do(t.Context(), "cluster", "setslot", slot, "node", id)
			}
			return nil
		})
		mustSucceed(t, err)
	}
	await(t, "the nodes to agree", func() bool {
		return !slices.ContainsFunc(nodes, func(node *redis.Client) bool {
			//lint:ignore SA1019 its successor is of Redis 7
			ranges := node.ClusterSlots(t.Context()).Val()
			return !slices.ContainsFunc(ranges, func(r redis.ClusterSlot) bool { return r.Start == 5462 && r.End == 16383 })
		})
	})
	report := check(t, cluster.Client(t), redisstore.Options{})
	wantCodes(t, report, "INFO shards", "INFO shards")
	wantText(t, report, cluster.Addrs()[2]+": the master has 11 of the 16 shards, an even share among 3 masters is 6")
	wantText(t, report, cluster.Addrs()[1]+": the master has 0 of the 16 shards")
}

func TestCheckUnservedSlots(t *testing.T) {
	t.Parallel()
	cluster, nodes := startFitCluster(t)
	for _, node := range nodes {
		mustSucceed(t, node.ConfigSet(t.Context(), "cluster-require-full-coverage", "no").Err())
	}
	for _, node := range nodes {
		mustSucceed(t, node.ClusterDelSlotsRange(t.Context(), 0, 1023).Err())
	}
	await(t, "the nodes to agree", func() bool {
		return !slices.ContainsFunc(nodes, func(node *redis.Client) bool {
			info := node.ClusterInfo(t.Context()).Val()
			return !strings.Contains(info, "cluster_slots_assigned:15360") || !strings.Contains(info, "cluster_state:ok")
		})
	})
	report := check(t, cluster.Client(t), redisstore.Options{})
	wantCodes(t, report, "WARN cluster")
	wantText(t, report, "no master serves the slots of ratchet:{0")
}

func TestCheckBrokenCluster(t *testing.T) {
	t.Parallel()
	cluster, nodes := startFitCluster(t)
	s := newStore(t, cluster.Client(t), redisstore.Options{})
	cluster.Nodes()[2].Kill()
	await(t, "the others to notice", func() bool {
		return !slices.ContainsFunc(nodes[:2], func(node *redis.Client) bool {
			return !strings.Contains(node.ClusterInfo(t.Context()).Val(), "cluster_state:fail")
		})
	})
	report, err := s.Check(t.Context())
	mustSucceed(t, err)
	wantCodes(t, slices.SortedFunc(slices.Values(report), func(a, b redisstore.Finding) int { return strings.Compare(a.Code, b.Code) }),
		"WARN cluster", "WARN cluster", "WARN unreachable")
	wantText(t, report, "the cluster's state is fail")
	wantText(t, report, cluster.Addrs()[2]+": the master does not answer")
	for _, server := range cluster.Nodes() {
		server.Kill()
	}
	if report, err := s.Check(t.Context()); err == nil {
		t.Errorf("got %v and no error of a cluster that is down", report)
	}
}

// A master that is away is no error, even if it is the one that holds the
// record of the layout.
func TestCheckClusterWithoutOne(t *testing.T) {
	t.Parallel()
	cluster, nodes := startFitCluster(t)
	for _, node := range nodes {
		mustSucceed(t, node.ConfigSet(t.Context(), "cluster-require-full-coverage", "no").Err())
	}
	s := newStore(t, cluster.Client(t, func(o *redis.ClusterOptions) { o.DialerRetries = 1 }), redisstore.Options{})
	away := cluster.MasterFor(t, "ratchet:meta")
	away.Kill()
	report, err := s.Check(t.Context())
	mustSucceed(t, err)
	wantCodes(t, report, "WARN unreachable")
	wantText(t, report, away.Addr()+": the master does not answer")
}

// Through Sentinel it is the master that is looked at, under its own address.
func TestCheckSentinel(t *testing.T) {
	s := redistest.StartSentinel(t, 1, 1)
	master := s.Master().Client(t)
	mustSucceed(t, master.ConfigSet(t.Context(), "appendonly", "yes").Err())
	wantCodes(t, check(t, s.Client(t), redisstore.Options{}))
	mustSucceed(t, master.ConfigSet(t.Context(), "maxmemory-policy", "volatile-lru").Err())
	report := check(t, s.Client(t), redisstore.Options{})
	wantCodes(t, report, "INFO eviction")
	wantText(t, report, s.Master().Addr()+": maxmemory-policy is volatile-lru")

	t.Run("a client of replicas", func(t *testing.T) {
		client := redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: s.MasterName(), SentinelAddrs: s.Addrs(), ReplicaOnly: true,
		})
		defer client.Close()
		report := check(t, client, redisstore.Options{})
		if len(report) == 0 || report[0].Code != "role" || report[0].Server != s.Replicas()[0].Addr() {
			t.Errorf("got %v, want the role of %s", report, s.Replicas()[0].Addr())
		}
	})
	t.Run("a client of the sentinel", func(t *testing.T) {
		client := redis.NewClient(&redis.Options{Addr: s.Addrs()[0]})
		defer client.Close()
		report := check(t, client, redisstore.Options{})
		wantCodes(t, report, "WARN mode")
		wantText(t, report, "is a sentinel")
	})
}

func TestCheckTLS(t *testing.T) {
	dir := t.TempDir()
	roots := writeCertificate(t, dir)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	mustSucceed(t, err)
	address := l.Addr().String()
	_, port := split(t, address)
	mustSucceed(t, l.Close())
	server := redistest.Start(t, fit("tls-port "+port, "tls-cert-file "+filepath.Join(dir, "cert.pem"),
		"tls-key-file "+filepath.Join(dir, "key.pem"), "tls-auth-clients no"))
	all, _ := permissions(t)
	allow(t, server.Client(t), "app", slices.Concat([]string{"~*", "&*", "+info", "+config|get"}, all)...)

	client := redis.NewClient(&redis.Options{Addr: address, Username: "app", Password: "secret", TLSConfig: &tls.Config{RootCAs: roots}})
	defer client.Close()
	s := newStore(t, client, redisstore.Options{})
	report, err := s.Check(t.Context())
	mustSucceed(t, err)
	wantCodes(t, report)
	mustSucceed(t, server.Client(t).ConfigSet(t.Context(), "maxmemory-policy", "volatile-lru").Err())
	report, err = s.Check(t.Context())
	mustSucceed(t, err)
	wantCodes(t, report, "INFO eviction")
	wantText(t, report, address)
}

// writeCertificate writes a certificate of 127.0.0.1 and its key, and returns
// the pool by which it is trusted.
func writeCertificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	mustSucceed(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	mustSucceed(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	mustSucceed(t, err)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	mustSucceed(t, os.WriteFile(filepath.Join(dir, "cert.pem"), text, 0o600))
	mustSucceed(t, os.WriteFile(filepath.Join(dir, "key.pem"),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return roots
}
