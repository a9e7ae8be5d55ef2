package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// errUnreadable: the stored text is no argon2id hash that we would have made.
var errUnreadable = errors.New("password: the stored hash cannot be read")

// What is computed for a stored hash at most, whoever wrote it.
const (
	maxPasses, maxKiB, maxThreads = 16, 256 << 10, 16
	maxPart                       = 64 // bytes of a salt or a key
)

// stored is a PHC string: $argon2id$v=19$m=19456,t=2,p=1$salt$key.
type stored struct {
	cost      Cost
	salt, key []byte
}

func (s stored) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, s.cost.KiB, s.cost.Passes, s.cost.Threads, b64(s.salt), b64(s.key))
}

func parse(phc string) (s stored, err error) {
	parts := strings.Split(phc, "$")
	if len(phc) > 512 || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return s, errUnreadable
	}
	costs := strings.Split(parts[3], ",")
	if len(costs) != 3 {
		return s, errUnreadable
	}
	var n [3]uint64
	for i, c := range []struct {
		name string
		most uint64
	}{{"m=", maxKiB}, {"t=", maxPasses}, {"p=", maxThreads}} {
		text, named := strings.CutPrefix(costs[i], c.name)
		if n[i], err = strconv.ParseUint(text, 10, 32); !named || err != nil || n[i] < 1 || n[i] > c.most {
			return s, errUnreadable
		}
	}
	s.cost = Cost{KiB: uint32(n[0]), Passes: uint32(n[1]), Threads: uint8(n[2])}
	if s.salt, err = part(parts[4]); err == nil {
		s.key, err = part(parts[5])
	}
	return s, err
}

func part(text string) ([]byte, error) {
	b, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < 8 || len(b) > maxPart {
		return nil, errUnreadable
	}
	return b, nil
}
