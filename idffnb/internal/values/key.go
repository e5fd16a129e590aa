// Package values tells values of a user's own types apart, whatever methods they have.
package values

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Key is a value's type and all that it holds, exported or not, behind pointers too: values of one type with equal keys hold the same. fmt's %+v would not do: it prints what a method String
// says, and pointers as addresses. The key is "" where the value holds what cannot be compared: a function, a channel, or more than maxDepth values in each other.
func Key(v any) string {
	w := writer{seen: map[pointer]int{}}
	w.write(reflect.ValueOf(v), 0)
	if w.opaque {
		return ""
	}
	return w.text.String()
}

const maxDepth = 100

type writer struct {
	text   strings.Builder
	seen   map[pointer]int // pointers that were followed, by number
	opaque bool
}

type pointer struct {
	at uintptr
	to reflect.Type
}

// write adds a value with its type.
func (w *writer) write(v reflect.Value, depth int) {
	if !v.IsValid() {
		w.text.WriteString("nil")
		return
	}
	w.text.WriteString(name(v.Type()))
	w.text.WriteByte(' ')
	w.value(v, depth)
}

// name is a type's name with the path of its package.
func name(t reflect.Type) string {
	if t.PkgPath() != "" {
		return t.PkgPath() + "." + t.Name()
	}
	return t.String()
}

// value adds a value whose type is known.
func (w *writer) value(v reflect.Value, depth int) {
	if w.opaque = w.opaque || depth > maxDepth; w.opaque {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		w.pointer(v, depth)
	case reflect.Interface:
		w.write(v.Elem(), depth+1)
	case reflect.Struct:
		w.list("{", v.NumField(), "}", func(i int) { w.value(v.Field(i), depth+1) })
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.IsNil() {
			w.text.WriteString("nil")
			return
		}
		w.list("[", v.Len(), "]", func(i int) { w.value(v.Index(i), depth+1) })
	case reflect.Map:
		w.dictionary(v, depth)
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		w.text.WriteString("nil")
		w.opaque = !v.IsNil()
	case reflect.String:
		w.text.WriteString(strconv.Quote(v.String()))
	default:
		w.text.WriteString(plain(v))
	}
}

// plain is a number or a truth, whose type may have a method String.
func plain(v reflect.Value) string {
	switch {
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10)
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case v.CanComplex():
		return strconv.FormatComplex(v.Complex(), 'g', -1, 128)
	}
	return strconv.FormatBool(v.Bool())
}

// list adds n values between brackets.
func (w *writer) list(from string, n int, to string, add func(i int)) {
	w.text.WriteString(from)
	for i := range n {
		if i > 0 {
			w.text.WriteByte(' ')
		}
		add(i)
	}
	w.text.WriteString(to)
}

// pointer adds what it points to, or the number of a pointer that was followed before.
func (w *writer) pointer(v reflect.Value, depth int) {
	if v.IsNil() {
		w.text.WriteString("nil")
		return
	}
	p := pointer{v.Pointer(), v.Type()}
	if number, before := w.seen[p]; before {
		fmt.Fprintf(&w.text, "#%d", number)
		return
	}
	w.seen[p] = len(w.seen)
	w.text.WriteByte('&')
	w.value(v.Elem(), depth+1)
}

// dictionary adds a map in the order of its keys' texts.
func (w *writer) dictionary(v reflect.Value, depth int) {
	if v.IsNil() {
		w.text.WriteString("nil")
		return
	}
	var entries []string
	for i := v.MapRange(); i.Next(); {
		entry := writer{seen: maps.Clone(w.seen)} // so that numbers of pointers do not depend on the order of the map
		entry.write(i.Key(), depth+1)
		entry.text.WriteByte(':')
		entry.value(i.Value(), depth+1)
		w.opaque = w.opaque || entry.opaque
		entries = append(entries, entry.text.String())
	}
	slices.Sort(entries)
	w.list("{", len(entries), "}", func(i int) { w.text.WriteString(entries[i]) })
}

// Home is the path of the package that a value's type, or what it points to, is declared in.
func Home(v any) string {
	t := reflect.TypeOf(v)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return ""
	}
	return t.PkgPath()
}
