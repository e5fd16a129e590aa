package plugin

import "fmt"

// Plugin is a plugin that was loaded.
type Plugin struct {
	Name         string // "cpu" or "cuda"
	Path         string
	Major, Minor int // of the PJRT C API that it was built with
}

// ID is what go-xla knows the plugin by.
func (p Plugin) ID() string { return "/" + p.Name }

// Version is the plugin's version in few words, e.g. "PJRT 0.115".
func (p Plugin) Version() string { return fmt.Sprintf("PJRT %d.%d", p.Major, p.Minor) }

// The binary interface of go-xla v0.4.1: it was made from the header of version 0.104, and tested by its authors with a CPU plugin of 0.98. A plugin with a larger minor
// number has more functions, at the end of the table; one with a smaller number may lack some that are called. Another major number means another table.
const (
	apiMajor    = 0
	oldestMinor = 98
)

// checkVersion says in one line why a plugin of that version cannot be called, or nil.
func (p Plugin) checkVersion() error {
	switch {
	case p.Major != apiMajor:
		return fmt.Errorf("plugin: %s has another binary interface, PJRT %d.%d, than this program, PJRT %d: install the plugin that `make setup` or `make cuda` takes", p.Path, p.Major, p.Minor, apiMajor)
	case p.Minor < oldestMinor:
		return fmt.Errorf("plugin: %s is too old, PJRT %d.%d: this program needs %d.%d or later; run `make setup` or `make cuda`", p.Path, p.Major, p.Minor, apiMajor, oldestMinor)
	}
	return nil
}
