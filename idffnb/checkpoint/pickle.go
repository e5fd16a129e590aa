package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Python's pickle is a program for a small stack machine
// (github.com/python/cpython, Lib/pickletools.py, describes each instruction).
// The reader here is such a machine without the instructions' power: it imports
// nothing and calls nothing. A name stays a name; a "call" of one of the few
// functions in calls becomes the data it stands for; any other call is refused
// by its name. Objects of unknown classes are kept as the class's name and what
// the object holds.
//
// Values are nil, bool, int64, long, float64, string, []byte and pointers to
// pyTuple, pyList, pyDict, pyObject, global, storage and torchTensor.

// ErrRefused is wrapped by the error about a file that asks for what only a
// program could give: a call, or more memory than its size accounts for.
var ErrRefused = errors.New("refused")

func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrRefused, fmt.Errorf(format, args...))
}

type (
	pyTuple struct{ items []any }
	pyList  struct{ items []any } // a set too
	// pyDict keeps the order of its keys. Keys that are not strings or whole
	// numbers are not compared.
	pyDict struct {
		keys, values []any
		at           map[any]int
	}
	// pyObject is an instance of a class that is not loaded.
	pyObject struct {
		class global
		state any     // of BUILD
		dict  *pyDict // what was set in it as in a dict
		list  *pyList // what was appended to it as to a list
	}
	// global is a name: of a class, a function, a dtype.
	global struct{ module, name string }
	// long is a whole number beyond int64, as little-endian bytes.
	long string
)

func (g global) String() string {
	name := g.module + "." + g.name
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

func (d *pyDict) set(key, value any) {
	switch key.(type) {
	case string, int64:
		if i, ok := d.at[key]; ok {
			d.values[i] = value
			return
		}
		if d.at == nil {
			d.at = map[any]int{}
		}
		d.at[key] = len(d.keys)
	}
	d.keys, d.values = append(d.keys, key), append(d.values, value)
}

// get gives the value of a string, nil if there is none.
func (d *pyDict) get(key string) any {
	if i, ok := d.at[key]; ok {
		return d.values[i]
	}
	return nil
}

// A budget is the memory, in bytes, that may still be asked for. A file of n
// bytes starts with newBudget(n).
type budget struct{ left int }

func newBudget(size int) *budget { return &budget{16<<20 + 8*size} }

func (b *budget) take(n int) error {
	if n < 0 || n > b.left {
		return refused("reading it would take far more memory than the file's size accounts for")
	}
	b.left -= n
	return nil
}

// What values take at most, roughly, with the stack's and the memo's place for them.
const (
	itemSize = 48
	boxSize  = 160
)

// machine reads one pickle.
type machine struct {
	data       []byte // the pickle, and perhaps more after it
	pos        int
	budget     *budget
	persistent func(id any) (any, error) // gives what a persistent id stands for

	stack []any
	marks []int // places of marks on the stack
	memo  map[uint32]any
}

// unpickle reads the pickle at the start of data and gives its value and length.
func unpickle(data []byte, b *budget, persistent func(id any) (any, error)) (value any, length int, err error) {
	m := &machine{data: data, budget: b, persistent: persistent, memo: map[uint32]any{}}
	for {
		at := m.pos
		op, err := m.byte()
		if err == nil {
			if op == '.' { // STOP
				if value, err = m.pop(); err == nil {
					return value, m.pos, nil
				}
			} else {
				err = m.do(op)
			}
		}
		if err != nil {
			if errors.Is(err, ErrRefused) {
				return nil, 0, err
			}
			return nil, 0, corrupt("the pickle cannot be read at byte %d: %w", at, err)
		}
	}
}

// do executes an instruction. The letters are those of pickletools.
func (m *machine) do(op byte) error {
	switch op {
	case 0x80: // PROTO
		v, err := m.byte()
		if err == nil && v > 5 {
			return fmt.Errorf("pickle protocol %d; this program reads up to 5", v)
		}
		return err
	case 0x95: // FRAME: only a hint of how much to read at once
		n, err := m.length(8)
		if err == nil && n > len(m.data)-m.pos {
			return m.short(n)
		}
		return err
	case '(': // MARK
		m.marks = append(m.marks, len(m.stack))
		return m.budget.take(8)
	case '0': // POP
		if n := len(m.marks); n > 0 && m.marks[n-1] == len(m.stack) {
			m.marks = m.marks[:n-1]
			return nil
		}
		_, err := m.pop()
		return err
	case '1': // POP_MARK
		_, err := m.popMark()
		return err
	case '2': // DUP
		v, err := m.top()
		if err != nil {
			return err
		}
		return m.push(v)
	}
	for _, group := range []func(byte) (bool, error){m.atom, m.container, m.memory, m.call} {
		if known, err := group(op); known || err != nil {
			return err
		}
	}
	if name, ok := unread[op]; ok {
		return refused("instruction %s of the pickle, which torch.save does not write; save the file again with torch.save(x, path)", name)
	}
	return fmt.Errorf("there is no instruction %#02x: this is no pickle, or a damaged one", op)
}

// unread are instructions that exist and are not read.
var unread = map[byte]string{
	'P': "PERSID", 'S': "STRING", 'V': "UNICODE", 'i': "INST", 'o': "OBJ", 'g': "GET", 'p': "PUT", 'I': "INT", 'L': "LONG", 'F': "FLOAT",
	0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
}

// atom does the instructions that push a value without parts.
func (m *machine) atom(op byte) (known bool, err error) {
	switch op {
	case 'N': // NONE
		return true, m.push(nil)
	case 0x88, 0x89: // NEWTRUE, NEWFALSE
		return true, m.push(op == 0x88)
	case 'J': // BININT
		b, err := m.bytes(4)
		if err != nil {
			return true, err
		}
		return true, m.push(int64(int32(binary.LittleEndian.Uint32(b))))
	case 'K', 'M': // BININT1, BININT2
		n, err := m.length(map[byte]int{'K': 1, 'M': 2}[op])
		if err != nil {
			return true, err
		}
		return true, m.push(int64(n))
	case 0x8a, 0x8b: // LONG1, LONG4
		b, err := m.counted(map[byte]int{0x8a: 1, 0x8b: 4}[op])
		if err != nil {
			return true, err
		}
		return true, m.push(integer(b))
	case 'G': // BINFLOAT
		b, err := m.bytes(8)
		if err != nil {
			return true, err
		}
		return true, m.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	case 'X', 0x8c, 0x8d: // BINUNICODE, SHORT_BINUNICODE, BINUNICODE8
		b, err := m.counted(map[byte]int{'X': 4, 0x8c: 1, 0x8d: 8}[op])
		if err != nil {
			return true, err
		}
		return true, m.pushText(b)
	case 'T', 'U': // BINSTRING, SHORT_BINSTRING, of Python 2
		b, err := m.counted(map[byte]int{'T': 4, 'U': 1}[op])
		if err != nil {
			return true, err
		}
		return true, m.pushText(b)
	case 'B', 'C', 0x8e, 0x96: // BINBYTES, SHORT_BINBYTES, BINBYTES8, BYTEARRAY8
		b, err := m.counted(map[byte]int{'B': 4, 'C': 1, 0x8e: 8, 0x96: 8}[op])
		if err != nil {
			return true, err
		}
		return true, m.push(b)
	}
	return false, nil
}

// container does the instructions for tuples, lists, sets and dicts.
func (m *machine) container(op byte) (known bool, err error) {
	switch op {
	case ')': // EMPTY_TUPLE
		return true, m.pushBox(&pyTuple{})
	case 0x85, 0x86, 0x87: // TUPLE1, TUPLE2, TUPLE3
		items, err := m.popN(int(op) - 0x84)
		if err != nil {
			return true, err
		}
		return true, m.pushBox(&pyTuple{items})
	case 't': // TUPLE
		items, err := m.popMark()
		if err != nil {
			return true, err
		}
		return true, m.pushBox(&pyTuple{items})
	case ']', 0x8f: // EMPTY_LIST, EMPTY_SET
		return true, m.pushBox(&pyList{})
	case 'l', 0x91: // LIST, FROZENSET
		items, err := m.popMark()
		if err != nil {
			return true, err
		}
		return true, m.pushBox(&pyList{items})
	case 'a', 'e', 0x90: // APPEND, APPENDS, ADDITEMS
		items, err := m.items(op == 'a', 1)
		if err != nil {
			return true, err
		}
		return true, m.append(items)
	case '}': // EMPTY_DICT
		return true, m.pushBox(&pyDict{})
	case 'd': // DICT
		items, err := m.popMark()
		if err == nil {
			err = m.pushBox(&pyDict{})
		}
		if err != nil {
			return true, err
		}
		return true, m.setItems(items)
	case 's', 'u': // SETITEM, SETITEMS
		items, err := m.items(op == 's', 2)
		if err != nil {
			return true, err
		}
		return true, m.setItems(items)
	}
	return false, nil
}

// memory does the instructions that store and fetch values under a number.
func (m *machine) memory(op byte) (known bool, err error) {
	width := map[byte]int{'q': 1, 'h': 1, 'r': 4, 'j': 4, 0x94: 0}
	n, known := width[op]
	if !known {
		return false, nil
	}
	i := len(m.memo)
	if op != 0x94 {
		if i, err = m.length(n); err != nil {
			return true, err
		}
	}
	if op == 'h' || op == 'j' { // BINGET, LONG_BINGET
		v, ok := m.memo[uint32(i)]
		if !ok {
			return true, fmt.Errorf("nothing is stored under number %d", i)
		}
		return true, m.push(v)
	}
	v, err := m.top() // BINPUT, LONG_BINPUT, MEMOIZE
	if err != nil {
		return true, err
	}
	m.memo[uint32(i)] = v
	return true, m.budget.take(2 * itemSize)
}

// call does the instructions for names, objects and calls.
func (m *machine) call(op byte) (known bool, err error) {
	switch op {
	case 'c': // GLOBAL
		g, err := m.global()
		if err != nil {
			return true, err
		}
		return true, m.pushBox(g)
	case 0x93: // STACK_GLOBAL
		parts, err := m.popN(2)
		if err != nil {
			return true, err
		}
		module, ok1 := parts[0].(string)
		name, ok2 := parts[1].(string)
		if !ok1 || !ok2 {
			return true, fmt.Errorf("a name is no text")
		}
		return true, m.pushBox(&global{module, name})
	case 'R': // REDUCE
		parts, err := m.popN(2)
		if err != nil {
			return true, err
		}
		return true, m.reduce(parts[0], parts[1])
	case 0x81, 0x92: // NEWOBJ, NEWOBJ_EX
		parts, err := m.popN(map[byte]int{0x81: 2, 0x92: 3}[op])
		if err != nil {
			return true, err
		}
		class, ok := parts[0].(*global)
		if !ok {
			return true, fmt.Errorf("an object's class is no name")
		}
		return true, m.pushBox(&pyObject{class: *class})
	case 'b': // BUILD
		state, err := m.pop()
		if err != nil {
			return true, err
		}
		return true, m.build(state)
	case 'Q': // BINPERSID
		id, err := m.pop()
		if err != nil {
			return true, err
		}
		v, err := m.persistent(id)
		if err != nil {
			return true, err
		}
		return true, m.pushBox(v)
	}
	return false, nil
}

// reduce makes what a call stands for.
func (m *machine) reduce(function, args any) error {
	name, ok := function.(*global)
	if !ok {
		return refused("the pickle wants to call a value that is no name")
	}
	tuple, ok := args.(*pyTuple)
	if !ok {
		return fmt.Errorf("the arguments of %v are no tuple", name)
	}
	stands, ok := calls[*name]
	if !ok {
		return refused("the pickle wants to call %v; nothing in it was run. Save the parameters alone, with torch.save(model.state_dict(), path)", name)
	}
	if err := m.budget.take(16 * len(tuple.items)); err != nil {
		return err
	}
	v, err := stands(m, tuple.items)
	if err != nil {
		if errors.Is(err, ErrRefused) {
			return err
		}
		return fmt.Errorf("%v: %w", name, err)
	}
	return m.pushBox(v)
}

// calls are the functions whose results are known without calling them.
var calls map[global]func(m *machine, args []any) (any, error)

func init() {
	calls = map[global]func(m *machine, args []any) (any, error){
		{"torch._utils", "_rebuild_tensor"}:               rebuildTensor,
		{"torch._utils", "_rebuild_tensor_v2"}:            rebuildTensor,
		{"torch._utils", "_rebuild_tensor_v3"}:            rebuildTensorV3,
		{"torch._utils", "_rebuild_parameter"}:            firstTensor,
		{"torch._utils", "_rebuild_parameter_with_state"}: firstTensor,
		{"torch._tensor", "_rebuild_from_type_v2"}:        rebuildFromType,
		{"torch", "Size"}:                                 asTuple,
		{"torch", "device"}:                               unused,
		{"collections", "OrderedDict"}:                    newDict,
		{"collections", "Counter"}:                        newDict,
		{"collections", "defaultdict"}:                    func(*machine, []any) (any, error) { return &pyDict{}, nil },
		{"_codecs", "encode"}:                             encode,
	}
	for _, module := range []string{"builtins", "__builtin__"} { // of Python 3 and 2
		for _, name := range []string{"set", "frozenset", "list"} {
			calls[global{module, name}] = newList
		}
		calls[global{module, "tuple"}] = asTuple
		calls[global{module, "dict"}] = newDict
		for _, name := range []string{"complex", "slice", "range", "xrange", "bytearray"} {
			calls[global{module, name}] = unused
		}
	}
	for _, module := range []string{"copyreg", "copy_reg"} {
		calls[global{module, "_reconstructor"}] = reconstruct
	}
	for _, core := range []string{"numpy.core.multiarray", "numpy._core.multiarray"} { // numbers kept beside the tensors
		calls[global{core, "scalar"}] = unused
		calls[global{core, "_reconstruct"}] = unused
	}
	calls[global{"numpy", "dtype"}] = unused
}

// unused stands for a value that holds no tensor.
func unused(*machine, []any) (any, error) { return &pyObject{class: global{"", "unused"}}, nil }

// asTuple takes a tuple or a list.
func asTuple(_ *machine, args []any) (any, error) {
	if len(args) != 1 {
		return &pyTuple{}, nil
	}
	if t, ok := args[0].(*pyTuple); ok {
		return t, nil
	}
	if l, ok := args[0].(*pyList); ok {
		return &pyTuple{l.items}, nil
	}
	return nil, fmt.Errorf("its argument is no tuple or list")
}

func newList(m *machine, args []any) (any, error) {
	if len(args) == 0 {
		return &pyList{}, nil
	}
	l, ok := args[0].(*pyList)
	if !ok {
		return nil, fmt.Errorf("its argument is no list")
	}
	if err := m.budget.take(itemSize * len(l.items)); err != nil {
		return nil, err
	}
	return &pyList{slices.Clone(l.items)}, nil
}

// newDict takes nothing, a dict, or a list of pairs.
func newDict(m *machine, args []any) (any, error) {
	d := &pyDict{}
	if len(args) == 0 {
		return d, nil
	}
	switch from := args[0].(type) {
	case *pyDict:
		if err := m.budget.take(3 * itemSize * len(from.keys)); err != nil {
			return nil, err
		}
		for i, k := range from.keys {
			d.set(k, from.values[i])
		}
		return d, nil
	case *pyList:
		if err := m.budget.take(3 * itemSize * len(from.items)); err != nil {
			return nil, err
		}
		for _, item := range from.items {
			switch pair := item.(type) {
			case *pyTuple:
				if len(pair.items) == 2 {
					d.set(pair.items[0], pair.items[1])
					continue
				}
			case *pyList: // as Python 2 wrote them
				if len(pair.items) == 2 {
					d.set(pair.items[0], pair.items[1])
					continue
				}
			}
			return nil, fmt.Errorf("an item is no pair")
		}
		return d, nil
	}
	return nil, fmt.Errorf("its argument is no dict and no list of pairs")
}

// encode is _codecs.encode(text, "latin1"), by which protocol 2 writes bytes.
func encode(m *machine, args []any) (any, error) {
	if len(args) == 2 {
		if text, ok := args[0].(string); ok && (args[1] == "latin1" || args[1] == "latin-1") {
			if err := m.budget.take(len(text)); err != nil {
				return nil, err
			}
			out := make([]byte, 0, len(text))
			for _, c := range text {
				if c > 0xff {
					return nil, fmt.Errorf("the text is not Latin-1")
				}
				out = append(out, byte(c))
			}
			return out, nil
		}
	}
	return nil, fmt.Errorf("not a text in Latin-1")
}

// reconstruct is copyreg._reconstructor(class, base, state), which makes an
// object without its __init__.
func reconstruct(_ *machine, args []any) (any, error) {
	if len(args) == 3 {
		if class, ok := args[0].(*global); ok {
			return &pyObject{class: *class}, nil
		}
	}
	return nil, fmt.Errorf("want a class, its base and a state")
}

// build gives an object its state. What the types known here have beside their
// content (the _metadata of a state dict, the attributes of a tensor) is dropped.
func (m *machine) build(state any) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	switch v := v.(type) {
	case *pyObject:
		v.state = state
	case *pyDict, *pyList, *torchTensor:
	default:
		return fmt.Errorf("a state is given to what is no object")
	}
	return nil
}

// append adds to the list, set or object on the stack.
func (m *machine) append(items []any) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	switch v := v.(type) {
	case *pyList:
		v.items = append(v.items, items...)
	case *pyObject:
		if v.list == nil {
			v.list = &pyList{}
		}
		v.list.items = append(v.list.items, items...)
	default:
		return fmt.Errorf("items are added to what is no list")
	}
	return m.budget.take(itemSize * len(items))
}

// setItems adds keys and values, in turns, to the dict or object on the stack.
func (m *machine) setItems(items []any) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	var d *pyDict
	switch v := v.(type) {
	case *pyDict:
		d = v
	case *pyObject:
		if v.dict == nil {
			v.dict = &pyDict{}
		}
		d = v.dict
	default:
		return fmt.Errorf("items are set in what is no dict")
	}
	if len(items)%2 != 0 {
		return fmt.Errorf("a key has no value")
	}
	for i := 0; i < len(items); i += 2 {
		d.set(items[i], items[i+1])
	}
	return m.budget.take(2 * itemSize * len(items))
}

// items pops what is to be added: n items, or all above the mark.
func (m *machine) items(one bool, n int) ([]any, error) {
	if one {
		return m.popN(n)
	}
	return m.popMark()
}

func (m *machine) push(v any) error {
	m.stack = append(m.stack, v)
	return m.budget.take(itemSize)
}

// pushBox pushes a value that takes memory of its own.
func (m *machine) pushBox(v any) error {
	if err := m.budget.take(boxSize); err != nil {
		return err
	}
	return m.push(v)
}

func (m *machine) pushText(b []byte) error {
	if err := m.budget.take(len(b)); err != nil {
		return err
	}
	text := string(b)
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	return m.push(text)
}

// floor is the height of the stack below which an instruction must not reach.
func (m *machine) floor() int {
	if n := len(m.marks); n > 0 {
		return m.marks[n-1]
	}
	return 0
}

func (m *machine) top() (any, error) {
	if len(m.stack) == m.floor() {
		return nil, fmt.Errorf("the stack is empty")
	}
	return m.stack[len(m.stack)-1], nil
}

func (m *machine) pop() (any, error) {
	v, err := m.top()
	if err == nil {
		m.stack = m.stack[:len(m.stack)-1]
	}
	return v, err
}

func (m *machine) popN(n int) ([]any, error) {
	at := len(m.stack) - n
	if at < m.floor() {
		return nil, fmt.Errorf("the stack is empty")
	}
	return m.cut(at), nil
}

func (m *machine) popMark() ([]any, error) {
	n := len(m.marks)
	if n == 0 {
		return nil, fmt.Errorf("there is no mark on the stack")
	}
	at := m.marks[n-1]
	m.marks = m.marks[:n-1]
	return m.cut(at), nil
}

func (m *machine) cut(at int) []any {
	items := slices.Clone(m.stack[at:])
	m.stack = m.stack[:at]
	return items
}

func (m *machine) short(n int) error {
	return fmt.Errorf("it is cut short: %d bytes should follow, but there are %d", n, len(m.data)-m.pos)
}

func (m *machine) byte() (byte, error) {
	if m.pos == len(m.data) {
		return 0, m.short(1)
	}
	m.pos++
	return m.data[m.pos-1], nil
}

// bytes gives the next n bytes, as a part of the file.
func (m *machine) bytes(n int) ([]byte, error) {
	if n > len(m.data)-m.pos {
		return nil, m.short(n)
	}
	m.pos += n
	return m.data[m.pos-n : m.pos : m.pos], nil
}

// length reads an unsigned number of n bytes.
func (m *machine) length(n int) (int, error) {
	b, err := m.bytes(n)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[:], b)
	v := binary.LittleEndian.Uint64(wide[:])
	if v > math.MaxInt {
		return 0, fmt.Errorf("it is cut short: %d bytes should follow", v)
	}
	return int(v), nil
}

// counted gives as many bytes as the number of n bytes before them says.
func (m *machine) counted(n int) ([]byte, error) {
	size, err := m.length(n)
	if err != nil {
		return nil, err
	}
	return m.bytes(size)
}

// global reads two lines: module and name.
func (m *machine) global() (*global, error) {
	var lines [2]string
	for i := range lines {
		rest := m.data[m.pos:]
		const longest = 1000
		end := slices.Index(rest[:min(len(rest), longest)], '\n')
		if end < 0 {
			return nil, fmt.Errorf("a name is cut short or longer than %d bytes", longest)
		}
		lines[i] = string(rest[:end])
		m.pos += end + 1
	}
	return &global{lines[0], lines[1]}, nil
}

// integer is a two's complement number, little-endian.
func integer(b []byte) any {
	if len(b) > 8 {
		return long(b)
	}
	var wide [8]byte
	if len(b) > 0 && b[len(b)-1] >= 0x80 {
		binary.LittleEndian.PutUint64(wide[:], math.MaxUint64)
	}
	copy(wide[:], b)
	return int64(binary.LittleEndian.Uint64(wide[:]))
}
