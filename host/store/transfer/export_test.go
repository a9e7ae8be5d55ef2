package transfer

// SumOf adds up rows of int64 and string.
func SumOf(rows [][]any) (s Sum) {
	for _, r := range rows {
		if err := s.add(r); err != nil {
			panic(err)
		}
	}
	return s
}
