package cluster

import (
	"net"
	"net/netip"
	"strings"
	"sync"

	"golang.org/x/net/dns/dnsmessage"
)

// timeToLive is what the DNS server of a Kubernetes cluster says, in seconds.
const timeToLive = 5

// nameServer answers DNS queries for the names of Services, and of what is outside the
// cluster.
type nameServer struct {
	mutex    sync.RWMutex
	services map[string][]netip.Addr
	outside  map[string]netip.Addr
}

// startNameServer answers queries at the given address until the process ends.
func startNameServer(address netip.Addr) (*nameServer, error) {
	connection, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(address, 53)))
	if err != nil {
		return nil, err
	}
	s := &nameServer{outside: map[string]netip.Addr{}}
	go s.serve(connection)
	return s, nil
}

// publish replaces the names of Services, each a fully qualified one without the last dot.
func (s *nameServer) publish(services map[string][]netip.Addr) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.services = services
}

// add adds a name that stays.
func (s *nameServer) add(name string, address netip.Addr) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.outside[strings.ToLower(name)] = address
}

func (s *nameServer) lookup(name string) (addresses []netip.Addr, known bool) {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if strings.HasSuffix(name, ".svc") {
		name += "." + clusterDomain // as the search domains of a pod do
	}
	if address, isOutside := s.outside[name]; isOutside {
		return []netip.Addr{address}, true
	}
	addresses, known = s.services[name]
	return addresses, known
}

func (s *nameServer) serve(connection *net.UDPConn) {
	buffer := make([]byte, 1500)
	for {
		size, client, err := connection.ReadFromUDP(buffer)
		if err != nil {
			return
		}
		var query dnsmessage.Message
		if err := query.Unpack(buffer[:size]); err != nil || len(query.Questions) != 1 {
			continue
		}
		answer := s.answer(query)
		if packed, err := answer.Pack(); err == nil {
			_, _ = connection.WriteToUDP(packed, client) // A client that lost the answer asks again.
		}
	}
}

func (s *nameServer) answer(query dnsmessage.Message) dnsmessage.Message {
	question := query.Questions[0]
	answer := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: query.ID, Response: true, Authoritative: true,
			RecursionDesired: query.RecursionDesired, RecursionAvailable: true,
		},
		Questions: query.Questions,
	}
	addresses, known := s.lookup(question.Name.String())
	if !known {
		answer.RCode = dnsmessage.RCodeNameError
	}
	if question.Type != dnsmessage.TypeA {
		return answer
	}
	for _, address := range addresses {
		answer.Answers = append(answer.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: timeToLive},
			Body:   &dnsmessage.AResource{A: address.As4()},
		})
	}
	return answer
}
