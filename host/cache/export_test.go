package cache

// Settle lets what was kept be found by the next look-up.
func (s *Store) Settle() {
	s.people.items.Wait()
	s.sessions.items.Wait()
	s.bars.items.Wait()
}
