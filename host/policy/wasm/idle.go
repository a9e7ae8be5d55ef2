package wasm

// DropIdle closes the instances that wait to be asked, and answers how many. The
// next question makes a new one. Safe beside any other call.
func (p *Plugin) DropIdle() int { return p.pool.drop() }
