package load

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// checkPorts says whether n sockets to one address fit this machine's range of
// local ports; root is "/proc". Elsewhere than on Linux nothing is known, and
// connecting will tell. A line that was cut keeps its port for a minute.
func checkPorts(root string, n int) error {
	text, err := os.ReadFile(filepath.Join(root, "sys/net/ipv4/ip_local_port_range"))
	if err != nil {
		return nil
	}
	var low, high int
	if _, err := fmt.Sscan(strings.TrimSpace(string(text)), &low, &high); err != nil {
		return fmt.Errorf("load: local ports: %w", err)
	}
	if have := high - low + 1; n > have {
		return fmt.Errorf("load: %d people need as many local ports, those who come back included, and there are %d (net.ipv4.ip_local_port_range)", n, have)
	}
	return nil
}
