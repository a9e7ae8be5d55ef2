package config

import "time"

// Memory says what the server may use, and when it becomes careful.
type Memory struct {
	Limit    Size `yaml:"limit" unit:"size" zero:"the container's limit or, without one, the machine's memory" help:"What the process may use in all. Go's own share (GOMEMLIMIT) is set to four fifths of it, the collector's growth (GOGC) to 50; the environment's GOMEMLIMIT and GOGC win."`
	Warning  int  `yaml:"warning" unit:"percent of limit" zero:"refused" help:"From here on the log and the metrics say that memory is getting scarce."`
	Critical int  `yaml:"critical" unit:"percent of limit" zero:"refused" help:"From here on the server sheds, in this order: spare plugin instances, caches, what is kept for people to resume, newcomers. Below warning all comes back."`
}

func (m Memory) validate(k *check) {
	if m.Limit != 0 {
		between(k, "memory.limit", m.Limit, 64<<20, 1<<50)
	}
	between(k, "memory.warning", m.Warning, 10, 99)
	between(k, "memory.critical", m.Critical, m.Warning+1, 100)
}

// Steward says how often the server tidies up, and what may go.
type Steward struct {
	LookEvery  time.Duration `yaml:"look_every" unit:"duration" zero:"refused" help:"Between two looks at the memory; it is looked at after each of the collector's rounds, too."`
	CleanEvery time.Duration `yaml:"clean_every" unit:"duration" zero:"refused" help:"Between two rounds of chores: expired sessions and cooldowns, finished calls to the archive, plugin instances and versions that nobody uses."`
	Archive    time.Duration `yaml:"archive" unit:"duration" zero:"calls are never archived" help:"How old a finished call must be to move to the compressed archive. Histories still show it."`
	KeepUnused time.Duration `yaml:"keep_unused" unit:"duration" zero:"plugins are never deleted" help:"How long a plugin that serves no hook stays in the data folder. What a roll back would return to stays in any case, and so do the history and the audit log."`
	KeepMet    time.Duration `yaml:"keep_met" unit:"duration" zero:"refused" help:"How long it is remembered after their last cooldown that two people met; the cooldown policy is told how often."`
}

func (s Steward) validate(k *check) {
	between(k, "steward.look_every", s.LookEvery, time.Second, time.Hour)
	between(k, "steward.clean_every", s.CleanEvery, time.Second, 24*time.Hour)
	if s.Archive != 0 {
		between(k, "steward.archive", s.Archive, time.Minute, 100*366*24*time.Hour)
	}
	if s.KeepUnused != 0 {
		between(k, "steward.keep_unused", s.KeepUnused, time.Hour, 100*366*24*time.Hour)
	}
	between(k, "steward.keep_met", s.KeepMet, time.Minute, 100*366*24*time.Hour)
}
