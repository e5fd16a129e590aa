package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// id is an action's or output's name, all bytes b.
func id(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

// ask gives serve the requests, the bodies of those to put after them, and returns the answers but for the first.
func ask(t *testing.T, own, shared folder, requests ...any) []response {
	t.Helper()
	var in, out bytes.Buffer
	for _, r := range requests {
		if err := json.NewEncoder(&in).Encode(r); err != nil {
			t.Fatal(err)
		}
		in.WriteByte('\n') // as the go command does
	}
	if err := serve(&in, &out, own, shared); err != nil {
		t.Fatal(err)
	}
	answers, list := json.NewDecoder(&out), []response{}
	for {
		var a response
		if err := answers.Decode(&a); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, a)
	}
	if len(list) == 0 || fmt.Sprint(list[0].KnownCommands) != "[get put close]" {
		t.Fatalf("the first answer: %+v", list)
	}
	return list[1:]
}

// TestTwoFolders: what is in the shared folder is found there, what is put goes into one's own and is found there, and the shared one is left as it is.
func TestTwoFolders(t *testing.T) {
	own, shared := folder(filepath.Join(t.TempDir(), "own")), folder(t.TempDir())
	if _, err := shared.put(id(1), id(2), []byte("theirs"), time.Unix(7, 0)); err != nil {
		t.Fatal(err)
	}
	answers := ask(t, own, shared,
		request{ID: 1, Command: "get", ActionID: id(1)},
		request{ID: 2, Command: "get", ActionID: id(3)},
		request{ID: 3, Command: "put", ActionID: id(3), OutputID: id(4), BodySize: 4}, []byte("mine"),
		request{ID: 4, Command: "get", ActionID: id(3)},
		request{ID: 5, Command: "put", ActionID: id(5), OutputID: id(6)}, // no body follows
		request{ID: 6, Command: "get", ActionID: id(5)},
		request{ID: 7, Command: "what"},
		request{ID: 8, Command: "close"})
	for i, want := range []struct {
		path string
		size int64
		text string
		miss bool
	}{
		{shared.name(id(2), "d"), 6, "theirs", false},
		{"", 0, "", true},
		{own.name(id(4), "d"), 0, "mine", false},
		{own.name(id(4), "d"), 4, "mine", false},
		{own.name(id(6), "d"), 0, "", false},
		{own.name(id(6), "d"), 0, "", false},
		{"", 0, "", false},
		{"", 0, "", false},
	} {
		a := answers[i]
		text, _ := os.ReadFile(a.DiskPath)
		if a.ID != int64(i+1) || a.DiskPath != want.path || a.Size != want.size || a.Miss != want.miss || string(text) != want.text || (a.Err != "") != (i == 6) {
			t.Errorf("answer %d: %+v, %q; want %+v", i+1, a, text, want)
		}
	}
	if a := answers[0]; !bytes.Equal(a.OutputID, id(2)) || !a.Time.Equal(time.Unix(7, 0)) {
		t.Errorf("%+v: not the output and time of the entry", a)
	}
	files, err := filepath.Glob(string(shared) + "/*/*")
	if err != nil || len(files) != 2 {
		t.Errorf("the shared folder has %v, %v; want the two files that it had", files, err)
	}
}

// TestDamaged: an entry that is not whole is not there, and a folder that may not be written is an error of the entry.
func TestDamaged(t *testing.T) {
	for name, damage := range map[string]func(f folder) error{
		"output gone":      func(f folder) error { return os.Remove(f.name(id(2), "d")) },
		"output cut short": func(f folder) error { return os.WriteFile(f.name(id(2), "d"), []byte("th"), 0o666) },
		"line cut short":   func(f folder) error { return os.WriteFile(f.name(id(1), "a"), []byte("v1 01"), 0o666) },
		"another version": func(f folder) error {
			return os.WriteFile(f.name(id(1), "a"), fmt.Appendf(nil, "v2 %x %x 6 7\n", id(1), id(2)), 0o666)
		},
		"another action": func(f folder) error {
			return os.WriteFile(f.name(id(1), "a"), fmt.Appendf(nil, "v1 %x %x 6 7\n", id(9), id(2)), 0o666)
		},
	} {
		f := folder(t.TempDir())
		if _, err := f.put(id(1), id(2), []byte("theirs"), time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, found := f.get(id(1)); !found {
			t.Errorf("%s: not found before", name)
		}
		if err := damage(f); err != nil {
			t.Fatal(err)
		}
		if e, found := f.get(id(1)); found {
			t.Errorf("%s: found %+v", name, e)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if a := ask(t, folder(file), folder(file), request{ID: 1, Command: "put", ActionID: id(1), OutputID: id(2)}); len(a) != 1 || !strings.HasPrefix(a[0].Err, "buildcache: ") {
		t.Errorf("a file in the place of the folder: %+v", a)
	}
}

// TestTrim: what was not used for five days is removed, once a day, and using it is noted.
func TestTrim(t *testing.T) {
	f, now := folder(t.TempDir()), time.Now()
	for _, b := range []byte{1, 3} {
		if _, err := f.put(id(b), id(b+1), []byte("x"), now); err != nil {
			t.Fatal(err)
		}
	}
	age := func(name string, days int) {
		t.Helper()
		then := now.AddDate(0, 0, -days)
		if err := os.Chtimes(name, then, then); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{f.name(id(1), "a"), f.name(id(2), "d"), f.name(id(3), "a"), f.name(id(4), "d")} {
		age(name, 6)
	}
	if _, found := f.get(id(1)); !found { // used
		t.Fatal("not found")
	}
	f.trim(now)
	if _, found := f.get(id(1)); !found {
		t.Error("what was used is gone")
	}
	if left, _ := filepath.Glob(string(f) + "/*/*"); len(left) != 2 {
		t.Errorf("left: %v; want the two files of what was used", left)
	}
	age(f.name(id(1), "a"), 6)
	f.trim(now.Add(time.Hour))
	if _, found := f.get(id(1)); !found {
		t.Error("removed again within a day")
	}
}

// TestGo: the go command builds with what another has compiled, and keeps of its own only what is new.
func TestGo(t *testing.T) {
	dir := t.TempDir()
	prog, own := filepath.Join(dir, "buildcache"), filepath.Join(dir, "own")
	for name, text := range map[string]string{"go.mod": "module m\n\ngo 1.26\n", "m.go": "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"built\") }\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("go", "build", "-o", prog, ".").CombinedOutput(); err != nil { // fmt is then in the cache that is shared
		t.Fatalf("%v: %s", err, out)
	}
	shared, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	var first int
	for i := range 2 {
		cmd := exec.Command("go", "build", "-o", "m", ".")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOCACHE="+own, fmt.Sprintf("GOCACHEPROG='%s' '%s'", prog, strings.TrimSpace(string(shared))), "GOPROXY=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if out, err := exec.Command(filepath.Join(dir, "m")).Output(); err != nil || string(out) != "built\n" {
			t.Fatalf("%q, %v", out, err)
		}
		kept, err := filepath.Glob(own + "/*/*-d")
		if err != nil || len(kept) == 0 || len(kept) > 20 || i > 0 && len(kept) != first {
			t.Errorf("build %d: %d outputs in the folder of one's own, %v; want those of one package", i, len(kept), err)
		}
		first = len(kept)
	}
}
