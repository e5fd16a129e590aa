package datasets

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// An unfinished packed file is one that is being written, or that a program left as it was killed or met pictures that it could not read. After the sums it has the source of each picture, 32 bytes that are the same only for the same file; both are zero where a picture is not there yet.
const packUnfinished = "IDFFIMGu"

// source is what tells one file of a picture from others and from itself after a change.
type source [sha256.Size]byte

// packing writes a packed file at path. What is in unfinished files, called prefix and a number, of the same source is taken from there; what is left is loaded, on all cores.
type packing struct {
	path, prefix string
	shape        [3]int
	sources      []source
	load         func(i int) ([]byte, error)
}

// run writes the file: whole, or not at all. Errors of load end nothing: all other pictures are packed first, and stay in an unfinished file for the next time.
func (p packing) run() error {
	old := abandoned(p.prefix)
	have := p.found(old)
	defer func() {
		for _, f := range old {
			_ = f.Close()
		}
	}()
	file, err := createLocked(p.prefix)
	if err != nil {
		return err
	}
	bad, err := p.write(file, have)
	if err == nil && len(bad) == 0 {
		err = publish(file, p.path)
	}
	kept := len(bad) > 0 && lock(file) == nil // without locks nobody could take it up
	if err != nil || len(bad) > 0 && !kept {
		discard(file)
	}
	_ = file.Close()
	if err != nil {
		return err
	}
	for _, f := range old {
		_ = os.Remove(f.Name()) // all that is of use is in the new one
	}
	return unreadable(bad, kept)
}

// unreadable is one line about pictures.
func unreadable(bad []error, kept bool) error {
	if len(bad) == 0 {
		return nil
	}
	const most = 3
	var line strings.Builder
	for _, err := range bad[:min(len(bad), most)] {
		fmt.Fprintf(&line, "%v; ", err)
	}
	if more := len(bad) - most; more > 0 {
		fmt.Fprintf(&line, "and %d pictures more; ", more)
	}
	line.WriteString("remove or replace ")
	if len(bad) == 1 {
		line.WriteString("it")
	} else {
		line.WriteString("them")
	}
	if kept {
		line.WriteString(": the others are kept, and not decoded again")
	}
	return errors.New(line.String())
}

// write fills the file.
func (p packing) write(file *os.File, have map[source]func([]byte) error) (bad []error, err error) {
	n, size := len(p.sources), p.shape[0]*p.shape[1]*p.shape[2]
	sums := packHeader + int64(n)*int64(size)
	end := sums + int64(n)*sha256.Size
	if err := diskRoom(file.Name(), end, "set "+DataVariable+" to another folder"); err != nil {
		return nil, err
	}
	if err := file.Truncate(end + int64(n)*sha256.Size); err != nil {
		return nil, err
	}
	if _, err := file.WriteAt(packHead(packUnfinished, p.shape, n), 0); err != nil {
		return nil, err
	}
	var (
		next  atomic.Int64
		stop  atomic.Bool
		work  sync.WaitGroup
		table = make([]byte, n*sha256.Size)
		fails = make([]error, n) // of pictures
		wrong = make([]error, runtime.GOMAXPROCS(0))
	)
	for core := range wrong {
		work.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && !stop.Load(); i = int(next.Add(1)) - 1 {
				var pixels []byte
				if pixels, fails[i] = p.picture(i, size, have); fails[i] != nil {
					continue
				}
				sum, at := sha256.Sum256(pixels), int64(i)*sha256.Size
				copy(table[at:], sum[:])
				_, err1 := file.WriteAt(pixels, packHeader+int64(i)*int64(size))
				_, err2 := file.WriteAt(sum[:], sums+at)
				_, err3 := file.WriteAt(p.sources[i][:], end+at)
				if wrong[core] = cmp.Or(err1, err2, err3); wrong[core] != nil {
					stop.Store(true)
				}
			}
		})
	}
	work.Wait()
	for _, err := range wrong {
		if err != nil {
			return nil, err
		}
	}
	if bad = slices.DeleteFunc(fails, func(err error) bool { return err == nil }); len(bad) > 0 {
		return bad, nil
	}
	if err := file.Truncate(end); err != nil {
		return nil, err
	}
	head := packHead(packMagic, p.shape, n)
	_, err = file.WriteAt(append(head, packRoot(head, table)...), 0)
	return nil, err
}

// picture takes a picture from where it is already, or loads it.
func (p packing) picture(i, size int, have map[source]func([]byte) error) ([]byte, error) {
	if read := have[p.sources[i]]; read != nil {
		if pixels := make([]byte, size); read(pixels) == nil { // damaged ones are loaded
			return pixels, nil
		}
	}
	return p.load(i)
}

// found are the pictures in unfinished files.
func (p packing) found(files []*os.File) map[source]func([]byte) error {
	have := map[source]func([]byte) error{}
	for _, file := range files {
		info, err := file.Stat()
		if err != nil {
			continue
		}
		u, sources, err := parseUnfinished(file, info.Size(), p.shape)
		if err != nil { // killed before it began
			continue
		}
		for i, s := range sources {
			if s != (source{}) {
				have[s] = func(pixels []byte) error { return u.read(pixels, i) }
			}
		}
	}
	return have
}

// parseUnfinished reads the header, the sums and the sources of an unfinished file with as many bytes as length says.
func parseUnfinished(file io.ReaderAt, length int64, shape [3]int) (*pack, []source, error) {
	head := make([]byte, packHeader)
	if _, err := file.ReadAt(head, 0); err != nil {
		return nil, nil, err
	}
	u := &pack{file: file, size: shape[0] * shape[1] * shape[2]}
	record := int64(u.size + 2*sha256.Size)
	n := int(min(binary.LittleEndian.Uint64(head[packShape-8:]), uint64(length))) // no more than there is room for
	if !bytes.Equal(head[:packShape], packHead(packUnfinished, shape, n)) || (length-packHeader)/record != int64(n) || (length-packHeader)%record != 0 {
		return nil, nil, fmt.Errorf("this is no unfinished packed file of images of %v", shape)
	}
	u.sums = make([]byte, 2*n*sha256.Size)
	if _, err := file.ReadAt(u.sums, packHeader+int64(n)*int64(u.size)); err != nil && n > 0 {
		return nil, nil, err
	}
	var sources []source
	for rest := range slices.Chunk(u.sums[n*sha256.Size:], sha256.Size) {
		sources = append(sources, source(rest))
	}
	return u, sources, nil
}
