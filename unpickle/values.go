package unpickle

import "strconv"

type (
	// Tuple is a tuple.
	Tuple struct{ Items []any }
	// List is a list or a set.
	List struct{ Items []any }
	// Dict keeps the order of its keys. Keys that are not strings or whole
	// numbers are not compared.
	Dict struct {
		Keys, Values []any
		at           map[any]int // places of keys that are strings or whole numbers
	}
	// Object is an instance of a class that is not loaded.
	Object struct {
		Class Global
		State any   // of BUILD
		Dict  *Dict // what was set in it as in a dict
		List  *List // what was appended to it as to a list
	}
	// Global is a name: of a class, a function, a dtype.
	Global struct{ Module, Name string }
	// Long is a whole number beyond int64, as little-endian bytes.
	Long string
)

// String is "module.name" on one line, cut short after 100 bytes.
func (g Global) String() string {
	name := g.Module + "." + g.Name
	if len(name) > 100 {
		name = name[:100] + "…"
	}
	for _, c := range name {
		if c <= ' ' || c >= 0x7f && c != '…' {
			return strconv.QuoteToASCII(name)
		}
	}
	return name
}

func (d *Dict) set(key, value any) {
	switch key.(type) {
	case string, int64:
		if i, ok := d.at[key]; ok {
			d.Values[i] = value
			return
		}
		if d.at == nil {
			d.at = map[any]int{}
		}
		d.at[key] = len(d.Keys)
	}
	d.Keys, d.Values = append(d.Keys, key), append(d.Values, value)
}

// Get gives the value of a string, nil if there is none.
func (d *Dict) Get(key string) any {
	if i, ok := d.at[key]; ok {
		return d.Values[i]
	}
	return nil
}
