package idffnb

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// What an experiment is given may be the user's own: Data, Net, Coupling, a path's Interpolant, and the Field and Solver of a sampling. Their panics become errors
// of one line, and an experiment's identity tells them apart.

// caught turns a panic in code of the user's own into an error; it is to be deferred. what is who panicked.
func caught(what string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s panicked: %w", what, inner(errors.New(panicText(p))))
	}
}

// panicAsError gives a panic while a graph is built the form of an error; it is to be deferred by functions that build graphs. GoMLX catches
// errors alone, and after any other panic waits for ever when the graph is finalized.
func panicAsError() {
	if p := recover(); p != nil {
		if err, ok := p.(error); ok {
			panic(err)
		}
		panic(fmt.Errorf("%s", panicText(p)))
	}
}

// velocity is that of the field at a point, which must have the shape of the state.
func velocity(field flow.Field, m *flow.Model, at flow.Point, factors []*Node) *Node {
	v := field.Velocity(m, at, factors)
	if v == nil || !v.Shape().Equal(at.X.Shape()) {
		panic(fmt.Errorf("field %s returned %s, want a velocity of the state's shape %s", field.Name(), shapeOf(v), at.X.Shape()))
	}
	return v
}

// checkStates panics unless a solver returned the states at the times of its grid, shaped as the first.
func checkStates(s solver.Solver, states []*Node, x *Node) {
	if want := len(s.Grid()); len(states) != want {
		panic(fmt.Errorf("solver %s returned %d states, want one for each of the %d times of its Grid", s.Name(), len(states), want))
	}
	for k, state := range states {
		if state == nil || !state.Shape().Equal(x.Shape()) {
			panic(fmt.Errorf("solver %s returned %s as state %d, want the start's shape %s", s.Name(), shapeOf(state), k, x.Shape()))
		}
	}
}

func shapeOf(x *Node) string {
	if x == nil {
		return "nil"
	}
	return x.Shape().String()
}

func panicText(p any) string {
	text, _, _ := strings.Cut(fmt.Sprint(p), "\n")
	return text
}

// part is how a part of an experiment, its data, say, is described in the identity.
type part struct {
	Type  string
	Value any
	Holds []string `json:",omitempty"` // types of what is behind interfaces in the value, which its JSON form does not tell
}

// describe describes a part by its type and its exported fields, or by its ID method where it has one. It refuses what would leave fields out, so that
// no two experiments look alike that are not.
func describe(what string, v any) (part, error) {
	p := part{Type: typeName(v), Value: v}
	hint := fmt.Sprintf("give %s a method ID() string that says all it depends on", p.Type)
	if id, ok := v.(identified); ok {
		if of, left := leftOut(v, id.ID()); left != "" {
			return p, fmt.Errorf("%s %s has its ID from the field %s, which does not know its field %s: %s", what, p.Type, of, left, hint)
		}
		p.Value = id.ID()
		return p, nil
	}
	if field := hiddenField(reflect.ValueOf(v), 0); field != "" {
		return p, fmt.Errorf("%s %s: the field %s is not exported, so that the run folder's name could not depend on it: export it, or %s", what, p.Type, field, hint)
	}
	if _, err := json.Marshal(v); err != nil {
		return p, fmt.Errorf("%s %s cannot be described: %w: %s", what, p.Type, err, hint)
	}
	p.Holds = heldTypes(reflect.ValueOf(v), 0)
	return p, nil
}

// identified says itself all that it depends on.
type identified interface{ ID() string }

// leftOut names a field that a value's ID leaves out, since the ID is that of another field, which is embedded; or "".
func leftOut(v any, id string) (of, left string) {
	value := reflect.Indirect(reflect.ValueOf(v))
	if value.Kind() != reflect.Struct {
		return "", ""
	}
	for i := range value.NumField() {
		field := value.Type().Field(i)
		if field.IsExported() && field.Tag.Get("json") == "-" { // left out on purpose
			continue
		}
		if !field.Anonymous || !field.IsExported() {
			left = field.Name
			continue
		}
		if embedded, ok := value.Field(i).Interface().(identified); ok && embedded.ID() == id {
			of = field.Name
		} else {
			left = field.Name
		}
	}
	if of == "" {
		left = ""
	}
	return of, left
}

// module is the path that the workbench's own packages start with.
const module = "github.com/idff-go/workbench/"

// typeName is a type's name as %T gives it, with the whole path of a package that is neither a notebook's nor the workbench's: other packages may have the same last name.
func typeName(v any) string {
	t, stars := reflect.TypeOf(v), ""
	for t.Kind() == reflect.Pointer {
		t, stars = t.Elem(), stars+"*"
	}
	if path := t.PkgPath(); path != "" && !strings.HasPrefix(path, module) {
		return stars + path + "." + t.Name()
	}
	return fmt.Sprintf("%T", v)
}

// hiddenField names a field that the JSON form of a value leaves out because it is not exported, or "".
func hiddenField(v reflect.Value, depth int) string {
	if !v.IsValid() || depth > 20 { // JSON refuses cycles
		return ""
	}
	if v.CanInterface() {
		switch v.Interface().(type) {
		case json.Marshaler, encoding.TextMarshaler:
			return ""
		}
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return hiddenField(v.Elem(), depth+1)
	case reflect.Slice, reflect.Array, reflect.Map:
		for _, element := range elements(v) {
			if name := hiddenField(element, depth+1); name != "" {
				return name
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if field.IsExported() && field.Tag.Get("json") == "-" { // left out on purpose
				continue
			}
			embedded := field.Anonymous && v.Field(i).Kind() == reflect.Struct // its exported fields are there
			if !field.IsExported() && !embedded {
				return field.Name
			}
			if name := hiddenField(v.Field(i), depth+1); name != "" {
				return name
			}
		}
	}
	return ""
}

// elements are those of a slice, an array or a map, whose keys JSON gives an order; none where they are numbers, which have no fields.
func elements(v reflect.Value) (list []reflect.Value) {
	if v.Type().Elem().Kind() < reflect.Array {
		return nil
	}
	if v.Kind() != reflect.Map {
		for i := range v.Len() {
			list = append(list, v.Index(i))
		}
		return list
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	for _, key := range keys {
		list = append(list, v.MapIndex(key))
	}
	return list
}

// heldTypes are the types of the values behind the interfaces in a value, in their order.
func heldTypes(v reflect.Value, depth int) (list []string) {
	if !v.IsValid() || depth > 20 {
		return nil
	}
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return append([]string{typeName(v.Elem().Interface())}, heldTypes(v.Elem(), depth+1)...)
	case reflect.Pointer:
		return heldTypes(v.Elem(), depth+1)
	case reflect.Slice, reflect.Array, reflect.Map:
		for _, element := range elements(v) {
			list = append(list, heldTypes(element, depth+1)...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() && field.Tag.Get("json") != "-" {
				list = append(list, heldTypes(v.Field(i), depth+1)...)
			}
		}
	}
	return list
}
