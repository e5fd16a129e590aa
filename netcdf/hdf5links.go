package netcdf

import "fmt"

// link leads from the root group to an object.
type link struct {
	name    string
	address uint64
}

// links finds what is in a group: in messages, in a heap with an index where
// there are many, or in the older symbol table.
func (s *source) links(messages []message) ([]link, error) {
	var all []link
	for _, m := range messages {
		c := little(m.body)
		switch m.kind {
		case messageLink:
			l, hard, err := readLink(c)
			if err != nil {
				return nil, err
			}
			if hard {
				all = append(all, l)
			}
		case messageLinkInfo:
			c.skip(1)
			if c.u8()&1 != 0 {
				c.skip(8)
			}
			heap, index := c.u64(), c.u64()
			if c.err != nil {
				return nil, c.err
			}
			if heap == undefined {
				continue
			}
			bodies, err := s.heapObjects(heap, index, 4)
			if err != nil {
				return nil, err
			}
			for _, body := range bodies {
				l, hard, err := readLink(little(body))
				if err != nil {
					return nil, err
				}
				if hard {
					all = append(all, l)
				}
			}
		case messageSymbolTable:
			more, err := s.symbolTable(c.u64(), c.u64())
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
	}
	return all, nil
}

// readLink reads a link (section IV.A.2.g); others than hard ones lead out of the file.
func readLink(c *cursor) (l link, hard bool, err error) {
	c.skip(1)
	flags := c.u8()
	kind := byte(0)
	if flags&8 != 0 {
		kind = c.u8()
	}
	if flags&4 != 0 {
		c.skip(8)
	}
	if flags&16 != 0 {
		c.skip(1)
	}
	n := c.uint(1 << (flags & 3))
	if n > uint64(c.rest()) {
		return l, false, fmt.Errorf("%w: a link's name of %d bytes", errDamaged, n)
	}
	l.name = string(c.bytes(int(n)))
	if kind != 0 {
		return l, false, c.err
	}
	l.address = c.u64()
	return l, true, c.err
}

// symbolTable reads a group of the older kind: a B-tree of version 1 whose leaves
// list names, which lie in a heap (sections III.A.1, III.B, III.D).
func (s *source) symbolTable(tree, heap uint64) ([]link, error) {
	b, err := s.structure(heap, 32)
	if err != nil {
		return nil, err
	}
	c := little(b)
	c.expect("HEAP")
	c.skip(4)
	size := c.u64()
	c.skip(8)
	at := c.u64()
	if c.err != nil {
		return nil, c.err
	}
	if size > uint64(s.size) {
		return nil, fmt.Errorf("%w: names of %d bytes", errDamaged, size)
	}
	names, err := s.structure(at, int64(size))
	if err != nil {
		return nil, err
	}
	var links []link
	err = s.tree(tree, 0, 8, 16, func(_ *cursor, leaf uint64) error {
		b, err := s.structure(leaf, 8)
		if err != nil {
			return err
		}
		c := little(b)
		c.expect("SNOD")
		c.skip(2)
		n := int64(c.u16())
		if c.err != nil {
			return c.err
		}
		if b, err = s.structure(leaf+8, 40*n); err != nil {
			return err
		}
		for c = little(b); c.rest() >= 40; {
			name, address := c.u64(), c.u64()
			c.skip(24)
			if name >= uint64(len(names)) {
				return fmt.Errorf("%w: a name at %d of %d bytes", errDamaged, name, len(names))
			}
			links = append(links, link{untilZero(names[name:]), address})
		}
		return nil
	})
	return links, err
}

// tree walks over a B-tree of version 1 (section III.A.1), calling leaf with each
// key and what it leads to. Its keys have the given number of bytes.
func (s *source) tree(at uint64, kind byte, keyBytes, depth int, leaf func(key *cursor, child uint64) error) error {
	if depth == 0 {
		return fmt.Errorf("%w: a tree without end", errDamaged)
	}
	b, err := s.structure(at, 24)
	if err != nil {
		return err
	}
	c := little(b)
	c.expect("TREE")
	got, level, entries := c.u8(), c.u8(), int64(c.u16())
	if c.err == nil && got != kind {
		c.err = fmt.Errorf("%w: a tree of kind %d", errDamaged, got)
	}
	if c.err != nil {
		return c.err
	}
	if b, err = s.structure(at+24, entries*int64(keyBytes+8)); err != nil {
		return err
	}
	c = little(b)
	for range entries {
		key, child := c.bytes(keyBytes), c.u64()
		if level > 0 {
			err = s.tree(child, kind, keyBytes, depth-1, leaf)
		} else {
			err = leaf(little(key), child)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
