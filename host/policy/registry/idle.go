package registry

import "github.com/napalmsky/napalmsky/host/policy/wasm"

// DropIdle closes plugin instances that wait to be asked: those of versions that
// nobody has asked since the last DropIdle or, with all, of every version. It
// answers how many. The next question makes a new instance, which takes some
// milliseconds. Safe for concurrent use.
func (r *Registry) DropIdle(all bool) (dropped int) {
	r.mu.Lock()
	var idle []*wasm.Plugin
	for run := range r.runs {
		p, is := run.plugin.(*wasm.Plugin)
		if !is {
			continue
		}
		s := p.Stats()
		asked := s.Match.OK + s.Cooldown.OK + s.Trim.OK + s.Signalling.OK
		if all || asked == run.askedThen {
			idle = append(idle, p)
		}
		run.askedThen = asked
	}
	r.mu.Unlock()
	for _, p := range idle { // closing an instance may take a moment
		dropped += p.DropIdle()
	}
	return dropped
}
