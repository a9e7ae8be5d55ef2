package transfer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
)

// Sum is a table's checksum: the sum, modulo 2^256, of its rows' SHA-256, so
// that no order of rows matters (two databases seldom sort text alike).
type Sum [4]uint64

// String is the first 16 hex digits, for people to compare.
func (s Sum) String() string {
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, s[0]))
}

// add adds one row. A value is an int64, a string or bytes: what the schema has.
func (s *Sum) add(row []any) error {
	var text []byte
	for i, v := range row {
		switch v := v.(type) {
		case int64:
			text = binary.BigEndian.AppendUint64(append(text, 'i'), uint64(v))
		case string:
			text = binary.BigEndian.AppendUint64(append(text, 's'), uint64(len(v)))
			text = append(text, v...)
		case []byte:
			text = binary.BigEndian.AppendUint64(append(text, 'b'), uint64(len(v)))
			text = append(text, v...)
		default:
			return fmt.Errorf("column %d holds a %T", i+1, v)
		}
	}
	hash := sha256.Sum256(text)
	var carry uint64
	for i := len(s) - 1; i >= 0; i-- {
		s[i], carry = bits.Add64(s[i], binary.BigEndian.Uint64(hash[8*i:]), carry)
	}
	return nil
}
