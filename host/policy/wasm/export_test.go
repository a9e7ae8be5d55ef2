package wasm

// Because is the verdict on a call that printed these lines and died.
func Because(lines []string, panicked bool) string {
	s := said{panicked: panicked}
	for _, line := range lines {
		s.line(line)
	}
	return s.because("it stopped")
}
