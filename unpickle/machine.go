package unpickle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// machine reads one pickle.
type machine struct {
	*Reader
	data []byte // the pickle, and perhaps more after it
	pos  int

	stack []any
	marks []int // places of marks on the stack
	memo  map[uint32]any
}

// Read reads the pickle at the start of data and gives its value and length.
// Its error is one line; it wraps ErrRefused where the pickle asks for what
// only a program could give.
func (r *Reader) Read(data []byte) (value any, length int, err error) {
	m := &machine{Reader: r, data: data, memo: map[uint32]any{}}
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
			return nil, 0, fmt.Errorf("the pickle cannot be read at byte %d: %w", at, err)
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
		return m.Budget.Take(8)
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
		return refused("instruction %s of the pickle is of an old or odd kind that is not read. %s", name, m.Advice)
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
		if m.Latin1 && !utf8.Valid(b) {
			return true, m.push(b)
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
		return true, m.pushBox(&Tuple{})
	case 0x85, 0x86, 0x87: // TUPLE1, TUPLE2, TUPLE3
		items, err := m.popN(int(op) - 0x84)
		if err != nil {
			return true, err
		}
		return true, m.pushBox(&Tuple{items})
	case 't': // TUPLE
		items, err := m.popMark()
		if err != nil {
			return true, err
		}
		return true, m.pushBox(&Tuple{items})
	case ']', 0x8f: // EMPTY_LIST, EMPTY_SET
		return true, m.pushBox(&List{})
	case 'l', 0x91: // LIST, FROZENSET
		items, err := m.popMark()
		if err != nil {
			return true, err
		}
		return true, m.pushBox(&List{items})
	case 'a', 'e', 0x90: // APPEND, APPENDS, ADDITEMS
		items, err := m.items(op == 'a', 1)
		if err != nil {
			return true, err
		}
		return true, m.append(items)
	case '}': // EMPTY_DICT
		return true, m.pushBox(&Dict{})
	case 'd': // DICT
		items, err := m.popMark()
		if err == nil {
			err = m.pushBox(&Dict{})
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
	return true, m.Budget.Take(2 * itemSize)
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
		return true, m.pushBox(&Global{module, name})
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
		class, ok := parts[0].(*Global)
		if !ok {
			return true, fmt.Errorf("an object's class is no name")
		}
		return true, m.pushBox(&Object{Class: *class})
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
		if m.Persistent == nil {
			return true, refused("the pickle refers to data outside of itself. %s", m.Advice)
		}
		v, err := m.Persistent(id)
		if err != nil {
			return true, err
		}
		return true, m.pushBox(v)
	}
	return false, nil
}

// build gives an object its state. What dicts and lists have beside their
// content (the _metadata of a state dict) is dropped.
func (m *machine) build(state any) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	switch v := v.(type) {
	case *Object:
		v.State = state
	case Stateful:
		return v.SetState(state)
	case *Dict, *List:
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
	case *List:
		v.Items = append(v.Items, items...)
	case *Object:
		if v.List == nil {
			v.List = &List{}
		}
		v.List.Items = append(v.List.Items, items...)
	default:
		return fmt.Errorf("items are added to what is no list")
	}
	return m.Budget.Take(itemSize * len(items))
}

// setItems adds keys and values, in turns, to the dict or object on the stack.
func (m *machine) setItems(items []any) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	var d *Dict
	switch v := v.(type) {
	case *Dict:
		d = v
	case *Object:
		if v.Dict == nil {
			v.Dict = &Dict{}
		}
		d = v.Dict
	default:
		return fmt.Errorf("items are set in what is no dict")
	}
	if len(items)%2 != 0 {
		return fmt.Errorf("a key has no value")
	}
	for i := 0; i < len(items); i += 2 {
		d.set(items[i], items[i+1])
	}
	return m.Budget.Take(2 * itemSize * len(items))
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
	return m.Budget.Take(itemSize)
}

// pushBox pushes a value that takes memory of its own.
func (m *machine) pushBox(v any) error {
	if err := m.Budget.Take(boxSize); err != nil {
		return err
	}
	return m.push(v)
}

func (m *machine) pushText(b []byte) error {
	if err := m.Budget.Take(len(b)); err != nil {
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
func (m *machine) global() (*Global, error) {
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
	return &Global{lines[0], lines[1]}, nil
}

// integer is a two's complement number, little-endian.
func integer(b []byte) any {
	if len(b) > 8 {
		return Long(b)
	}
	var wide [8]byte
	if len(b) > 0 && b[len(b)-1] >= 0x80 {
		binary.LittleEndian.PutUint64(wide[:], math.MaxUint64)
	}
	copy(wide[:], b)
	return int64(binary.LittleEndian.Uint64(wide[:]))
}
