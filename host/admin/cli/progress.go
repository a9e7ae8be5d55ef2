package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// progress says what takes so long: nothing in the first second, then on a
// terminal one line that counts, elsewhere one line. The caller ends it with the
// returned function before it prints anything else.
func progress(w io.Writer, what string) (done func()) {
	stop := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		live, printed := terminal(w), false
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for n := 1; ; n++ {
			select {
			case <-stop:
				if printed && live {
					fmt.Fprint(w, "\r\x1b[K")
				}
				return
			case <-tick.C:
			}
			switch {
			case live:
				fmt.Fprintf(w, "\r\x1b[K%s … %d s", what, n)
			case !printed:
				fmt.Fprintf(w, "%s …\n", what)
			}
			printed = true
		}
	})
	return func() { close(stop); ended.Wait() }
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
