package cluster

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

const bridge = "pods"

var (
	// hostAddress is that of the control plane on the bridge.
	hostAddress = netip.MustParseAddr("10.77.0.1")
	podNetwork  = netip.PrefixFrom(hostAddress, 16)
)

// network joins the network namespaces of the pods by a bridge.
type network struct {
	last     netip.Addr
	attached int
	// outside has every address of the OutsideNetwork.
	outside link
}

// link is a pod's connection to the network.
type link struct {
	// namespace is the name of the network namespace, and of the link's end on
	// the bridge.
	namespace string
	address   netip.Addr
}

func newNetwork() (*network, error) {
	// A probe opens a connection for each request: they need more ports than
	// the usual range has.
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("20000 65000"), 0); err != nil {
		return nil, err
	}
	if err := ip("",
		"link set lo up",
		"link add "+bridge+" type bridge",
		fmt.Sprintf("address add %s dev %s", podNetwork, bridge),
		"link set "+bridge+" up",
	); err != nil {
		return nil, err
	}
	n := &network{last: hostAddress}
	outside, err := n.attach()
	if err != nil {
		return nil, err
	}
	n.outside = outside
	return n, ip(outside.namespace, fmt.Sprintf("route add local %s dev lo", OutsideNetwork))
}

// attach makes a network namespace with an address on the bridge.
func (n *network) attach() (link, error) {
	n.attached++
	n.last = n.last.Next()
	l := link{namespace: fmt.Sprintf("pod%d", n.attached), address: n.last}
	if err := ip("",
		"netns add "+l.namespace,
		fmt.Sprintf("link add %s type veth peer name eth0 netns %s", l.namespace, l.namespace),
		fmt.Sprintf("link set %s master %s up", l.namespace, bridge),
	); err != nil {
		return link{}, err
	}
	commands := []string{
		"link set lo up",
		fmt.Sprintf("address add %s/%d dev eth0", l.address, podNetwork.Bits()),
		"link set eth0 up",
		fmt.Sprintf("route add default via %s", hostAddress),
	}
	if n.outside.address.IsValid() {
		commands = append(commands, fmt.Sprintf("route add %s via %s", OutsideNetwork, n.outside.address))
	}
	return l, ip(l.namespace, commands...)
}

func (l link) detach() error {
	return ip("", "link delete "+l.namespace, "netns delete "+l.namespace)
}

// setUp connects the link, or cuts it so that packets are lost silently.
func (l link) setUp(up bool) error {
	state := "down"
	if up {
		state = "up"
	}
	return ip("", fmt.Sprintf("link set %s %s", l.namespace, state))
}

// inside calls do on a thread that is in the pod's network namespace. Sockets
// made there stay there.
func (l link) inside(do func() error) error {
	runtime.LockOSThread()
	own, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	defer own.Close()
	other, err := os.Open("/run/netns/" + l.namespace)
	if err != nil {
		return err
	}
	defer other.Close()
	if err := unix.Setns(int(other.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter the network of %s: %w", l.namespace, err)
	}
	result := do()
	// A thread that can't come back stays locked, and so ends with its goroutine.
	if err := unix.Setns(int(own.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("leave the network of %s: %w", l.namespace, err)
	}
	runtime.UnlockOSThread()
	return result
}

// ip runs the commands of ip(8) in a network namespace, or in this one.
func ip(namespace string, commands ...string) error {
	arguments := []string{"-batch", "-"}
	if namespace != "" {
		arguments = append([]string{"-netns", namespace}, arguments...)
	}
	batch := exec.Command("ip", arguments...)
	batch.Stdin = strings.NewReader(strings.Join(commands, "\n") + "\n")
	if output, err := batch.CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(commands, "; "), err, output)
	}
	return nil
}
